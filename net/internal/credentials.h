// net/internal/credentials.h: what a credentials file says, ready to be asked.
//
// Room     net/internal
// Uses     net/, OpenSSL
// Threads  immutable
// Units    bytes
// Source   net/access.h has the format; docs/security.md explains it
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "net/access.h"

namespace slowburn::net::internal {

inline constexpr size_t kCredentialsBytesMax = 1 << 20;
inline constexpr size_t kCredentialsLinesMax = 10'000;
// The old password, the new one, and some: each costs every login under the name a slow hash.
inline constexpr size_t kPasswordsPerNameMax = 4;

class RoleSet {
 public:
  void Add(Role role) { bits_ = static_cast<uint8_t>(bits_ | Bit(role)); }
  void Add(RoleSet other) { bits_ = static_cast<uint8_t>(bits_ | other.bits_); }
  bool Allows(Role needed) const { return (bits_ & (Bit(needed) | Bit(Role::kAdmin))) != 0; }

 private:
  static constexpr unsigned Bit(Role role) { return 1u << static_cast<unsigned>(role); }
  uint8_t bits_ = 0;
};

struct Caller {
  std::string name;
  RoleSet roles;
};

// The passwords of one name, in the file's order.
struct PasswordGroup {
  struct Line {
    std::string hash;
    RoleSet roles;
  };
  std::string name;
  std::vector<Line> lines;  // 1 to kPasswordsPerNameMax
};

class Credentials {
 public:
  // kInvalidArgument: "FILE:LINE: what; what to write instead", one line per fault, the first 100.
  // A fault never quotes the file: what stands in the wrong place may be a secret.
  static absl::StatusOr<Credentials> Parse(std::string_view text, std::string_view file);

  // Null: nobody has this token. Takes the same time whoever has it.
  const Caller* FindToken(std::string_view token) const;
  // Of several callers, one that `needed` allows.
  const Caller* FindCertificate(const std::vector<std::string>& names, Role needed) const;
  // Null: the name has no password.
  const PasswordGroup* FindPasswords(std::string_view name) const;
  const std::vector<PasswordGroup>& passwords() const { return passwords_; }

 private:
  friend class CredentialsParser;
  using Sha256 = std::array<unsigned char, 32>;
  struct Token {
    Sha256 hash;
    Caller caller;
  };
  static Sha256 HashOf(std::string_view token);

  std::vector<Token> tokens_;
  std::map<std::string, Caller, std::less<>> certificates_;
  std::vector<PasswordGroup> passwords_;
  std::map<std::string, size_t, std::less<>> password_index_;
};

}  // namespace slowburn::net::internal
