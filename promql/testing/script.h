// promql/testing/script.h: a PromQL test script as commands.
//
// Room     promql/testing: tests only
// Uses     promql/testing/
// Threads  values
// Units    unix milliseconds, from the epoch on
// Source   Prometheus, promql/promqltest
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "promql/testing/series_text.h"

namespace slowburn::promql::testing {

// What one `expect fail|warn|info` line wants of a text.
struct ExpectedText {
  enum class Kind : uint8_t { kAny, kEqual, kRegex };
  Kind kind = Kind::kAny;
  std::string text;
};

struct StepTimes {
  int64_t start_ms = 0;
  int64_t end_ms = 0;
  int64_t step_ms = 0;
};

struct EvalCommand {
  std::string query;
  bool is_range = false;
  StepTimes times;  // of an instant query: start alone

  std::optional<ExpectedText> fail;
  std::vector<ExpectedText> warnings, infos;
  bool no_warnings = false;
  bool no_infos = false;
  bool ordered = false;
  std::optional<std::string> text;  // of a string
  std::optional<double> scalar;
  std::optional<StepTimes> range_vector;  // an instant query that answers a range vector
  std::vector<SeriesText> series;         // in the order of the lines
};

struct Command {
  enum class Kind : uint8_t { kClear, kLoad, kEval, kBroken };
  Kind kind = Kind::kClear;
  int line = 0;  // from 1
  // kLoad
  bool with_nhcb = false;
  int64_t step_ms = 0;
  std::vector<SeriesText> series;
  // kEval
  EvalCommand eval;
  // kBroken: the command cannot be read, and why
  std::string error;
};

std::vector<Command> ParseScript(std::string_view text);

}  // namespace slowburn::promql::testing
