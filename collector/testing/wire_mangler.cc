#include "collector/testing/wire_mangler.h"

#include <algorithm>
#include <array>
#include <map>

#include <protozero/buffer_string.hpp>
#include <protozero/varint.hpp>

#include "collector/internal/otlp_fields.h"
#include "collector/internal/wire_reader.h"

namespace slowburn::collector {
namespace {

using model::Signal;

// The messages of an export, as far as they are taken apart.
enum class Shape {
  kRequest,
  kResourceItems,
  kResource,
  kScopeItems,
  kScope,
  kSpan,
  kStatus,
  kLogRecord,
  kMetric,
  kNumbers,  // Gauge and Sum
  kHistograms,
  kExponentials,
  kSummaries,
  kNumberPoint,
  kHistogramPoint,
  kExponentialPoint,
  kSummaryPoint,
  kBuckets,
  kExemplar,
  kKeyValue,
  kAnyValue,
  kLeaf,
  kPackedFixed64,
  kPackedVarint,
};

struct Child {
  Shape parent;
  uint32_t tag;
  Shape shape;
  bool is_singular = false;
};

constexpr Child kChildren[] = {
    {Shape::kRequest, tags::kRequestResourceItems, Shape::kResourceItems},
    {Shape::kResourceItems, tags::kResourceItemsResource, Shape::kResource, true},
    {Shape::kResourceItems, tags::kResourceItemsScopeItems, Shape::kScopeItems},
    {Shape::kResource, tags::kResourceAttributes, Shape::kKeyValue},
    {Shape::kScopeItems, tags::kScopeItemsScope, Shape::kScope, true},
    {Shape::kScope, tags::kScopeAttributes, Shape::kKeyValue},
    {Shape::kSpan, tags::kSpanAttributes, Shape::kKeyValue},
    {Shape::kSpan, tags::kSpanStatus, Shape::kStatus, true},
    {Shape::kLogRecord, tags::kLogAttributes, Shape::kKeyValue},
    {Shape::kLogRecord, tags::kLogBody, Shape::kAnyValue, true},
    {Shape::kMetric, tags::kMetricGauge, Shape::kNumbers, true},
    {Shape::kMetric, tags::kMetricSum, Shape::kNumbers, true},
    {Shape::kMetric, tags::kMetricHistogram, Shape::kHistograms, true},
    {Shape::kMetric, tags::kMetricExponentialHistogram, Shape::kExponentials, true},
    {Shape::kMetric, tags::kMetricSummary, Shape::kSummaries, true},
    {Shape::kNumbers, tags::kDataPoints, Shape::kNumberPoint},
    {Shape::kHistograms, tags::kDataPoints, Shape::kHistogramPoint},
    {Shape::kExponentials, tags::kDataPoints, Shape::kExponentialPoint},
    {Shape::kSummaries, tags::kDataPoints, Shape::kSummaryPoint},
    {Shape::kNumberPoint, tags::kNumberAttributes, Shape::kKeyValue},
    {Shape::kNumberPoint, tags::kNumberExemplars, Shape::kExemplar},
    {Shape::kHistogramPoint, tags::kHistogramAttributes, Shape::kKeyValue},
    {Shape::kHistogramPoint, tags::kHistogramExemplars, Shape::kExemplar},
    {Shape::kHistogramPoint, tags::kHistogramBucketCounts, Shape::kPackedFixed64},
    {Shape::kHistogramPoint, tags::kHistogramBounds, Shape::kPackedFixed64},
    {Shape::kExponentialPoint, tags::kExponentialAttributes, Shape::kKeyValue},
    {Shape::kExponentialPoint, tags::kExponentialExemplars, Shape::kExemplar},
    {Shape::kExponentialPoint, tags::kExponentialPositive, Shape::kBuckets, true},
    {Shape::kExponentialPoint, tags::kExponentialNegative, Shape::kBuckets, true},
    {Shape::kSummaryPoint, tags::kSummaryAttributes, Shape::kKeyValue},
    {Shape::kBuckets, tags::kBucketsCounts, Shape::kPackedVarint},
    {Shape::kExemplar, tags::kExemplarAttributes, Shape::kKeyValue},
    {Shape::kKeyValue, tags::kKeyValueValue, Shape::kAnyValue, true},
};

Shape ItemShape(Signal signal) {
  switch (signal) {
    case Signal::kTraces:
      return Shape::kSpan;
    case Signal::kLogs:
      return Shape::kLogRecord;
    case Signal::kMetrics:
      return Shape::kMetric;
  }
  return Shape::kLeaf;
}

Child ChildOf(Signal signal, Shape parent, uint32_t tag) {
  if (parent == Shape::kScopeItems && tag == tags::kScopeItemsItems) {
    return {parent, tag, ItemShape(signal)};
  }
  for (const Child& child : kChildren) {
    if (child.parent == parent && child.tag == tag) return child;
  }
  return {parent, tag, Shape::kLeaf};
}

struct Field {
  uint32_t tag;
  std::string raw;
};

std::vector<Field> Split(std::string_view message) {
  std::vector<Field> fields;
  WireReader reader(message);
  while (reader.Next()) {
    reader.Skip();
    fields.push_back({reader.tag(), std::string(reader.field())});
  }
  return fields;
}

std::string_view Content(std::string_view field) {
  WireReader reader(field);
  reader.Next();
  return reader.Bytes();
}

std::string Varint(uint64_t value) {
  std::string bytes;
  protozero::add_varint_to_buffer(&bytes, value);
  return bytes;
}

std::string Framed(uint32_t tag, std::string_view content) {
  return Varint(tag) + Varint(content.size()) + std::string(content);
}

std::string UnknownField(Random& random) {
  constexpr std::array<uint32_t, 4> kNumbers = {17, 1000, 2047, 536870911};
  const uint32_t number = kNumbers[random() % kNumbers.size()];
  switch (Below(6, random)) {
    case 0:
      return Varint(FieldTag(number, WireType::kVarint)) + Varint(random());
    case 1:
      return Varint(FieldTag(number, WireType::kFixed64)) + RandomBytes(8, random);
    case 2:
      return Framed(FieldTag(number, WireType::kBytes), RandomBytes(random() % 20, random));
    case 3:
      return Varint(FieldTag(number, WireType::kFixed32)) + RandomBytes(4, random);
    case 4:  // A number that is known in every message, of a type that it has in none.
      return Varint(FieldTag(1, WireType::kFixed32)) + RandomBytes(4, random);
    default:
      return Varint(FieldTag(number, WireType::kGroup)) +
             (OneIn(2, random) ? UnknownField(random) : "") +
             Varint(FieldTag(number, WireType::kGroupEnd));
  }
}

// Any order that keeps fields of one number in theirs.
std::vector<Field> Reordered(std::vector<Field> fields, Random& random) {
  std::vector<uint32_t> order;
  std::map<uint32_t, std::vector<Field>> by_number;
  for (Field& field : fields) {
    order.push_back(field.tag >> 3);
    by_number[field.tag >> 3].push_back(std::move(field));
  }
  std::ranges::shuffle(order, random);
  std::map<uint32_t, size_t> taken;
  std::vector<Field> reordered;
  for (const uint32_t number : order) reordered.push_back(by_number[number][taken[number]++]);
  return reordered;
}

std::string Join(const std::vector<Field>& fields, size_t begin, size_t end) {
  std::string joined;
  for (size_t i = begin; i < end; ++i) joined += fields[i].raw;
  return joined;
}

// Each number alone, some of them in a packed field of one.
void Unpack(const Field& field, WireType type, Random& random, std::vector<Field>& fields) {
  const uint32_t tag = FieldTag(field.tag >> 3, type);
  const std::string_view packed = Content(field.raw);
  const char* at = packed.data();
  while (at != packed.data() + packed.size()) {
    const char* const begin = at;
    if (type == WireType::kFixed64) {
      at += 8;
    } else {
      protozero::skip_varint(&at, packed.data() + packed.size());
    }
    const std::string number(begin, at);
    if (OneIn(3, random)) {
      fields.push_back({field.tag, Framed(field.tag, number)});
    } else {
      fields.push_back({tag, Varint(tag) + number});
    }
  }
}

class Mangler {
 public:
  Mangler(Signal signal, Random& random) : signal_(signal), random_(random) {}

  std::string Mangle(Shape shape, std::string_view message) {
    std::vector<Field> fields;
    for (Field& field : Split(message))
      MangleField(ChildOf(signal_, shape, field.tag), field, fields);
    std::string mangled;
    for (const Field& field : Reordered(std::move(fields), random_)) {
      if (OneIn(8, random_)) mangled += UnknownField(random_);
      mangled += field.raw;
    }
    if (OneIn(8, random_)) mangled += UnknownField(random_);
    return mangled;
  }

 private:
  void MangleField(const Child& child, const Field& field, std::vector<Field>& fields) {
    if (child.shape == Shape::kLeaf) return fields.push_back(field);
    if (child.shape == Shape::kPackedFixed64 || child.shape == Shape::kPackedVarint) {
      if (OneIn(2, random_)) return fields.push_back(field);
      return Unpack(field,
                    child.shape == Shape::kPackedVarint ? WireType::kVarint : WireType::kFixed64,
                    random_, fields);
    }
    const std::string content = Mangle(child.shape, Content(field.raw));
    if (!child.is_singular || !OneIn(3, random_)) {
      return fields.push_back({field.tag, Framed(field.tag, content)});
    }
    const std::vector<Field> parts = Split(content);
    const size_t cut = random_() % (parts.size() + 1);
    fields.push_back({field.tag, Framed(field.tag, Join(parts, 0, cut))});
    fields.push_back({field.tag, Framed(field.tag, Join(parts, cut, parts.size()))});
  }

  Signal signal_;
  Random& random_;
};

void AppendPoints(std::string_view metric, std::vector<std::string>& points) {
  for (const Field& data : Split(metric)) {
    if (ChildOf(Signal::kMetrics, Shape::kMetric, data.tag).shape == Shape::kLeaf) continue;
    for (const Field& point : Split(Content(data.raw))) {
      if (point.tag == tags::kDataPoints) points.push_back(point.raw);
    }
  }
}

}  // namespace

std::string Mangle(Signal signal, std::string_view body, Random& random) {
  return Mangler(signal, random).Mangle(Shape::kRequest, body);
}

void Mutate(std::string& body, Random& random) {
  for (uint64_t flips = random() % 4; flips > 0 && !body.empty(); --flips) {
    body[random() % body.size()] = static_cast<char>(random());
  }
  if (random() % 3 == 0) body.resize(random() % (body.size() + 1));
}

std::vector<std::string> RawItems(Signal signal, std::string_view body) {
  std::vector<std::string> items;
  for (const Field& resource_items : Split(body)) {
    if (resource_items.tag != tags::kRequestResourceItems) continue;
    for (const Field& scope_items : Split(Content(resource_items.raw))) {
      if (scope_items.tag != tags::kResourceItemsScopeItems) continue;
      for (const Field& item : Split(Content(scope_items.raw))) {
        if (item.tag != tags::kScopeItemsItems) continue;
        if (signal == Signal::kMetrics) {
          AppendPoints(Content(item.raw), items);
        } else {
          items.push_back(item.raw);
        }
      }
    }
  }
  return items;
}

}  // namespace slowburn::collector
