#include "tests/sim/checks.h"

#include <chrono>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "slo/range_sum.h"

namespace slowburn::sim {
namespace {

using Group = ReferenceCounts::Group;

[[noreturn]] void Fail(std::string invariant, std::string what) {
  throw Violation{std::move(invariant), std::move(what)};
}

Counts Read(const slo::SliCounts& counts) { return {counts.good, counts.bad}; }
std::string Text(const Counts& counts) {
  return fmt::format("{} good, {} bad", counts.good, counts.bad);
}
std::string Text(const std::string& text) { return text; }
std::string Text(std::string_view text) { return std::string(text); }
std::string Text(int64_t number) { return std::to_string(number); }
std::string Text(uint64_t number) { return std::to_string(number); }

// What is compared, for the message: "service-0/slo-1 {/r0}".
struct Place {
  std::string slo;
  std::string group;
  std::chrono::seconds window{0};  // one of many
};

template <typename T>
void Same(const Place& place, std::string_view what, const T& expected, const T& found) {
  if (expected == found) return;
  const std::string window =
      place.window.count() == 0 ? "" : fmt::format(" of {} s", place.window.count());
  Fail("3 exactness", fmt::format("{} [{}] {}{}: expected {}, found {}", place.slo, place.group,
                                  what, window, Text(expected), Text(found)));
}

std::string Join(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : ", ") + value.substr(0, 20);
  return text;
}

void SameRatio(const Place& place, std::string_view what, const std::optional<double>& expected,
               const std::optional<double>& found) {
  const bool same = expected.has_value() == found.has_value() &&
                    (!expected.has_value() ||
                     std::abs(*expected - *found) <= 1e-9 * std::max(1.0, std::abs(*expected)));
  if (same) return;
  Fail("3 exactness", fmt::format("{} [{}] {}: expected {}, found {}", place.slo, place.group, what,
                                  expected.value_or(std::nan("")), found.value_or(std::nan(""))));
}

std::optional<double> BurnOf(const Counts& counts, const SloConfig& slo) {
  if (counts.total() == 0) return std::nullopt;
  return static_cast<double>(counts.bad) / static_cast<double>(counts.total()) /
         (static_cast<double>(slo.budget_units) / 1e8);
}

// Of those with that name and share or span.
void CheckStateAlert(const Place& place, const SloConfig& slo, const BudgetView& view,
                     const slo::StateAlertStatus& status) {
  for (const StateAlertConfig& alert : slo.state_alerts) {
    const bool same_share =
        alert.kind != StateAlertKind::kBudgetLow ||
        status.alert.name == fmt::format("remaining {}%", alert.remaining_percent);
    if (alert.alert_name() != slo::AlertNameOf(status.alert.kind) || !same_share) continue;
    Same(place, status.alert.name, uint64_t{Holds(slo, alert, view)}, uint64_t{status.holds});
    return;
  }
  Fail("3 exactness",
       fmt::format("{} has an alert that it should not have: {}", place.slo, status.alert.name));
}

void CheckGroup(const SloConfig& slo, const BudgetView& view, const slo::GroupStatus& status) {
  const Place place{slo.id(), Join(view.group->values)};
  Same(place, "group", Join(view.group->values), Join(status.values));
  Same(place, "window", view.InWindow(slo), Read(status.in_window));
  const Counts budget = view.BudgetInWindow(slo);
  Same(place, "budget", budget, Read(status.budget));
  Same(place, "excluded", view.ExcludedSecondsInWindow(slo), int64_t{status.excluded.count()});
  Same(place, "lifetime", view.lifetime(), Read(status.lifetime));
  const std::span<const Tier> tiers = view.tiers;
  Same(place, "tiers", uint64_t{tiers.size()}, uint64_t{status.tiers.size()});
  for (size_t i = 0; i < tiers.size(); ++i) {
    Same(place, "tier", tiers[i].name, status.tiers[i].tier.name);
    Same(place, tiers[i].name, TierStateOf(slo, tiers[i], view),
         slo::TierStateName(status.tiers[i].state));
    SameRatio(place, tiers[i].name, BurnOf(view.BudgetIn(slo, tiers[i].long_seconds), slo),
              status.tiers[i].long_burn_rate);
  }
  Same(place, "state alerts", uint64_t{slo.state_alerts.size()},
       uint64_t{status.state_alerts.size()});
  for (const slo::StateAlertStatus& alert : status.state_alerts)
    CheckStateAlert(place, slo, view, alert);
  for (const slo::WindowBurn& burn : status.burn_rates) {
    const Place in_window{place.slo, place.group, burn.window};
    Same(in_window, "events", view.In(slo, burn.window.count()), Read(burn.counts));
    Same(in_window, "budget", view.BudgetIn(slo, burn.window.count()), Read(burn.budget));
  }
  Same(place, "state", StateOf(slo, view), slo::SloStateName(status.state));
  const std::optional<double> burn = BurnOf(budget, slo);
  SameRatio(place, "remaining", burn.has_value() ? std::optional(1 - *burn) : std::nullopt,
            status.budget_remaining_ratio);
  if (!view.first_slice().has_value()) return;
  Same(place, "last event", view.last_second(),
       status.last_event.value_or(std::chrono::sys_seconds{}).time_since_epoch().count());
  Same(place, "first event", *view.first_slice() * 10,
       status.first_event.value_or(std::chrono::sys_seconds{}).time_since_epoch().count());
}

// A range of slices, whose bounds are as fine as what is known there.
void CheckRange(const app::Core& core, const Reference& reference, const SloConfig& slo,
                const Group& group, const slo::GroupView& view, Random& random) {
  constexpr int64_t kDay = 8640;
  constexpr int64_t kFiveMinutes = 30;
  const int64_t now = reference.engine_seconds() / 10;
  int64_t begin = now - random.Between(0, random.OneIn(2) ? 400 : 40 * kDay);
  int64_t end = begin + random.Between(0, random.OneIn(2) ? 400 : 20 * kDay);
  for (int64_t* bound : {&begin, &end}) {
    if (*bound / kDay < reference.fine_from()) *bound -= *bound % kFiveMinutes;
  }
  const auto found = slo::RangeReader(view, core.blocks())
                         .Sum(static_cast<slo::Slice>(begin), static_cast<slo::Slice>(end));
  const Place place{slo.id(), Join(group.values)};
  if (!found.ok()) Fail("3 exactness", fmt::format("{}: {}", slo.id(), found.status().ToString()));
  Same(place, fmt::format("slices {} to {}", begin, end),
       ReferenceCounts::Sum(group, begin, end, reference.fine_from()), Read(*found));
}

struct AlertRow {
  std::string state;
  int64_t active_at = 0, fired_at = 0, resolved_at = 0, told_until = 0;
  friend bool operator==(const AlertRow&, const AlertRow&) = default;
};
using AlertRows = std::map<std::string, AlertRow>;  // by labels

// Those that are in both and the same, or those that are not.
std::string AlertText(std::string_view who, const AlertRows& rows, const AlertRows& others,
                      bool are_in_both) {
  std::string text;
  for (const auto& [labels, row] : rows) {
    const auto other = others.find(labels);
    if ((other != others.end() && other->second == row) != are_in_both) continue;
    text += fmt::format("{} {} {} active {} fired {} resolved {} told until {}\n", who, labels,
                        row.state, row.active_at, row.fired_at, row.resolved_at, row.told_until);
  }
  return text;
}

int64_t Nanos(base::UnixNanos time) { return time.time_since_epoch().count(); }

}  // namespace

std::string AlertKey(const model::LabelSet& set) {
  Labels labels;
  for (const model::Label& label : set) labels.emplace(label.name, label.value);
  return LabelText(labels);
}

void CheckBudgets(const app::Core& core, const Reference& reference, Random& random) {
  const slo::Engine& engine = core.engine();
  if (engine.now().time_since_epoch().count() != reference.engine_seconds()) {
    Fail("6 monotonic",
         fmt::format("engine time is {}, expected {}", engine.now().time_since_epoch().count(),
                     reference.engine_seconds()));
  }
  for (size_t i = 0; i < reference.slos().size(); ++i) {
    const SloConfig& slo = reference.slos()[i];
    const std::vector<Group>& groups = reference.groups(slo);
    const slo::SloStatus status = engine.Status(i);
    std::vector<const Group*> listed;
    for (const Group& group : groups) {
      if (!reference.IsIdle(slo, group)) listed.push_back(&group);
    }
    Same({slo.id(), ""}, "groups", uint64_t{listed.size()}, uint64_t{status.groups.size()});
    Same({slo.id(), ""}, "excluded now", uint64_t{reference.View(slo, groups[0]).IsExcludedNow()},
         uint64_t{status.is_excluded});
    for (size_t g = 0; g < listed.size(); ++g) {
      CheckGroup(slo, reference.View(slo, *listed[g]), status.groups[g]);
    }
    if (slo.composite.has_value()) continue;  // It has no counts of its own.
    const size_t g = random.Below(groups.size());
    CheckRange(core, reference, slo, groups[g],
               engine.table().counts(engine.sli_of(i), static_cast<slo::GroupId>(g)).view(),
               random);
  }
}

void CheckAlerts(const app::Core& core, const Reference& reference) {
  AlertRows expected, found;
  for (const auto& [key, alert] : reference.alerts()) {
    const bool is_pending = alert.state == "pending";
    expected[key] = {alert.state, alert.active_at, is_pending ? 0 : alert.fired_at,
                     alert.resolved_at, alert.told_until};
  }
  for (const model::Alert& alert : core.alerts().Alerts()) {
    found[AlertKey(alert.labels)] = {std::string(model::AlertStateName(alert.state)),
                                     Nanos(alert.active_at), Nanos(alert.fired_at),
                                     Nanos(alert.resolved_at),
                                     Nanos(alert.told_until.value_or(base::UnixNanos{}))};
  }
  if (expected == found) return;
  Fail("5 alerts", AlertText("expected", expected, found, false) +
                       AlertText("found   ", found, expected, false) +
                       AlertText("both    ", expected, found, true));
}

void CheckAlertmanager(const AlertmanagerModel& alertmanager, const Reference& reference,
                       base::UnixNanos now) {
  for (const auto& [key, alert] : reference.alerts()) {
    if (alert.state == "pending") continue;
    const bool fires = alert.state == "firing";
    const auto known = alertmanager.known().find(key);
    if (known == alertmanager.known().end()) {
      if (!fires) continue;  // It was over before anybody could be told.
      Fail("5 delivery", "the Alertmanager was never told of " + key);
    }
    // A start in what is now the future is told as now.
    const int64_t starts_at =
        std::min({alert.fired_at, Nanos(known->second.told_at), Nanos(known->second.ends_at)});
    // Of a spell that a crash took it was told, and will hear no more: it ends by itself. Where the
    // spell before began in what is now the future, their starts cannot be told apart.
    if (!fires && (Nanos(known->second.starts_at) != starts_at || alert.fired_at > starts_at))
      continue;
    if (Nanos(known->second.starts_at) != starts_at) {
      Fail("5 delivery", fmt::format("{} fires since {}, the Alertmanager knows {}", key, starts_at,
                                     Nanos(known->second.starts_at)));
    }
    if (fires != alertmanager.Fires(key, now)) {
      Fail("5 delivery", fmt::format("{} is {}, the Alertmanager thinks that it ends at {}, now {}",
                                     key, alert.state, Nanos(known->second.ends_at), Nanos(now)));
    }
  }
}

void CheckLedger(const app::CommitStep& step, const Reference& reference) {
  const serve::LedgerReading ledger = step.ReadLedger();
  if (ledger.imbalance() != 0)
    Fail("7 ledger", fmt::format("the imbalance is {}", ledger.imbalance()));
  const auto same = [&](const std::string& counter, uint64_t found) {
    if (reference.ledger(counter) == found) return;
    Fail("7 ledger",
         fmt::format("{}: expected {}, found {}", counter, reference.ledger(counter), found));
  };
  uint64_t accepted = 0;
  for (const std::string signal : {"traces", "logs", "metrics"}) {
    const serve::SignalLedger& found = ledger.signals.at(signal);
    same(signal + "/decoded", found.decoded);
    same(signal + "/accepted", found.accepted);
    same(signal + "/duplicate", found.duplicate);
    same(signal + "/too_late", found.too_late);
    const auto too_new = found.rejected.find("too_new");
    same(signal + "/rejected/too_new", too_new == found.rejected.end() ? 0 : too_new->second);
    accepted += reference.ledger(signal + "/accepted");
  }
  if (const uint64_t routed = ledger.downstreams.at("backend").routed; routed != accepted)
    Fail("7 ledger", fmt::format("routed: expected {}, found {}", accepted, routed));
}

}  // namespace slowburn::sim
