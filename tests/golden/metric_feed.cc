#include "tests/golden/metric_feed.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include <fmt/format.h>

#include "base/status.h"
#include "slo/testing/metric_batch_builder.h"

namespace slowburn::golden {
namespace {

using model::MetricType;
using model::Temporality;
using slo::testing::MetricBatchBuilder;
using std::chrono::seconds;
using Kind = MetricSource::Kind;

// Calls `visit` with the time and the number of each point that arrives in [from, to).
void ForEachPoint(const PointLine& line, seconds from, seconds to,
                  const std::function<void(seconds, int64_t)>& visit) {
  if (line.arriving.has_value()) {
    if (*line.arriving < from || *line.arriving >= to) return;
    from = line.from;
    to = line.to;
  }
  from = std::max(from, line.from);
  const int64_t first = (from - line.from + line.every - seconds(1)) / line.every;
  for (int64_t i = first; line.from + i * line.every < std::min(to, line.to); ++i)
    visit(line.from + i * line.every, i);
}

void AddPoint(const PointLine& line, const SloLine& slo, std::chrono::sys_seconds begin,
              seconds time, int64_t number, MetricBatchBuilder& batch) {
  const auto unix_seconds = [&](seconds at) {
    return static_cast<uint64_t>((begin + at).time_since_epoch().count());
  };
  MetricBatchBuilder::Attributes attributes = {{"slo", line.slo}};
  if (!line.part.empty()) attributes.emplace_back("part", line.part);
  if (!line.series.empty()) attributes.emplace_back("series", line.series);
  if (!line.group.empty()) attributes.emplace_back(slo.group_by, line.group);
  std::vector<double> values = line.values;
  for (size_t i = 0; i < values.size(); ++i)
    values[i] += static_cast<double>(number) * line.rising[i];
  uint64_t start = 0;
  if (line.start.has_value()) {
    start = unix_seconds(*line.start);
  } else if (line.is_delta) {
    start = unix_seconds(time - line.every);
  }
  const Temporality temporality = line.is_delta ? Temporality::kDelta : Temporality::kCumulative;
  switch (slo.metric->kind) {
    case Kind::kCounter:
      batch.Metric("events", "", MetricType::kSum, temporality, true);
      break;
    case Kind::kHistogram: {
      std::vector<uint64_t> counts;
      for (const double value : values) counts.push_back(static_cast<uint64_t>(value));
      batch.Metric("latency", "s", MetricType::kHistogram, temporality)
          .Histogram(start, unix_seconds(time), slo.metric->bounds, counts, attributes);
      return;
    }
    case Kind::kGauge:
      batch.Gauge("level");
      break;
  }
  if (values.front() == std::floor(values.front())) {
    batch.Int(start, unix_seconds(time), static_cast<int64_t>(values.front()), attributes);
  } else {
    batch.Double(start, unix_seconds(time), values.front(), attributes);
  }
}

model::SeriesSelector Selector(std::string_view metric, const std::string& id,
                               std::string_view more) {
  return model::SeriesSelector::Parse(fmt::format("{}{{slo=\"{}\"{}}}", metric, id, more)).value();
}

}  // namespace

slo::SliSpec MakeMetricSli(const SloLine& line) {
  const MetricSource& metric = *line.metric;
  const auto of = [&](auto source) {
    slo::SliSpec sli{.source = std::move(source), .group_by = {}};
    if (!line.group_by.empty()) sli.group_by = {line.group_by};
    return sli;
  };
  if (metric.kind == Kind::kHistogram) {
    return of(
        slo::HistogramSli{.metric = Selector("latency_seconds", line.id(), ""), .max = metric.max});
  }
  if (metric.kind == Kind::kGauge) {
    return of(slo::GaugeSli{.metric = Selector("level", line.id(), ""),
                            .test = metric.test,
                            .threshold = metric.threshold});
  }
  slo::CounterSli counter;
  for (const std::string& part : metric.parts) {
    auto& selector = part == "good" ? counter.good : part == "bad" ? counter.bad : counter.total;
    selector = Selector("events_total", line.id(), fmt::format(",part=\"{}\"", part));
  }
  return of(std::move(counter));
}

MetricFeed::MetricFeed(const Script& script, slo::Engine& engine)
    : script_(script), engine_(engine), matchers_(engine.MakeMatchers()) {}
MetricFeed::~MetricFeed() = default;

bool MetricFeed::HasPoints(seconds from, seconds to) const {
  bool has = false;
  for (const PointLine& line : script_.points)
    ForEachPoint(line, from, to, [&](seconds, int64_t) { has = true; });
  return has;
}

absl::Status MetricFeed::Feed(seconds from, seconds to) {
  MetricBatchBuilder batch;
  batch.Resource({{"service.name", "script"}});
  for (const PointLine& line : script_.points) {
    const auto slo = std::ranges::find_if(
        script_.slos, [&](const SloLine& known) { return known.id() == line.slo; });
    ForEachPoint(line, from, to, [&](seconds time, int64_t number) {
      AddPoint(line, *slo, script_.start, time, number, batch);
    });
  }
  if (batch.batch().points.empty()) return absl::OkStatus();
  const std::chrono::sys_seconds now = std::max(engine_.now(), script_.start + to - seconds(1));
  const slo::MetricDelta delta = matchers_->metrics.Match(batch.batch(), scratch_);
  const slo::MetricStreams::Request request{.delta = &delta, .left_out = {}};
  const slo::MetricStreams::Plan plan =
      engine_.metric_streams().MakePlan(std::span(&request, 1), now);
  tally_ += plan.tally;
  const slo::SliDelta* const counts = &plan.counts;
  SB_ASSIGN_OR_RETURN(const slo::CountPlan counted,
                      engine_.table().Plan(std::span(&counts, 1), now));
  engine_.metric_streams().Apply(plan);
  return engine_.table().Apply(counted);
}

}  // namespace slowburn::golden
