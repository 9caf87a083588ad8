#include "app/otlp_series_write.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/status.h"

namespace slowburn::app {
namespace {

using storage::HeadSeries;
using storage::SampleFate;
using storage::WritePlan;

constexpr size_t kNamedBytesMax = 512;  // of a series in a message
constexpr size_t kAhead = 8;            // of series: as many as memory brings at once

// A series that could not be made says why: `why_not`.
template <typename Value>
SampleFate AddSample(WritePlan& plan, HeadSeries* series, const storage::Interval& at,
                     OtlpSeriesWrite::Mode mode, const Value& value, SampleFate why_not) {
  if (series == nullptr) {
    plan.Count(why_not);
    return why_not;
  }
  switch (mode) {
    case OtlpSeriesWrite::Mode::kCumulative:
      return plan.AddCumulative(*series, at, value);
    case OtlpSeriesWrite::Mode::kIncrement:
      return plan.AddIncrement(*series, at, value);
    case OtlpSeriesWrite::Mode::kValue:
      break;
  }
  return plan.Add(*series, at.time_ms, value);
}

// Of a point with several samples: refused if one is, else the first of taken, late, duplicate.
SampleFate Together(SampleFate a, SampleFate b) {
  if (storage::IsRefused(a)) return a;
  return storage::IsRefused(b) ? b : std::min(a, b);
}

}  // namespace

HeadSeries* OtlpSeriesWrite::FindKnown(WritePlan& plan, const SeriesIdentity& identity, size_t i) {
  const uint32_t last = identity.slot(i);
  uint32_t slot = last;
  HeadSeries* const known = plan.Find(identity.key(i), slot);
  if (slot != last) identity.NoteSlot(i, slot);
  return known;
}

absl::StatusOr<HeadSeries*> OtlpSeriesWrite::FindOrDefine(WritePlan& plan,
                                                          const SeriesIdentity& identity, size_t i,
                                                          SampleFate& fate) {
  if (HeadSeries* const known = FindKnown(plan, identity, i); known != nullptr) return known;
  return plan.Define(identity.key(i), identity.Labels(i), fate);
}

template <typename One>
HeadSeries* OtlpSeriesWrite::FindKnown(const WritePlan& plan, const One& one) {
  uint32_t slot = one.slot;
  HeadSeries* const known = plan.Find(one.key, slot);
  if (known != nullptr && slot != one.slot) one.point.identity->NoteSlot(0, slot);
  return known;
}

void OtlpSeriesWrite::Prefetch(const WritePlan& plan, size_t row) const {
  if (row >= rows.size()) return;
  const SeriesIdentity& identity = *rows[row].point.identity;
  for (size_t i = 0; i < identity.size(); ++i) plan.Prefetch(identity.slot(i));
}

void OtlpSeriesWrite::Note(const Point& point, size_t series, SampleFate fate,
                           storage::FateCounts& counts, SeriesOutcome& outcome) {
  if (point.position == kNobody) return;
  ++counts[static_cast<size_t>(fate)];
  if (!storage::IsRefused(fate)) return;
  outcome.refused_points.push_back({point.position, fate});
  if (!outcome.first_refused.empty()) return;
  const std::string name = point.identity->Labels(series).Text();
  outcome.first_refused =
      fmt::format("{}: {}", model::ValidUtf8(name.substr(0, kNamedBytesMax)), FateReason(fate));
}

absl::Status OtlpSeriesWrite::AddTo(WritePlan& plan, SeriesOutcome& outcome) {
  for (const Refused& one : refused) {
    auto& counts = one.is_histogram ? outcome.histograms : outcome.samples;
    ++counts[static_cast<size_t>(one.fate)];
    plan.Count(one.fate);
    outcome.refused_points.push_back({one.position, one.fate});
  }
  outcome.first_refused = first_refused;
  plan.Expect(numbers.size() + values.size() + natives.size(), histograms.size(),
              histograms.values());
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (i + kAhead < numbers.size()) plan.Prefetch(numbers[i + kAhead].slot);
    SB_RETURN_IF_ERROR(AddNumber(plan, numbers[i], outcome));
  }
  Prefetch(plan, 0);
  for (size_t i = 0; i < rows.size(); ++i) {
    Prefetch(plan, i + 1);
    SB_RETURN_IF_ERROR(AddRow(plan, rows[i], outcome));
  }
  for (size_t i = 0; i < natives.size(); ++i) {
    if (i + kAhead < natives.size()) plan.Prefetch(natives[i + kAhead].slot);
    SB_RETURN_IF_ERROR(AddNative(plan, i, outcome));
  }
  AddExemplars(plan, outcome);
  AddMetadata(plan);
  return absl::OkStatus();
}

absl::Status OtlpSeriesWrite::AddNumber(WritePlan& plan, const Number& number,
                                        SeriesOutcome& outcome) {
  HeadSeries* series = FindKnown(plan, number);
  SampleFate fate = SampleFate::kTaken;
  if (series == nullptr) {
    SB_ASSIGN_OR_RETURN(series, FindOrDefine(plan, *number.point.identity, 0, fate));
  }
  fate = AddSample(plan, series, number.point.at, number.point.mode, number.value, fate);
  Note(number.point, 0, fate, outcome.samples, outcome);
  return absl::OkStatus();
}

// Where there was no room for one series of the point there is none for the next: those that are
// known are taken, and no more labels are made.
absl::Status OtlpSeriesWrite::AddRow(WritePlan& plan, const Row& row, SeriesOutcome& outcome) {
  SampleFate together = SampleFate::kDuplicate;
  size_t which = 0;
  std::optional<SampleFate> no_room;
  for (uint32_t i = 0; i < row.values_end - row.values_begin; ++i) {
    SampleFate fate = no_room.value_or(SampleFate::kTaken);
    HeadSeries* series = FindKnown(plan, *row.point.identity, i);
    if (series == nullptr && !no_room) {
      SB_ASSIGN_OR_RETURN(
          series, plan.Define(row.point.identity->key(i), row.point.identity->Labels(i), fate));
      if (fate == SampleFate::kTooManySeries || fate == SampleFate::kTooManyLabelBytes) {
        no_room = fate;
      }
    }
    const Mode mode = i < row.gauges ? Mode::kValue : row.point.mode;
    fate = AddSample(plan, series, row.point.at, mode, values[row.values_begin + i], fate);
    if (!storage::IsRefused(together)) which = i;
    together = Together(together, fate);
  }
  Note(row.point, which, together, outcome.samples, outcome);
  return absl::OkStatus();
}

absl::Status OtlpSeriesWrite::AddNative(WritePlan& plan, size_t i, SeriesOutcome& outcome) {
  const Native& native = natives[i];
  HeadSeries* series = FindKnown(plan, native);
  SampleFate fate = SampleFate::kTaken;
  if (series == nullptr) {
    SB_ASSIGN_OR_RETURN(series, FindOrDefine(plan, *native.point.identity, 0, fate));
  }
  fate = AddSample(plan, series, native.point.at, native.point.mode, histograms[i], fate);
  Note(native.point, 0, fate, outcome.histograms, outcome);
  return absl::OkStatus();
}

void OtlpSeriesWrite::AddExemplars(WritePlan& plan, SeriesOutcome& outcome) const {
  for (const Exemplar& exemplar : exemplars) {
    SampleFate fate = SampleFate::kDropped;
    absl::StatusOr<HeadSeries*> series =
        FindOrDefine(plan, *exemplar.identity, exemplar.series, fate);
    if (series.ok() && *series != nullptr) {
      fate = plan.AddExemplar(**series, exemplar.time_ms, exemplar.value);
    }
    ++outcome.exemplars[static_cast<size_t>(fate)];
  }
}

void OtlpSeriesWrite::AddMetadata(WritePlan& plan) const {
  for (const auto& family : families) {
    // Once it is applied, it is a duplicate: only then nobody need bring it again.
    if (plan.AddMetadata(family->metadata) != SampleFate::kTaken) family->is_stored = true;
  }
}

size_t OtlpSeriesWrite::memory_bytes() const {
  size_t bytes = sizeof(*this) + view.memory_bytes() + numbers.capacity() * sizeof(Number) +
                 rows.capacity() * sizeof(Row) + values.capacity() * sizeof(double) +
                 natives.capacity() * sizeof(Native) + histograms.memory_bytes() +
                 exemplars.capacity() * sizeof(Exemplar) + refused.capacity() * sizeof(Refused) +
                 families.capacity() * sizeof(families[0]);
  for (const Exemplar& exemplar : exemplars) {
    for (const model::Label& label : exemplar.value.labels) {
      bytes += sizeof(label) + label.name.capacity() + label.value.capacity();
    }
  }
  return bytes;
}

}  // namespace slowburn::app
