#include "collector/ingest_sink.h"

#include <array>

namespace slowburn::collector {

std::string_view RequestRefusalName(RequestRefusal refusal) {
  constexpr std::array<std::string_view, kRequestRefusals> kNames = {
      "undecodable", "too_large", "unsupported", "unauthorized", "too_slow", "overloaded"};
  return kNames[static_cast<size_t>(refusal)];
}

}  // namespace slowburn::collector
