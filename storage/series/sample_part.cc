// Neighbours in a commit have neighbouring series and the same time, so both are differences of a
// byte each. A value is a varint where it is a short decimal, else its 8 bytes: a part is written
// for every request, and read only after a crash.
#include "storage/series/sample_part.h"

#include <bit>
#include <cstring>

#include "base/status.h"
#include "storage/series/histogram_block.h"
#include "storage/series/internal/block_times.h"
#include "storage/series/internal/bytes.h"
#include "storage/series/internal/decimal.h"
#include "storage/series/packed_labels.h"

namespace slowburn::storage {
namespace {

using internal::ByteReader;
using internal::kVarintBytesMax;
using internal::PutString;
using internal::PutVarint;
using internal::WriteVarint;
using internal::ZigZag;

constexpr char kFormat = 1;
constexpr uint8_t kScaleBits = 3;
constexpr uint8_t kScalesTried = 4;  // 0 to 3 decimals: what a request mostly has
constexpr uint8_t kRawValue = 7;

// Returns the end.
char* WriteValue(char* out, double value) {
  int64_t scaled = 0;
  for (uint8_t scale = 0; scale < kScalesTried; ++scale) {
    if (!internal::Scale(value, scale, scaled)) continue;
    return WriteVarint(out, (ZigZag(scaled) << kScaleBits) | scale);
  }
  out = WriteVarint(out, kRawValue);
  std::memcpy(out, &value, sizeof(value));
  return out + sizeof(value);
}

double ReadValue(ByteReader& in) {
  const uint64_t token = in.Varint();
  const auto scale = static_cast<uint8_t>(token & ((1U << kScaleBits) - 1));
  if (scale == kRawValue && token == kRawValue) return std::bit_cast<double>(in.Fixed64());
  if (scale >= internal::kScales) {
    in.Fail();
    return 0;
  }
  const double integer = static_cast<double>(internal::UnZigZag(token >> kScaleBits));
  return scale == 0 ? integer : integer / internal::kPowerOfTen[scale];
}

// The place of the next sample of a section.
struct Place {
  uint64_t series = 0;
  int64_t time_ms = 0;

  void Read(ByteReader& in) {
    series += static_cast<uint64_t>(in.Signed());
    time_ms =
        static_cast<int64_t>(static_cast<uint64_t>(time_ms) + static_cast<uint64_t>(in.Signed()));
    if (time_ms < 0) in.Fail();
  }
};

// Reads a section: `read(item)` for each, into `items`.
template <typename Item, typename Read>
void ReadSection(ByteReader& in, std::vector<Item>& items, Read&& read) {
  const uint64_t count = in.Count();
  for (uint64_t i = 0; i < count && in.ok(); ++i) read(items.emplace_back());
}

// A block of one sample, which its place has the time of already.
template <typename Value, typename Decode>
void ReadBlock(ByteReader& in, int64_t time_ms, Value& value, Decode&& decode) {
  std::vector<int64_t> times;
  std::vector<Value> values;
  const std::string_view block = in.String();
  if (!in.ok() || !decode(block, times, values).ok() || times.size() != 1 || times[0] != time_ms) {
    in.Fail();
    return;
  }
  value = std::move(values[0]);
}

}  // namespace

void SamplePartWriter::Expect(size_t floats, size_t histograms, size_t counts) {
  constexpr size_t kUsualBytes = 8;            // of one
  constexpr size_t kUsualHistogramBytes = 48;  // but for its counts
  constexpr size_t kUsualCountBytes = 2;
  floats_.bytes.reserve(floats_.bytes.size() + floats * kUsualBytes);
  histograms_.bytes.reserve(histograms_.bytes.size() + histograms * kUsualHistogramBytes +
                            counts * kUsualCountBytes);
}

char* SamplePartWriter::WritePlace(char* out, Section& section, uint64_t series, int64_t time_ms) {
  out = WriteVarint(out, ZigZag(static_cast<int64_t>(series - section.series)));
  out = WriteVarint(out, ZigZag(time_ms - section.time_ms));
  section.series = series;
  section.time_ms = time_ms;
  ++section.count;
  return out;
}

void SamplePartWriter::PutPlace(Section& section, uint64_t series, int64_t time_ms) {
  char bytes[2 * kVarintBytesMax];
  section.bytes.append(bytes, WritePlace(bytes, section, series, time_ms));
}

void SamplePartWriter::AddDefinition(uint64_t id, std::string_view packed_labels) {
  PutVarint(definitions_.bytes, id);
  PutString(definitions_.bytes, packed_labels);
  ++definitions_.count;
}

void SamplePartWriter::AddFloat(uint64_t series, int64_t time_ms, double value) {
  char bytes[3 * kVarintBytesMax];  // a value that is no short decimal takes 9
  char* const end = WriteValue(WritePlace(bytes, floats_, series, time_ms), value);
  floats_.bytes.append(bytes, end);
}

void SamplePartWriter::AddHistogram(uint64_t series, int64_t time_ms,
                                    const model::NativeHistogramView& histogram) {
  PutPlace(histograms_, series, time_ms);
  block_.clear();
  internal::PutTimes(block_, {&time_ms, 1});
  packer_.Reset();
  packer_.Put(histogram, block_);
  PutString(histograms_.bytes, block_);
}

void SamplePartWriter::AddExemplar(uint64_t series, int64_t time_ms,
                                   const ExemplarValue& exemplar) {
  PutPlace(exemplars_, series, time_ms);
  std::string block;
  EncodeExemplars({&time_ms, 1}, {&exemplar, 1}, block);
  PutString(exemplars_.bytes, block);
}

void SamplePartWriter::AddMetadata(const MetricMetadata& metadata) {
  for (const std::string* text :
       {&metadata.metric, &metadata.type, &metadata.help, &metadata.unit}) {
    PutString(metadata_.bytes, *text);
  }
  ++metadata_.count;
}

bool SamplePartWriter::empty() const {
  return definitions_.count + floats_.count + histograms_.count + exemplars_.count +
             metadata_.count ==
         0;
}

std::string SamplePartWriter::Finish() const {
  std::string part(1, kFormat);
  part.reserve(1 + 5 * kVarintBytesMax + definitions_.bytes.size() + floats_.bytes.size() +
               histograms_.bytes.size() + exemplars_.bytes.size() + metadata_.bytes.size());
  for (const Section* section : {&definitions_, &floats_, &histograms_, &exemplars_, &metadata_}) {
    PutVarint(part, section->count);
    part += section->bytes;
  }
  return part;
}

absl::StatusOr<SamplePart> ReadSamplePart(std::string_view bytes) {
  ByteReader in(bytes);
  SamplePart part;
  if (in.Byte() != kFormat) in.Fail();
  ReadSection(in, part.definitions, [&](SeriesDefinition& definition) {
    definition.id = in.Varint();
    definition.packed_labels = in.String();
    model::LabelSet labels;
    if (definition.id == 0 || !UnpackLabels(definition.packed_labels, labels)) in.Fail();
  });
  const auto place = [&](auto& sample, Place& at) {
    at.Read(in);
    sample.series = at.series;
    sample.time_ms = at.time_ms;
  };
  ReadSection(in, part.floats, [&, at = Place()](auto& sample) mutable {
    place(sample, at);
    sample.value = ReadValue(in);
  });
  ReadSection(in, part.histograms, [&, at = Place()](auto& sample) mutable {
    place(sample, at);
    ReadBlock(in, sample.time_ms, sample.value, DecodeHistograms);
  });
  ReadSection(in, part.exemplars, [&, at = Place()](auto& sample) mutable {
    place(sample, at);
    ReadBlock(in, sample.time_ms, sample.value, DecodeExemplars);
  });
  ReadSection(in, part.metadata, [&](MetricMetadata& metadata) {
    for (std::string* text : {&metadata.metric, &metadata.type, &metadata.help, &metadata.unit}) {
      *text = in.String();
    }
  });
  if (in.ok() && in.AtEnd()) return part;
  return base::DataLoss("a part of samples of {} bytes is broken; restore it from a backup",
                        bytes.size());
}

}  // namespace slowburn::storage
