#include "app/internal/metric_records.h"

#include <algorithm>
#include <span>
#include <variant>

#include "base/status.h"

namespace slowburn::app::internal {
namespace {

using slo::CounterPoint;
using slo::CumulativeStream;
using slo::DeltaStream;
using slo::GaugeStream;

// A row of numbers as differences to the one before.
class Differences {
 public:
  int64_t Of(uint64_t number) {
    const auto difference = static_cast<int64_t>(number - last_);
    last_ = number;
    return difference;
  }
  uint64_t Number(int64_t difference) { return last_ += static_cast<uint64_t>(difference); }

 private:
  uint64_t last_ = 0;
};

void EncodePoints(std::span<const CounterPoint> points, store::v1::CounterPoints& rows) {
  const auto any = [&](auto is) { return std::any_of(points.begin(), points.end(), is); };
  const bool has_fraction = any([](const auto& point) { return point.total.fraction != 0; });
  const bool has_good = any([](const auto& point) { return point.good != slo::CounterValue{}; });
  const bool has_part = any([](const auto& point) { return point.good.fraction != 0; });
  const bool has_layout = any([](const auto& point) { return point.layout != 0; });
  const bool has_estimate = any([](const auto& point) { return !point.is_exact; });
  Differences times, starts, totals, goods;
  for (const CounterPoint& point : points) {
    rows.add_time_difference(times.Of(point.time));
    rows.add_start_difference(starts.Of(point.start));
    rows.add_total_difference(totals.Of(point.total.whole));
    if (has_fraction) rows.add_total_fraction(point.total.fraction);
    if (has_good) rows.add_good_difference(goods.Of(point.good.whole));
    if (has_part) rows.add_good_fraction(point.good.fraction);
    if (has_layout) rows.add_layout(point.layout);
    if (has_estimate) rows.add_is_estimate(!point.is_exact);
  }
}

absl::Status Unfit(std::string_view what) {
  return base::DataLoss("a metric series has {}; restore the store from a backup", what);
}

absl::StatusOr<std::vector<CounterPoint>> ReadPoints(const store::v1::CounterPoints& rows) {
  const int size = rows.time_difference_size();
  const auto fits = [&](int row) { return row == 0 || row == size; };
  if (rows.start_difference_size() != size || rows.total_difference_size() != size ||
      !fits(rows.total_fraction_size()) || !fits(rows.good_difference_size()) ||
      !fits(rows.good_fraction_size()) || !fits(rows.layout_size()) ||
      !fits(rows.is_estimate_size())) {
    return Unfit("rows of unequal length");
  }
  std::vector<CounterPoint> points(static_cast<size_t>(size));
  Differences times, starts, totals, goods;
  for (int i = 0; i < size; ++i) {
    CounterPoint& point = points[static_cast<size_t>(i)];
    point.time = times.Number(rows.time_difference(i));
    point.start = starts.Number(rows.start_difference(i));
    point.total.whole = totals.Number(rows.total_difference(i));
    if (rows.total_fraction_size() > 0) point.total.fraction = rows.total_fraction(i);
    if (rows.good_difference_size() > 0) point.good.whole = goods.Number(rows.good_difference(i));
    if (rows.good_fraction_size() > 0) point.good.fraction = rows.good_fraction(i);
    if (rows.layout_size() > 0) point.layout = rows.layout(i);
    if (rows.is_estimate_size() > 0) point.is_exact = !rows.is_estimate(i);
  }
  return points;
}

void Encode(const CumulativeStream& stream, store::v1::MetricStream& stored) {
  store::v1::CumulativePoints& cumulative = *stored.mutable_cumulative();
  cumulative.set_head(static_cast<uint32_t>(stream.head));
  cumulative.set_total(stream.head_sums.total.whole);
  cumulative.set_total_fraction(stream.head_sums.total.fraction);
  cumulative.set_good(stream.head_sums.good.whole);
  cumulative.set_good_fraction(stream.head_sums.good.fraction);
  cumulative.set_good_lead(stream.head_sums.lead);
  cumulative.set_covered_until_unix_nano(stream.covered_until);
  EncodePoints(stream.points, *cumulative.mutable_points());
}

void Encode(const DeltaStream& stream, store::v1::MetricStream& stored) {
  store::v1::DeltaPoints& delta = *stored.mutable_delta();
  EncodePoints({&stream.last, 1}, *delta.mutable_last());
  Differences gaps;
  for (const DeltaStream::Gap& gap : stream.gaps) {
    delta.add_gap_difference(gaps.Of(gap.from));
    delta.add_gap_difference(gaps.Of(gap.to));
  }
  delta.set_total_rest(stream.total_rest);
  delta.set_good_rest(stream.good_rest);
}

void Encode(const GaugeStream& stream, store::v1::MetricStream& stored) {
  store::v1::GaugeSlices& gauge = *stored.mutable_gauge();
  gauge.set_newest_slice(stream.newest_slice);
  gauge.set_seen(stream.seen);
  gauge.set_bad(stream.bad);
  gauge.set_last_time_unix_nano(stream.last_time);
}

absl::StatusOr<CumulativeStream> Read(const store::v1::CumulativePoints& stored) {
  CumulativeStream stream;
  stream.covered_until = stored.covered_until_unix_nano();
  if (stored.head() > static_cast<uint32_t>(CumulativeStream::Head::kCounted))
    return Unfit("a first point of an unknown kind");
  stream.head = static_cast<CumulativeStream::Head>(stored.head());
  stream.head_sums = {.total = {stored.total(), stored.total_fraction()},
                      .good = {stored.good(), stored.good_fraction()},
                      .lead = stored.good_lead()};
  SB_ASSIGN_OR_RETURN(stream.points, ReadPoints(stored.points()));
  if (stream.points.empty()) return Unfit("no point");
  return stream;
}

absl::StatusOr<DeltaStream> Read(const store::v1::DeltaPoints& stored) {
  DeltaStream stream;
  SB_ASSIGN_OR_RETURN(const std::vector<CounterPoint> last, ReadPoints(stored.last()));
  if (last.size() != 1 || stored.gap_difference_size() % 2 != 0)
    return Unfit("a delta without its last point");
  stream.last = last.front();
  Differences gaps;
  for (int i = 0; i < stored.gap_difference_size(); i += 2) {
    const uint64_t from = gaps.Number(stored.gap_difference(i));
    stream.gaps.push_back({from, gaps.Number(stored.gap_difference(i + 1))});
  }
  stream.total_rest = stored.total_rest();
  stream.good_rest = stored.good_rest();
  return stream;
}

}  // namespace

store::v1::MetricStream EncodeMetricStream(const slo::StreamKey& key,
                                           const slo::MetricStream& stream) {
  store::v1::MetricStream stored;
  stored.set_key_high(key.high);
  stored.set_key_low(key.low);
  stored.set_sli(static_cast<uint32_t>(stream.sli));
  stored.set_heard_seconds(stream.heard_seconds);
  stored.set_is_of_history(stream.is_of_history);
  std::visit([&](const auto& points) { Encode(points, stored); }, stream.points);
  if (stream.latencies.has_value()) {
    stored.mutable_latencies()->set_coarseness(stream.latencies->coarseness);
    stored.mutable_latencies()->set_histogram(stream.latencies->histogram.Encode());
  }
  return stored;
}

store::v1::MetricSource EncodeMetricSource(const slo::MetricSourceKey& key,
                                           const slo::MetricSource& source) {
  store::v1::MetricSource stored;
  stored.set_sli(static_cast<uint32_t>(key.sli));
  stored.set_writer(key.writer);
  stored.set_since_unix_nano(source.since);
  stored.set_heard_seconds(source.heard_seconds);
  stored.set_interval_millis(source.interval_millis);
  stored.set_latency_coarseness(source.latency_coarseness);
  return stored;
}

void AppendMetricStates(const slo::MetricStreams::Plan& plan, store::v1::LogRecord& record) {
  for (const auto& [key, stream] : plan.streams)
    *record.add_metric_streams() = EncodeMetricStream(key, stream);
  for (const auto& [key, source] : plan.sources)
    *record.add_metric_sources() = EncodeMetricSource(key, source);
  for (const slo::StreamKey& key : plan.taken_over) {
    store::v1::MetricStreamKey& taken = *record.add_taken_over();
    taken.set_high(key.high);
    taken.set_low(key.low);
  }
}

absl::Status ApplyMetricStream(const store::v1::MetricStream& stored, slo::MetricStreams& streams) {
  slo::MetricStream stream{.sli = static_cast<slo::SliId>(stored.sli()),
                           .heard_seconds = stored.heard_seconds(),
                           .is_of_history = stored.is_of_history(),
                           .points = {},
                           .latencies = {}};
  if (stored.has_latencies()) {
    SB_ASSIGN_OR_RETURN(slo::LatencyHistogram histogram,
                        slo::LatencyHistogram::Decode(stored.latencies().histogram()));
    if (stored.latencies().coarseness() > slo::MetricLatencies::kCoarsenessMax)
      return Unfit("latencies that are too coarse");
    stream.latencies = {stored.latencies().coarseness(), std::move(histogram)};
  }
  if (stored.has_cumulative()) {
    SB_ASSIGN_OR_RETURN(stream.points, Read(stored.cumulative()));
  } else if (stored.has_delta()) {
    SB_ASSIGN_OR_RETURN(stream.points, Read(stored.delta()));
  } else if (stored.has_gauge()) {
    stream.points = GaugeStream{.newest_slice = stored.gauge().newest_slice(),
                                .seen = stored.gauge().seen(),
                                .bad = stored.gauge().bad(),
                                .last_time = stored.gauge().last_time_unix_nano()};
  } else {
    return Unfit("no points");
  }
  streams.Apply({stored.key_high(), stored.key_low()}, std::move(stream));
  return absl::OkStatus();
}

void ApplyMetricSource(const store::v1::MetricSource& stored, slo::MetricStreams& streams) {
  streams.Apply(slo::MetricSourceKey{static_cast<slo::SliId>(stored.sli()), stored.writer()},
                slo::MetricSource{.since = stored.since_unix_nano(),
                                  .heard_seconds = stored.heard_seconds(),
                                  .interval_millis = stored.interval_millis(),
                                  .latency_coarseness = stored.latency_coarseness()});
}

absl::Status ApplyMetricStates(const store::v1::LogRecord& record, slo::MetricStreams& streams) {
  for (const store::v1::MetricStream& stream : record.metric_streams())
    SB_RETURN_IF_ERROR(ApplyMetricStream(stream, streams));
  for (const store::v1::MetricSource& source : record.metric_sources())
    ApplyMetricSource(source, streams);
  for (const store::v1::MetricStreamKey& taken : record.taken_over())
    streams.Forget({taken.high(), taken.low()});
  return absl::OkStatus();
}

}  // namespace slowburn::app::internal
