#include "net/internal/login_limiter.h"

#include <algorithm>

#include <arpa/inet.h>
#include <fmt/format.h>

namespace slowburn::net::internal {
namespace {

using std::chrono::seconds;

// Guesses that are being checked are over soon.
constexpr seconds kWaitForOpen{1};

}  // namespace

std::string AddressOfGuesses(std::string_view peer) {
  std::string host(peer.substr(0, peer.rfind(':')));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  host.resize(std::min(host.find('%'), host.size()));  // "fe80::1%eth0"
  in6_addr address{};
  if (inet_pton(AF_INET6, host.c_str(), &address) != 1) return host;
  char text[INET6_ADDRSTRLEN];
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    return inet_ntop(AF_INET, &address.s6_addr[12], text, sizeof text);
  }
  std::fill(address.s6_addr + 8, address.s6_addr + 16, uint8_t{0});
  return fmt::format("{}/64", inet_ntop(AF_INET6, &address, text, sizeof text));
}

std::optional<seconds> LoginLimiter::Wait(const std::string& address) {
  ForgetEnded();
  const auto found = windows_.find(address);
  if (found == windows_.end()) return std::nullopt;
  const Window& window = found->second;
  if (window.wrong >= limits_.wrong_max) {
    const auto left = window.start + limits_.window - clock_.Monotonic();
    return std::max(seconds(1), std::chrono::ceil<seconds>(left));
  }
  if (window.wrong + window.open >= limits_.wrong_max) return kWaitForOpen;
  return std::nullopt;
}

void LoginLimiter::Begin(const std::string& address) { ++Open(address).open; }

void LoginLimiter::End(const std::string& address, bool is_wrong) {
  // The window may have ended meanwhile; what is wrong counts in the one that is there then.
  ForgetEnded();
  const auto found = windows_.find(address);
  if (found != windows_.end()) found->second.open = std::max(0, found->second.open - 1);
  if (is_wrong) ++Open(address).wrong;
}

LoginLimiter::Window& LoginLimiter::Open(const std::string& address) {
  ForgetEnded();
  const auto found = windows_.find(address);
  if (found != windows_.end()) return found->second;
  if (windows_.size() >= limits_.addresses_max) {
    windows_.erase(oldest_first_.front());
    oldest_first_.pop_front();
  }
  oldest_first_.push_back(address);
  Window& window = windows_[address];
  window.start = clock_.Monotonic();
  return window;
}

void LoginLimiter::ForgetEnded() {
  const auto now = clock_.Monotonic();
  while (!oldest_first_.empty()) {
    const auto oldest = windows_.find(oldest_first_.front());
    if (oldest->second.start + limits_.window > now) return;
    windows_.erase(oldest);
    oldest_first_.pop_front();
  }
}

}  // namespace slowburn::net::internal
