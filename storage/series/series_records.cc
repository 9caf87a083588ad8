#include "storage/series/series_records.h"

#include "base/status.h"
#include "storage/series/internal/bytes.h"
#include "storage/series/packed_labels.h"

namespace slowburn::storage {
namespace {

using internal::ByteReader;
using internal::PutString;
using internal::PutVarint;
using internal::PutZigZag;

constexpr char kFormat = 1;
constexpr char kOpenFormat = 2;  // in format 1 blocks had no kind

std::string Begin() { return std::string(1, kFormat); }

void PutCover(std::string& out, const SeriesCover& cover) {
  PutVarint(out, cover.sequence);
  PutZigZag(out, cover.samples_through_ms);
  PutZigZag(out, cover.exemplars_through_ms);
}

SeriesCover ReadCover(ByteReader& in) {
  SeriesCover cover;
  cover.sequence = in.Varint();
  cover.samples_through_ms = in.Signed();
  cover.exemplars_through_ms = in.Signed();
  return cover;
}

// The value, if all bytes were read and right.
template <typename Value>
absl::StatusOr<Value> Finish(ByteReader& in, Value value, std::string_view what) {
  if (in.ok() && in.AtEnd()) return value;
  return base::DataLoss("family 'series': {} is broken; restore it from a backup", what);
}

ByteReader Open(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.Byte() != kFormat) in.Fail();
  return in;
}

}  // namespace

std::string EncodeSeriesRecord(const SeriesRecord& record) {
  std::string out = Begin();
  PutCover(out, record.cover);
  PutString(out, record.packed_labels);
  return out;
}

absl::StatusOr<SeriesRecord> DecodeSeriesRecord(std::string_view bytes) {
  ByteReader in = Open(bytes);
  SeriesRecord record;
  record.cover = ReadCover(in);
  record.packed_labels = in.String();
  model::LabelSet labels;
  if (!UnpackLabels(record.packed_labels, labels)) in.Fail();
  return Finish(in, std::move(record), "the record of a series");
}

std::string EncodeOpenSeries(const OpenSeries& open) {
  std::string out(1, kOpenFormat);
  PutCover(out, open.cover);
  PutZigZag(out, open.floats_sealed_through_ms);
  PutZigZag(out, open.histograms_sealed_through_ms);
  for (const std::string* block : {&open.floats, &open.histograms, &open.exemplars}) {
    PutString(out, *block);
  }
  return out;
}

absl::StatusOr<OpenSeries> DecodeOpenSeries(std::string_view bytes) {
  ByteReader in(bytes);
  OpenSeries open;
  const auto format = static_cast<char>(in.Byte());
  if (format != kFormat && format != kOpenFormat) in.Fail();
  open.has_kinds = format == kOpenFormat;
  open.cover = ReadCover(in);
  open.floats_sealed_through_ms = in.Signed();
  open.histograms_sealed_through_ms = in.Signed();
  for (std::string* block : {&open.floats, &open.histograms, &open.exemplars}) {
    *block = in.String();
  }
  return Finish(in, std::move(open), "an open series");
}

std::string EncodeDaySummary(const DaySummary& day) {
  std::string out = Begin();
  PutVarint(out, day.chunks);
  PutVarint(out, day.samples);
  PutVarint(out, day.bytes);
  PutZigZag(out, day.min_time_ms);
  PutZigZag(out, day.max_time_ms);
  return out;
}

absl::StatusOr<DaySummary> DecodeDaySummary(std::string_view bytes) {
  ByteReader in = Open(bytes);
  DaySummary day;
  day.chunks = in.Varint();
  day.samples = in.Varint();
  day.bytes = in.Varint();
  day.min_time_ms = in.Signed();
  day.max_time_ms = in.Signed();
  return Finish(in, day, "the summary of a day");
}

std::string EncodeSeriesState(const SeriesState& state) {
  std::string out = Begin();
  PutVarint(out, state.next_id);
  PutVarint(out, state.covered_sequence);
  return out;
}

absl::StatusOr<SeriesState> DecodeSeriesState(std::string_view bytes) {
  ByteReader in = Open(bytes);
  SeriesState state;
  state.next_id = in.Varint();
  state.covered_sequence = in.Varint();
  if (state.next_id == 0) in.Fail();
  return Finish(in, state, "the state");
}

std::string EncodeSeriesIds(const std::vector<uint64_t>& ids) {
  std::string out = Begin();
  for (const uint64_t id : ids) PutVarint(out, id);
  return out;
}

absl::StatusOr<std::vector<uint64_t>> DecodeSeriesIds(std::string_view bytes) {
  ByteReader in = Open(bytes);
  std::vector<uint64_t> ids;
  while (in.ok() && !in.AtEnd()) ids.push_back(in.Varint());
  return Finish(in, std::move(ids), "the series of a hash");
}

std::string EncodeMetadata(const std::vector<MetricMetadata>& metadata) {
  std::string out = Begin();
  for (const MetricMetadata& one : metadata) {
    for (const std::string* text : {&one.type, &one.help, &one.unit}) PutString(out, *text);
  }
  return out;
}

absl::StatusOr<std::vector<MetricMetadata>> DecodeMetadata(std::string_view metric,
                                                           std::string_view bytes) {
  ByteReader in = Open(bytes);
  std::vector<MetricMetadata> metadata;
  while (in.ok() && !in.AtEnd()) {
    MetricMetadata& one = metadata.emplace_back();
    one.metric = metric;
    for (std::string* text : {&one.type, &one.help, &one.unit}) *text = in.String();
  }
  return Finish(in, std::move(metadata), "the metadata of a metric");
}

}  // namespace slowburn::storage
