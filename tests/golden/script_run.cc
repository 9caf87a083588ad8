#include "tests/golden/script_run.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "base/duration_text.h"
#include "base/status.h"
#include "rules/alert_book.h"
#include "slo/engine.h"
#include "slo/range_sum.h"
#include "slo/testing/build_delta.h"
#include "slo/testing/map_block_source.h"
#include "slo/time_zone.h"
#include "tests/golden/metric_feed.h"
#include "tests/golden/metric_lines.h"

// Time goes second by second: the events of a second are counted, then the engine and the alert
// book take the next one, as the program does. A slice in which nothing can begin or end (no bad
// event, no late arrival, no alert, nobody who waits for silence) is taken in one piece, which
// gives the same.

namespace slowburn::golden {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

slo::SliSpec MakeSli(const SloLine& line) {
  if (line.composite.has_value()) return {.source = *line.composite, .group_by = {}};
  if (line.metric.has_value()) return MakeMetricSli(line);
  slo::EventSli events{
      .signal = model::Signal::kTraces,
      .match = ottl::Condition::Parse(
                   fmt::format(R"(resource.attributes["service.name"] == "{}")", line.service))
                   .value(),
      .bad = ottl::Condition::Parse("span.status.code == STATUS_CODE_ERROR").value(),
      .good = {},
      .latency_max = line.latency};
  if (line.latency.has_value()) events.bad.reset();
  slo::SliSpec sli{.source = std::move(events), .group_by = {}};
  if (!line.group_by.empty()) sli.group_by = {line.group_by};
  return sli;
}

slo::SloSpec MakeSpec(const SloLine& line, const std::string& file) {
  const seconds window = line.window.nominal();
  slo::SloSpec spec{
      .service = line.service,
      .name = line.name,
      .description = {},
      .runbook_url = {},
      .labels = {},
      .sli = MakeSli(line),
      .objective = line.objective,
      .window = line.window,
      .window_text = line.window.Text(),
      .budgeting = line.budgeting,
      .alerting = {.scope = slo::AlertScope::kTotal, .state_alerts = line.state_alerts},
      .policy = line.tiers.empty()
                    ? slo::MakeAlertPolicy(line.policy, line.objective, window).value()
                    : slo::MakeAlertPolicy("custom", line.tiers, line.objective, window),
      .source = fmt::format("{}:{}", file, line.line),
      .text = {}};
  if (!line.group_by.empty()) spec.alerting.scope = slo::AlertScope::kBoth;
  slo::RankAlerts(spec.policy, spec.alerting.state_alerts);
  return spec;
}

absl::StatusOr<slo::Exclusion> MakeExclusion(const ExcludeLine& line, sys_seconds start) {
  slo::Exclusion exclusion{.id = fmt::format("line-{}", line.line),
                           .description = {},
                           .when = slo::Exclusion::Once{start + line.from, start + line.to},
                           .slos = {line.slo},
                           .labels = {},
                           .source = {}};
  if (!line.rule.empty()) {
    SB_ASSIGN_OR_RETURN(
        exclusion.when,
        slo::Recurrence::Parse(line.rule, slo::LocalTime(start + line.from, absl::UTCTimeZone()),
                               "UTC", line.to - line.from));
  }
  SB_RETURN_IF_ERROR(slo::CheckExclusion(exclusion));
  return exclusion;
}

// How many of `count` events, evenly in each `every`, lie in the first `elapsed` of the range:
// event k of N comes k/N of the step after its beginning.
uint64_t CountUntil(uint64_t count, seconds every, seconds elapsed) {
  const auto step = static_cast<uint64_t>(every.count());
  const auto passed = static_cast<uint64_t>(elapsed.count());
  return passed / step * count + (passed % step * count + step - 1) / step;
}

slo::SliCounts CountsIn(const FeedLine& feed, seconds from, seconds to) {
  const seconds begin = std::clamp(from, feed.from, feed.to) - feed.from;
  const seconds end = std::clamp(to, feed.from, feed.to) - feed.from;
  const auto between = [&](uint64_t count) {
    return CountUntil(count, feed.every, end) - CountUntil(count, feed.every, begin);
  };
  return {.good = between(feed.counts.good), .bad = between(feed.counts.bad)};
}

std::string Text(const slo::SliCounts& counts) {
  return fmt::format("good {} bad {}", counts.good, counts.bad);
}

std::string Text(const std::optional<double>& number, int decimals) {
  return number.has_value() ? fmt::format("{:.{}f}", *number, decimals) : "none";
}

bool Matches(const std::optional<double>& actual, const std::optional<WrittenNumber>& expected) {
  if (!actual.has_value() || !expected.has_value()) {
    return actual.has_value() == expected.has_value();
  }
  const double half_unit = 0.5 * std::pow(10.0, -expected->decimals);
  return std::abs(*actual - expected->value) <= half_unit * (1 + 1e-9);
}

class Run {
 public:
  explicit Run(const Script& script)
      : script_(script),
        engine_({.counting = {.max_late = script.late_max, .groups_per_sli_max = script.groups_max},
                 .external_url = "http://127.0.0.1:7560"},
                source_) {}

  absl::Status Install() {
    std::vector<slo::SloSpec> specs;
    for (const SloLine& line : script_.slos) {
      specs.push_back(MakeSpec(line, script_.file));
      watches_silence_ |= std::ranges::any_of(line.state_alerts, [](const slo::StateAlert& alert) {
        return alert.kind == slo::StateAlert::Kind::kNoData;
      });
    }
    auto set = std::make_shared<const slo::SloSet>(std::move(specs));
    for (const std::string& canonical : engine_.UnknownSlis(*set)) {
      SB_RETURN_IF_ERROR(engine_.table().Register(engine_.table().NextId(), canonical));
    }
    auto exclusions = std::make_shared<slo::ExclusionSet>();
    for (const ExcludeLine& line : script_.excludes) {
      SB_ASSIGN_OR_RETURN(slo::Exclusion exclusion, MakeExclusion(line, script_.start));
      exclusions->push_back(std::move(exclusion));
    }
    SB_RETURN_IF_ERROR(engine_.Install(std::move(set), std::move(exclusions), script_.start));
    metrics_.emplace(script_, engine_);
    return absl::OkStatus();
  }

  absl::Status AdvanceTo(seconds to) {
    while (now_ < to) {
      const seconds slice_end = now_ - now_ % slo::kSliceLength + slo::kSliceLength;
      const bool whole =
          slice_end <= to && now_ % slo::kSliceLength == seconds(0) && IsCalm(now_, slice_end);
      const seconds next = whole ? slice_end : now_ + seconds(1);
      SB_RETURN_IF_ERROR(Feed(now_, next));
      now_ = next;
      Step();
      if (now_ % std::chrono::hours(1) == seconds(0)) Checkpoint();
    }
    return absl::OkStatus();
  }

  // What does not hold, as "ID is X, expected Y"; empty when it does.
  std::string Check(const ExpectLine& expect, const Clause& clause) const {
    const size_t slo = engine_.FindSlo(expect.slo).value();
    slo::GroupId group = slo::kTotalGroup;
    if (!expect.group.empty()) {
      const auto found = engine_.table().FindGroup(engine_.sli_of(slo), {expect.group});
      if (!found.has_value()) return fmt::format("there is no group \"{}\"", expect.group);
      group = *found;
    }
    return std::visit([&](const auto& c) { return CheckClause(c, slo, group); }, clause);
  }

 private:
  bool IsCalm(seconds from, seconds to) const {
    if (alerting_ || watches_silence_ || metrics_->HasPoints(from, to)) return false;
    return std::ranges::none_of(script_.feeds, [&](const FeedLine& feed) {
      if (feed.arriving.has_value()) return *feed.arriving >= from && *feed.arriving < to;
      return CountsIn(feed, from, to).bad > 0;
    });
  }

  absl::Status Feed(seconds from, seconds to) {
    SB_RETURN_IF_ERROR(metrics_->Feed(from, to));
    for (const FeedLine& feed : script_.feeds) {
      if (!feed.arriving.has_value()) {
        SB_RETURN_IF_ERROR(Count(feed, to - seconds(1), CountsIn(feed, from, to)));
        continue;
      }
      if (*feed.arriving < from || *feed.arriving >= to) continue;
      for (seconds begin = feed.from; begin < feed.to;) {
        const seconds end =
            std::min(feed.to, begin - begin % slo::kSliceLength + slo::kSliceLength);
        SB_RETURN_IF_ERROR(Count(feed, end - seconds(1), CountsIn(feed, begin, end)));
        begin = end;
      }
    }
    return absl::OkStatus();
  }

  // Counts these events at one moment. The plan is made of one event and scaled: one by one would
  // be slow.
  absl::Status Count(const FeedLine& feed, seconds at, const slo::SliCounts& counts) {
    if (counts.total() == 0) return absl::OkStatus();
    const sys_seconds time = script_.start + at;
    std::vector<std::string> values;
    if (!feed.group.empty()) values.push_back(feed.group);
    const slo::SliDelta delta =
        slo::BuildDelta({{engine_.sli_of(engine_.FindSlo(feed.slo).value()),
                          slo::SliceOf(time),
                          {counts.good > 0, counts.bad > 0},
                          values,
                          static_cast<uint8_t>(at % slo::kSliceLength / seconds(1))}});
    const slo::SliDelta* const deltas[] = {&delta};
    SB_ASSIGN_OR_RETURN(slo::CountPlan plan,
                        engine_.table().Plan(deltas, std::max(engine_.now(), time)));
    if (plan.changes.empty()) too_late_[feed.slo] += counts.total();
    for (slo::SliceChange& change : plan.changes) change.counts = counts;
    return engine_.table().Apply(plan);
  }

  void Step() {
    engine_.Step(script_.start + now_);
    const std::vector<model::AlertCondition> conditions = engine_.Conditions();
    if (conditions.empty() && !alerting_) return;
    for (const rules::AlertBook::Change& change : book_.Plan(conditions, script_.start + now_)) {
      book_.Apply(change.record);
    }
    alerting_ = std::ranges::any_of(book_.Alerts(), [](const model::Alert& alert) {
      return alert.state != model::AlertState::kInactive;
    });
  }

  // As the program's checkpoints do: what is not needed leaves memory and is read again.
  void Checkpoint() {
    engine_.table().VisitChanged(
        [&](slo::SliId sli, slo::GroupId group, const slo::GroupCounts& counts) {
          for (const slo::ResidentHour& hour : counts.view().hours) {
            if (hour.dirty) source_.PutHour(sli, group, hour.hour, hour.block);
          }
        });
    engine_.table().MarkClean();
  }

  // The alert of this budget as the book has it; kInactive where it has none.
  model::AlertState StateOfAlert(size_t slo, slo::GroupId group, std::string_view name,
                                 std::string_view severity) const {
    const slo::SloSpec& spec = (*engine_.slos())[slo];
    model::LabelSet labels{{"alertname", std::string(name)},
                           {"service", spec.service},
                           {"slo", spec.name},
                           {"severity", std::string(severity)}};
    if (group != slo::kTotalGroup) {
      labels.Set(model::NormalizedLabelName(spec.sli.group_by.front()),
                 engine_.table().values(engine_.sli_of(slo), group).front());
    }
    const std::vector<model::Alert> alerts = book_.Alerts();
    const auto found = std::ranges::find(alerts, labels, &model::Alert::labels);
    return found == alerts.end() ? model::AlertState::kInactive : found->state;
  }

  // The highest severity whose burn-rate alert fires, or "inactive".
  std::string FiringSeverity(size_t slo, slo::GroupId group) const {
    std::vector<slo::AlertTier> tiers = (*engine_.slos())[slo].policy.tiers;
    std::ranges::stable_sort(tiers, std::greater(), &slo::AlertTier::rank);
    for (const slo::AlertTier& tier : tiers) {
      if (StateOfAlert(slo, group, "SLOBurnRate", tier.severity) == model::AlertState::kFiring)
        return tier.severity;
    }
    return "inactive";
  }

  // Of this name and severity, or of whichever severity is furthest.
  model::AlertState StateOfAlert(size_t slo, slo::GroupId group, const AlertIs& clause) const {
    if (!clause.severity.empty()) return StateOfAlert(slo, group, clause.name, clause.severity);
    const slo::SloSpec& spec = (*engine_.slos())[slo];
    auto state = model::AlertState::kInactive;
    for (const slo::AlertTier& tier : spec.policy.tiers)
      state = std::max(state, StateOfAlert(slo, group, clause.name, tier.severity));
    for (const slo::StateAlert& alert : spec.alerting.state_alerts)
      state = std::max(state, StateOfAlert(slo, group, clause.name, alert.severity));
    return state;
  }

  std::string CheckClause(const StateIs& clause, size_t slo, slo::GroupId group) const {
    const std::string_view state = slo::SloStateName(engine_.StatusOf(slo, group).state);
    return state == clause.state ? "" : fmt::format("is {}, expected {}", state, clause.state);
  }
  std::string CheckClause(const BurnAlertIs& clause, size_t slo, slo::GroupId group) const {
    const std::string severity = FiringSeverity(slo, group);
    return severity == clause.severity
               ? ""
               : fmt::format("has {}, expected {}", severity, clause.severity);
  }
  std::string CheckClause(const AlertIs& clause, size_t slo, slo::GroupId group) const {
    const std::string_view state = model::AlertStateName(StateOfAlert(slo, group, clause));
    const std::string severity = clause.severity.empty() ? "" : " " + clause.severity;
    return state == clause.state ? ""
                                 : fmt::format("has {}{} {}, expected {}", clause.name, severity,
                                               state, clause.state);
  }
  std::string CheckClause(const TierIs& clause, size_t slo, slo::GroupId group) const {
    std::string state;
    for (const slo::TierStatus& tier : engine_.StatusOf(slo, group).tiers) {
      if (tier.tier.name == clause.tier) state = slo::TierStateName(tier.state);
    }
    for (const slo::UnreachableTier& tier : (*engine_.slos())[slo].policy.unreachable) {
      if (tier.name == clause.tier) state = "unreachable";
    }
    if (state.empty()) return fmt::format("has no tier {}", clause.tier);
    return state == clause.state
               ? ""
               : fmt::format("has tier {} {}, expected {}", clause.tier, state, clause.state);
  }
  std::string CheckClause(const BudgetIs& clause, size_t slo, slo::GroupId group) const {
    const std::optional<double> ratio = engine_.StatusOf(slo, group).budget_remaining_ratio;
    return CheckNumber("budget", ratio, clause.ratio);
  }
  std::string CheckClause(const BurnIs& clause, size_t slo, slo::GroupId group) const {
    const std::string name = base::FormatDuration(clause.window);
    for (const slo::WindowBurn& burn : engine_.StatusOf(slo, group).burn_rates) {
      if (burn.window == clause.window) {
        return CheckNumber("burn " + name, burn.burn_rate, clause.rate);
      }
    }
    return fmt::format("has no window {} in its policy", name);
  }
  std::string CheckClause(const CountsAre& clause, size_t slo, slo::GroupId group) const {
    const slo::GroupView& view = engine_.table().counts(engine_.sli_of(slo), group).view();
    const slo::Slice open = slo::SliceOf(script_.start + now_);
    const auto sum =
        slo::RangeReader(view, source_).Sum(open - slo::SlicesIn(clause.window), open + 1);
    if (!sum.ok()) return std::string(base::Message(sum.status()));
    return *sum == clause.counts
               ? ""
               : fmt::format("has {} in {}, expected {}", Text(*sum),
                             base::FormatDuration(clause.window), Text(clause.counts));
  }
  std::string CheckClause(const GroupsAre& clause, size_t slo, slo::GroupId) const {
    const size_t groups = engine_.table().groups(engine_.sli_of(slo)) - 1;  // without the total
    return groups == clause.groups
               ? ""
               : fmt::format("has {} groups, expected {}", groups, clause.groups);
  }
  std::string CheckClause(const TooLateAre& clause, size_t slo, slo::GroupId) const {
    const auto found = too_late_.find((*engine_.slos())[slo].id());
    const uint64_t events = found == too_late_.end() ? 0 : found->second;
    return events == clause.events
               ? ""
               : fmt::format("has {} events too late, expected {}", events, clause.events);
  }
  std::string CheckClause(const PointsAre& clause, size_t, slo::GroupId) const {
    const uint64_t points = PointsOf(metrics_->tally(), clause.outcome);
    return points == clause.points ? ""
                                   : fmt::format("has {} points {}, expected {}", points,
                                                 clause.outcome, clause.points);
  }
  std::string CheckClause(const InterpolatedIs& clause, size_t slo, slo::GroupId) const {
    const bool is = engine_.metric_streams().IsInterpolated(engine_.sli_of(slo));
    return is == clause.is_interpolated
               ? ""
               : fmt::format("is {}, expected {}", is ? "interpolated" : "exact",
                             is ? "exact" : "interpolated");
  }
  static std::string CheckNumber(std::string_view name, const std::optional<double>& actual,
                                 const std::optional<WrittenNumber>& expected) {
    if (Matches(actual, expected)) return "";
    const int decimals = expected.has_value() ? expected->decimals : 4;
    return fmt::format("has {} {}, expected {}", name, Text(actual, decimals),
                       expected.has_value() ? Text(expected->value, decimals) : "none");
  }

  const Script& script_;
  slo::MapBlockSource source_;
  slo::Engine engine_;
  std::optional<MetricFeed> metrics_;
  rules::AlertBook book_{{}};
  seconds now_{0};
  bool alerting_ = false;                     // some alert is pending or firing
  bool watches_silence_ = false;              // some alert may begin without any event
  std::map<std::string, uint64_t> too_late_;  // by SLO that was fed
};

}  // namespace

absl::StatusOr<std::vector<std::string>> RunScript(const Script& script) {
  Run run(script);
  SB_RETURN_IF_ERROR(run.Install());
  std::vector<const ExpectLine*> by_time;
  for (const ExpectLine& expect : script.expects) by_time.push_back(&expect);
  std::ranges::stable_sort(by_time, {}, &ExpectLine::at);
  std::multimap<int, std::string> by_line;
  for (const ExpectLine* const expect : by_time) {
    SB_RETURN_IF_ERROR(run.AdvanceTo(expect->at));
    for (const Clause& clause : expect->clauses) {
      const std::string wrong = run.Check(*expect, clause);
      if (wrong.empty()) continue;
      by_line.emplace(expect->line,
                      fmt::format("{}:{}: at {} {}{} {}", script.file, expect->line,
                                  base::FormatDuration(expect->at), expect->slo,
                                  expect->group.empty() ? "" : " group " + expect->group, wrong));
    }
  }
  std::vector<std::string> lines;
  for (auto& [line, text] : by_line) lines.push_back(std::move(text));
  return lines;
}

}  // namespace slowburn::golden
