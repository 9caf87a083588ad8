#include "collector/internal/json_decode.h"

#include <algorithm>
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

absl::Status ShortOfMemory() {
  return base::Unavailable("the server is short of memory; send the request again");
}

}  // namespace

absl::Status ReadJson(std::string& body, model::ByteArena& arena, base::MemoryLease* lease,
                      const std::function<void(JsonReader&, DecodeCost&)>& read) {
  if (body.size() > INT32_MAX) {
    return absl::ResourceExhaustedError(
        fmt::format("the request has {} bytes, one of JSON has at most {}; send smaller batches",
                    body.size(), INT32_MAX));
  }
  const size_t cost_max = DecodeCost::BytesMax(body.size());
  if (HasMoreTokens(body, cost_max / sizeof(uint32_t))) return TooCostly(body);
  // How many tokens there are is known only once they are written.
  base::MemoryLease scanning = lease != nullptr ? lease->Another() : base::MemoryLease();
  const uint64_t tokens_max = std::min(body.size() * sizeof(uint32_t), cost_max);
  if (!scanning.GrowTo(std::min(tokens_max, scanning.bytes_max()))) return ShortOfMemory();
  const JsonScan scan(body);
  SB_RETURN_IF_ERROR(scan.status());
  scanning.Release();
  const JsonTokens& tokens = scan.tokens();
  try {
    DecodeCost cost(body.size(), lease);
    cost.Charge(static_cast<size_t>(tokens.end - tokens.begin) * sizeof(*tokens.begin));
    JsonReader reader(tokens, arena, cost);
    read(reader, cost);
    reader.ExpectEnd();
    return absl::OkStatus();
  } catch (const JsonError& error) {
    return ToStatus(tokens, error);
  } catch (const CostExceeded&) {
    return TooCostly(body);
  } catch (const MemoryRefused&) {
    return ShortOfMemory();
  }
}

bool ReadUsualJson(std::string& body, model::ByteArena& arena, base::MemoryLease* lease,
                   const std::function<void(JsonTextReader&, DecodeCost&)>& read) {
  body.reserve(body.size() + kTextAhead);
  const uint64_t held = lease != nullptr ? lease->bytes() : 0;
  try {
    DecodeCost cost(body.size(), lease);
    JsonTextContext context(body, arena, cost);
    JsonTextReader reader(context);
    read(reader, cost);
    reader.ExpectEnd();
    return true;
  } catch (const UnusualJson&) {
  } catch (const CostExceeded&) {
  } catch (const MemoryRefused&) {
  }
  if (lease != nullptr) lease->ShrinkTo(held);
  return false;
}

}  // namespace slowburn::collector
