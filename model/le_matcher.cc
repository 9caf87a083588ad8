#include "model/le_matcher.h"

#include <charconv>
#include <cmath>
#include <optional>
#include <string>

#include "model/attribute_text.h"

namespace slowburn::model {

std::optional<double> LeNumber(std::string_view text) {
  if (text == "+Inf" || text == "Inf") return HUGE_VAL;
  double number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

bool MatchesLe(const LabelMatcher& matcher, std::string_view le) {
  const std::optional<double> number = LeNumber(le);
  if (!number.has_value()) return matcher.Matches(le);
  const bool is_equality =
      matcher.op() == LabelMatcher::Op::kEqual || matcher.op() == LabelMatcher::Op::kNotEqual;
  if (is_equality) {
    const std::optional<double> wanted = LeNumber(matcher.value());
    const bool equal = wanted.has_value() && *wanted == *number;
    return equal == (matcher.op() == LabelMatcher::Op::kEqual);
  }
  const std::string plain = PlainDecimal(*number);
  const std::string floating =
      plain.find_first_of(".I") == std::string::npos ? plain + ".0" : plain;
  const bool negative = matcher.op() == LabelMatcher::Op::kNotRegex;
  return negative ? matcher.Matches(plain) && matcher.Matches(floating)
                  : matcher.Matches(plain) || matcher.Matches(floating);
}

}  // namespace slowburn::model
