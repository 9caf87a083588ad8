// app/internal/load_payload_parts.h: what the payloads of all signals are put together from.
//
// Room     app
// Uses     app/load_payload.h
// Threads  pure functions
// Units    bytes
// Source   OTLP 1.x .proto files
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>

#include "app/load_payload.h"

namespace slowburn::app {

using LoadField = LoadTemplateWriter::Field;

// Hole 0 of every template is the service's digits.
inline constexpr size_t kServiceHole = 0;
inline constexpr size_t kFirstItemHole = 1;

// Decimal digits of `number`.
size_t DigitsOf(uint64_t number);
// "/route/000": room for `digits`, which begin at kRouteDigitsAt.
std::string RouteText(size_t digits);
inline constexpr size_t kRouteDigitsAt = 7;

// One key and value; a value with a hole is filled for each request.
struct LoadAttribute {
  enum class Kind : uint8_t { kText, kTextHole, kIntHole };
  std::string key;
  std::string text;
  Kind kind = Kind::kText;
  size_t hole = 0;
  size_t at = 0;  // in the text
};
void WriteAttributes(LoadField field, std::span<const LoadAttribute> attributes,
                     LoadTemplateWriter& writer);
// http.request.method, http.route and http.response.status_code, then constant ones up to `count`.
std::vector<LoadAttribute> RequestAttributes(size_t count, size_t route_digits, size_t route_hole,
                                             size_t status_hole);

// The resource of a service and a scope, with `items` written inside.
struct LoadEnvelope {
  LoadField resource_items;  // ResourceSpans, ...
  LoadField scope_items;     // ScopeSpans, ...
};
LoadTemplate WriteEnvelope(const LoadPayloadOptions& options, const LoadEnvelope& envelope,
                           const std::function<void(LoadTemplateWriter&)>& items);

// A bijection of 64 bits in which nothing of the order is left; 0 stays 0.
uint64_t Scramble(uint64_t number);
// Draws what happens in request `number`.
std::mt19937_64 RequestRandom(const LoadPayloadOptions& options, uint64_t number);

// The outcome of one made-up HTTP request.
class LoadEvents {
 public:
  explicit LoadEvents(const LoadPayloadOptions& options);

  struct Event {
    uint64_t route;
    bool bad;
    std::chrono::nanoseconds duration;
  };
  Event Draw(std::mt19937_64& random) const {
    const uint64_t what = random();
    return {.route = (what >> 32) * cardinality_ >> 32,
            .bad = static_cast<uint32_t>(what) < bad_below_,
            .duration = latency_.At(random())};
  }

  struct Ids {
    std::array<char, 16> trace;
    std::array<char, 8> span;
  };
  Ids IdsOf(uint64_t serial, std::mt19937_64& random) const;

 private:
  const uint64_t cardinality_;
  const uint64_t bad_below_;  // of 2^32
  const LoadLatency latency_;
  const uint64_t key_;
};

std::unique_ptr<LoadPayload> MakeSpanPayload(const LoadPayloadOptions& options);
std::unique_ptr<LoadPayload> MakeLogPayload(const LoadPayloadOptions& options);
std::unique_ptr<LoadPayload> MakeMetricPayload(const LoadPayloadOptions& options);

}  // namespace slowburn::app
