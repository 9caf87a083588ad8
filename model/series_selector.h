// model/series_selector.h: which series are meant, as PromQL writes it:
// http_requests_total{job="checkout",code=~"5.."}.
//
// Room     model
// Uses     base/, model/
// Threads  immutable values
// Units    a column counts characters from 1
// Source   Prometheus documentation, "Time series selectors"; UTF-8 names in braces as in
//          Prometheus 3
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "model/label_matcher.h"
#include "model/label_set.h"

namespace slowburn::model {

//   selector = name [ "{" matchers "}" ] | "{" matchers "}"
//   matchers = [ matcher { "," matcher } [ "," ] ]
//   matcher  = label ( "=" | "!=" | "=~" | "!~" ) string | string        (a name in quotes)
// White space and comments (# to the end of the line) may stand between tokens.
class SeriesSelector {
 public:
  static constexpr size_t kBytesMax = 16 << 10;
  static constexpr size_t kMatchersMax = 64;

  // kInvalidArgument "column 12: ...; write ...": also for a selector that every series could match
  // (none of its matchers refuses an absent label), and for what has a range or an offset.
  static absl::StatusOr<SeriesSelector> Parse(std::string_view text);

  // Sorted by label, each once; the metric's name is the label __name__.
  const std::vector<LabelMatcher>& matchers() const { return matchers_; }
  // The one metric name that can match, if there is just one.
  std::optional<std::string_view> metric_name() const;

  // An absent label is the empty string. `labels` holds __name__.
  bool Matches(const LabelSet& labels) const;
  // As above, for labels that are looked up.
  bool Matches(const std::function<std::string_view(std::string_view name)>& value_of) const;

  // {__name__="up",job="a"}: equal for selectors that say the same in another order or spelling.
  std::string CanonicalText() const;

 private:
  std::vector<LabelMatcher> matchers_;
};

}  // namespace slowburn::model
