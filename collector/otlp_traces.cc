#include "collector/otlp_traces.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <exception>

#include "base/status.h"
#include "collector/internal/trace_fields.h"
#include "collector/internal/wire_reader.h"

// How a request becomes a batch in one pass. Spans are decoded where they stand, straight into the
// batch. What surrounds them (a resource, a scope) may come before or after them on the wire, so
// its own entry is appended when its message ends; its attributes are one range wherever they land.
// Only a resource or scope that the wire repeats with something between is walked a second time, to
// bring its attributes together.
//
// What nobody reads is skipped by its length: events, links, attributes without a slot, the inside
// of arrays and maps. Bytes that are broken there are not found here.

namespace slowburn::collector {
namespace {

using model::AttributeRange;
using model::AttributeScope;
using model::AttributeValue;
using model::RejectedItem;
using model::Rejection;
using model::ResourceEntry;
using model::ScopeEntry;
using model::SlotValue;
using model::Span;
namespace tags = trace_fields;

// What a batch may cost in memory, whatever the bytes are: kCostPerByteMax x the body, or
// kCostFloor for small bodies. A span is at least 30 bytes on the wire and 168 in memory, yet spans
// as instrumentation makes them (a name, times, a few attributes) stay below 2 x; a rejected span
// is 2 bytes on the wire at least and 8 in memory, the 4 here.
constexpr size_t kCostPerByteMax = 4;
constexpr size_t kCostFloor = 16 << 20;

constexpr size_t kTraceIdSize = 16;
constexpr size_t kSpanIdSize = 8;

// The batch would cost more than the body may.
class CostExceeded : public std::exception {};

uint64_t Load64(const char* data) {
  uint64_t word;
  std::memcpy(&word, data, sizeof(word));
  return word;
}

bool IsTraceId(std::string_view id) {
  return id.size() == kTraceIdSize && (Load64(id.data()) | Load64(id.data() + 8)) != 0;
}

bool IsSpanId(std::string_view id) { return id.size() == kSpanIdSize && Load64(id.data()) != 0; }

struct KeyValue {
  std::string_view key;
  std::string_view any_value;
};

// Takes a KeyValue apart if it is as all writers write it: the key, the value, each under 128
// bytes, nothing else. These few compares stand for two tags and two lengths, which is 1.3 x on a
// whole request. Says nothing about any other shape.
bool SplitUsualKeyValue(std::string_view message, KeyValue& parts) {
  const auto byte = [message](size_t at) { return static_cast<uint8_t>(message.data()[at]); };
  if (message.size() < 2 || byte(0) != tags::kKeyValueKey) return false;
  const size_t key_size = byte(1);
  const size_t value_tag = 2 + key_size;
  if (message.size() < value_tag + 2 || byte(value_tag) != tags::kKeyValueValue) return false;
  const size_t value_size = byte(value_tag + 1);
  if ((key_size | value_size) >= 0x80 || message.size() != value_tag + 2 + value_size) return false;
  parts.key = {message.data() + 2, key_size};
  parts.any_value = {message.data() + value_tag + 2, value_size};
  return true;
}

// Any KeyValue: its last key and its last value. Returns how many values it has.
int SplitKeyValue(std::string_view message, KeyValue& parts) {
  int values = 0;
  WireReader reader(message);
  while (reader.Next()) {
    switch (reader.tag()) {
      case tags::kKeyValueKey:
        parts.key = reader.Bytes();
        break;
      case tags::kKeyValueValue:
        parts.any_value = reader.Bytes();
        ++values;
        break;
      default:
        reader.Skip();
    }
  }
  return values;
}

// AnyValue is a oneof: the last member on the wire counts. `value` keeps what it had when there is
// none.
void ReadAnyValue(std::string_view message, AttributeValue& value) {
  WireReader reader(message);
  while (reader.Next()) {
    switch (reader.tag()) {
      case tags::kAnyString:
        value = AttributeValue::String(reader.Bytes());
        break;
      case tags::kAnyBool:
        value = AttributeValue::Bool(reader.Varint() != 0);
        break;
      case tags::kAnyInt:
        value = AttributeValue::Int(static_cast<int64_t>(reader.Varint()));
        break;
      case tags::kAnyDouble:
        value = AttributeValue::Double(std::bit_cast<double>(reader.Fixed64()));
        break;
      case tags::kAnyArray:
      case tags::kAnyKeyValueList:
        reader.Skip();
        value = AttributeValue::Composite();
        break;
      case tags::kAnyBytes:
        value = AttributeValue::Bytes(reader.Bytes());
        break;
      case tags::kAnyStringIndex:  // An index into a table that only profiles have: absent (V12).
        reader.Skip();
        value = AttributeValue();
        break;
      default:
        reader.Skip();
    }
  }
}

// A `value` that the wire repeats is merged: the members of all of them, in order, are members of
// one.
void ReadRepeatedValue(std::string_view key_value, AttributeValue& value) {
  WireReader reader(key_value);
  while (reader.Next()) {
    if (reader.tag() == tags::kKeyValueValue) {
      ReadAnyValue(reader.Bytes(), value);
    } else {
      reader.Skip();
    }
  }
}

class TraceDecoder {
 public:
  TraceDecoder(std::string_view body, const model::AttributeProjection& projection,
               model::SpanBatch& batch)
      : body_(body),
        projection_(projection),
        batch_(batch),
        cost_left_(std::max(kCostFloor, kCostPerByteMax * body.size())),
        at_{"request", body.data()} {}

  void Decode();

  // Where the decoder stands, for the message about broken bytes: "span at byte 1024".
  std::string Place() const {
    return fmt::format("{} at byte {}", at_.what, at_.begin - body_.data());
  }

 private:
  struct Element {
    const char* what;
    const char* begin;
  };

  void DecodeResourceSpans(std::string_view message);
  void DecodeScopeSpans(std::string_view message);
  void DecodeSpan(std::string_view message);
  void DecodeStatus(std::string_view message, Span& span);
  void DecodeResource(std::string_view message, ResourceEntry& resource);
  void DecodeScope(std::string_view message, ScopeEntry& scope);
  void DecodeAttribute(AttributeScope scope, std::string_view key_value);

  void GatherResource(std::string_view resource_spans, ResourceEntry& resource);
  void GatherScope(std::string_view scope_spans, ScopeEntry& scope);

  uint32_t AttributeCount() const { return static_cast<uint32_t>(batch_.attributes.size()); }
  void DropAttributesFrom(uint32_t begin) {
    batch_.attributes.erase(batch_.attributes.begin() + begin, batch_.attributes.end());
  }
  void Charge(size_t bytes) {
    if (bytes > cost_left_) throw CostExceeded();
    cost_left_ -= bytes;
  }

  std::string_view body_;
  const model::AttributeProjection& projection_;
  model::SpanBatch& batch_;
  size_t cost_left_;
  uint32_t ordinal_ = 0;
  Element at_;
};

// Makes [begin, end of attributes) part of `range`; false when it does not follow it.
bool Extend(AttributeRange& range, AttributeRange more) {
  if (more.begin == more.end) return true;
  if (range.begin == range.end) {
    range = more;
    return true;
  }
  if (range.end != more.begin) return false;
  range.end = more.end;
  return true;
}

void TraceDecoder::Decode() {
  WireReader reader(body_);
  while (reader.Next()) {
    if (reader.tag() == tags::kRequestResourceSpans) {
      DecodeResourceSpans(reader.Bytes());
      at_ = {"request", body_.data()};
    } else {
      reader.Skip();
    }
  }
}

void TraceDecoder::DecodeResourceSpans(std::string_view message) {
  const Element self{"resource spans", message.data()};
  at_ = self;
  const uint32_t attributes_begin = AttributeCount();
  ResourceEntry resource;
  resource.scope_begin = static_cast<uint32_t>(batch_.scopes.size());
  bool is_scattered = false;
  WireReader reader(message);
  while (reader.Next()) {
    switch (reader.tag()) {
      case tags::kResourceSpansResource: {
        const uint32_t begin = AttributeCount();
        DecodeResource(reader.Bytes(), resource);
        is_scattered |= !Extend(resource.attributes, {begin, AttributeCount()});
        break;
      }
      case tags::kResourceSpansScopeSpans:
        DecodeScopeSpans(reader.Bytes());
        at_ = self;
        break;
      default:
        reader.Skip();
    }
  }
  resource.scope_end = static_cast<uint32_t>(batch_.scopes.size());
  if (resource.scope_end == resource.scope_begin) return DropAttributesFrom(attributes_begin);
  if (is_scattered) GatherResource(message, resource);
  Charge(sizeof(ResourceEntry));
  batch_.resources.push_back(resource);
}

void TraceDecoder::DecodeScopeSpans(std::string_view message) {
  const Element self{"scope spans", message.data()};
  at_ = self;
  const uint32_t attributes_begin = AttributeCount();
  ScopeEntry scope;
  scope.item_begin = static_cast<uint32_t>(batch_.spans.size());
  bool is_scattered = false;
  WireReader reader(message);
  while (reader.Next()) {
    switch (reader.tag()) {
      case tags::kScopeSpansSpans:
        DecodeSpan(reader.Bytes());
        at_ = self;
        break;
      case tags::kScopeSpansScope: {
        const uint32_t begin = AttributeCount();
        DecodeScope(reader.Bytes(), scope);
        is_scattered |= !Extend(scope.attributes, {begin, AttributeCount()});
        break;
      }
      default:
        reader.Skip();
    }
  }
  scope.item_end = static_cast<uint32_t>(batch_.spans.size());
  if (scope.item_end == scope.item_begin) return DropAttributesFrom(attributes_begin);
  if (is_scattered) GatherScope(message, scope);
  Charge(sizeof(ScopeEntry));
  batch_.scopes.push_back(scope);
}

void TraceDecoder::DecodeSpan(std::string_view message) {
  at_ = {"span", message.data()};
  const uint32_t ordinal = ordinal_++;
  // In place: a span is too large to be copied for nothing.
  Span& span = batch_.spans.emplace_back();
  span.attributes.begin = AttributeCount();
  WireReader reader(message);
  while (reader.Next()) {
    switch (reader.tag()) {
      case tags::kSpanTraceId:
        span.trace_id = reader.Bytes();
        break;
      case tags::kSpanSpanId:
        span.span_id = reader.Bytes();
        break;
      case tags::kSpanTraceState:
        span.trace_state = reader.Bytes();
        break;
      case tags::kSpanParentSpanId:
        span.parent_span_id = reader.Bytes();
        break;
      case tags::kSpanName:
        span.name = reader.Bytes();
        break;
      case tags::kSpanKind:
        span.kind = static_cast<int32_t>(reader.Varint());
        break;
      case tags::kSpanStartTime:
        span.start_time_unix_nano = reader.Fixed64();
        break;
      case tags::kSpanEndTime:
        span.end_time_unix_nano = reader.Fixed64();
        break;
      case tags::kSpanAttributes:
        DecodeAttribute(AttributeScope::kItem, reader.Bytes());
        break;
      case tags::kSpanDroppedAttributes:
        span.dropped_attributes_count = static_cast<uint32_t>(reader.Varint());
        break;
      case tags::kSpanDroppedEvents:
        span.dropped_events_count = static_cast<uint32_t>(reader.Varint());
        break;
      case tags::kSpanDroppedLinks:
        span.dropped_links_count = static_cast<uint32_t>(reader.Varint());
        break;
      case tags::kSpanStatus:
        DecodeStatus(reader.Bytes(), span);
        break;
      default:
        reader.Skip();
    }
  }
  span.ordinal = ordinal;
  span.attributes.end = AttributeCount();
  if (IsTraceId(span.trace_id) && IsSpanId(span.span_id)) {
    Charge(sizeof(Span));
    batch_.has_item_without_time |= span.end_time_unix_nano == 0;
    return;
  }
  Charge(sizeof(RejectedItem));
  batch_.rejected.push_back(
      {ordinal, IsTraceId(span.trace_id) ? Rejection::kInvalidSpanId : Rejection::kInvalidTraceId});
  DropAttributesFrom(span.attributes.begin);
  batch_.spans.pop_back();
}

void TraceDecoder::DecodeStatus(std::string_view message, Span& span) {
  WireReader reader(message);
  while (reader.Next()) {
    switch (reader.tag()) {
      case tags::kStatusMessage:
        span.status_message = reader.Bytes();
        break;
      case tags::kStatusCode:
        span.status_code = static_cast<int32_t>(reader.Varint());
        break;
      default:
        reader.Skip();
    }
  }
}

void TraceDecoder::DecodeResource(std::string_view message, ResourceEntry& resource) {
  WireReader reader(message);
  while (reader.Next()) {
    switch (reader.tag()) {
      case tags::kResourceAttributes:
        DecodeAttribute(AttributeScope::kResource, reader.Bytes());
        break;
      case tags::kResourceDroppedAttributes:
        resource.dropped_attributes_count = static_cast<uint32_t>(reader.Varint());
        break;
      default:
        reader.Skip();
    }
  }
}

void TraceDecoder::DecodeScope(std::string_view message, ScopeEntry& scope) {
  WireReader reader(message);
  while (reader.Next()) {
    switch (reader.tag()) {
      case tags::kScopeName:
        scope.scope_name = reader.Bytes();
        break;
      case tags::kScopeVersion:
        scope.scope_version = reader.Bytes();
        break;
      case tags::kScopeAttributes:
        DecodeAttribute(AttributeScope::kScope, reader.Bytes());
        break;
      default:
        reader.Skip();
    }
  }
}

void TraceDecoder::DecodeAttribute(AttributeScope scope, std::string_view key_value) {
  KeyValue parts;
  int values = 1;
  if (!SplitUsualKeyValue(key_value, parts)) values = SplitKeyValue(key_value, parts);
  const int slot = projection_.Find(scope, parts.key);
  if (slot == model::AttributeProjection::kNone) return;
  Charge(sizeof(SlotValue));
  // Written where it stays: a copy of what was just stored in parts stalls the processor.
  SlotValue& kept = batch_.attributes.emplace_back();
  kept.slot = static_cast<uint32_t>(slot);
  if (values == 1) {
    ReadAnyValue(parts.any_value, kept.value);
  } else {
    ReadRepeatedValue(key_value, kept.value);
  }
}

void TraceDecoder::GatherResource(std::string_view resource_spans, ResourceEntry& resource) {
  resource.attributes.begin = AttributeCount();
  WireReader reader(resource_spans);
  while (reader.Next()) {
    if (reader.tag() == tags::kResourceSpansResource) {
      DecodeResource(reader.Bytes(), resource);
    } else {
      reader.Skip();
    }
  }
  resource.attributes.end = AttributeCount();
}

void TraceDecoder::GatherScope(std::string_view scope_spans, ScopeEntry& scope) {
  scope.attributes.begin = AttributeCount();
  WireReader reader(scope_spans);
  while (reader.Next()) {
    if (reader.tag() == tags::kScopeSpansScope) {
      DecodeScope(reader.Bytes(), scope);
    } else {
      reader.Skip();
    }
  }
  scope.attributes.end = AttributeCount();
}

}  // namespace

absl::Status DecodeTraces(std::string_view body, const model::AttributeProjection& projection,
                          model::SpanBatch& batch) {
  batch.Clear();
  if (body.size() > INT32_MAX) {
    return absl::ResourceExhaustedError(fmt::format(
        "the request has {} bytes, a protobuf message has at most {}; send smaller batches",
        body.size(), INT32_MAX));
  }
  TraceDecoder decoder(body, projection, batch);
  try {
    decoder.Decode();
    return absl::OkStatus();
  } catch (const protozero::exception& broken) {
    batch.Clear();
    return base::InvalidArgument(
        "the {} is not protobuf ({}); send an ExportTraceServiceRequest in binary protobuf",
        decoder.Place(), broken.what());
  } catch (const CostExceeded&) {
    batch.Clear();
    return absl::ResourceExhaustedError(
        fmt::format("the request's {} bytes decode to more than {} times their size (up to the "
                    "{}); send smaller batches",
                    body.size(), kCostPerByteMax, decoder.Place()));
  }
}

}  // namespace slowburn::collector
