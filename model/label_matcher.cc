#include "model/label_matcher.h"

#include <utility>

#include <re2/re2.h>

#include "base/status.h"
#include "model/label_set.h"
#include "model/promql_string.h"

namespace slowburn::model {
namespace {

constexpr size_t kRegexBytesMax = 4 * 1024;
// Each expression's program and cache of states; a set of SLOs may hold hundreds of them.
constexpr int64_t kRegexMemoryBytesMax = 2 << 20;
constexpr size_t kShownBytes = 60;  // of a value, in a message

std::string Shown(std::string_view text) {
  if (text.size() <= kShownBytes) return std::string(text);
  return ValidUtf8(text.substr(0, kShownBytes)) + "...";
}

RE2::Options RegexOptions() {
  RE2::Options options(RE2::Quiet);
  options.set_max_mem(kRegexMemoryBytesMax);
  options.set_dot_nl(true);
  return options;
}

std::string_view OpText(LabelMatcher::Op op) {
  switch (op) {
    case LabelMatcher::Op::kEqual:
      return "=";
    case LabelMatcher::Op::kNotEqual:
      return "!=";
    case LabelMatcher::Op::kRegex:
      return "=~";
    case LabelMatcher::Op::kNotRegex:
      break;
  }
  return "!~";
}

}  // namespace

absl::StatusOr<LabelMatcher> LabelMatcher::Create(std::string name, Op op, std::string value) {
  LabelMatcher matcher(std::move(name), op, std::move(value));
  if (op == Op::kEqual || op == Op::kNotEqual) return matcher;
  if (matcher.value_.size() > kRegexBytesMax) {
    return base::InvalidArgument(
        "the regular expression of {} has {} bytes, at most {}; write a shorter one",
        Shown(matcher.name_), matcher.value_.size(), kRegexBytesMax);
  }
  auto regex = std::make_shared<const RE2>(matcher.value_, RegexOptions());
  if (!regex->ok()) {
    return base::InvalidArgument("{} is not a regular expression ({}); write RE2 syntax",
                                 QuotePromqlString(Shown(matcher.value_)), Shown(regex->error()));
  }
  matcher.regex_ = std::move(regex);
  return matcher;
}

bool LabelMatcher::Matches(std::string_view value) const {
  switch (op_) {
    case Op::kEqual:
      return value == value_;
    case Op::kNotEqual:
      return value != value_;
    case Op::kRegex:
    case Op::kNotRegex:
      break;
  }
  const bool found =
      regex_->Match({value.data(), value.size()}, 0, value.size(), RE2::ANCHOR_BOTH, nullptr, 0);
  return found == (op_ == Op::kRegex);
}

std::string LabelMatcher::CanonicalText() const {
  const std::string name = NormalizedLabelName(name_) == name_ ? name_ : QuotePromqlString(name_);
  return fmt::format("{}{}{}", name, OpText(op_), QuotePromqlString(value_));
}

}  // namespace slowburn::model
