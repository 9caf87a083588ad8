// model/signal.h: the kinds of telemetry that OTLP carries.
//
// Room     model
// Uses     standard library
// Threads  constants
// Units    none
// Source   OTLP specification
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace slowburn::model {

enum class Signal : uint8_t { kTraces, kMetrics, kLogs };
inline constexpr std::array<Signal, 3> kSignals = {Signal::kTraces, Signal::kMetrics,
                                                   Signal::kLogs};

// "traces": in paths, labels, the ledger.
constexpr std::string_view SignalName(Signal signal) {
  constexpr std::array<std::string_view, 3> kNames = {"traces", "metrics", "logs"};
  return kNames[static_cast<size_t>(signal)];
}
// What is counted: "span", "data point", "log record".
constexpr std::string_view ItemName(Signal signal) {
  constexpr std::array<std::string_view, 3> kNames = {"span", "data point", "log record"};
  return kNames[static_cast<size_t>(signal)];
}

}  // namespace slowburn::model
