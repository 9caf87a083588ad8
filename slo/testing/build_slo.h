// slo/testing/build_slo.h: a SloSpec from short arguments.
//
// Room     slo, tests only
// Uses     ottl/, slo/
// Threads  none of its own
// Units    as slo/slo_spec.h
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/duration_text.h"
#include "slo/slo_spec.h"

namespace slowburn::slo {

// Text that does not parse ends the test.
struct SliArgs {
  model::Signal signal = model::Signal::kTraces;  // or kLogs
  std::string_view match = R"(resource.attributes["service.name"] == "checkout")";
  std::string_view bad;   // empty: none
  std::string_view good;  // empty: none
  std::optional<std::chrono::nanoseconds> latency_max;
  std::vector<std::string> group_by;
};

inline SliSpec BuildSli(const SliArgs& args) {
  const auto parse = [&](std::string_view text) {
    const bool is_logs = args.signal == model::Signal::kLogs;
    return ottl::Condition::Parse(text, is_logs ? ottl::Context::kLog : ottl::Context::kSpan)
        .value();
  };
  EventSli events{.signal = args.signal,
                  .match = parse(args.match),
                  .bad = {},
                  .good = {},
                  .latency_max = args.latency_max};
  if (!args.bad.empty()) events.bad = parse(args.bad);
  if (!args.good.empty()) events.good = parse(args.good);
  return {.source = std::move(events), .group_by = args.group_by};
}

struct SloArgs {
  std::string name = "availability";
  std::string_view objective = "99.9%";
  std::chrono::seconds window = std::chrono::hours(720);
  std::shared_ptr<const CalendarGrid> calendar;  // instead of `window`
  Budgeting budgeting;
  std::string_view policy = "sre-workbook";
  SliArgs sli = {.bad = "span.status.code == STATUS_CODE_ERROR"};
};

// "checkout/<name>". Alerts on the total, or on the groups when there are any.
inline SloSpec BuildSlo(const SloArgs& args = {}) {
  const Objective objective = Objective::Parse(args.objective).value();
  SloSpec slo{.service = "checkout",
              .name = args.name,
              .description = {},
              .runbook_url = {},
              .labels = {},
              .sli = BuildSli(args.sli),
              .objective = objective,
              .window = args.calendar == nullptr ? Window::Rolling(args.window)
                                                 : Window::Calendar(args.calendar),
              .window_text = base::FormatDuration(args.window),
              .budgeting = args.budgeting,
              .alerting = {},
              .policy = MakeAlertPolicy(args.policy, objective, args.window).value(),
              .source = "checkout.yaml:1",
              .text = {}};
  if (!args.sli.group_by.empty()) slo.alerting.scope = AlertScope::kGroups;
  return slo;
}

}  // namespace slowburn::slo
