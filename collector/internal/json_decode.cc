#include "collector/internal/json_decode.h"

#include <cstdint>

#include "base/status.h"
#include "collector/internal/json_scan.h"

namespace slowburn::collector {

absl::Status ReadJson(std::string& body, model::ByteArena& arena,
                      const std::function<void(JsonReader&, DecodeCost&)>& read) {
  if (body.size() > INT32_MAX) {
    return absl::ResourceExhaustedError(
        fmt::format("the request has {} bytes, one of JSON has at most {}; send smaller batches",
                    body.size(), INT32_MAX));
  }
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
    return absl::ResourceExhaustedError(
        fmt::format("the request's {} bytes decode to more than {} times their size; send smaller "
                    "batches",
                    body.size(), DecodeCost::kPerByteMax));
  }
}

}  // namespace slowburn::collector
