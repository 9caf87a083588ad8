// tests/golden/words.h: a line of a script, word by word.
//
// Room     tests
// Uses     base/
// Threads  one owner
// Units    times are seconds since the beginning of the script
// Source   docs/slotest.md
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "tests/golden/script.h"

namespace slowburn::golden {

// A comma is a word of its own; what follows '#' is none.
class Words {
 public:
  explicit Words(std::string_view line);

  bool empty() const { return next_ == words_.size(); }
  // "" at the end.
  std::string_view Peek() const { return empty() ? std::string_view() : words_[next_]; }
  bool Take(std::string_view word) {
    if (empty() || Peek() != word) return false;
    ++next_;
    return true;
  }
  // kInvalidArgument at the end: `what` should be there.
  absl::StatusOr<std::string> Next(std::string_view what);

 private:
  std::vector<std::string> words_;
  size_t next_ = 0;
};

absl::StatusOr<std::chrono::seconds> ParseSeconds(std::string_view text);
absl::StatusOr<std::chrono::seconds> NextSeconds(Words& words, std::string_view what);
absl::StatusOr<uint64_t> NextCount(Words& words, std::string_view what);
// "none" is nothing.
absl::StatusOr<std::optional<WrittenNumber>> NextNumber(Words& words, std::string_view what);
// "0..58m"
absl::Status ReadRange(Words& words, std::chrono::seconds& from, std::chrono::seconds& to);
// Nothing is left.
absl::Status CheckEnd(const Words& words);

}  // namespace slowburn::golden
