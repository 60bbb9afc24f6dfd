#include "agent/net/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <array>
#include <cstddef>
#include <cstring>

namespace lariat::net {
namespace {

constexpr std::size_t kPathOffset = offsetof(sockaddr_un, sun_path);

template <typename T>
T as(const sockaddr_storage& storage) noexcept {
  T address;
  std::memcpy(&address, &storage, sizeof address);
  return address;
}

template <typename T>
Address made_of(const T& address, socklen_t size = sizeof(T)) noexcept {
  Address made;
  std::memcpy(&made.storage, &address, sizeof address);
  made.size = size;
  return made;
}

std::string ipv4_text(const in_addr& address, in_port_t port) {
  std::array<char, INET_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET, &address, text.data(), text.size());
  return fmt::format("{}:{}", text.data(), ntohs(port));
}

std::string ipv6_text(const sockaddr_in6& address) {
  if (IN6_IS_ADDR_V4MAPPED(&address.sin6_addr)) {
    in_addr mapped;
    std::memcpy(&mapped, &address.sin6_addr.s6_addr[12], sizeof mapped);
    return ipv4_text(mapped, address.sin6_port);
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET6, &address.sin6_addr, text.data(), text.size());
  return fmt::format("[{}]:{}", text.data(), ntohs(address.sin6_port));
}

std::string unix_text(const sockaddr_un& address, std::size_t size) {
  if (size <= kPathOffset) return "unix";
  const std::string_view path(address.sun_path, size - kPathOffset);
  if (path.front() == '\0') return fmt::format("@{}", path.substr(1));
  return std::string(path.substr(0, path.find('\0')));
}

}  // namespace

std::optional<Address> Address::from_literal(std::string_view host, std::uint16_t port) {
  const std::string text(host);
  sockaddr_in ipv4{.sin_family = AF_INET, .sin_port = htons(port)};
  if (::inet_pton(AF_INET, text.c_str(), &ipv4.sin_addr) == 1) return made_of(ipv4);
  sockaddr_in6 ipv6{.sin6_family = AF_INET6, .sin6_port = htons(port)};
  if (::inet_pton(AF_INET6, text.c_str(), &ipv6.sin6_addr) == 1) return made_of(ipv6);
  return std::nullopt;
}

std::optional<Address> Address::from_path(std::string_view path) {
  sockaddr_un address{.sun_family = AF_UNIX};
  if (path.empty() || path.size() >= sizeof address.sun_path) return std::nullopt;
  path.copy(address.sun_path, path.size());
  return made_of(address, static_cast<socklen_t>(kPathOffset + path.size() + 1));
}

std::optional<Address> Address::from_kernel(const sockaddr* from, socklen_t size) noexcept {
  Address address;
  if (from == nullptr || size < sizeof(sa_family_t) || size > sizeof address.storage) {
    return std::nullopt;
  }
  std::memcpy(&address.storage, from, size);
  address.size = size;
  return address;
}

std::optional<Address> Address::local(int fd) noexcept {
  Address address;
  address.size = sizeof address.storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.size) != 0) {
    return std::nullopt;
  }
  return address;
}

std::optional<Address> Address::peer(int fd) noexcept {
  Address address;
  address.size = sizeof address.storage;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.size) != 0) {
    return std::nullopt;
  }
  return address;
}

std::uint16_t Address::port() const noexcept {
  if (family() == AF_INET) return ntohs(as<sockaddr_in>(storage).sin_port);
  if (family() == AF_INET6) return ntohs(as<sockaddr_in6>(storage).sin6_port);
  return 0;
}

void Address::set_port(std::uint16_t port) noexcept {
  if (family() == AF_INET) reinterpret_cast<sockaddr_in*>(&storage)->sin_port = htons(port);
  if (family() == AF_INET6) reinterpret_cast<sockaddr_in6*>(&storage)->sin6_port = htons(port);
}

std::string Address::text() const {
  switch (family()) {
    case AF_INET: {
      const auto address = as<sockaddr_in>(storage);
      return ipv4_text(address.sin_addr, address.sin_port);
    }
    case AF_INET6:
      return ipv6_text(as<sockaddr_in6>(storage));
    case AF_UNIX:
      return unix_text(as<sockaddr_un>(storage), size);
    default:
      return fmt::format("address of family {}", family());
  }
}

}  // namespace lariat::net
