// slo/objective.h: the share of events that must be good, e.g. 99.9 %.
//
// Room     slo: pure
// Uses     base/
// Threads  immutable values
// Units    a ratio strictly inside (0, 1), exact to 10^-8 (six decimals of a percent)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

namespace slowburn::slo {

class Objective {
 public:
  static constexpr uint64_t kOne = 100'000'000;  // the ratio 1, in units of 10^-8

  // "99.9%" or "0.999". kInvalidArgument with what to write instead: 99.9 without a percent sign,
  // 0, 100 %, a seventh decimal of a percent.
  static absl::StatusOr<Objective> Parse(std::string_view text);

  // 0.999
  double ratio() const {
    return static_cast<double>(kOne - budget_units_) / static_cast<double>(kOne);
  }
  // 1 - objective, in units of 10^-8: 100,000 for 99.9 %. In [1, kOne - 1].
  uint64_t budget_units() const { return budget_units_; }
  double error_budget() const {
    return static_cast<double>(budget_units_) / static_cast<double>(kOne);
  }
  // "99.9%"
  std::string Text() const;

  friend bool operator==(const Objective&, const Objective&) = default;

 private:
  explicit Objective(uint64_t budget_units) : budget_units_(budget_units) {}
  uint64_t budget_units_;
};

}  // namespace slowburn::slo
