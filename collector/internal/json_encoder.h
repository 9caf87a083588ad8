// collector/internal/json_encoder.h: OTLP messages from JSON to protobuf.
//
// Room     collector/internal
// Uses     collector/internal, protozero
// Threads  one owner
// Units    bytes
// Source   Protocol Buffers, "Encoding"; requirements J1 to J13
#pragma once

#include <string>

#include <protozero/pbf_writer.hpp>

#include "collector/internal/json_reader.h"
#include "collector/internal/json_schema.h"

namespace slowburn::collector {

// Appends to a string what protobuf's own classes would: fields by number, zeros left out. Unknown
// keys are skipped; of two equal keys the last one counts; two members of a oneof are an error.
class JsonEncoder {
 public:
  // What `out` has room for is paid for; further room is charged, and what is put in order beside
  // it.
  JsonEncoder(JsonReader& reader, std::string& out)
      : reader_(reader), out_(out), paid_(out.capacity()) {}

  // The object at the reader's cursor.
  void Encode(OtlpMessage message);

 private:
  struct Frame;

  // `depth`: how many AnyValues are around.
  void EncodeFields(OtlpMessage message, protozero::pbf_writer& writer, int depth);
  void EncodeField(const OtlpField& field, protozero::pbf_writer& writer, int depth);
  void EncodeElement(const OtlpField& field, protozero::pbf_writer& writer, int depth);
  void EncodePacked(const OtlpField& field, protozero::pbf_writer& writer);
  void EncodeMessage(const OtlpField& field, protozero::pbf_writer& writer, int depth);
  void PayForRoom();

  JsonReader& reader_;
  std::string& out_;
  size_t paid_;
  size_t ordered_paid_ = 0;
};

}  // namespace slowburn::collector
