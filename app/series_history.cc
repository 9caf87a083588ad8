#include "app/series_history.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/status.h"
#include "model/le_matcher.h"
#include "model/sample.h"

namespace slowburn::app {
namespace {

constexpr uint64_t kNanosPerMilli = 1'000'000;
// Where the sample before mostly is: it is read together with the others.
constexpr uint64_t kNear = 15ull * 60 * 1000 * kNanosPerMilli;

// The first millisecond that is not before.
int64_t CeilMillis(uint64_t unix_nano) {
  return static_cast<int64_t>(unix_nano / kNanosPerMilli + (unix_nano % kNanosPerMilli != 0));
}

uint64_t Nanos(int64_t time_ms) { return static_cast<uint64_t>(time_ms) * kNanosPerMilli; }

uint64_t Earlier(uint64_t time, uint64_t by) { return time - std::min(time, by); }

// Of those before `from` the newest alone stays.
template <typename Sample>
void KeepNewestBefore(uint64_t from, std::vector<Sample>& samples) {
  const auto first = std::find_if(samples.begin(), samples.end(),
                                  [&](const Sample& sample) { return sample.time >= from; });
  if (first - samples.begin() > 1) samples.erase(samples.begin(), first - 1);
}

}  // namespace

// One series.
struct SeriesHistory::Columns {
  storage::SampleColumns read, before;
  std::vector<slo::HistorySample> samples;
  std::vector<slo::HistoryHistogram> histograms;

  void Clear() {
    samples.clear();
    histograms.clear();
  }
  bool empty() const { return samples.empty() && histograms.empty(); }
  void Append(const storage::SampleColumns& columns) {
    for (size_t i = 0; i < columns.times_ms.size(); ++i) {
      if (!model::IsStale(columns.values[i]))
        samples.push_back({Nanos(columns.times_ms[i]), columns.values[i], 0});
    }
    for (size_t i = 0; i < columns.histogram_times_ms.size(); ++i) {
      if (!model::IsStale(columns.histograms[i].sum))
        histograms.push_back({Nanos(columns.histogram_times_ms[i]), &columns.histograms[i]});
    }
  }
  void KeepNewestBefore(uint64_t from) {
    app::KeepNewestBefore(from, samples);
    app::KeepNewestBefore(from, histograms);
  }
  // The newest of all.
  uint64_t newest() const {
    return std::max(samples.empty() ? 0 : samples.back().time,
                    histograms.empty() ? 0 : histograms.back().time);
  }
  uint64_t oldest() const {
    return std::min(samples.empty() ? UINT64_MAX : samples.front().time,
                    histograms.empty() ? UINT64_MAX : histograms.front().time);
  }
};

// What is further back than kNear, if there is nothing nearer.
void SeriesHistory::ReadBefore(uint64_t id, const Stretch& stretch, Columns& columns) const {
  const storage::TimeRange range{CeilMillis(Earlier(stretch.from, stretch.before)),
                                 CeilMillis(Earlier(stretch.from, kNear))};
  if (range.begin_ms >= range.end_ms) return;
  if (!snapshot_.ReadSamples(id, range, columns.before).ok()) return;
  Columns old;
  old.Append(columns.before);
  old.KeepNewestBefore(UINT64_MAX);
  columns.samples.insert(columns.samples.begin(), old.samples.begin(), old.samples.end());
  columns.histograms.insert(columns.histograms.begin(), old.histograms.begin(),
                            old.histograms.end());
}

absl::Status SeriesHistory::ReadSeries(uint64_t id, const Stretch& stretch,
                                       Columns& columns) const {
  columns.Clear();
  const int64_t end_ms = CeilMillis(stretch.to);
  const uint64_t near = Earlier(stretch.from, std::min(stretch.before, kNear));
  absl::Status read = snapshot_.ReadSamples(id, {CeilMillis(near), end_ms}, columns.read);
  if (absl::IsDataLoss(read) && near < stretch.from)
    read = snapshot_.ReadSamples(id, {CeilMillis(stretch.from), end_ms}, columns.read);
  if (!read.ok()) return read;
  columns.Append(columns.read);
  columns.KeepNewestBefore(stretch.from);
  const bool is_wanted = columns.newest() >= stretch.from || stretch.with_ended;
  if (is_wanted && columns.oldest() >= stretch.from) ReadBefore(id, stretch, columns);
  if (!is_wanted) columns.Clear();
  return absl::OkStatus();
}

absl::Status SeriesHistory::Read(const model::SeriesSelector& selector, const Stretch& stretch,
                                 const Visit& visit) const {
  // Bounds are numbers, which the store does not know.
  storage::Matchers matchers, of_le;
  for (const model::LabelMatcher& matcher : selector.matchers()) {
    (matcher.name() == model::kBucketLabel ? of_le : matchers).push_back(matcher);
  }
  const uint64_t first = stretch.with_ended ? Earlier(stretch.from, stretch.before) : stretch.from;
  SB_ASSIGN_OR_RETURN(const auto selected,
                      snapshot_.Select(matchers, {CeilMillis(first), CeilMillis(stretch.to)}));
  Columns columns;
  for (const storage::SelectedSeries& series : selected) {
    if (series.id >= series_end_) continue;
    const std::string_view le = series.labels->Get(model::kBucketLabel);
    const bool has_le = std::all_of(
        of_le.begin(), of_le.end(),
        [&](const model::LabelMatcher& matcher) { return model::MatchesLe(matcher, le); });
    if (!has_le) continue;
    SB_RETURN_IF_ERROR(ReadSeries(series.id, stretch, columns));
    if (columns.empty()) continue;
    SB_RETURN_IF_ERROR(visit({*series.labels, columns.samples, columns.histograms}));
  }
  return absl::OkStatus();
}

}  // namespace slowburn::app
