#include "net/internal/credentials.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <absl/strings/escaping.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "base/status.h"
#include "net/internal/authorization.h"
#include "net/internal/password_hash.h"

namespace slowburn::net::internal {
namespace {

constexpr size_t kFaultsShownMax = 100;
constexpr std::string_view kBlanks = " \t\r";
constexpr std::string_view kTokenPrefix = "sha256:";
constexpr std::string_view kCertificatePrefix = "cert:";

std::string_view Trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) + 1 - first);
}

// Cuts the first word off `line`, and the blanks behind it.
std::string_view NextWord(std::string_view& line) {
  const std::string_view word = line.substr(0, line.find_first_of(kBlanks));
  line = Trimmed(line.substr(word.size()));
  return word;
}

std::optional<Role> ParseRole(std::string_view word) {
  for (const Role role : {Role::kRead, Role::kWrite, Role::kAdmin}) {
    if (word == RoleName(role)) return role;
  }
  return std::nullopt;
}

std::optional<RoleSet> ParseRoles(std::string_view list) {
  RoleSet roles;
  for (;;) {
    const std::string_view word = list.substr(0, list.find(','));
    const std::optional<Role> role = ParseRole(word);
    if (!role.has_value()) return std::nullopt;
    roles.Add(*role);
    if (word.size() == list.size()) return roles;
    list.remove_prefix(word.size() + 1);
  }
}

bool IsHex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
}

std::string FaultOfName(std::string_view name) {
  if (name.find(':') != std::string_view::npos) {
    return "a name has no ':'; write NAME ROLES SECRET with blanks in between";
  }
  const bool is_ascii = std::ranges::all_of(name, [](char c) { return c > ' ' && c < '\x7f'; });
  if (!is_ascii || name.size() > kLoginNameBytesMax) {
    return fmt::format("a name is printable ASCII and at most {} characters long; write another",
                       kLoginNameBytesMax);
  }
  return {};
}

}  // namespace

class CredentialsParser {
 public:
  explicit CredentialsParser(std::string_view file) : file_(file) {}

  void ReadLine(size_t number, std::string_view line);
  absl::StatusOr<Credentials> Take();

 private:
  void AddFault(size_t line, std::string_view text);
  // These return the fault, or "".
  std::string AddLine(size_t number, std::string_view line);
  std::string AddToken(size_t number, Caller caller, std::string_view hex);
  std::string AddCertificate(size_t number, Caller caller, std::string_view name);
  std::string AddPassword(size_t number, const Caller& caller, std::string_view hash);
  // The line that has this already; remembers it otherwise.
  std::string FaultOfSecondUse(size_t number, std::string_view what, std::string key);

  const std::string file_;
  Credentials made_;
  std::map<std::string, size_t> used_;  // where each token, certificate and password stands
  size_t lines_ = 0;                    // with credentials
  std::vector<std::string> faults_;
  size_t faults_count_ = 0;
};

void CredentialsParser::ReadLine(size_t number, std::string_view line) {
  line = Trimmed(line.substr(0, line.find('#')));
  if (line.empty()) return;
  ++lines_;
  if (const std::string fault = AddLine(number, line); !fault.empty()) AddFault(number, fault);
}

void CredentialsParser::AddFault(size_t line, std::string_view text) {
  if (++faults_count_ <= kFaultsShownMax)
    faults_.push_back(fmt::format("{}:{}: {}", file_, line, text));
}

std::string CredentialsParser::AddLine(size_t number, std::string_view line) {
  const std::string_view name = NextWord(line);
  const std::string_view roles = NextWord(line);
  const std::string_view secret = line;
  if (secret.empty()) {
    return fmt::format("{} of 3 fields are there; write NAME ROLES SECRET with blanks in between",
                       roles.empty() ? 1 : 2);
  }
  if (std::string fault = FaultOfName(name); !fault.empty()) return fault;
  const std::optional<RoleSet> parsed = ParseRoles(roles);
  if (!parsed.has_value()) {
    return "the second field is no list of roles; write read, write or admin, several with commas "
           "and no blanks in between";
  }
  const Caller caller{std::string(name), *parsed};
  if (secret.starts_with(kTokenPrefix)) {
    return AddToken(number, caller, secret.substr(kTokenPrefix.size()));
  }
  if (secret.starts_with(kCertificatePrefix)) {
    return AddCertificate(number, caller, Trimmed(secret.substr(kCertificatePrefix.size())));
  }
  if (LooksLikePasswordHash(secret)) return AddPassword(number, caller, secret);
  return "the secret is plain text, or hashed in a way that is not taken; write sha256: and what "
         "printf %s \"$TOKEN\" | sha256sum prints, or a password's hash by openssl passwd -6 or "
         "htpasswd -nB, or cert: and the name in a client certificate";
}

std::string CredentialsParser::FaultOfSecondUse(size_t number, std::string_view what,
                                                std::string key) {
  const auto [first, is_new] = used_.emplace(std::move(key), number);
  if (is_new) return {};
  return fmt::format("line {} has the same {}; give each caller its own, or remove one of the two",
                     first->second, what);
}

std::string CredentialsParser::AddToken(size_t number, Caller caller, std::string_view hex) {
  if (hex.size() != 2 * SHA256_DIGEST_LENGTH || !IsHex(hex)) {
    return "sha256: is not followed by 64 hex digits and nothing else; write what "
           "printf %s \"$TOKEN\" | sha256sum prints before its blank";
  }
  const std::string bytes = absl::HexStringToBytes({hex.data(), hex.size()});
  Credentials::Token token{.hash = {}, .caller = std::move(caller)};
  std::ranges::copy(bytes, token.hash.begin());
  if (token.hash == Credentials::HashOf("")) {
    return "this is the sha256 of nothing; hash a token, by printf %s \"$TOKEN\" | sha256sum";
  }
  if (std::string fault = FaultOfSecondUse(number, "token", bytes); !fault.empty()) return fault;
  made_.tokens_.push_back(std::move(token));
  return {};
}

std::string CredentialsParser::AddCertificate(size_t number, Caller caller, std::string_view name) {
  const bool is_text = std::ranges::all_of(
      name, [](char c) { return static_cast<unsigned char>(c) >= ' ' && c != '\x7f'; });
  if (name.empty() || !is_text) {
    return "cert: has no name behind it; write a DNS or URI alternative name of the client's "
           "certificate, or its common name";
  }
  std::string key = fmt::format("{}{}", kCertificatePrefix, name);
  if (std::string fault = FaultOfSecondUse(number, "certificate name", std::move(key));
      !fault.empty()) {
    return fault;
  }
  made_.certificates_.emplace(name, std::move(caller));
  return {};
}

std::string CredentialsParser::AddPassword(size_t number, const Caller& caller,
                                           std::string_view hash) {
  if (std::string fault = FaultOfPasswordHash(hash); !fault.empty()) return fault;
  std::string key = fmt::format("{}\n{}", caller.name, hash);
  if (std::string fault = FaultOfSecondUse(number, "password", std::move(key)); !fault.empty()) {
    return fault;
  }
  const auto [at, is_new] = made_.password_index_.emplace(caller.name, made_.passwords_.size());
  if (is_new) made_.passwords_.push_back({.name = caller.name, .lines = {}});
  std::vector<PasswordGroup::Line>& lines = made_.passwords_[at->second].lines;
  if (lines.size() == kPasswordsPerNameMax) {
    return fmt::format("the name has {} passwords already; remove those that are not used",
                       kPasswordsPerNameMax);
  }
  lines.push_back({.hash = std::string(hash), .roles = caller.roles});
  return {};
}

absl::StatusOr<Credentials> CredentialsParser::Take() {
  if (lines_ == 0) {
    return base::InvalidArgument(
        "{}: nobody is named, so nobody could log in; write lines of NAME ROLES SECRET", file_);
  }
  if (faults_count_ == 0) return std::move(made_);
  if (faults_count_ > kFaultsShownMax) {
    faults_.push_back(fmt::format("{}: and {} more", file_, faults_count_ - kFaultsShownMax));
  }
  return base::InvalidArgument("{}", fmt::join(faults_, "\n"));
}

absl::StatusOr<Credentials> Credentials::Parse(std::string_view text, std::string_view file) {
  CredentialsParser parser(file);
  size_t number = 0;
  while (!text.empty()) {
    if (++number > kCredentialsLinesMax) {
      return base::InvalidArgument("{}: has more than {} lines; remove those that are not used",
                                   file, kCredentialsLinesMax);
    }
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    parser.ReadLine(number, line);
  }
  return parser.Take();
}

const Caller* Credentials::FindToken(std::string_view token) const {
  const Sha256 hash = HashOf(token);
  const Caller* found = nullptr;
  // To the end, whatever was found: the time says nothing. Tokens differ, so at most one is right.
  for (const Token& known : tokens_) {
    const bool is_equal = CRYPTO_memcmp(known.hash.data(), hash.data(), hash.size()) == 0;
    found = is_equal ? &known.caller : found;
  }
  return found;
}

const Caller* Credentials::FindCertificate(const std::vector<std::string>& names,
                                           Role needed) const {
  const Caller* found = nullptr;
  for (const std::string& name : names) {
    const auto known = certificates_.find(name);
    if (known == certificates_.end()) continue;
    if (known->second.roles.Allows(needed)) return &known->second;
    if (found == nullptr) found = &known->second;
  }
  return found;
}

const PasswordGroup* Credentials::FindPasswords(std::string_view name) const {
  const auto known = password_index_.find(name);
  return known == password_index_.end() ? nullptr : &passwords_[known->second];
}

Credentials::Sha256 Credentials::HashOf(std::string_view token) {
  Sha256 hash;
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), hash.data());
  return hash;
}

}  // namespace slowburn::net::internal
