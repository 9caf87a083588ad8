// net/internal/authorization.h: the Authorization field of a request, taken apart.
//
// Room     net/internal
// Uses     net/, OpenSSL (base64)
// Threads  pure functions
// Units    bytes
// Source   RFC 9110 section 11.6.2, RFC 7617, RFC 6750
#pragma once

#include <cstddef>
#include <string_view>
#include <variant>

#include "net/http_message.h"
#include "net/internal/secret.h"

namespace slowburn::net::internal {

inline constexpr size_t kLoginNameBytesMax = 128;
// crypt(3) takes no longer ones.
inline constexpr size_t kPasswordBytesMax = 511;

// "NAME:PASSWORD", where it was decoded: there is no second copy of the password.
class BasicLogin {
 public:
  BasicLogin(Secret text, size_t colon) : text_(std::move(text)), colon_(colon) {}

  std::string_view name() const { return text_.View().substr(0, colon_); }
  std::string_view password() const { return text_.View().substr(colon_ + 1); }  // NUL follows

 private:
  Secret text_;
  size_t colon_;
};

struct BearerToken {
  std::string_view text;  // a view into the request
};
struct NoAuthorization {};
// Several fields, another scheme, base64 that is not exactly RFC 4648's, no ':', something empty,
// too long, or with control characters.
struct BadAuthorization {};

using Authorization = std::variant<NoAuthorization, BadAuthorization, BearerToken, BasicLogin>;
Authorization ReadAuthorization(const HttpRequest& request);

}  // namespace slowburn::net::internal
