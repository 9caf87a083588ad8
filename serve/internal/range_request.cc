#include "serve/internal/range_request.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

#include "base/duration_text.h"
#include "base/status.h"
#include "base/time_text.h"
#include "slo/latency_block.h"
#include "slo/slice.h"

namespace slowburn::serve::internal {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr int64_t kDefaultPointsMax = 300;
constexpr int64_t kDefaultPointsMin = 100;
constexpr std::string_view kGroupPrefix = "group.";

absl::StatusOr<std::optional<sys_seconds>> TimeParameter(const net::HttpRequest& request,
                                                         std::string_view name) {
  const std::optional<std::string> text = net::QueryParameter(request, name);
  if (!text.has_value() || text->empty()) return std::nullopt;
  const absl::StatusOr<base::UnixNanos> time = base::ParseTime(*text);
  if (!time.ok()) return base::Annotate(time.status(), name);
  const sys_seconds whole = base::FloorSeconds(*time);
  if (whole != *time) {
    const sys_seconds below = slo::SliceStart(slo::SliceOf(whole));
    return base::InvalidArgument("{}={} has a fraction of a second; write {} or {}", name, *text,
                                 below.time_since_epoch().count(),
                                 (below + slo::kSliceLength).time_since_epoch().count());
  }
  return whole;
}

// "60", as Prometheus has it, or "1m".
absl::StatusOr<std::chrono::nanoseconds> ParseStep(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  if (!is_number) return base::ParseDuration(text);
  // Beyond a century there is nothing to step over.
  if (!(number > 0 && number < 3e9)) {
    return base::InvalidArgument("\"{}\" is no step; write seconds above 0, or a duration like 1h",
                                 text);
  }
  return std::chrono::nanoseconds(std::llround(number * 1e9));
}

absl::StatusOr<std::optional<seconds>> StepParameter(const net::HttpRequest& request) {
  const std::optional<std::string> text = net::QueryParameter(request, "step");
  if (!text.has_value() || text->empty()) return std::nullopt;
  const absl::StatusOr<std::chrono::nanoseconds> step = ParseStep(*text);
  if (!step.ok()) return base::Annotate(step.status(), "step");
  const seconds whole = std::chrono::floor<seconds>(*step);
  if (whole != *step) {
    return base::InvalidArgument(
        "step={} has a fraction of a second; write a multiple of 10s, like 1h", *text);
  }
  return whole;
}

absl::StatusOr<std::optional<uint32_t>> EpochParameter(const net::HttpRequest& request) {
  const std::optional<std::string> text = net::QueryParameter(request, "epoch");
  if (!text.has_value() || text->empty()) return std::nullopt;
  uint32_t epoch = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), epoch);
  if (error != std::errc() || end != text->data() + text->size()) {
    return base::InvalidArgument(
        "epoch=\"{}\" is no number; write one of those that the SLO lists, like 1", *text);
  }
  return epoch;
}

// The shortest step that divides the range into 100 to 300 points; where none divides it, the
// shortest that gives at most 300.
seconds DefaultStep(seconds range) {
  const int64_t slices = std::max<int64_t>(1, range / slo::kSliceLength);
  if (slices <= kDefaultPointsMax) return slo::kSliceLength;
  for (int64_t points = kDefaultPointsMax; points >= kDefaultPointsMin; --points) {
    if (slices % points == 0) return slices / points * slo::kSliceLength;
  }
  return (slices + kDefaultPointsMax - 1) / kDefaultPointsMax * slo::kSliceLength;
}

}  // namespace

absl::StatusOr<RangeRequest> ParseRangeRequest(const net::HttpRequest& request) {
  RangeRequest range;
  range.group = ParseGroup(request);
  SB_ASSIGN_OR_RETURN(range.start, TimeParameter(request, "start"));
  SB_ASSIGN_OR_RETURN(range.end, TimeParameter(request, "end"));
  SB_ASSIGN_OR_RETURN(range.step, StepParameter(request));
  SB_ASSIGN_OR_RETURN(range.epoch, EpochParameter(request));
  return range;
}

GroupSelector ParseGroup(const net::HttpRequest& request) {
  GroupSelector group;
  for (auto& [name, value] : net::ParseQuery(request.query)) {
    if (name.starts_with(kGroupPrefix)) group.emplace(name.substr(kGroupPrefix.size()), value);
  }
  return group;
}

HistoryRange CompleteHistory(const RangeRequest& request, sys_seconds now, seconds window) {
  HistoryRange range;
  range.end = request.end.value_or(slo::SliceStart(slo::SliceOf(now)));
  range.start = request.start.value_or(range.end - window);
  range.step = request.step.value_or(DefaultStep(range.end - range.start));
  // Steps count from the start: a whole number of them reaches the newest slice.
  if (!request.start.has_value() && range.step > seconds(0)) {
    range.start = range.end - (range.end - range.start) / range.step * range.step;
  }
  return range;
}

TimeRange CompletePercentiles(const RangeRequest& request, sys_seconds now,
                              const slo::Window& window) {
  TimeRange range;
  range.end = request.end.value_or(slo::LatencySlotStart(slo::LatencySlotOf(now) + 1));
  const slo::Slice end = slo::SliceOf(range.end);
  const slo::Slice begin =
      window.calendar() != nullptr && end > 0 ? window.BeginAt(end - 1) : window.BeginAt(end);
  range.start = request.start.value_or(slo::LatencySlotStart(slo::LatencySlotOf(begin)));
  return range;
}

}  // namespace slowburn::serve::internal
