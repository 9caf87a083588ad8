#include "collector/internal/listen_address.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/status.h"

namespace slowburn::collector {
namespace {

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

AddressList Lookup(const net::HostPort& address) {
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(address.host.c_str(), fmt::format("{}", address.port).c_str(), &hints, &found) !=
      0) {
    found = nullptr;
  }
  return {found, freeaddrinfo};
}

// 0 when it can be bound.
int BindError(const net::HostPort& resolved) {
  const AddressList list = Lookup(resolved);
  if (list == nullptr) return EADDRNOTAVAIL;
  const int fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const int error = bind(fd, list->ai_addr, list->ai_addrlen) == 0 ? 0 : errno;
  close(fd);
  return error;
}

}  // namespace

absl::StatusOr<net::HostPort> ResolveListenAddress(const net::HostPort& address) {
  const AddressList list = Lookup(address);
  const addrinfo* chosen = list.get();
  for (const addrinfo* entry = list.get(); entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_family == AF_INET) {
      chosen = entry;
      break;
    }
  }
  std::array<char, NI_MAXHOST> host{};
  if (chosen == nullptr || getnameinfo(chosen->ai_addr, chosen->ai_addrlen, host.data(),
                                       host.size(), nullptr, 0, NI_NUMERICHOST) != 0) {
    return base::InvalidArgument(
        "listen on {}: unknown host; write an address of this machine, like 127.0.0.1",
        address.Text());
  }
  return net::HostPort{host.data(), address.port};
}

absl::Status ListenError(const net::HostPort& address, const net::HostPort& resolved) {
  const std::string text = address.Text();
  switch (const int error = BindError(resolved)) {
    case 0:  // Whoever had it has let go, or listens with it free to bind.
    case EADDRINUSE:
      return base::Unavailable(
          "listen on {}: address in use; stop the other program or choose another port", text);
    case EACCES:
      return absl::PermissionDeniedError(
          fmt::format("listen on {}: permission denied; choose a port above 1023", text));
    case EADDRNOTAVAIL:
      return base::InvalidArgument(
          "listen on {}: not an address of this machine; write one of its own, like 127.0.0.1",
          text);
    default:
      return base::Unavailable("listen on {}: {}", text, std::strerror(error));
  }
}

}  // namespace slowburn::collector
