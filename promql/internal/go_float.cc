#include "promql/internal/go_float.h"

#include <array>
#include <charconv>
#include <cmath>
#include <system_error>

namespace slowburn::promql {
namespace {

const char* NameOfSpecial(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return nullptr;
}

// Shortest digits with an exponent: 1.5e+07.
std::string Scientific(double value) {
  std::array<char, 32> text;
  const auto [end, error] =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific);
  return error == std::errc() ? std::string(text.data(), end) : std::string();
}

}  // namespace

// Not to_chars' fixed form, which writes all digits of large numbers (1e23 has others than zeros).
std::string GoFloatF(double value) {
  if (const char* name = NameOfSpecial(value)) return name;
  const std::string text = Scientific(std::abs(value));
  const size_t e = text.find('e');
  std::string digits = text.substr(0, 1);
  if (e > 2) digits += text.substr(2, e - 2);
  const int exponent = std::stoi(text.substr(e + 1));
  const auto count = static_cast<int>(digits.size());
  const auto zeros = [](int some) { return std::string(static_cast<size_t>(some), '0'); };
  if (exponent < 0) {
    digits = "0." + zeros(-exponent - 1) + digits;
  } else if (count <= exponent + 1) {
    digits += zeros(exponent + 1 - count);
  } else {
    digits.insert(static_cast<size_t>(exponent) + 1, ".");
  }
  return (std::signbit(value) ? "-" : "") + digits;
}

std::string GoFloatG(double value) {
  if (const char* name = NameOfSpecial(value)) return name;
  const std::string scientific = Scientific(value);
  const int exponent = std::stoi(scientific.substr(scientific.find('e') + 1));
  return exponent < -4 || exponent > 5 ? scientific : GoFloatF(value);
}

std::string OpenMetricsFloat(double value) {
  const std::string text = GoFloatG(value);
  const bool is_whole = std::isfinite(value) && text.find_first_of(".e") == std::string::npos;
  return is_whole ? text + ".0" : text;
}

}  // namespace slowburn::promql
