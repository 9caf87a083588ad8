#include "tests/sim/metric_client.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace slowburn::sim {
namespace {

constexpr uint64_t kRoutesMax = 3;

bool Has(const std::vector<MetricKind>& kinds, MetricKind kind) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

// An exponential histogram's are powers of two of a second.
const std::vector<int64_t> kPowers = {125, 250, 500, 1000, 2000};
const std::vector<int64_t> kManyBounds = {125, 250, 500, 1000};
const std::vector<int64_t> kFewBounds = {250, 500};

void ChangeValue(MetricSample& sample) {
  if (sample.kind == MetricKind::kGauge) {
    sample.value = 9 - sample.value;
  } else {
    ++(sample.buckets.empty() ? sample.value : sample.buckets.front());
  }
}

}  // namespace

MetricClient::MetricClient(const Scenario& scenario, uint32_t index)
    : random_(scenario.seed, fmt::format("metrics {}", index)),
      service_(index % scenario.services),
      instance_(fmt::format("pod-{}", index)),
      routes_(std::min<uint64_t>(scenario.routes, kRoutesMax)),
      kinds_(scenario.metric_kinds),
      style_(random_.Pick({Style::kDelta, Style::kStarts, Style::kOneStart, Style::kNoStart})),
      may_change_style_(random_.OneIn(3)),
      period_(random_.Pick({60, 60, 60, 15, 10})),
      error_permille_(random_.Pick({0, 10, 200, 1000})),
      bounds_millis_(random_.OneIn(2) ? kManyBounds : kFewBounds) {
  if (random_.OneIn(2)) region_ = fmt::format("eu-{}", random_.Below(2));
  // Of both kinds of histograms it has one.
  if (Has(kinds_, MetricKind::kHistogram) && Has(kinds_, MetricKind::kExponential))
    std::erase(kinds_, random_.OneIn(2) ? MetricKind::kHistogram : MetricKind::kExponential);
  // A slice may hold several samples of a gauge.
  if (kinds_ == std::vector{MetricKind::kGauge}) period_ = random_.Pick({60, 30, 10, 5});
  // It may have a past.
  start_ = scenario.start_unix_seconds - random_.Pick({1, 200, 1000, 50'000, 200'000});
  counted_until_ = scenario.start_unix_seconds;
  if (style_ == Style::kDelta) start_ = counted_until_;
  if (style_ != Style::kDelta && random_.OneIn(2)) {
    for (int64_t i = random_.Between(1, 500); i > 0; --i) CountRequest();
  }
}

MetricSample& MetricClient::Series(MetricKind kind, const std::optional<std::string>& route,
                                   const std::string& code) {
  MetricSample& series = series_[{kind, route, code}];
  series.kind = kind;
  series.route = route;
  series.code = code;
  if (kind == MetricKind::kExponential) series.bounds_millis = kPowers;
  if (kind == MetricKind::kHistogram) series.bounds_millis = bounds_millis_;
  const bool is_open = kind == MetricKind::kHistogram;  // beyond its last bound
  if (kind == MetricKind::kExponential || is_open)
    series.buckets.resize(series.bounds_millis.size() + (is_open ? 1 : 0));
  return series;
}

void MetricClient::CountRequest() {
  std::optional<std::string> route;
  if (!random_.OneIn(6)) route = fmt::format("/r{}", random_.Below(routes_));
  const bool is_bad = random_.PerMille(error_permille_);
  // Those that are bad are slow.
  const uint64_t bucket = is_bad ? 2 + random_.Below(3) : random_.Below(3);
  for (const MetricKind kind : kinds_) {
    if (kind == MetricKind::kGauge) continue;
    MetricSample& series = Series(kind, route,
                                  kind == MetricKind::kCounter && is_bad ? "500"
                                  : kind == MetricKind::kCounter         ? "200"
                                                                         : "");
    if (kind == MetricKind::kCounter) {
      ++series.value;
    } else {
      const auto at = std::lower_bound(series.bounds_millis.begin(), series.bounds_millis.end(),
                                       kPowers[bucket]);
      ++series.buckets[static_cast<size_t>(at - series.bounds_millis.begin())];
    }
  }
}

void MetricClient::Count(int64_t time) {
  if (random_.OneIn(12)) error_permille_ = random_.Pick({0, 10, 200, 1000});
  uint64_t requests = random_.OneIn(5) ? 0 : random_.Below(random_.Pick({8, 40, 400}));
  if (kinds_ == std::vector{MetricKind::kGauge}) requests = 0;
  for (; requests > 0; --requests) CountRequest();
  counted_until_ = time;
}

void MetricClient::Measure() {
  if (!Has(kinds_, MetricKind::kGauge)) return;
  for (const std::optional<std::string>& route : {std::optional<std::string>(), {"/r0"}}) {
    if (route.has_value() && random_.OneIn(3)) continue;
    const bool is_bad = random_.PerMille(error_permille_ / 2);
    Series(MetricKind::kGauge, route).value = is_bad ? random_.Pick({0, 9}) : 4;
  }
}

// Since the export before. With another version it may say otherwise since when it counts.
void MetricClient::Restart(int64_t time, bool changes_style) {
  series_.clear();
  if (changes_style) {
    style_ = random_.Pick(
        {Style::kDelta, Style::kDelta, Style::kStarts, Style::kOneStart, Style::kNoStart});
    start_ = counted_until_ - (random_.OneIn(3) ? random_.Pick({1, 100, 1000}) : 0);
  }
  if (random_.OneIn(4)) bounds_millis_ = random_.OneIn(2) ? kManyBounds : kFewBounds;
  if (style_ == Style::kStarts)
    start_ = random_.OneIn(4) ? time : random_.Between(counted_until_ + 1, time);
}

BatchPtr MetricClient::Write(int64_t time, uint64_t& next_id) const {
  auto batch = std::make_shared<Batch>();
  batch->id = next_id++;
  for (const auto& [key, series] : series_) {
    MetricSample& sample = batch->samples.emplace_back(series);
    sample.service = service_;
    sample.instance = instance_;
    sample.region = region_;
    sample.is_delta = style_ == Style::kDelta && sample.kind != MetricKind::kGauge;
    sample.start = style_ == Style::kNoStart || sample.kind == MetricKind::kGauge ? 0 : start_;
    sample.time = time;
  }
  return batch;
}

std::vector<MetricExport> MetricClient::Export(int64_t time, uint64_t& next_id) {
  const bool changes_style = may_change_style_ && random_.OneIn(12);
  const bool restarts = changes_style || (style_ != Style::kDelta && random_.OneIn(10));
  if (restarts) Restart(time, changes_style);
  Count(time);
  Measure();
  std::vector<MetricExport> exports;
  const BatchPtr batch = Write(time, next_id);
  if (batch->samples.empty()) return exports;
  if (random_.OneIn(8)) {
    exports.push_back({.what = "export missed", .batch = nullptr});
  } else if (random_.OneIn(8)) {
    exports.push_back({"export late", batch, random_.Between(1, random_.Pick({200, 1500}))});
  } else {
    exports.push_back({restarts ? "export after reset" : "export", batch});
  }
  if (random_.OneIn(10)) {
    // The same points in another request, perhaps with another value, perhaps before the first.
    auto again = std::make_shared<Batch>(*batch);
    again->id = next_id++;
    if (random_.OneIn(3)) ChangeValue(again->samples.front());
    exports.push_back({"export twice", std::move(again), random_.Between(0, 900)});
  }
  return exports;
}

std::vector<MetricExport> MetricClient::Work(int64_t from, int64_t to, uint64_t& next_id) {
  std::vector<MetricExport> exports;
  for (int64_t time = from - from % period_ + period_; time <= to; time += period_) {
    if (time <= counted_until_) continue;
    for (MetricExport& one : Export(time, next_id)) exports.push_back(std::move(one));
    if (style_ != Style::kDelta) continue;
    series_.clear();
    start_ = time;
  }
  return exports;
}

}  // namespace slowburn::sim
