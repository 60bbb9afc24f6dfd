// What stands in the shared library in place of TLS, which none of its URLs asks for: so a program
// that uses it needs no OpenSSL. Linked before the floors, whose own parts are then not taken.

#include "agent/net/tls_channel.h"
#include "agent/net/tls_context.h"

namespace lariat::net {

struct TlsContext::Loaded {};

TlsContext::TlsContext(TlsSide side, TlsOptions options, const base::Log& lines, std::string who)
    : side_(side), options_(std::move(options)), lines_(lines), who_(std::move(who)) {}

TlsContext::~TlsContext() = default;

base::Result<bool> TlsContext::refresh() {
  // Else clang sees that they have no use.
  static_cast<void>(side_);
  static_cast<void>(lines_);
  return base::Error{"this library speaks no TLS"};
}

base::Result<std::unique_ptr<TlsChannel>> TlsContext::begin(base::UniqueFd /*socket*/,
                                                            std::string_view /*host*/) {
  return base::Error{"this library speaks no TLS"};
}

// There is none: `begin` makes none.
struct TlsChannel::Impl {};

TlsChannel::~TlsChannel() = default;
TlsChannel::Step TlsChannel::handshake() noexcept { return Step::kFailed; }
int TlsChannel::fd() const noexcept { return -1; }
Sent TlsChannel::send(std::span<const iovec> /*spans*/) noexcept { return {}; }
bool TlsChannel::wants_write() const noexcept { return false; }
Received TlsChannel::recv(std::span<std::byte> /*room*/) noexcept { return {}; }
std::optional<std::uint64_t> TlsChannel::acknowledged() noexcept { return std::nullopt; }
void TlsChannel::finish() noexcept {}

}  // namespace lariat::net
