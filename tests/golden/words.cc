#include "tests/golden/words.h"

#include <charconv>
#include <utility>

#include "base/duration_text.h"
#include "base/status.h"

namespace slowburn::golden {

using std::chrono::seconds;

Words::Words(std::string_view line) {
  line = line.substr(0, line.find('#'));
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) words_.push_back(std::move(word));
    word.clear();
  };
  for (const char c : line) {
    if (c == ' ' || c == '\t' || c == '\r' || c == ',') end_word();
    if (c == ',') words_.push_back(",");
    if (c != ' ' && c != '\t' && c != '\r' && c != ',') word += c;
  }
  end_word();
}

absl::StatusOr<std::string> Words::Next(std::string_view what) {
  if (empty()) return base::InvalidArgument("the line ends where {} should be; write it", what);
  return words_[next_++];
}

absl::StatusOr<seconds> ParseSeconds(std::string_view text) {
  if (text == "0") return seconds(0);
  SB_ASSIGN_OR_RETURN(const std::chrono::nanoseconds duration, base::ParseDuration(text));
  const auto whole = std::chrono::floor<seconds>(duration);
  if (whole != duration) {
    return base::InvalidArgument("\"{}\" is not whole seconds; write a duration like 1h or 52s",
                                 text);
  }
  return whole;
}

absl::StatusOr<seconds> NextSeconds(Words& words, std::string_view what) {
  SB_ASSIGN_OR_RETURN(const std::string text, words.Next(what));
  return ParseSeconds(text);
}

absl::StatusOr<uint64_t> NextCount(Words& words, std::string_view what) {
  SB_ASSIGN_OR_RETURN(const std::string text, words.Next(what));
  uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size()) {
    return base::InvalidArgument("\"{}\" is no count; write a whole number from 0", text);
  }
  return count;
}

absl::StatusOr<std::optional<WrittenNumber>> NextNumber(Words& words, std::string_view what) {
  SB_ASSIGN_OR_RETURN(const std::string text, words.Next(what));
  if (text == "none") return std::nullopt;
  WrittenNumber number;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number.value,
                                            std::chars_format::fixed);
  if (error != std::errc() || end != text.data() + text.size()) {
    return base::InvalidArgument("\"{}\" is no number; write one like 14.4, or none", text);
  }
  const size_t point = text.find('.');
  if (point != std::string::npos) number.decimals = static_cast<int>(text.size() - point - 1);
  return number;
}

absl::Status ReadRange(Words& words, seconds& from, seconds& to) {
  SB_ASSIGN_OR_RETURN(const std::string range, words.Next("FROM..TO"));
  const size_t dots = range.find("..");
  if (dots == std::string::npos) {
    return base::InvalidArgument("\"{}\" is no range; write FROM..TO, like 0..58m", range);
  }
  SB_ASSIGN_OR_RETURN(from, ParseSeconds(std::string_view(range).substr(0, dots)));
  SB_ASSIGN_OR_RETURN(to, ParseSeconds(std::string_view(range).substr(dots + 2)));
  return absl::OkStatus();
}

absl::Status CheckEnd(const Words& words) {
  if (words.empty()) return absl::OkStatus();
  return base::InvalidArgument("\"{}\" is not expected here; end the line before it", words.Peek());
}

}  // namespace slowburn::golden
