// model/label_matcher.h: one condition on a label, e.g. code=~"5..".
//
// Room     model
// Uses     base/, RE2
// Threads  immutable values; copies share the compiled expression
// Units    none
// Source   Prometheus documentation, "Time series selectors"
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

namespace re2 {
class RE2;
}

namespace slowburn::model {

inline constexpr std::string_view kMetricNameLabel = "__name__";

// A regular expression has to match the whole value; its dot matches a line break too, as in
// Prometheus 3.
class LabelMatcher {
 public:
  enum class Op { kEqual, kNotEqual, kRegex, kNotRegex };

  // kInvalidArgument for an expression that RE2 refuses or that has more than 4 KiB.
  static absl::StatusOr<LabelMatcher> Create(std::string name, Op op, std::string value);

  const std::string& name() const { return name_; }
  Op op() const { return op_; }
  const std::string& value() const { return value_; }

  // `value` is "" where the label is absent.
  bool Matches(std::string_view value) const;
  // code=~"5..": the same for equal matchers.
  std::string CanonicalText() const;

 private:
  LabelMatcher(std::string name, Op op, std::string value)
      : name_(std::move(name)), op_(op), value_(std::move(value)) {}

  std::string name_;
  Op op_;
  std::string value_;
  std::shared_ptr<const re2::RE2> regex_;  // of kRegex and kNotRegex; shared by copies
};

}  // namespace slowburn::model
