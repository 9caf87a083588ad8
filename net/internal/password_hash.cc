#include "net/internal/password_hash.h"

#include <algorithm>
#include <charconv>

#include <crypt.h>
#include <fmt/format.h>
#include <openssl/crypto.h>

namespace slowburn::net::internal {
namespace {

// What one hash may cost, so that a file cannot stop the logins. The most expensive ones took 0.9 s
// (bcrypt), 1.4 s (SHA-512) and 0.4 s (yescrypt) on a core of a small virtual machine.
constexpr int kBcryptCostMin = 4;
constexpr int kBcryptCostMax = 14;
constexpr uint32_t kSha512RoundsMin = 1000;
constexpr uint32_t kSha512RoundsMax = 5'000'000;
constexpr char kYescryptCostMin = '7';  // N = 2^10: crypt_gensalt's cost 1
constexpr char kYescryptCostMax = 'C';  // N = 2^15: its cost 8, 128 MiB

constexpr std::string_view kNotWhole =
    "the password's hash is not whole; copy all of what openssl passwd -6 or htpasswd -nB printed";

bool IsCryptText(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '/';
  });
}

// "SALT$HASH" with sizes in these bounds.
bool IsSaltAndHash(std::string_view text, size_t salt_max, size_t hash_size) {
  const std::string_view salt = text.substr(0, text.find('$'));
  if (salt.empty() || salt.size() > salt_max || salt.size() == text.size()) return false;
  const std::string_view hash = text.substr(salt.size() + 1);
  return hash.size() == hash_size && IsCryptText(salt) && IsCryptText(hash);
}

// $2y$10$ and 22 characters of salt, 31 of hash.
std::string FaultOfBcrypt(std::string_view hash) {
  constexpr size_t kSize = 60;
  constexpr size_t kSaltAt = 7;
  int cost = 0;
  const auto [end, error] = std::from_chars(hash.data() + 4, hash.data() + kSaltAt - 1, cost);
  if (hash.size() != kSize || error != std::errc() || end != hash.data() + kSaltAt - 1 ||
      hash[kSaltAt - 1] != '$' || !IsCryptText(hash.substr(kSaltAt))) {
    return std::string(kNotWhole);
  }
  if (cost < kBcryptCostMin || cost > kBcryptCostMax) {
    return fmt::format(
        "bcrypt's cost is {}, it must be from {} to {} (each step doubles the time of a login); "
        "hash with htpasswd -nB -C 10",
        cost, kBcryptCostMin, kBcryptCostMax);
  }
  return {};
}

// $6$SALT$HASH or $6$rounds=N$SALT$HASH.
std::string FaultOfSha512(std::string_view hash) {
  constexpr std::string_view kRounds = "rounds=";
  std::string_view rest = hash.substr(3);
  if (rest.starts_with(kRounds)) {
    rest.remove_prefix(kRounds.size());
    const std::string_view digits = rest.substr(0, rest.find('$'));
    uint32_t rounds = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), rounds);
    const bool is_number = !digits.empty() && digits.front() != '0' &&
                           end == digits.data() + digits.size() &&
                           error != std::errc::invalid_argument;
    if (!is_number || digits.size() == rest.size()) return std::string(kNotWhole);
    if (error != std::errc() || rounds < kSha512RoundsMin || rounds > kSha512RoundsMax) {
      return fmt::format("SHA-512's rounds must be from {} to {}; hash with openssl passwd -6",
                         kSha512RoundsMin, kSha512RoundsMax);
    }
    rest.remove_prefix(digits.size() + 1);
  }
  return IsSaltAndHash(rest, 16, 86) ? std::string() : std::string(kNotWhole);
}

// $y$jXY$SALT$HASH: X is the cost, Y the block size, as crypt_gensalt writes them.
std::string FaultOfYescrypt(std::string_view hash) {
  const std::string_view rest = hash.substr(3);
  if (rest.size() < 4 || rest[0] != 'j' || rest[3] != '$' || !IsCryptText(rest.substr(1, 2)) ||
      !IsSaltAndHash(rest.substr(4), 86, 43)) {
    return std::string(kNotWhole);
  }
  const bool has_usual_block = rest[2] == '5' || rest[2] == 'T';
  if (rest[1] < kYescryptCostMin || rest[1] > kYescryptCostMax || !has_usual_block) {
    return "yescrypt's cost must be from 1 to 8 (8 takes 128 MiB); hash with mkpasswd "
           "--method=yescrypt";
  }
  return {};
}

bool IsBcrypt(std::string_view secret) {
  return secret.starts_with("$2a$") || secret.starts_with("$2b$") || secret.starts_with("$2y$");
}

}  // namespace

bool LooksLikePasswordHash(std::string_view secret) {
  return IsBcrypt(secret) || secret.starts_with("$6$") || secret.starts_with("$y$");
}

std::string FaultOfPasswordHash(std::string_view hash) {
  if (IsBcrypt(hash)) return FaultOfBcrypt(hash);
  return hash.starts_with("$6$") ? FaultOfSha512(hash) : FaultOfYescrypt(hash);
}

PasswordHasher::PasswordHasher() : scratch_(std::make_unique<crypt_data>()) {}
PasswordHasher::~PasswordHasher() = default;

PasswordVerdict PasswordHasher::Verify(const std::string& hash, std::string_view password) {
  const char* const output = crypt_r(password.data(), hash.c_str(), scratch_.get());
  PasswordVerdict verdict = PasswordVerdict::kUnknown;
  // A failure is told by a text that no hash begins with.
  if (output != nullptr && output[0] != '*') {
    const std::string_view computed = output;
    const bool is_equal = computed.size() == hash.size() &&
                          CRYPTO_memcmp(computed.data(), hash.data(), hash.size()) == 0;
    verdict = is_equal ? PasswordVerdict::kRight : PasswordVerdict::kWrong;
  }
  OPENSSL_cleanse(scratch_.get(), sizeof(crypt_data));
  return verdict;
}

}  // namespace slowburn::net::internal
