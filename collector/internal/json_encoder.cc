#include "collector/internal/json_encoder.h"

#include <array>
#include <cmath>

#include <fmt/format.h>

namespace slowburn::collector {

// Where the fields of one message are in the output. They are written as they come; only when that
// was not in the order of their numbers, or one came twice, they are put together anew at the end.
struct JsonEncoder::Frame {
  struct Range {
    size_t begin;
    size_t end;
  };

  bool Has(size_t field) const { return (present >> field & 1) != 0; }
  void Set(size_t field, Range range) {
    // Whatever is present already must have come before, and in front.
    is_in_order &= present >> field == 0;
    present |= 1u << field;
    ranges[field] = range;
  }
  void Remove(size_t field) {
    is_in_order = false;
    present &= ~(1u << field);
  }
  void PutInOrder(std::string& out) const {
    std::string ordered;
    ordered.reserve(out.size() - begin);
    for (size_t field = 0; field < ranges.size(); ++field) {
      if (!Has(field)) continue;
      ordered.append(out, ranges[field].begin, ranges[field].end - ranges[field].begin);
    }
    out.replace(begin, std::string::npos, ordered);
  }

  size_t begin = 0;
  uint32_t present = 0;
  uint32_t oneof = 0;  // the members of the oneof among `present`
  bool is_in_order = true;
  std::array<Range, kOtlpFieldsMax> ranges;  // of what is present; else not even zero
};

void JsonEncoder::Encode(OtlpMessage message) {
  protozero::pbf_writer writer(out_);
  EncodeFields(message, writer, 0);
  PayForRoom();
}

void JsonEncoder::EncodeFields(OtlpMessage message, protozero::pbf_writer& writer, int depth) {
  if (message == OtlpMessage::kAnyValue && ++depth > kValueDepthMax) {
    reader_.Fail(fmt::format("values are nested deeper than {}", kValueDepthMax));
  }
  const std::span<const OtlpField> fields = OtlpFields(message);
  Frame frame;
  frame.begin = out_.size();
  for (JsonObject object(reader_); object.Next();) {
    size_t i = 0;
    while (i < fields.size() && fields[i].key != object.key()) ++i;
    if (i == fields.size()) {
      reader_.Skip();
      continue;
    }
    const bool is_oneof = fields[i].presence == OtlpPresence::kOneof;
    if (frame.Has(i)) {
      frame.Remove(i);
      if (is_oneof) frame.oneof = 0;
    }
    if (reader_.TakeNull()) continue;
    if (is_oneof && frame.oneof++ > 0) {
      reader_.FailOneof();
    }
    const size_t begin = out_.size();
    EncodeField(fields[i], writer, depth);
    frame.Set(i, {begin, out_.size()});
  }
  if (frame.is_in_order) return;
  if (const size_t size = out_.size() - frame.begin; size > ordered_paid_) {
    reader_.Charge(size - ordered_paid_);
    ordered_paid_ = size;
  }
  frame.PutInOrder(out_);
}

void JsonEncoder::EncodeField(const OtlpField& field, protozero::pbf_writer& writer, int depth) {
  if (field.presence != OtlpPresence::kRepeated) return EncodeElement(field, writer, depth);
  switch (field.type) {
    case OtlpType::kFixed64:
    case OtlpType::kUint64:
    case OtlpType::kDouble:
      return EncodePacked(field, writer);
    default:
      for (JsonArray array(reader_); array.Next();) EncodeElement(field, writer, depth);
  }
}

void JsonEncoder::EncodeElement(const OtlpField& field, protozero::pbf_writer& writer, int depth) {
  const bool is_zero_written = field.presence != OtlpPresence::kImplicit;
  const auto add_bytes = [&](std::string_view bytes) {
    if (!bytes.empty() || is_zero_written) {
      writer.add_bytes(field.number, bytes.data(), bytes.size());
    }
  };
  const auto add = [&](auto value, auto add_to) {
    if (value != 0 || is_zero_written) (writer.*add_to)(field.number, value);
  };
  using Writer = protozero::pbf_writer;
  switch (field.type) {
    case OtlpType::kMessage:
      return EncodeMessage(field, writer, depth);
    case OtlpType::kString:
      return add_bytes(reader_.String());
    case OtlpType::kId:
      return add_bytes(reader_.Id());
    case OtlpType::kBytes:
      return add_bytes(reader_.Bytes());
    case OtlpType::kBool:
      return add(reader_.Bool(), &Writer::add_bool);
    case OtlpType::kInt32:
      return add(reader_.Int32(), &Writer::add_int32);
    case OtlpType::kSint32:
      return add(reader_.Int32(), &Writer::add_sint32);
    case OtlpType::kUint32:
      return add(reader_.Uint32(), &Writer::add_uint32);
    case OtlpType::kFixed32:
      return add(reader_.Uint32(), &Writer::add_fixed32);
    case OtlpType::kInt64:
      return add(reader_.Int64(), &Writer::add_int64);
    case OtlpType::kUint64:
      return add(reader_.Uint64(), &Writer::add_uint64);
    case OtlpType::kFixed64:
      return add(reader_.Uint64(), &Writer::add_fixed64);
    case OtlpType::kSfixed64:
      return add(reader_.Int64(), &Writer::add_sfixed64);
    case OtlpType::kDouble: {
      const double value = reader_.Double();
      // Minus zero is no zero to protobuf.
      if (value != 0 || std::signbit(value) || is_zero_written) {
        writer.add_double(field.number, value);
      }
      return;
    }
    case OtlpType::kEnum:
      return add(reader_.Enum(field.names), &Writer::add_enum);
  }
}

void JsonEncoder::EncodePacked(const OtlpField& field, protozero::pbf_writer& writer) {
  const auto add_all = [&](auto packed, auto read) {
    for (JsonArray array(reader_); array.Next();) packed.add_element((reader_.*read)());
  };
  switch (field.type) {
    case OtlpType::kFixed64:
      return add_all(protozero::packed_field_fixed64(writer, field.number), &JsonReader::Uint64);
    case OtlpType::kUint64:
      return add_all(protozero::packed_field_uint64(writer, field.number), &JsonReader::Uint64);
    default:
      return add_all(protozero::packed_field_double(writer, field.number), &JsonReader::Double);
  }
}

void JsonEncoder::EncodeMessage(const OtlpField& field, protozero::pbf_writer& writer, int depth) {
  const size_t begin = out_.size();
  {
    protozero::pbf_writer inner(writer, field.number);
    EncodeFields(field.message, inner, depth);
  }
  // protozero takes back a message that stayed empty.
  if (out_.size() == begin) writer.add_bytes(field.number, "", 0);
  PayForRoom();
}

void JsonEncoder::PayForRoom() {
  if (out_.capacity() <= paid_) [[likely]]
    return;
  reader_.Charge(out_.capacity() - paid_);
  paid_ = out_.capacity();
}

}  // namespace slowburn::collector
