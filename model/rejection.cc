#include "model/rejection.h"

#include <fmt/format.h>

namespace slowburn::model {
namespace {

struct Words {
  std::string_view name;
  std::string_view text;  // after "1 span has"
};

constexpr std::array<Words, kRejections> kWords = {{
    {"invalid_trace_id", "a trace_id that is not 16 bytes, or all zero"},
    {"invalid_span_id", "a span_id that is not 8 bytes, or all zero"},
    {"too_new", "a time more than 10 minutes in the future; check the sender's clock"},
    {"no_time", "no time_unix_nano"},
    {"no_metric_name", "a metric without a name"},
    {"no_value", "no value; set as_double or as_int"},
    {"no_temporality", "no aggregation_temporality; send delta or cumulative"},
    {"broken_histogram",
     "buckets, bounds and count that do not fit together, or a scale or quantile out of range"},
    {"not_finite", "NaN or infinity in a monotonic sum"},
    {"negative", "a value below zero in a monotonic sum"},
    {"conflict",
     "another value than the point of the same stream and time that was taken before; "
     "let only one sender write a stream"},
}};

}  // namespace

std::string_view RejectionName(Rejection rejection) {
  return kWords[static_cast<size_t>(rejection)].name;
}

RejectionCounts CountRejections(const std::vector<RejectedItem>& rejected) {
  RejectionCounts counts{};
  for (const RejectedItem& item : rejected) ++counts[static_cast<size_t>(item.reason)];
  return counts;
}

std::string ExplainRejections(Signal signal, const RejectionCounts& counts) {
  std::string text;
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    if (!text.empty()) text += "; ";
    const bool one = counts[i] == 1;
    text += fmt::format("{} {}{} ha{} {}", counts[i], ItemName(signal), one ? "" : "s",
                        one ? "s" : "ve", kWords[i].text);
  }
  return text;
}

}  // namespace slowburn::model
