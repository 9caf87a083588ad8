// slo/slo_spec.h: one SLO as its owner wrote it.
//
// Room     slo
// Uses     model/, slo/
// Threads  immutable values
// Units    as its parts
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>

#include "model/label_set.h"
#include "slo/alert_policy.h"
#include "slo/budgeting.h"
#include "slo/objective.h"
#include "slo/sli_spec.h"
#include "slo/state_alert.h"
#include "slo/window.h"

namespace slowburn::slo {

// Which of a grouped SLO's budgets alert.
enum class AlertScope : uint8_t { kGroups, kTotal, kBoth };

struct AlertingSpec {
  AlertScope scope =
      AlertScope::kTotal;  // groups when the SLI is grouped and the spec says nothing
  std::vector<StateAlert> state_alerts;
};

// Whose names the SLO's series have beside our own (slo/compat_series.h).
struct Compat {
  bool sloth = false;
  bool pyrra = false;
};

struct SloSpec {
  std::string service;  // a name, not a filter
  std::string name;
  std::string description;
  std::string runbook_url;
  model::LabelSet labels;
  SliSpec sli;
  Objective objective;
  Window window;
  std::string window_text;  // as written: "30d"; of a calendar window "month Europe/Paris"
  Budgeting budgeting;
  AlertingSpec alerting;
  AlertPolicy policy;  // made of objective and window
  Compat compat = {};
  std::string source;  // "slos/checkout.yaml:3"
  std::string text;    // the document as written, for the API

  // "checkout/availability"
  std::string id() const { return service + "/" + name; }
};

// The SLOs in force, in the order they were read. Shared: requests, reads and the engine hold a
// generation each.
using SloSet = std::vector<SloSpec>;

// [A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?, at most 128 characters.
bool IsValidSloName(std::string_view name);
// Why this window cannot be one, or OK: whole slices, 1 min to 400 d.
absl::Status CheckWindow(std::chrono::nanoseconds window);
// Why these cannot be group_by names, or OK: at most 8, each non-empty, no two that normalise to
// one label name, none to a name that alerts and series already use (slo, service, window, outcome,
// severity, alertname).
absl::Status CheckGroupBy(const std::vector<std::string>& names);

}  // namespace slowburn::slo
