#include "tests/promql/sample_file.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include <boost/json.hpp>

#include "base/status.h"
#include "model/sample.h"

namespace slowburn::promql {
namespace {

namespace json = boost::json;

constexpr int64_t kCommitMs = 15'000;
constexpr int kCommitsOfCheckpoint = 40;

double NumberOf(const json::value& value) {
  if (!value.is_string()) return value.to_number<double>();
  const json::string& text = value.as_string();
  // A stale marker's bits survive neither as text nor in arithmetic.
  if (text == "stale") return model::StaleMarker();
  double number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

model::NativeHistogram HistogramOf(const json::object& from) {
  model::NativeHistogram histogram;
  histogram.schema = from.at("schema").to_number<int8_t>();
  histogram.count = NumberOf(from.at("count"));
  histogram.sum = NumberOf(from.at("sum"));
  histogram.zero_threshold = NumberOf(from.at("zero_threshold"));
  histogram.zero_count = NumberOf(from.at("zero_count"));
  if (from.at("gauge").as_bool()) histogram.reset_hint = model::NativeHistogram::ResetHint::kGauge;
  for (const json::value& span : from.at("spans").as_array()) {
    histogram.positive_spans.push_back(
        {span.at(0).to_number<int32_t>(), span.at(1).to_number<uint32_t>()});
  }
  for (const json::value& count : from.at("counts").as_array())
    histogram.positive_counts.push_back(NumberOf(count));
  return histogram;
}

FileSeries SeriesOf(const json::object& from) {
  FileSeries series;
  for (const auto& [name, value] : from.at("labels").as_object())
    series.labels.Set(std::string_view(name), std::string_view(value.as_string()));
  for (const json::value& sample : from.at("samples").as_array())
    series.samples.emplace_back(sample.at(0).to_number<int64_t>(), NumberOf(sample.at(1)));
  for (const json::value& sample : from.at("histograms").as_array()) {
    series.samples.emplace_back(sample.at(0).to_number<int64_t>(),
                                HistogramOf(sample.at(1).as_object()));
  }
  return series;
}

// A sample of all of them, in the order of time.
struct Timed {
  int64_t time_ms = 0;
  uint32_t series = 0;
  uint32_t sample = 0;
};

std::vector<Timed> ByTime(const std::vector<FileSeries>& all) {
  std::vector<Timed> timed;
  for (uint32_t series = 0; series < all.size(); ++series) {
    for (uint32_t sample = 0; sample < all[series].samples.size(); ++sample)
      timed.push_back({all[series].samples[sample].first, series, sample});
  }
  std::ranges::stable_sort(timed, {}, &Timed::time_ms);
  return timed;
}

absl::Status Plan(storage::WritePlan& plan, const FileSeries& series, uint32_t sample) {
  const storage::SeriesKey key = storage::KeyOfLabels(series.labels.Text());
  storage::SampleFate fate = storage::SampleFate::kTaken;
  storage::HeadSeries* known = plan.Find(key);
  if (known == nullptr) {
    SB_ASSIGN_OR_RETURN(known, plan.Define(key, series.labels, fate));
  }
  const auto& [time_ms, value] = series.samples[sample];
  if (known != nullptr) {
    fate = value.index() == 0 ? plan.Add(*known, time_ms, std::get<0>(value))
                              : plan.Add(*known, time_ms, std::get<1>(value));
  }
  if (fate == storage::SampleFate::kTaken) return absl::OkStatus();
  return base::InvalidArgument("{}: the sample at {} is refused: {}", series.labels.Text(), time_ms,
                               storage::FateName(fate));
}

absl::Status Checkpoint(int64_t now_ms, storage::Store& store, storage::SeriesStore& into) {
  storage::Batch batch;
  SB_ASSIGN_OR_RETURN(const uint64_t covered,
                      into.AddCheckpoint(now_ms, store.last_sequence(), batch));
  store.KeepLogAfter(covered);
  SB_RETURN_IF_ERROR(store.WriteCheckpoint(std::move(batch)));
  into.CheckpointWritten();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<FileSeries>> ParseSampleFile(std::string_view text) {
  std::vector<FileSeries> all;
  for (size_t at = 0, line = 1; at < text.size(); ++line) {
    const size_t end = std::min(text.find('\n', at), text.size());
    try {
      all.push_back(SeriesOf(json::parse(text.substr(at, end - at)).as_object()));
    } catch (const std::exception& error) {
      return base::InvalidArgument("line {} is no series: {}", line, error.what());
    }
    at = end + 1;
  }
  return all;
}

absl::Status Write(const std::vector<FileSeries>& series, storage::Store& store,
                   storage::SeriesStore& into) {
  const std::vector<Timed> timed = ByTime(series);
  int commits = 0;
  for (size_t at = 0; at < timed.size();) {
    const int64_t now_ms = timed[at].time_ms + kCommitMs;
    const auto plan = into.Plan(now_ms);
    for (; at < timed.size() && timed[at].time_ms < now_ms; ++at)
      SB_RETURN_IF_ERROR(Plan(*plan, series[timed[at].series], timed[at].sample));
    const std::string part = plan->Encode();
    SB_RETURN_IF_ERROR(store.AppendLog(part, storage::Durability::kBuffered));
    plan->Apply(part.size());
    if (++commits % kCommitsOfCheckpoint == 0) SB_RETURN_IF_ERROR(Checkpoint(now_ms, store, into));
  }
  return absl::OkStatus();
}

}  // namespace slowburn::promql
