// serve/internal/regex_count.h: how many regular expressions the selectors of one request bring.
//
// Room     serve/internal
// Uses     base/, model/
// Threads  one owner
// Units    none
#pragma once

#include <cstddef>

#include <absl/status/status.h>

#include "base/status.h"
#include "model/label_matcher.h"

namespace slowburn::serve::internal {

// A compiled expression holds up to 2 MiB, and is written in ten bytes. The parser of PromQL counts
// those of one query; this counts where a request has several.
class RegexCount {
 public:
  static constexpr size_t kMax = 200;

  // kInvalidArgument for one too many.
  absl::Status Add(const model::LabelMatcher& matcher) {
    using Op = model::LabelMatcher::Op;
    if (matcher.op() != Op::kRegex && matcher.op() != Op::kNotRegex) return absl::OkStatus();
    if (++count_ <= kMax) return absl::OkStatus();
    return base::InvalidArgument("there are more than {} regular expressions; ask several times",
                                 kMax);
  }

 private:
  size_t count_ = 0;
};

}  // namespace slowburn::serve::internal
