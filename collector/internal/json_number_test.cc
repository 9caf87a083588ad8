// Goal: integers are read exactly whatever their form, doubles are rounded as strtod does. Method:
// seeded random numbers against 128-bit arithmetic and strtod; rows are in otlp_json_test.cc.
#include "collector/internal/json_number.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace slowburn::collector {
namespace {

using Random = std::mt19937_64;
__extension__ using Wide = unsigned __int128;

std::string RandomDigits(size_t size, Random& random) {
  std::string digits(size, '0');
  for (char& c : digits) c = static_cast<char>('0' + random() % 10);
  if (random() % 4 == 0 && size > 1)
    digits.replace(size / 2, size - size / 2, size - size / 2, '0');
  if (digits.front() == '0') digits.front() = '1';
  return digits;
}

TEST(JsonNumberTest, IntegersAreExact) {
  int fits = 0;
  for (uint64_t seed = 0; seed < 50'000; ++seed) {
    Random random(seed);
    const std::string digits = RandomDigits(1 + random() % 24, random);
    const size_t point = 1 + random() % digits.size();
    const int exponent = static_cast<int>(random() % 30) - 5;
    std::string text = digits.substr(0, point);
    if (point < digits.size()) text += '.' + digits.substr(point);
    if (exponent != 0 || random() % 2 == 0) text += fmt::format("e{}", exponent);

    // The digits, and zeros that stand behind them or are taken away.
    std::string all = digits;
    const int scale = exponent - static_cast<int>(digits.size() - point);
    bool is_integer = true;
    for (int i = 0; i < scale; ++i) all += '0';
    for (int i = scale; i < 0; ++i) {
      is_integer &= all.empty() || all.back() == '0';
      if (!all.empty()) all.pop_back();
    }
    Wide want = 0;
    bool is_too_large = all.size() > 24;
    for (const char c : all.substr(0, 24)) want = want * 10 + static_cast<Wide>(c - '0');
    is_too_large |= want > UINT64_MAX;

    JsonInteger value;
    const NumberError error = ParseJsonInteger(text, value);
    ASSERT_EQ(error, !is_integer    ? NumberError::kNotAnInteger
                     : is_too_large ? NumberError::kOutOfRange
                                    : NumberError::kNone)
        << text;
    if (error != NumberError::kNone) continue;
    ASSERT_EQ(value.magnitude, static_cast<uint64_t>(want)) << text;
    ++fits;
  }
  EXPECT_GT(fits, 5'000);
}

TEST(JsonNumberTest, DoublesAreRoundedToTheNearest) {
  for (uint64_t seed = 0; seed < 50'000; ++seed) {
    Random random(seed);
    std::string text = random() % 2 == 0 ? "-" : "";
    if (random() % 2 == 0) {
      const std::string digits = RandomDigits(1 + random() % 30, random);
      text += digits + "." + RandomDigits(1 + random() % 30, random);
      text += fmt::format("E{:+}", static_cast<int>(random() % 700) - 350);
    } else {
      uint64_t bits = random() & ~(uint64_t{1} << 63);
      double value;
      std::memcpy(&value, &bits, sizeof(value));
      if (!std::isfinite(value)) continue;
      text += fmt::format("{}", value);
    }
    const double want = std::strtod(text.c_str(), nullptr);
    double value = 0;
    const NumberError error = ParseJsonDouble(text, value);
    ASSERT_EQ(error, std::isfinite(want) ? NumberError::kNone : NumberError::kOutOfRange) << text;
    if (error == NumberError::kNone) {
      ASSERT_EQ(std::memcmp(&value, &want, sizeof(value)), 0) << text;
    }
  }
}

}  // namespace
}  // namespace slowburn::collector
