#include "net/internal/authorization.h"

#include <algorithm>
#include <utility>

#include <absl/strings/match.h>
#include <openssl/evp.h>

namespace slowburn::net::internal {
namespace {

constexpr size_t kBase64BytesMax = (kLoginNameBytesMax + 1 + kPasswordBytesMax + 2) / 3 * 4;

bool EqualsFolded(std::string_view a, std::string_view b) {
  return absl::EqualsIgnoreCase({a.data(), a.size()}, {b.data(), b.size()});
}

std::string_view Trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") + 1 - first);
}

const unsigned char* Bytes(const char* data) {
  return reinterpret_cast<const unsigned char*>(data);
}
unsigned char* Bytes(char* data) { return reinterpret_cast<unsigned char*>(data); }

// OpenSSL forgives blanks and stray bits; what does not come back the same when it is encoded
// again is refused.
bool DecodeBase64(std::string_view base64, Secret& decoded) {
  const int size =
      EVP_DecodeBlock(Bytes(decoded.data()), Bytes(base64.data()), static_cast<int>(base64.size()));
  const int padding = base64.ends_with("==") ? 2 : base64.ends_with('=') ? 1 : 0;
  if (size <= padding) return false;
  decoded.Truncate(static_cast<size_t>(size - padding));
  Secret again(base64.size());
  EVP_EncodeBlock(Bytes(again.data()), Bytes(decoded.data()), size - padding);
  return again.View() == base64;
}

Authorization ReadBasic(std::string_view base64) {
  if (base64.empty() || base64.size() % 4 != 0 || base64.size() > kBase64BytesMax) {
    return BadAuthorization();
  }
  Secret text(base64.size() / 4 * 3);
  if (!DecodeBase64(base64, text)) return BadAuthorization();
  const std::string_view view = text.View();
  // crypt(3) would take a NUL for the end of the password.
  const bool has_control = std::ranges::any_of(
      view, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
  const size_t colon = view.find(':');
  if (has_control || colon == std::string_view::npos || colon == 0 || colon > kLoginNameBytesMax ||
      colon + 1 == view.size() || view.size() - colon - 1 > kPasswordBytesMax) {
    return BadAuthorization();
  }
  return BasicLogin(std::move(text), colon);
}

}  // namespace

Authorization ReadAuthorization(const HttpRequest& request) {
  const auto is_authorization = [](const HttpHeader& header) {
    return EqualsFolded(header.name, "authorization");
  };
  const auto first = std::ranges::find_if(request.headers, is_authorization);
  if (first == request.headers.end()) return NoAuthorization();
  if (std::any_of(first + 1, request.headers.end(), is_authorization)) return BadAuthorization();

  const std::string_view value = Trimmed(first->value);
  const std::string_view scheme = value.substr(0, value.find(' '));
  const std::string_view credentials = Trimmed(value.substr(scheme.size()));
  if (EqualsFolded(scheme, "bearer") && !credentials.empty()) return BearerToken{credentials};
  if (EqualsFolded(scheme, "basic")) return ReadBasic(credentials);
  return BadAuthorization();
}

}  // namespace slowburn::net::internal
