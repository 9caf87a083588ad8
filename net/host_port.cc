#include "net/host_port.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <arpa/inet.h>
#include <fmt/format.h>

#include "base/status.h"

namespace slowburn::net {
namespace {

constexpr uint16_t kHttpPort = 80;
constexpr uint16_t kHttpsPort = 443;
constexpr size_t kHostBytesMax = 253;  // RFC 1035, section 2.3.4, as text.

absl::Status RefuseAddress(std::string_view text) {
  return base::InvalidArgument(
      "\"{}\" is not an address; write host:port, like 127.0.0.1:4317 or [::1]:4317", text);
}

// `text` may hold a password in a place where it does no more look like one.
absl::Status RefuseUrl(std::string_view text, std::string_view why) {
  const size_t at = text.rfind('@');
  if (at != std::string_view::npos) text = text.substr(at + 1);
  return base::InvalidArgument(
      "\"{}\" is not a URL we can use: {}; write one like http://127.0.0.1:9093/path", text, why);
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::optional<uint16_t> ParsePort(std::string_view text) {
  uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  if (text.empty() || stop != end || error != std::errc()) return std::nullopt;
  return port;
}

bool IsHostName(std::string_view host) {
  return !host.empty() && host.size() <= kHostBytesMax && std::ranges::all_of(host, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_';
  });
}

bool IsIpv6(std::string_view host) {
  in6_addr address{};
  return inet_pton(AF_INET6, std::string(host).c_str(), &address) == 1;
}

// host, host:port, [v6] or [v6]:port; nothing where it is none of these.
std::optional<HostPort> ParseAuthority(std::string_view text,
                                       std::optional<uint16_t> default_port) {
  std::string_view host;
  std::string_view rest;
  if (text.starts_with('[')) {
    const size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    host = text.substr(1, close - 1);
    rest = text.substr(close + 1);
    if (!IsIpv6(host)) return std::nullopt;
  } else {
    host = text.substr(0, text.find(':'));
    rest = text.substr(host.size());
    if (!IsHostName(host)) return std::nullopt;
  }
  std::optional<uint16_t> port = default_port;
  if (!rest.empty()) {
    if (rest.front() != ':') return std::nullopt;
    port = ParsePort(rest.substr(1));
  }
  if (!port) return std::nullopt;
  return HostPort{std::string(host), *port};
}

}  // namespace

std::string HostPort::Text() const {
  const bool ipv6 = host.find(':') != std::string::npos;
  return ipv6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

bool HostPort::IsLoopback() const {
  if (in_addr v4{}; inet_pton(AF_INET, host.c_str(), &v4) == 1) {
    return (ntohl(v4.s_addr) >> 24) == 127;
  }
  if (in6_addr v6{}; inet_pton(AF_INET6, host.c_str(), &v6) == 1) return IN6_IS_ADDR_LOOPBACK(&v6);
  return Lower(host) == "localhost";
}

absl::StatusOr<HostPort> ParseHostPort(std::string_view text) {
  std::optional<HostPort> parsed = ParseAuthority(text, std::nullopt);
  if (!parsed) return RefuseAddress(text);
  return *std::move(parsed);
}

absl::StatusOr<Url> ParseUrl(std::string_view text) {
  // A space or a control character would end the request line it is written into.
  if (std::ranges::any_of(text, [](char c) { return c <= ' ' || c >= '\x7f'; })) {
    return RefuseUrl(text, "it has a space, a control or a non-ASCII character");
  }
  Url url;
  const size_t colon = text.find("://");
  const std::string scheme = Lower(text.substr(0, colon));
  if (colon == std::string_view::npos || (scheme != "http" && scheme != "https")) {
    return RefuseUrl(text, "it does not begin with http:// or https://");
  }
  url.tls = scheme == "https";
  const std::string_view rest = text.substr(colon + 3);
  if (rest.find('#') != std::string_view::npos) return RefuseUrl(text, "it has a fragment");
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  if (authority.find('@') != std::string_view::npos) {
    return base::InvalidArgument(
        "a URL may not hold user or password; set them apart from the URL");
  }
  std::optional<HostPort> address = ParseAuthority(authority, url.tls ? kHttpsPort : kHttpPort);
  if (!address || address->port == 0) return RefuseUrl(text, "its host or port is wrong");
  url.address = *std::move(address);
  const std::string_view path = rest.substr(authority.size());
  url.path = path.starts_with('/') ? std::string(path) : fmt::format("/{}", path);
  return url;
}

}  // namespace slowburn::net
