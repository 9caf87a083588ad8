#include "base/status.h"
#include "collector/internal/json_decode.h"
#include "collector/internal/json_encoder.h"
#include "collector/otlp_json.h"
#include "model/byte_arena.h"

namespace slowburn::collector {
namespace {

OtlpMessage RequestOf(model::Signal signal) {
  switch (signal) {
    case model::Signal::kTraces:
      return OtlpMessage::kTraces;
    case model::Signal::kMetrics:
      return OtlpMessage::kMetrics;
    case model::Signal::kLogs:
      break;
  }
  return OtlpMessage::kLogs;
}

}  // namespace

absl::StatusOr<std::string> JsonToProtobuf(model::Signal signal, std::string& body) {
  std::string protobuf;
  protobuf.reserve(body.size() / 2);  // what usual requests come to
  model::ByteArena arena;
  SB_RETURN_IF_ERROR(ReadJson(body, arena, [&](JsonReader& reader, DecodeCost&) {
    JsonEncoder(reader, protobuf).Encode(RequestOf(signal));
  }));
  return protobuf;
}

}  // namespace slowburn::collector
