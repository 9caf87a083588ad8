// app/testing/otlp_series_world.h: a store of series that is sent OTLP/JSON, and what it holds as
// text.
//
// Room     app
// Uses     app/otlp_series.h, collector/ (the JSON decoder), storage/series
// Threads  one
// Units    "@10" in JSON is ten seconds after kT0; times in texts are seconds after it
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "app/otlp_series.h"
#include "collector/otlp_json.h"
#include "model/exponential_buckets.h"
#include "model/sample.h"
#include "storage/series/series_store.h"
#include "storage/series/testing/memory_store.h"

namespace slowburn::app {

inline constexpr int64_t kT0 = 1'795'219'200;  // 2026-11-21 00:00, in seconds

// "@10" is ten seconds after kT0, in nanoseconds.
inline std::string WithTimes(std::string text) {
  for (size_t at = text.find('@'); at != std::string::npos; at = text.find('@', at)) {
    size_t end = at + 1;
    while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
    const int64_t seconds = kT0 + std::stoll(text.substr(at + 1, end - at - 1));
    text.replace(at, end - at, fmt::format("\"{}000000000\"", seconds));
  }
  return text;
}

inline std::string TextOf(double value) {
  return model::IsStale(value) ? "stale" : fmt::format("{}", value);
}

inline std::string TextOf(const model::NativeHistogram& histogram) {
  if (model::IsStale(histogram.sum)) return "stale";
  std::string text =
      fmt::format("{{schema={} zero={}:{} count={} sum={}", histogram.schema,
                  histogram.zero_threshold, histogram.zero_count, histogram.count, histogram.sum);
  const auto add = [&](std::string_view sign, const auto& spans, const auto& counts) {
    for (const auto& [index, count] : model::BucketsOf(spans, counts)) {
      text += fmt::format(" {}{}:{}", sign, index, count);
    }
  };
  add("", histogram.positive_spans, histogram.positive_counts);
  add("n", histogram.negative_spans, histogram.negative_counts);
  return text + '}';
}

class OtlpSeriesWorld {
 public:
  explicit OtlpSeriesWorld(SeriesIdentityCache::Options cache = {},
                           storage::SeriesOptions series = {})
      : series_(series, store_), otlp_(cache) {}

  // The metrics of one resource and scope.
  SeriesOutcome Send(const std::string& metrics, const std::string& resource = "",
                     const std::string& scope = "") {
    return SendAll(fmt::format(
        R"({{"resourceMetrics":[{{"resource":{{"attributes":[
        {{"key":"service.name","value":{{"stringValue":"cart"}}}}{}]}},
        "scopeMetrics":[{{{}"metrics":[{}]}}]}}]}})",
        resource, scope, metrics));
  }
  SeriesOutcome SendAll(const std::string& json) {
    std::string body = WithTimes(json);
    model::MetricBatch batch;
    const absl::Status decoded = collector::DecodeMetricsJson(body, projection_, batch);
    EXPECT_TRUE(decoded.ok()) << decoded;
    EXPECT_TRUE(batch.rejected.empty());
    base::MemoryLease lease;
    auto write = otlp_.Read(batch, now_, lease);
    EXPECT_TRUE(write.ok());
    batch.Clear();  // nothing is a view into it
    body.assign(body.size(), 'x');
    std::string dropped;  // a plan that was never there: the write can be used again
    {
      SeriesOutcome outcome;
      const auto plan = series_.Plan((kT0 + 100) * 1000);
      EXPECT_TRUE((*write)->AddTo(*plan, outcome).ok());
      dropped = plan->Encode();
    }
    SeriesOutcome outcome;
    const auto plan = series_.Plan((kT0 + 100) * 1000);
    EXPECT_TRUE((*write)->AddTo(*plan, outcome).ok());
    const std::string part = plan->Encode();
    EXPECT_EQ(part, dropped);
    EXPECT_TRUE(store_.AppendLog(part, storage::Durability::kSynced).ok());
    plan->Apply(part.size());
    return outcome;
  }

  std::vector<std::string> Stored() {
    const auto snapshot = series_.TakeSnapshot({}, {});
    const auto selected = snapshot->Select({}, {});
    std::vector<std::string> lines;
    storage::SampleColumns samples;
    for (const storage::SelectedSeries& series : *selected) {
      EXPECT_TRUE(snapshot->ReadSamples(series.id, {}, samples).ok());
      model::LabelSet labels = *series.labels;
      std::string line(labels.Get("__name__"));
      labels.Set("__name__", "");
      if (labels.Get("job") == "cart") labels.Set("job", "");
      if (!labels.empty()) line += labels.Text();
      const auto add = [&](int64_t time_ms, const std::string& value) {
        line += fmt::format(" {}:{}", static_cast<double>(time_ms - kT0 * 1000) / 1000, value);
      };
      for (size_t i = 0; i < samples.times_ms.size(); ++i) {
        add(samples.times_ms[i], TextOf(samples.values[i]));
      }
      for (size_t i = 0; i < samples.histogram_times_ms.size(); ++i) {
        add(samples.histogram_times_ms[i], TextOf(samples.histograms[i]));
      }
      lines.push_back(line);
    }
    return lines;
  }
  std::vector<std::string> Exemplars() {
    const auto snapshot = series_.TakeSnapshot({}, {});
    std::vector<std::string> lines;
    const auto found = snapshot->Exemplars({}, {});
    for (const storage::SeriesExemplars& series : *found) {
      for (const storage::SeriesExemplar& exemplar : series.exemplars) {
        const std::string_view le = series.series->Get("le");
        lines.push_back(fmt::format("{}{} {}:{} {}", std::string(series.series->Get("__name__")),
                                    le.empty() ? "" : " le=" + std::string(le),
                                    (exemplar.time_ms - kT0 * 1000) / 1000, exemplar.value,
                                    exemplar.labels.Text()));
      }
    }
    return lines;
  }
  std::vector<std::string> Metadata() {
    const auto snapshot = series_.TakeSnapshot({}, {});
    std::vector<std::string> lines;
    const auto found = snapshot->Metadata("");
    for (const storage::MetricMetadata& one : *found) {
      lines.push_back(fmt::format("{}|{}|{}|{}", one.metric, one.type, one.help, one.unit));
    }
    return lines;
  }

  OtlpSeries& otlp() { return otlp_; }
  void Advance(std::chrono::minutes time) { now_ += time; }

 private:
  storage::MemoryStore store_;
  storage::SeriesStore series_;
  model::AttributeProjection projection_;
  std::chrono::steady_clock::time_point now_{std::chrono::hours(1)};
  OtlpSeries otlp_;
};

}  // namespace slowburn::app
