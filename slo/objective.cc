#include "slo/objective.h"

#include <optional>

#include "base/status.h"
#include "slo/decimal.h"

namespace slowburn::slo {

absl::StatusOr<Objective> Objective::Parse(std::string_view text) {
  const bool percent = text.ends_with('%');
  std::string_view number = percent ? text.substr(0, text.size() - 1) : text;
  while (number.ends_with(' ')) number.remove_suffix(1);
  const std::optional<Decimal> decimal = ReadDecimal(number, percent ? 6 : 8);
  if (!decimal.has_value()) {
    return base::InvalidArgument("objective is \"{}\", not a number; write 0.999 or \"99.9%\"",
                                 text);
  }
  if (decimal->too_fine) {
    return base::InvalidArgument("objective is {}, finer than six decimals of a percent; round it",
                                 text);
  }
  if (decimal->units > kOne) {
    return base::InvalidArgument(
        "objective is {}, a ratio must be between 0 and 1; write {}", text,
        percent || decimal->units > 100 * kOne
            ? std::string("0.999, or \"99.9%\"")
            : fmt::format("{}, or \"{}%\"", static_cast<double>(decimal->units) / (100.0 * kOne),
                          number));
  }
  if (decimal->units == kOne) {
    return base::InvalidArgument(
        "objective is {}, which leaves no budget to burn; write less than 100%, like 99.99%", text);
  }
  if (decimal->units == 0) {
    return base::InvalidArgument(
        "objective is {}, which every service meets; write more than 0, like 99.9%", text);
  }
  return Objective(kOne - decimal->units);
}

std::string Objective::Text() const {
  const uint64_t units = kOne - budget_units_;
  std::string text = fmt::format("{}.{:06}", units / 1'000'000, units % 1'000'000);
  while (text.ends_with('0')) text.pop_back();
  if (text.ends_with('.')) text.pop_back();
  return text + "%";
}

}  // namespace slowburn::slo
