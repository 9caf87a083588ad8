#include "collector/internal/json_decode.h"

#include <cstdint>
#include <string_view>

#include "base/status.h"
#include "collector/internal/json_scan.h"

namespace slowburn::collector {
namespace {

absl::Status TooCostly(std::string_view body) {
  return absl::ResourceExhaustedError(
      fmt::format("the request's {} bytes decode to more than {}; send smaller batches",
                  body.size(), DecodeCost::BytesMax(body.size())));
}

}  // namespace

absl::Status ReadJson(std::string& body, model::ByteArena& arena,
                      const std::function<void(JsonReader&, DecodeCost&)>& read) {
  if (body.size() > INT32_MAX) {
    return absl::ResourceExhaustedError(
        fmt::format("the request has {} bytes, one of JSON has at most {}; send smaller batches",
                    body.size(), INT32_MAX));
  }
  const size_t cost_max = DecodeCost::BytesMax(body.size());
  if (HasMoreTokens(body, cost_max / sizeof(uint32_t))) return TooCostly(body);
  const JsonScan scan(body);
  SB_RETURN_IF_ERROR(scan.status());
  const JsonTokens& tokens = scan.tokens();
  try {
    DecodeCost cost(body.size());
    cost.Charge(static_cast<size_t>(tokens.end - tokens.begin) * sizeof(*tokens.begin));
    JsonReader reader(tokens, arena, cost);
    read(reader, cost);
    reader.ExpectEnd();
    return absl::OkStatus();
  } catch (const JsonError& error) {
    return ToStatus(tokens, error);
  } catch (const CostExceeded&) {
    return TooCostly(body);
  }
}

}  // namespace slowburn::collector
