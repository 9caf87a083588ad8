#include "collector/internal/envelope_decoder.h"

#include <cstdint>

#include "base/status.h"

namespace slowburn::collector {

absl::Status CheckMessageSize(std::string_view body) {
  if (body.size() <= INT32_MAX) return absl::OkStatus();
  return absl::ResourceExhaustedError(fmt::format(
      "the request has {} bytes, a protobuf message has at most {}; send smaller batches",
      body.size(), INT32_MAX));
}

absl::Status NotThisMessage(std::string_view place, std::string_view what,
                            std::string_view message_name) {
  return base::InvalidArgument("the {} is not protobuf ({}); send an {} in binary protobuf", place,
                               what, message_name);
}

absl::Status TooCostly(std::string_view body, std::string_view place) {
  return absl::ResourceExhaustedError(
      fmt::format("the request's {} bytes decode to more than {} (up to the {}); send smaller "
                  "batches",
                  body.size(), DecodeCost::BytesMax(body.size()), place));
}

absl::Status ShortOfMemory() {
  return base::Unavailable("the server is short of memory; send the request again");
}

}  // namespace slowburn::collector
