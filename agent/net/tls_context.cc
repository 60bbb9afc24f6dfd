#include "agent/net/tls_context.h"

#include <fmt/format.h>
#include <openssl/err.h>

#include <array>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "agent/net/address.h"
#include "agent/net/tls_files.h"
#include "agent/net/tls_library.h"
#include "agent/net/tls_words.h"

namespace lariat::net {
namespace {

using Marks = std::array<FileMark, 3>;

Marks marks_of(const TlsOptions& options) noexcept {
  return {FileMark::of(options.ca), FileMark::of(options.certificate), FileMark::of(options.key)};
}

base::Error library_error(const std::string& what) {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  base::Error error{fmt::format("{}: {}", what, reason ? reason : "OpenSSL does not say why")};
  ERR_clear_error();
  return error;
}

base::Result<bool> check_words(TlsSide side, const TlsOptions& options) {
  if (options.certificate.empty() != options.key.empty()) {
    return base::Error{fmt::format("a TLS {} is given without its {}: give both files",
                                   options.key.empty() ? "certificate" : "key",
                                   options.key.empty() ? "key" : "certificate")};
  }
  if (side == TlsSide::kServer && options.certificate.empty()) {
    return base::Error{"a TLS server needs a certificate and its key: give both files"};
  }
  return true;
}

base::Result<bool> use_own(SSL_CTX* context, const TlsOptions& options) {
  auto chain = read_certificates(options.certificate, "certificate");
  if (!chain) return chain.error();
  const auto key = read_key(options.key);
  if (!key) return key.error();
  if (X509_check_private_key(chain->front().get(), key->get()) != 1) {
    ERR_clear_error();
    return base::Error{fmt::format(
        "the key in {} does not belong to the first certificate in {}, \"{}\": give those that "
        "were made together",
        options.key, options.certificate, name_of(chain->front().get()))};
  }
  bool good = SSL_CTX_use_certificate(context, chain->front().get()) == 1 &&
              SSL_CTX_use_PrivateKey(context, key->get()) == 1;
  for (std::size_t i = 1; good && i < chain->size(); ++i) {
    good = SSL_CTX_add1_chain_cert(context, (*chain)[i].get()) == 1;
  }
  if (!good) return library_error(fmt::format("cannot use {}", options.certificate));
  return true;
}

base::Result<bool> use_ca(SSL_CTX* context, TlsSide side, const TlsOptions& options) {
  if (options.ca.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) == 1) return true;
    return library_error("cannot use the CAs of this system");
  }
  const auto found = read_certificates(options.ca, "CA");
  if (!found) return found.error();
  for (const auto& certificate : *found) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate.get());
    // What a client is told that it may choose a certificate by.
    if (side == TlsSide::kServer) SSL_CTX_add_client_CA(context, certificate.get());
  }
  ERR_clear_error();
  return true;
}

void set_rules(SSL_CTX* context, TlsSide side, const TlsOptions& options) {
  SSL_CTX_set_min_proto_version(
      context, options.min_version == TlsVersion::k13 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // Every handshake is a whole one: whoever was trusted once is not for that trusted again.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_hostflags(SSL_CTX_get0_param(context),
                                  X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (side == TlsSide::kClient) {
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    return;
  }
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  // To a client with a certificate one says that it was taken. It cannot be used for more.
  SSL_CTX_set_num_tickets(context, options.ca.empty() ? 0 : 1);
  if (options.ca.empty()) return;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  constexpr std::string_view kName = "lariat";
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(kName.data()),
                                 kName.size());
}

base::Result<TlsPtr<SSL_CTX>> make_context(TlsSide side, const TlsOptions& options) {
  if (const auto good = check_words(side, options); !good) return good.error();
  TlsPtr<SSL_CTX> context(
      SSL_CTX_new(side == TlsSide::kClient ? TLS_client_method() : TLS_server_method()));
  if (!context) return library_error("cannot use TLS");
  set_rules(context.get(), side, options);
  if (!options.certificate.empty()) {
    if (const auto good = use_own(context.get(), options); !good) return good.error();
  }
  if (side == TlsSide::kClient || !options.ca.empty()) {
    if (const auto good = use_ca(context.get(), side, options); !good) return good.error();
  }
  return context;
}

}  // namespace

struct TlsContext::Loaded {
  TlsPtr<SSL_CTX> context;
  Marks marks;
  std::optional<Marks> bad;  // Of files that were read since and are of no use.
};

TlsContext::TlsContext(TlsSide side, TlsOptions options, const base::Log& lines, std::string who)
    : side_(side), options_(std::move(options)), lines_(lines), who_(std::move(who)) {}

TlsContext::~TlsContext() = default;

base::Result<bool> TlsContext::refresh() {
  const auto marks = marks_of(options_);  // Before the reading: a change during it is seen later.
  if (loaded_ && (loaded_->marks == marks || loaded_->bad == marks)) return true;
  auto context = make_context(side_, options_);
  if (!context) {
    if (!loaded_) return context.error();
    loaded_->bad = marks;
    if (std::exchange(told_, context.error().text) != context.error().text) {
      lines_.warning(fmt::format("{}: {}; what was read before stays in use", who_, told_));
    }
    return true;
  }
  if (loaded_) lines_.info(fmt::format("{}: has read its TLS files anew", who_));
  loaded_ = std::make_unique<Loaded>(Loaded{std::move(*context), marks, std::nullopt});
  told_.clear();
  if (X509* own = SSL_CTX_get0_certificate(loaded_->context.get())) {
    if (const auto why = age_fault(own); !why.empty()) {
      lines_.warning(fmt::format("{}: the certificate \"{}\" in {} {}: its peers will refuse it",
                                 who_, name_of(own), options_.certificate, why));
    }
  }
  return true;
}

base::Result<std::unique_ptr<TlsChannel>> TlsContext::begin(base::UniqueFd socket,
                                                            std::string_view host) {
  if (const auto good = refresh(); !good) return good.error();
  TlsPtr<SSL> ssl(SSL_new(loaded_->context.get()));
  if (!ssl) return library_error("cannot begin TLS");
  std::string name(options_.server_name.empty() ? host : std::string_view(options_.server_name));
  if (side_ == TlsSide::kClient) {
    if (name.ends_with('.')) name.pop_back();
    auto* wanted = SSL_get0_param(ssl.get());
    const bool literal = Address::from_literal(name, 0).has_value();
    const bool set = literal ? X509_VERIFY_PARAM_set1_ip_asc(wanted, name.c_str()) == 1
                             : X509_VERIFY_PARAM_set1_host(wanted, name.data(), name.size()) == 1 &&
                                   SSL_set_tlsext_host_name(ssl.get(), name.c_str()) == 1;
    // Without a name to check any certificate would do.
    if (name.empty() || !set) {
      ERR_clear_error();
      return base::Error{fmt::format("\"{}\" is no name that a certificate can have", name)};
    }
  }
  return std::make_unique<TlsChannel>(std::move(socket), ssl.release(), side_,
                                      TlsChannel::Words{.source = options_.ca, .wanted = name});
}

}  // namespace lariat::net
