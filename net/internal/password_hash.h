// net/internal/password_hash.h: passwords against their crypt(3) hashes.
//
// Room     net/internal
// Uses     libcrypt, OpenSSL
// Threads  one thread at a time
// Units    none
// Source   crypt(5)
#pragma once

#include <memory>
#include <string>
#include <string_view>

struct crypt_data;

namespace slowburn::net::internal {

// bcrypt ($2a$, $2b$, $2y$), SHA-512 ($6$) or yescrypt ($y$), whole, and cheap enough that a login
// takes about a second at most. Otherwise what to write instead; it never quotes the hash.
std::string FaultOfPasswordHash(std::string_view hash);
// Whether `secret` begins like a hash that FaultOfPasswordHash takes.
bool LooksLikePasswordHash(std::string_view secret);

enum class PasswordVerdict {
  kWrong,
  kRight,
  kUnknown,  // could not be computed, e.g. for want of memory
};

// Holds the 32 KiB that crypt(3) computes in; wiped after each use.
class PasswordHasher {
 public:
  PasswordHasher();
  ~PasswordHasher();

  // `hash` has no fault; `password` is followed by a NUL.
  PasswordVerdict Verify(const std::string& hash, std::string_view password);

 private:
  std::unique_ptr<crypt_data> scratch_;
};

}  // namespace slowburn::net::internal
