// net/access.h: who may do what: roles, and the credentials that carry them.
//
// Room     net
// Uses     base/, OpenSSL (SHA-256), crypt(3)
// Threads  thread-safe
// Units    chrono
// Source   RFC 7617, RFC 6750; docs/security.md has the file's format; faults section 4, "Auth"
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/functional/any_invocable.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <prometheus/registry.h>

#include "base/clock.h"
#include "net/http_message.h"

namespace slowburn::net {

// What a route asks of its caller. kAdmin may do everything; kRead and kWrite are apart: who may
// send telemetry may not read it.
enum class Role : uint8_t { kPublic, kRead, kWrite, kAdmin };
std::string_view RoleName(Role role);

struct AccessDecision {
  // 200, 401, 403, or 429: too many wrong passwords from this address, or too many logins at once.
  int status = 200;
  std::string principal;                // who it is, with 200 and 403; "" for public routes
  std::string message;                  // for the caller; never says which part was wrong
  std::chrono::seconds retry_after{0};  // with 429
};

// A file of credentials, one a line: NAME ROLES SECRET. ROLES is a comma list of read, write,
// admin. SECRET is one of
//   sha256:HEX       of a bearer token
//   $2y$10$...       a password's crypt(3) hash: bcrypt, yescrypt or SHA-512 (htpasswd -nB NAME)
//   cert:NAME        of a client certificate: a DNS or URI alternative name, or the common name
// A '#' begins a comment. Names may repeat, so that a token can be rotated. At most 10,000 lines,
// 1 MiB, 4 passwords under one name; no token or certificate name twice.
//
// Tokens are compared by their SHA-256 in constant time against all lines; a password that was
// right is remembered by its keyed hash until the file changes, and wrong ones are slowed down per
// address (10 a minute, then 429). Slow hashes are computed on a thread of its own, at most 64
// waiting; more are 429 for a second. A login that was right from an address is never slowed there.
class AccessFile {
 public:
  // kInvalidArgument with FILE:LINE and what to write instead, one line per fault; a file that
  // others may write or read gets a warning in the log. `registry` gets
  // slowburn_net_logins_total{outcome} (accepted, refused, limited) and must outlive it, as the
  // clock must.
  static absl::StatusOr<std::unique_ptr<AccessFile>> Load(std::filesystem::path file,
                                                          const base::Clock& clock,
                                                          prometheus::Registry& registry);
  ~AccessFile();

  // Reads the file again if it changed; keeps what it has when that is wrong, and says so each time
  // until it is right. Whether it was read anew.
  absl::StatusOr<bool> ReloadIfChanged();

  // Decides by the Authorization header, or else by `certificate_names` (those of a verified client
  // certificate). `decided` is called once: at once, or from another thread after a slow hash; it
  // must not wait. What is undecided when this object ends is decided then (429). The request is
  // needed only for the call; its peer is HOST:PORT.
  using Decided = absl::AnyInvocable<void(AccessDecision) &&>;
  void Check(const HttpRequest& request, const std::vector<std::string>& certificate_names,
             Role needed, Decided decided);

 private:
  class Impl;
  explicit AccessFile(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace slowburn::net
