// net/host_port.h: where a listener binds or a peer is: 127.0.0.1:4317, [::1]:7560, localhost:9093.
//
// Room     net
// Uses     base/
// Threads  values
// Units    none
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

namespace slowburn::net {

struct HostPort {
  std::string host;   // without brackets
  uint16_t port = 0;  // 0: any free port, when listening

  std::string Text() const;  // brackets round an IPv6 address
  bool IsLoopback() const;   // 127.0.0.0/8, ::1 or "localhost"
};

absl::StatusOr<HostPort> ParseHostPort(std::string_view text);

// An http or https URL taken apart. User info and fragments are refused.
struct Url {
  bool tls = false;
  HostPort address;  // default ports 80 and 443 filled in
  std::string path;  // "/" at least, still encoded, query included
};
absl::StatusOr<Url> ParseUrl(std::string_view text);

}  // namespace slowburn::net
