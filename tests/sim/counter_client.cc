#include "tests/sim/counter_client.h"

#include <fmt/format.h>

namespace slowburn::sim {

CounterClient::CounterClient(const Scenario& scenario, uint32_t index)
    : random_(scenario.seed, fmt::format("counter {}", index)),
      service_(index % scenario.services),
      instance_(fmt::format("pod-{}", index)),
      style_(random_.Pick({Style::kDelta, Style::kStarts, Style::kOneStart, Style::kNoStart})),
      period_(random_.Pick({60, 60, 60, 15, 10})),
      error_permille_(random_.Pick({0, 10, 200, 1000})) {
  // It may have a past.
  start_ = scenario.start_unix_seconds - random_.Pick({1, 200, 1000, 50'000, 200'000});
  counted_until_ = scenario.start_unix_seconds;
  if (style_ == Style::kDelta) start_ = counted_until_;
  if (style_ != Style::kDelta && random_.OneIn(2)) values_["200"] = random_.Between(1, 500);
}

void CounterClient::Count(int64_t time) {
  if (random_.OneIn(12)) error_permille_ = random_.Pick({0, 10, 200, 1000});
  const uint64_t requests = random_.OneIn(5) ? 0 : random_.Below(random_.Pick({8, 40, 400}));
  for (uint64_t i = 0; i < requests; ++i)
    ++values_[random_.PerMille(error_permille_) ? "500" : "200"];
  counted_until_ = time;
}

// Since the export before.
void CounterClient::Restart(int64_t time) {
  values_.clear();
  if (style_ == Style::kStarts)
    start_ = random_.OneIn(4) ? time : random_.Between(counted_until_ + 1, time);
}

BatchPtr CounterClient::Write(int64_t time, uint64_t& next_id) const {
  auto batch = std::make_shared<Batch>();
  batch->id = next_id++;
  for (const auto& [code, value] : values_) {
    batch->samples.push_back({.service = service_,
                              .instance = instance_,
                              .code = code,
                              .is_delta = style_ == Style::kDelta,
                              .start = style_ == Style::kNoStart ? 0 : start_,
                              .time = time,
                              .value = value});
  }
  return batch;
}

std::vector<CounterExport> CounterClient::Export(int64_t time, uint64_t& next_id) {
  const bool restarts = style_ != Style::kDelta && random_.OneIn(10);
  if (restarts) Restart(time);
  Count(time);
  std::vector<CounterExport> exports;
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
    if (random_.OneIn(3)) ++again->samples.front().value;
    exports.push_back({"export twice", std::move(again), random_.Between(0, 900)});
  }
  return exports;
}

std::vector<CounterExport> CounterClient::Work(int64_t from, int64_t to, uint64_t& next_id) {
  std::vector<CounterExport> exports;
  for (int64_t time = from - from % period_ + period_; time <= to; time += period_) {
    if (time <= counted_until_) continue;
    for (CounterExport& one : Export(time, next_id)) exports.push_back(std::move(one));
    if (style_ != Style::kDelta) continue;
    values_.clear();
    start_ = time;
  }
  return exports;
}

}  // namespace slowburn::sim
