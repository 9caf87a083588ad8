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

absl::StatusOr<std::string> JsonToProtobuf(model::Signal signal, std::string& body,
                                           base::MemoryLease* lease) {
  std::string protobuf;
  model::ByteArena arena;
  SB_RETURN_IF_ERROR(ReadJson(body, arena, lease, [&](JsonReader& reader, DecodeCost& cost) {
    cost.Charge(body.size() / 2);
    protobuf.reserve(body.size() / 2);  // what usual requests come to
    JsonEncoder(reader, protobuf).Encode(RequestOf(signal));
  }));
  return protobuf;
}

}  // namespace slowburn::collector
