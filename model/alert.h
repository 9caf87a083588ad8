// model/alert.h: what the SLO engine asks for (a condition) and what goes to Alertmanager (an
// alert).
//
// Room     model
// Uses     base/, model/
// Threads  values
// Units    times are unix time; durations are chrono
// Source   Prometheus alert life cycle; Alertmanager API v2
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "model/label_set.h"

namespace slowburn::model {

// One reason to alert that is true now, e.g. tier "1h/5m" of checkout/availability for route /pay.
// Reasons that are not true are not mentioned; one of which nobody can say whether it is true is,
// as unknown. Several tiers of one severity share one alert: they have equal labels and differ in
// `tier`.
struct AlertCondition {
  LabelSet labels;               // the alert's whole identity, alertname included
  std::string tier;              // which reason; unique among the conditions with these labels
  LabelSet annotations;          // summary, description, ... as of now
  std::chrono::seconds hold{0};  // `for`: true this long before it fires
  std::chrono::seconds keep_firing_for{0};  // still firing this long after it was last true
  // Watched for less than this since a restart, a silence proves nothing: what was firing goes on.
  std::chrono::seconds settle{0};
  // Its counts cannot be read now: what there is of the alert stays as it is, and nothing begins.
  bool is_unknown = false;
  // It rests on nothing having come. Watched for less than `settle` it is as unknown: while the
  // program was down nothing could come.
  bool is_silence = false;
  std::string incident;  // what this is about, e.g. "checkout/availability{route="/pay"}"; empty:
                         // on its own
  int rank = 0;  // while an alert of the same incident with a higher rank fires, this one does not
};

// For how long after it is told a firing alert holds if nothing more is heard: four resends
// (Prometheus' factor: three may be lost before Alertmanager takes the silence for an end).
constexpr std::chrono::seconds FiringLasts(std::chrono::seconds resend) {
  return 4 * std::max(std::chrono::seconds(1), resend);
}

enum class AlertState : uint8_t { kInactive, kPending, kFiring };
std::string_view AlertStateName(AlertState state);  // "inactive", "pending", "firing"

// One alert as the book holds it. kInactive means resolved at `resolved_at`, kept a while so that
// the resolution is delivered.
struct Alert {
  LabelSet labels;
  LabelSet annotations;
  AlertState state = AlertState::kPending;
  base::UnixNanos active_at{};    // first true of this spell
  base::UnixNanos fired_at{};     // kFiring and kInactive
  base::UnixNanos resolved_at{};  // kInactive
  // What the store has of how long it may be believed to fire: nobody was or may be told of a later
  // end. The epoch: nobody was told. Nothing: of an alert without a store.
  std::optional<base::UnixNanos> told_until;
  bool unpersisted = false;  // sent although the store could not take it (full disk)
};

}  // namespace slowburn::model
