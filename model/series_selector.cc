#include "model/series_selector.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/status.h"
#include "model/promql_string.h"

namespace slowburn::model {
namespace {

constexpr size_t kShownBytes = 60;  // of a text, in a message

using Op = LabelMatcher::Op;

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsQuote(char c) { return c == '"' || c == '\'' || c == '`'; }

// One pass, no recursion: each function takes what it names from the place where the text is at.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  absl::StatusOr<std::vector<LabelMatcher>> Run() {
    SkipSpace();
    if (At() == '\0') return Error("the selector is empty; write one like up{job=\"checkout\"}");
    const std::string_view name = TakeName(/*with_colon=*/true);
    if (!name.empty()) SB_RETURN_IF_ERROR(AddName(std::string(name), 0));
    SkipSpace();
    if (At() == '{') {
      SB_RETURN_IF_ERROR(Braces());
    } else if (name.empty()) {
      return Error(
          fmt::format("found {}; a selector begins with a metric's name or with {{", Shown()));
    }
    SkipSpace();
    if (at_ < text_.size()) return Trailing();
    return std::move(matchers_);
  }

 private:
  char At() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void SkipSpace() {
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '#') at_ = std::min(text_.find('\n', at_), text_.size());
      if (at_ == text_.size() ||
          std::string_view(" \t\r\n").find(text_[at_]) == std::string_view::npos) {
        return;
      }
    }
  }

  std::string_view TakeName(bool with_colon) {
    const size_t begin = at_;
    const auto belongs = [&](char c) {
      return IsLetter(c) || (with_colon && c == ':') || (at_ > begin && IsDigit(c));
    };
    while (at_ < text_.size() && belongs(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  absl::StatusOr<std::string> TakeString() {
    auto read = ReadPromqlString(text_.substr(at_));
    if (!read.ok()) return Error(base::Message(read.status()));
    at_ += read->bytes_read;
    return std::move(read->text);
  }

  absl::Status Braces() {
    ++at_;
    for (;;) {
      SkipSpace();
      if (At() == '}') break;
      if (matchers_.size() == SeriesSelector::kMatchersMax) {
        return Error(fmt::format("there are more than {} matchers; write fewer",
                                 SeriesSelector::kMatchersMax));
      }
      SB_RETURN_IF_ERROR(Matcher());
      SkipSpace();
      if (At() == '}') break;
      if (At() != ',') return Error(fmt::format("found {}; write , or }}", Shown()));
      ++at_;
    }
    ++at_;
    return absl::OkStatus();
  }

  absl::Status Matcher() {
    const size_t begin = at_;
    std::string label;
    const bool quoted = IsQuote(At());
    if (quoted) {
      SB_ASSIGN_OR_RETURN(label, TakeString());
    } else {
      label = TakeName(/*with_colon=*/false);
    }
    if (label.empty()) {
      at_ = begin;
      return Error(fmt::format("found {}; write a label's name, like job=\"checkout\"", Shown()));
    }
    SkipSpace();
    if (quoted && (At() == ',' || At() == '}')) return AddName(std::move(label), begin);
    const std::optional<Op> op = TakeOp();
    if (!op.has_value()) {
      return Error(
          fmt::format("found {} after label {}; write =, !=, =~ or !~", Shown(), ShownText(label)));
    }
    SkipSpace();
    if (!IsQuote(At())) {
      return Error(fmt::format("found {} after label {}; a value stands in quotes, like \"5..\"",
                               Shown(), ShownText(label)));
    }
    const size_t value_at = at_;
    SB_ASSIGN_OR_RETURN(std::string value, TakeString());
    if (label == kMetricNameLabel && has_name_) {
      at_ = begin;
      return Error("the metric's name stands twice; write it before the braces or in them");
    }
    return Add(std::move(label), *op, std::move(value), value_at);
  }

  std::optional<Op> TakeOp() {
    constexpr std::pair<std::string_view, Op> kOps[] = {
        {"=~", Op::kRegex}, {"!~", Op::kNotRegex}, {"!=", Op::kNotEqual}, {"=", Op::kEqual}};
    for (const auto& [text, op] : kOps) {
      if (!text_.substr(at_).starts_with(text)) continue;
      at_ += text.size();
      return op;
    }
    return std::nullopt;
  }

  absl::Status AddName(std::string name, size_t place) {
    const bool is_second =
        std::any_of(matchers_.begin(), matchers_.end(),
                    [](const LabelMatcher& matcher) { return matcher.name() == kMetricNameLabel; });
    if (is_second) {
      at_ = place;
      return Error("the metric's name stands twice; write it before the braces or in them");
    }
    has_name_ = true;
    return Add(std::string(kMetricNameLabel), Op::kEqual, std::move(name), place);
  }

  absl::Status Add(std::string label, Op op, std::string value, size_t value_at) {
    auto matcher = LabelMatcher::Create(std::move(label), op, std::move(value));
    if (!matcher.ok()) {
      at_ = value_at;
      return Error(base::Message(matcher.status()));
    }
    matchers_.push_back(*std::move(matcher));
    return absl::OkStatus();
  }

  absl::Status Trailing() const {
    if (At() == '[') {
      return Error("a selector here has no range; leave out [...]: windows come from the SLO");
    }
    if (At() == '(') {
      return Error("a selector calls no function; write the metric's name and its matchers");
    }
    if (text_.substr(at_).starts_with("offset") || At() == '@')
      return Error("a selector here has no offset and no @; leave it out");
    return Error(fmt::format("found {} after the selector; write one selector alone", Shown()));
  }

  absl::Status Error(std::string_view message) const {
    const std::string_view before = text_.substr(0, at_);
    const auto characters =
        std::count_if(before.begin(), before.end(), [](char c) { return !IsContinuation(c); });
    return base::InvalidArgument("column {}: {}", characters + 1, message);
  }

  static std::string ShownText(std::string_view text) {
    if (text.size() <= kShownBytes) return ValidUtf8(text);
    return ValidUtf8(text.substr(0, kShownBytes)) + "...";
  }

  // The character that is next, for a message.
  std::string Shown() const {
    if (at_ == text_.size()) return "the end";
    size_t end = at_ + 1;
    while (end < text_.size() && IsContinuation(text_[end])) ++end;
    return fmt::format("'{}'", ValidUtf8(text_.substr(at_, end - at_)));
  }

  std::string_view text_;
  size_t at_ = 0;
  std::vector<LabelMatcher> matchers_;
  bool has_name_ = false;  // written as a name, not as a matcher of __name__
};

auto Key(const LabelMatcher& matcher) { return std::tie(matcher.name(), matcher.value()); }
bool Before(const LabelMatcher& a, const LabelMatcher& b) {
  return std::tuple(Key(a), a.op()) < std::tuple(Key(b), b.op());
}
bool Same(const LabelMatcher& a, const LabelMatcher& b) {
  return Key(a) == Key(b) && a.op() == b.op();
}

}  // namespace

absl::StatusOr<SeriesSelector> SeriesSelector::Parse(std::string_view text) {
  if (text.size() > kBytesMax) {
    return base::InvalidArgument("the selector has {} bytes, at most {}; write a shorter one",
                                 text.size(), kBytesMax);
  }
  SeriesSelector selector;
  SB_ASSIGN_OR_RETURN(selector.matchers_, Reader(text).Run());
  const bool needs_something =
      std::any_of(selector.matchers_.begin(), selector.matchers_.end(),
                  [](const LabelMatcher& matcher) { return !matcher.Matches(""); });
  if (!needs_something) {
    return base::InvalidArgument(
        "column 1: every series would match; write a metric's name, or a matcher that an absent "
        "label does not meet, like job=\"checkout\"");
  }
  std::sort(selector.matchers_.begin(), selector.matchers_.end(), Before);
  selector.matchers_.erase(std::unique(selector.matchers_.begin(), selector.matchers_.end(), Same),
                           selector.matchers_.end());
  return selector;
}

std::optional<std::string_view> SeriesSelector::metric_name() const {
  for (const LabelMatcher& matcher : matchers_) {
    if (matcher.name() == kMetricNameLabel && matcher.op() == Op::kEqual) return matcher.value();
  }
  return std::nullopt;
}

bool SeriesSelector::Matches(const LabelSet& labels) const {
  return std::all_of(matchers_.begin(), matchers_.end(), [&](const LabelMatcher& matcher) {
    return matcher.Matches(labels.Get(matcher.name()));
  });
}

bool SeriesSelector::Matches(
    const std::function<std::string_view(std::string_view)>& value_of) const {
  return std::all_of(matchers_.begin(), matchers_.end(), [&](const LabelMatcher& matcher) {
    return matcher.Matches(value_of(matcher.name()));
  });
}

std::string SeriesSelector::CanonicalText() const {
  std::string text = "{";
  for (const LabelMatcher& matcher : matchers_) {
    if (text.size() > 1) text += ",";
    text += matcher.CanonicalText();
  }
  return text + "}";
}

}  // namespace slowburn::model
