// A snapshot is the epoch of the head and a snapshot of the store, taken together under the lock.
// Up to `sealed_through` of a series' version its samples are in the store, after it in the head;
// so each sample is read once, even when a checkpoint was written just before and the head has not
// let go of what it holds.
#include "storage/series/head_snapshot.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "storage/series/day_postings.h"
#include "storage/series/head_postings.h"
#include "storage/series/packed_labels.h"
#include "storage/series/sealed_chunk.h"

namespace slowburn::storage {
namespace {

constexpr size_t kPiece = 1024;  // series while the lock is held

// What it costs in the limit of samples.
uint64_t CostOf(const std::vector<double>& values) { return values.size(); }
uint64_t CostOf(const std::vector<model::NativeHistogram>& histograms) {
  uint64_t cost = 0;
  for (const model::NativeHistogram& histogram : histograms) {
    cost += 1 + histogram.positive_counts.size() + histogram.negative_counts.size();
  }
  return cost;
}
uint64_t CostOf(const std::vector<ExemplarValue>& exemplars) { return exemplars.size(); }

std::vector<std::string> SortedUnique(std::vector<std::string> texts, uint64_t limit) {
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  if (limit > 0 && texts.size() > limit) texts.resize(limit);
  return texts;
}

// The largest first, those of the same size by name; at most `top`.
std::vector<NamedCount> Largest(std::vector<NamedCount> counts, uint64_t top) {
  std::sort(counts.begin(), counts.end(), [](const NamedCount& a, const NamedCount& b) {
    return a.count != b.count ? a.count > b.count : a.name < b.name;
  });
  if (counts.size() > top) counts.resize(top);
  return counts;
}

}  // namespace

HeadSnapshot::HeadSnapshot(HeadState& state, const ReadLimits& limits, std::stop_token stop)
    : state_(state), limits_(limits), stop_(std::move(stop)) {
  const absl::MutexLock lock(&state_.mutex);
  epoch_ = state_.head.TakeSnapshot();
  stored_ = state_.store.TakeSnapshot();
  days_ = state_.days;
  metadata_ = state_.metadata;
}

HeadSnapshot::~HeadSnapshot() {
  const absl::MutexLock lock(&state_.mutex);
  state_.head.Release(epoch_);
}

absl::Status HeadSnapshot::CheckStop() const {
  if (stop_.stop_requested()) return absl::CancelledError("the query was cancelled");
  return absl::OkStatus();
}

absl::Status HeadSnapshot::Charge(std::atomic<uint64_t>& used, uint64_t more, uint64_t limit,
                                  std::string_view what) const {
  const uint64_t all = used.fetch_add(more) + more;
  if (all <= limit) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      fmt::format("the query reads {} {} at least, at most {} are allowed; ask for fewer series or "
                  "a shorter time",
                  all, what, limit));
}

std::vector<uint32_t> HeadSnapshot::DaysIn(TimeRange range) const {
  std::vector<uint32_t> days;
  for (const auto& [day, summary] : days_) {
    if (summary.min_time_ms < range.end_ms && summary.max_time_ms >= range.begin_ms) {
      days.push_back(day);
    }
  }
  return days;
}

const model::LabelSet* HeadSnapshot::Keep(uint64_t id, std::string_view packed_labels) const {
  const absl::MutexLock lock(&kept_mutex_);
  const auto [kept, is_new] = kept_.try_emplace(id);
  if (is_new) UnpackLabels(packed_labels, kept->second);
  return &kept->second;
}

absl::Status HeadSnapshot::FindInHead(const Matchers& matchers, TimeRange range,
                                      Found& found) const {
  SB_ASSIGN_OR_RETURN(const IdSet slots, FindSeries(HeadPostings(state_, stop_), matchers));
  auto at = slots.begin();
  const auto end = slots.end();
  std::vector<std::pair<uint64_t, std::string>> piece;
  while (at != end) {
    SB_RETURN_IF_ERROR(CheckStop());
    piece.clear();
    {
      const absl::ReaderMutexLock lock(&state_.mutex);
      for (size_t i = 0; i < kPiece && at != end; ++i, ++at) {
        const HeadSeries* series = state_.head.FindBySlot(static_cast<uint32_t>(*at));
        if (series == nullptr) continue;  // it left since, with all of it in the store
        const auto version = Head::Version(*series, epoch_);
        if (version == nullptr || !version->HasSamples(range)) continue;
        piece.emplace_back(series->id, series->packed_labels);
      }
    }
    SB_RETURN_IF_ERROR(Charge(series_used_, piece.size(), limits_.series, "series"));
    for (const auto& [id, packed] : piece) found.emplace(id, Keep(id, packed));
  }
  return absl::OkStatus();
}

absl::Status HeadSnapshot::FindInDay(const Matchers& matchers, uint32_t day, Found& found) const {
  SB_ASSIGN_OR_RETURN(const IdSet ids, FindSeries(DayPostings(*stored_, day, stop_), matchers));
  for (const uint64_t id : ids) {
    if (found.contains(id)) continue;
    SB_RETURN_IF_ERROR(CheckStop());
    SB_ASSIGN_OR_RETURN(const auto stored, stored_->Get(Family::kSeries, SeriesRecordKey(id)));
    if (!stored) continue;  // its last day is being dropped
    SB_ASSIGN_OR_RETURN(const SeriesRecord record, DecodeSeriesRecord(*stored));
    SB_RETURN_IF_ERROR(Charge(series_used_, 1, limits_.series, "series"));
    found.emplace(id, Keep(id, record.packed_labels));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<SelectedSeries>> HeadSnapshot::Select(const Matchers& matchers,
                                                                 TimeRange range) const {
  SB_RETURN_IF_ERROR(CheckStop());
  Found found;
  SB_RETURN_IF_ERROR(FindInHead(matchers, range, found));
  for (const uint32_t day : DaysIn(range)) SB_RETURN_IF_ERROR(FindInDay(matchers, day, found));
  std::vector<SelectedSeries> selected;
  selected.reserve(found.size());
  for (const auto& [id, labels] : found) selected.push_back({id, labels});
  std::sort(selected.begin(), selected.end(),
            [](const SelectedSeries& a, const SelectedSeries& b) { return *a.labels < *b.labels; });
  return selected;
}

std::shared_ptr<const SeriesData> HeadSnapshot::Version(uint64_t id) const {
  const absl::ReaderMutexLock lock(&state_.mutex);
  const HeadSeries* series = state_.head.FindById(id);
  return series == nullptr ? nullptr : Head::Version(*series, epoch_);
}

template <typename Codec>
absl::Status HeadSnapshot::ReadChunks(uint64_t id, ChunkKey::Kind kind, TimeRange range,
                                      std::vector<int64_t>& times_ms,
                                      std::vector<typename Codec::Value>& values) const {
  const auto read = [&](std::string_view bytes, int64_t start_ms) -> absl::Status {
    SB_ASSIGN_OR_RETURN(const ChunkHeader header, ReadChunkHeader(bytes));
    if (start_ms >= range.end_ms || start_ms + header.span_ms < range.begin_ms) {
      return absl::OkStatus();
    }
    const size_t before = times_ms.size();
    SB_RETURN_IF_ERROR(Codec::Open(bytes, times_ms, values));
    if (times_ms[before] != start_ms || times_ms.back() != start_ms + header.span_ms) {
      return base::DataLoss("a chunk holds other times than its key and header say");
    }
    const auto cut = [&](size_t from, size_t to) {
      times_ms.erase(times_ms.begin() + static_cast<std::ptrdiff_t>(from),
                     times_ms.begin() + static_cast<std::ptrdiff_t>(to));
      values.erase(values.begin() + static_cast<std::ptrdiff_t>(from),
                   values.begin() + static_cast<std::ptrdiff_t>(to));
    };
    const auto index = [&](int64_t time_ms) {
      return static_cast<size_t>(
          std::lower_bound(times_ms.begin() + static_cast<std::ptrdiff_t>(before), times_ms.end(),
                           time_ms) -
          times_ms.begin());
    };
    cut(index(range.end_ms), times_ms.size());
    cut(before, index(range.begin_ms));
    return absl::OkStatus();
  };
  for (const uint32_t day : DaysIn(range)) {
    SB_RETURN_IF_ERROR(CheckStop());
    const KeyRange keys = ChunksOfSeries(day, id, kind);
    absl::Status status;
    SB_RETURN_IF_ERROR(stored_->Scan(
        Family::kChunks, keys.begin, keys.end, [&](std::string_view key, std::string_view bytes) {
          const auto chunk = ChunkKey::Decode(key);
          status = chunk ? read(bytes, chunk->start_ms) : base::DataLoss("a key that is none");
          if (absl::IsDataLoss(status)) {
            status = base::Annotate(status, fmt::format("family 'chunks', series {}, day {}, from "
                                                        "{} ms",
                                                        id, day, chunk ? chunk->start_ms : -1));
          }
          return status.ok();
        }));
    SB_RETURN_IF_ERROR(status);
  }
  return absl::OkStatus();
}

template <typename Codec>
absl::Status HeadSnapshot::ReadColumn(uint64_t id, ChunkKey::Kind kind,
                                      const HeadColumn<Codec>* head, TimeRange range,
                                      std::vector<int64_t>& times_ms,
                                      std::vector<typename Codec::Value>& values) const {
  TimeRange stored = range;
  if (head != nullptr && head->sealed_through_ms() < stored.end_ms) {
    stored.end_ms = head->sealed_through_ms() == kNever ? kNever : head->sealed_through_ms() + 1;
  }
  if (stored.begin_ms < stored.end_ms) {
    SB_RETURN_IF_ERROR(ReadChunks<Codec>(id, kind, stored, times_ms, values));
  }
  if (head != nullptr) head->Copy(range, times_ms, values);
  SB_RETURN_IF_ERROR(Charge(samples_used_, CostOf(values), limits_.samples, "samples"));
  return Charge(bytes_used_, CostOf(values) * 2 * sizeof(double), limits_.bytes, "bytes");
}

absl::Status HeadSnapshot::ReadSamples(uint64_t id, TimeRange range, SampleColumns& samples) const {
  samples.Clear();
  SB_RETURN_IF_ERROR(CheckStop());
  const auto version = Version(id);
  SB_RETURN_IF_ERROR(ReadColumn<FloatCodec>(id, ChunkKey::Kind::kFloats,
                                            version == nullptr ? nullptr : &version->floats, range,
                                            samples.times_ms, samples.values));
  return ReadColumn<HistogramCodec>(id, ChunkKey::Kind::kHistograms,
                                    version == nullptr ? nullptr : version->histograms.get(), range,
                                    samples.histogram_times_ms, samples.histograms);
}

bool HeadSnapshot::AnyVisible(const internal::SlotSet& set, TimeRange range) const {
  bool any = false;
  set.Visit([&](uint32_t slot) {
    const HeadSeries* series = state_.head.FindBySlot(slot);
    const auto version = series == nullptr ? nullptr : Head::Version(*series, epoch_);
    any = version != nullptr && version->HasSamples(range);
    return !any;
  });
  return any;
}

absl::Status HeadSnapshot::HeadNames(TimeRange range, std::vector<std::string>& names) const {
  std::vector<std::string> all;
  {
    const absl::ReaderMutexLock lock(&state_.mutex);
    for (const auto& [name, values] : state_.head.labels()) all.push_back(name);
  }
  for (std::string& name : all) {
    bool any = false;
    SB_RETURN_IF_ERROR(VisitHeadValues(name, range, [&](const std::string&) {
      any = true;
      return false;
    }));
    if (any) names.push_back(std::move(name));
  }
  return absl::OkStatus();
}

absl::Status HeadSnapshot::VisitHeadValues(
    std::string_view name, TimeRange range,
    const std::function<bool(const std::string&)>& visit) const {
  std::optional<std::string> last;  // of the piece before
  while (true) {
    SB_RETURN_IF_ERROR(CheckStop());
    const absl::ReaderMutexLock lock(&state_.mutex);
    const Head::Values* all = state_.head.FindLabel(name);
    if (all == nullptr) return absl::OkStatus();
    auto at = last ? all->upper_bound(*last) : all->begin();
    for (size_t i = 0; i < kPiece; ++i, ++at) {
      if (at == all->end()) return absl::OkStatus();
      if (AnyVisible(at->second, range) && !visit(at->first)) return absl::OkStatus();
      if (i + 1 == kPiece) last = at->first;
    }
  }
}

absl::StatusOr<std::vector<std::string>> HeadSnapshot::LabelNames(const Matchers& matchers,
                                                                  TimeRange range,
                                                                  uint64_t limit) const {
  std::vector<std::string> names;
  if (matchers.empty()) {
    SB_RETURN_IF_ERROR(HeadNames(range, names));
    for (const uint32_t day : DaysIn(range)) {
      SB_RETURN_IF_ERROR(DayPostings(*stored_, day, stop_).VisitNames([&](std::string_view name) {
        names.emplace_back(name);
      }));
    }
    return SortedUnique(std::move(names), limit);
  }
  SB_ASSIGN_OR_RETURN(const auto selected, Select(matchers, range));
  for (const SelectedSeries& series : selected) {
    for (const model::Label& label : *series.labels) names.push_back(label.name);
    if (names.size() > (1 << 16)) names = SortedUnique(std::move(names), 0);
  }
  return SortedUnique(std::move(names), limit);
}

absl::StatusOr<std::vector<std::string>> HeadSnapshot::LabelValues(std::string_view name,
                                                                   const Matchers& matchers,
                                                                   TimeRange range,
                                                                   uint64_t limit) const {
  std::vector<std::string> values;
  if (matchers.empty()) {
    SB_RETURN_IF_ERROR(VisitHeadValues(name, range, [&](const std::string& value) {
      values.push_back(value);
      return true;
    }));
    for (const uint32_t day : DaysIn(range)) {
      SB_RETURN_IF_ERROR(
          DayPostings(*stored_, day, stop_).VisitValues(name, [&](std::string_view value) {
            values.emplace_back(value);
          }));
    }
    return SortedUnique(std::move(values), limit);
  }
  SB_ASSIGN_OR_RETURN(const auto selected, Select(matchers, range));
  for (const SelectedSeries& series : selected) {
    const std::string_view value = series.labels->Get(name);
    if (!value.empty()) values.emplace_back(value);
  }
  return SortedUnique(std::move(values), limit);
}

absl::StatusOr<std::vector<MetricMetadata>> HeadSnapshot::Metadata(std::string_view metric) const {
  std::vector<MetricMetadata> metadata;
  for (const auto& [name, known] : *metadata_) {
    if (metric.empty() || name == metric) {
      metadata.insert(metadata.end(), known.begin(), known.end());
    }
  }
  return metadata;
}

absl::StatusOr<std::vector<SeriesExemplars>> HeadSnapshot::Exemplars(const Matchers& matchers,
                                                                     TimeRange range) const {
  // A series may have had its exemplar a while after its last sample.
  SB_ASSIGN_OR_RETURN(const auto selected, Select(matchers, {}));
  std::vector<SeriesExemplars> found;
  for (const SelectedSeries& series : selected) {
    const auto version = Version(series.id);
    std::vector<int64_t> times_ms;
    std::vector<ExemplarValue> exemplars;
    SB_RETURN_IF_ERROR(ReadColumn<ExemplarCodec>(
        series.id, ChunkKey::Kind::kExemplars,
        version == nullptr ? nullptr : version->exemplars.get(), range, times_ms, exemplars));
    if (times_ms.empty()) continue;
    SeriesExemplars& of_series = found.emplace_back();
    of_series.series = series.labels;
    for (size_t i = 0; i < times_ms.size(); ++i) {
      of_series.exemplars.push_back(
          {std::move(exemplars[i].labels), times_ms[i], exemplars[i].value});
    }
  }
  return found;
}

absl::StatusOr<SeriesStatistics> HeadSnapshot::Statistics(uint64_t top) const {
  SeriesStatistics statistics;
  std::vector<NamedCount> by_metric;
  std::vector<NamedCount> by_pair;
  std::vector<NamedCount> values;
  std::vector<NamedCount> bytes;
  int64_t min_ms = std::numeric_limits<int64_t>::max();
  int64_t max_ms = kNever;
  for (const auto& [day, summary] : days_) {
    statistics.chunks += summary.chunks;
    min_ms = std::min(min_ms, summary.min_time_ms);
    max_ms = std::max(max_ms, summary.max_time_ms);
  }
  const absl::ReaderMutexLock lock(&state_.mutex);
  statistics.series = state_.head.size();
  for (uint32_t slot = 0; slot < state_.head.slots(); ++slot) {
    const HeadSeries* series = state_.head.FindBySlot(slot);
    if (series == nullptr) continue;
    const auto look_at = [&](const auto& column) {
      if (column.empty()) return;
      min_ms = std::min(min_ms, column.oldest_ms());
      max_ms = std::max(max_ms, column.newest_ms());
    };
    look_at(series->data->floats);
    if (series->data->histograms != nullptr) look_at(*series->data->histograms);
  }
  for (const auto& [name, of_name] : state_.head.labels()) {
    values.push_back({name, of_name.size()});
    uint64_t size = 0;
    for (const auto& [value, set] : of_name) {
      size += value.size() * set.size();
      if (name == model::kMetricNameLabel) by_metric.push_back({value, set.size()});
      by_pair.push_back({name + "=" + value, set.size()});
      if (by_pair.size() > 4 * top + 4096) by_pair = Largest(std::move(by_pair), top);
    }
    bytes.push_back({name, size});
  }
  if (max_ms != kNever) {
    statistics.min_time_ms = min_ms;
    statistics.max_time_ms = max_ms;
  }
  statistics.series_by_metric = Largest(std::move(by_metric), top);
  statistics.values_by_label = Largest(std::move(values), top);
  statistics.bytes_by_label = Largest(std::move(bytes), top);
  statistics.series_by_label_value = Largest(std::move(by_pair), top);
  return statistics;
}

}  // namespace slowburn::storage
