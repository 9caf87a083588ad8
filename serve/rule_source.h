// serve/rule_source.h: rules and their alerts as Prometheus' API shows them.
//
// Room     serve
// Uses     base/, model/
// Threads  the implementation is thread-safe
// Units    durations are chrono
// Source   Prometheus 3, "HTTP API", "Rules"
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/alert.h"

namespace slowburn::serve {

struct RuleAlert {
  model::LabelSet labels;
  model::LabelSet annotations;
  model::AlertState state = model::AlertState::kPending;  // or kFiring
  base::UnixNanos active_at{};
  std::optional<base::UnixNanos> keep_firing_since;
  double value = 1;  // of the expression
};

struct RuleReading {
  bool is_alerting = true;  // else it records
  std::string name;
  std::string query;                     // as the language prints it
  std::chrono::nanoseconds duration{0};  // `for`
  std::chrono::nanoseconds keep_firing_for{0};
  model::LabelSet labels;
  model::LabelSet annotations;
  std::vector<RuleAlert> alerts;
  std::string health = "ok";  // or "err", "unknown"
  std::string last_error;
  std::chrono::nanoseconds evaluation_time{0};
  base::UnixNanos last_evaluation{};
};

struct RuleGroupReading {
  std::string name;
  std::string file;
  std::chrono::nanoseconds interval{0};
  uint64_t limit = 0;  // of what one rule gives; 0: none
  std::chrono::nanoseconds evaluation_time{0};
  base::UnixNanos last_evaluation{};
  std::vector<RuleReading> rules;
};

class RuleSource {
 public:
  virtual ~RuleSource() = default;
  virtual std::vector<RuleGroupReading> RuleGroups() const = 0;
};

}  // namespace slowburn::serve
