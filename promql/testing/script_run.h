// promql/testing/script_run.h: plays a PromQL test script on the engine.
//
// Room     promql/testing: tests only
// Uses     promql/, promql/testing/
// Threads  one thread at a time
// Units    unix milliseconds
// Source   Prometheus, promql/promqltest
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "promql/engine.h"
#include "promql/testing/memory_series.h"
#include "promql/testing/script.h"

namespace slowburn::promql::testing {

struct ScriptFailure {
  int line = 0;
  std::string query;  // as it was asked; "" for a command that is none
  std::string what;
};

struct ScriptReport {
  int passed = 0;
  std::vector<ScriptFailure> failures;
};

// How Prometheus asks in its own tests: every feature on, delayed removal of names.
EngineOptions ScriptEngineOptions();

// An eval passes when all ways to ask it pass: as written; pinned to its time with @ and asked at
// other times; and the middle step of a range query around it.
class ScriptRun {
 public:
  explicit ScriptRun(const Engine& engine) : engine_(engine) {}

  ScriptReport Play(std::string_view text);

 private:
  void Load(const Command& command);
  // Sets the reset hints as Prometheus' chunks answer them.
  void Append(const model::LabelSet& labels, std::map<int64_t, model::NativeHistogram> histograms);
  ScriptFailure Eval(const EvalCommand& eval) const;
  std::string CheckRange(const EvalCommand& eval) const;
  std::string CheckInstant(const EvalCommand& eval, const std::string& query,
                           int64_t time_ms) const;
  std::string CheckMiddleStep(const EvalCommand& eval, const std::string& query,
                              int64_t time_ms) const;

  const Engine& engine_;
  MemorySeries series_;
};

}  // namespace slowburn::promql::testing
