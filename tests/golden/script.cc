#include "tests/golden/script.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/ranges.h>

#include "base/duration_text.h"
#include "base/status.h"
#include "base/time_text.h"
#include "slo/decimal.h"
#include "slo/recurrence_rule.h"
#include "slo/slo_spec.h"
#include "tests/golden/metric_lines.h"
#include "tests/golden/words.h"

// The reader takes a line word by word. Each statement is a function of the words that follow its
// name; the first word that does not fit ends the reading.

namespace slowburn::golden {
namespace {

using std::chrono::seconds;

constexpr std::array<std::string_view, 5> kStates = {"ok", "burning", "exhausted", "no_data",
                                                     "invalid"};
constexpr std::array<std::string_view, 5> kBurnAlerts = {"page", "ticket", "critical", "warning",
                                                         "inactive"};
constexpr std::array<std::string_view, 5> kAlertNames = {
    "SLOBurnRate", "SLOBudgetLow", "SLOExhaustion", "SLONoData", "SLOViolated"};
constexpr std::array<std::string_view, 3> kAlertStates = {"firing", "pending", "inactive"};
constexpr std::array<std::string_view, 6> kTierStates = {"quiet",      "burning",    "warming",
                                                         "suppressed", "too_coarse", "unreachable"};

template <size_t N>
bool IsOneOf(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::ranges::find(words, word) != words.end();
}

// "good N bad M"
absl::StatusOr<slo::SliCounts> NextCounts(Words& words) {
  slo::SliCounts counts;
  if (!words.Take("good")) {
    return base::InvalidArgument("\"{}\" stands where \"good N bad M\" should be", words.Peek());
  }
  SB_ASSIGN_OR_RETURN(counts.good, NextCount(words, "the number of good events"));
  if (!words.Take("bad")) {
    return base::InvalidArgument("\"{}\" stands where \"bad M\" should be", words.Peek());
  }
  SB_ASSIGN_OR_RETURN(counts.bad, NextCount(words, "the number of bad events"));
  return counts;
}

SloLine* FindSlo(Script& script, std::string_view id) {
  const auto found =
      std::ranges::find_if(script.slos, [&](const SloLine& s) { return s.id() == id; });
  return found == script.slos.end() ? nullptr : &*found;
}

// The SLO that a line names, or the only one there is.
absl::StatusOr<SloLine*> NextSlo(Script& script, Words& words) {
  if (script.slos.empty()) {
    return base::InvalidArgument(
        "there is no SLO yet; write a line \"slo ID objective ...\" above");
  }
  const std::string_view word = words.Peek();
  // Times have no slash.
  if (word.find('/') == std::string_view::npos) {
    if (script.slos.size() == 1) return &script.slos.front();
    return base::InvalidArgument("there are {} SLOs; name one before \"{}\"", script.slos.size(),
                                 word);
  }
  SloLine* const slo = FindSlo(script, word);
  if (slo == nullptr) return base::InvalidArgument("there is no SLO \"{}\" above", word);
  words.Take(word);
  return slo;
}

// The SLO's id, which no other has.
absl::StatusOr<SloLine> NextNewSlo(Words& words, int line, Script& script) {
  SB_ASSIGN_OR_RETURN(const std::string id, words.Next("the SLO's id"));
  const size_t slash = id.find('/');
  if (slash == std::string::npos || !slo::IsValidSloName(id.substr(0, slash)) ||
      !slo::IsValidSloName(id.substr(slash + 1))) {
    return base::InvalidArgument("\"{}\" is no id; write SERVICE/NAME, like checkout/availability",
                                 id);
  }
  if (FindSlo(script, id) != nullptr) return base::InvalidArgument("{} is already there", id);
  return SloLine{.line = line, .service = id.substr(0, slash), .name = id.substr(slash + 1)};
}

// "30d" or "calendar month Europe/Paris"
absl::StatusOr<slo::Window> NextWindow(Words& words) {
  if (!words.Take("calendar")) {
    SB_ASSIGN_OR_RETURN(const seconds length, NextSeconds(words, "the window"));
    SB_RETURN_IF_ERROR(slo::CheckWindow(length));
    return slo::Window::Rolling(length);
  }
  SB_ASSIGN_OR_RETURN(const std::string name, words.Next("the calendar's period"));
  const std::optional<slo::CalendarPeriod> period = slo::ParseCalendarPeriod(name);
  if (!period.has_value()) {
    return base::InvalidArgument("\"{}\" is no period; write day, week, month, quarter or year",
                                 name);
  }
  SB_ASSIGN_OR_RETURN(const std::string zone, words.Next("the time zone"));
  SB_ASSIGN_OR_RETURN(std::shared_ptr<const slo::CalendarGrid> grid,
                      slo::CalendarGrid::Create(*period, zone));
  return slo::Window::Calendar(std::move(grid));
}

absl::StatusOr<uint32_t> NextTimeslice(Words& words) {
  SB_ASSIGN_OR_RETURN(const seconds length, NextSeconds(words, "the timeslice"));
  SB_RETURN_IF_ERROR(slo::CheckTimeslice(length));
  return slo::SlicesIn(length);
}

// "occurrences", "timeslices 1m 95%", "ratio_timeslices 5m"
absl::StatusOr<slo::Budgeting> NextBudgeting(Words& words) {
  SB_ASSIGN_OR_RETURN(const std::string name, words.Next("the budgeting method"));
  const std::optional<slo::BudgetingMethod> method = slo::ParseBudgetingMethod(name);
  if (!method.has_value()) {
    return base::InvalidArgument(
        "\"{}\" is no budgeting; write occurrences, timeslices or ratio_timeslices", name);
  }
  slo::Budgeting budgeting{.method = *method};
  if (budgeting.by_time()) {
    SB_ASSIGN_OR_RETURN(budgeting.timeslice, NextTimeslice(words));
  }
  if (*method == slo::BudgetingMethod::kTimeslices) {
    SB_ASSIGN_OR_RETURN(const std::string target, words.Next("the timeslice's target"));
    budgeting.target_units = slo::Objective::kOne;
    if (target == "100%") return budgeting;
    SB_ASSIGN_OR_RETURN(const slo::Objective objective, slo::Objective::Parse(target));
    budgeting.target_units -= objective.budget_units();
  }
  return budgeting;
}

// "objective PERCENT window WINDOW" and what may follow.
absl::Status ReadSloParts(Words& words, SloLine slo, Script& script) {
  if (!words.Take("objective")) {
    return base::InvalidArgument("\"{}\" stands where \"objective\" should be", words.Peek());
  }
  SB_ASSIGN_OR_RETURN(const std::string objective_text, words.Next("the objective"));
  SB_ASSIGN_OR_RETURN(slo.objective, slo::Objective::Parse(objective_text));
  if (!words.Take("window")) {
    return base::InvalidArgument("\"{}\" stands where \"window\" should be", words.Peek());
  }
  SB_ASSIGN_OR_RETURN(slo.window, NextWindow(words));
  while (!words.empty()) {
    const bool has_events = !slo.composite.has_value();
    if (words.Take("policy")) {
      SB_ASSIGN_OR_RETURN(slo.policy, words.Next("the policy's name"));
      slo.policy_written = true;
    } else if (has_events && words.Take("latency")) {
      SB_ASSIGN_OR_RETURN(const std::string text, words.Next("the latency"));
      SB_ASSIGN_OR_RETURN(slo.latency, base::ParseDuration(text));
    } else if (has_events && words.Take("group_by")) {
      SB_ASSIGN_OR_RETURN(slo.group_by, words.Next("the attribute's name"));
      SB_RETURN_IF_ERROR(slo::CheckGroupBy({slo.group_by}));
    } else if (has_events && words.Take("budgeting")) {
      SB_ASSIGN_OR_RETURN(slo.budgeting, NextBudgeting(words));
    } else if (has_events && IsMetricSource(words.Peek())) {
      SB_ASSIGN_OR_RETURN(slo.metric, NextMetricSource(words));
    } else if (has_events) {
      return base::InvalidArgument(
          "\"{}\" is no part of an SLO; write policy, latency, counter, histogram, gauge, group_by "
          "or budgeting",
          words.Peek());
    } else {
      return base::InvalidArgument("\"{}\" is no part of a composite; write policy", words.Peek());
    }
  }
  if (slo.metric.has_value() && slo.latency.has_value())
    return base::InvalidArgument(
        "spans have a latency, a metric has none; leave out one of the two");
  SB_RETURN_IF_ERROR(
      slo::MakeAlertPolicy(slo.policy, slo.objective, slo.window.nominal()).status());
  script.slos.push_back(std::move(slo));
  return absl::OkStatus();
}

absl::Status ReadSlo(Words& words, int line, Script& script) {
  SB_ASSIGN_OR_RETURN(SloLine slo, NextNewSlo(words, line, script));
  return ReadSloParts(words, std::move(slo), script);
}

// "checkout/availability", with weighted "checkout/availability*3"; an SLO above.
absl::StatusOr<slo::CompositeSli::Member> NextMember(Words& words, bool weighted, Script& script) {
  SB_ASSIGN_OR_RETURN(std::string id, words.Next("a member's id"));
  slo::CompositeSli::Member member;
  if (const size_t star = id.find('*'); weighted && star != std::string::npos) {
    const std::string_view weight = std::string_view(id).substr(star + 1);
    const auto [end, error] =
        std::from_chars(weight.data(), weight.data() + weight.size(), member.weight);
    if (error != std::errc() || end != weight.data() + weight.size() || member.weight < 1 ||
        member.weight > slo::kWeightMax) {
      return base::InvalidArgument("\"{}\" is no weight; write 1 to {}", weight, slo::kWeightMax);
    }
    id.erase(star);
  }
  const SloLine* const known = FindSlo(script, id);
  if (known == nullptr) return base::InvalidArgument("there is no SLO \"{}\" above", id);
  if (known->composite.has_value())
    return base::InvalidArgument("{} is a composite itself; name its members instead", id);
  member.slo = std::move(id);
  return member;
}

absl::Status ReadComposite(Words& words, int line, Script& script) {
  SB_ASSIGN_OR_RETURN(SloLine slo, NextNewSlo(words, line, script));
  slo::CompositeSli composite;
  if (words.Take("weighted")) {
    composite.method = slo::CompositeMethod::kWeighted;
  } else if (words.Take("any_bad")) {
    composite.method = slo::CompositeMethod::kAnyBad;
    SB_ASSIGN_OR_RETURN(composite.timeslice, NextTimeslice(words));
  } else if (!words.Take("worst_of")) {
    return base::InvalidArgument(
        "\"{}\" is no method of a composite; write worst_of, weighted or any_bad TIMESLICE",
        words.Peek());
  }
  const bool weighted = composite.method == slo::CompositeMethod::kWeighted;
  while (!words.empty() && words.Peek() != "objective") {
    SB_ASSIGN_OR_RETURN(slo::CompositeSli::Member member, NextMember(words, weighted, script));
    if (std::ranges::find(composite.members, member.slo, &slo::CompositeSli::Member::slo) !=
        composite.members.end()) {
      return base::InvalidArgument("{} is a member already", member.slo);
    }
    composite.members.push_back(std::move(member));
  }
  if (composite.members.size() < 2 || composite.members.size() > slo::kMembersMax) {
    return base::InvalidArgument("a composite has 2 to {} members, not {}; name so many",
                                 slo::kMembersMax, composite.members.size());
  }
  slo.composite = std::move(composite);
  return ReadSloParts(words, std::move(slo), script);
}

// "2026-03-28 00:00" in UTC.
absl::Status ReadStart(Words& words, Script& script) {
  SB_ASSIGN_OR_RETURN(const std::string date, words.Next("the date"));
  SB_ASSIGN_OR_RETURN(const std::string time, words.Next("the time"));
  const absl::StatusOr<base::UnixNanos> start = base::ParseTime(date + "T" + time + ":00Z");
  if (!start.ok()) {
    return base::InvalidArgument("\"{} {}\" is no start; write one like 2026-03-28 00:00, in UTC",
                                 date, time);
  }
  script.start = base::FloorSeconds(*start);
  return CheckEnd(words);
}

// "14.4" or "2%" in millionths; a share is of one, so that 2 % are 20,000.
absl::StatusOr<uint64_t> NextMillionths(Words& words, std::string_view what) {
  SB_ASSIGN_OR_RETURN(const std::string text, words.Next(what));
  const bool percent = text.ends_with('%');
  const std::optional<slo::Decimal> decimal = slo::ReadDecimal(
      percent ? std::string_view(text).substr(0, text.size() - 1) : text, percent ? 4 : 6);
  if (decimal.has_value() && !decimal->too_fine) return decimal->units;
  return base::InvalidArgument("\"{}\" is not {}; write a number like 14.4, or a share like 2%",
                               text, what);
}

// "1h/5m" of a tier, and its threshold: "burn 14.4" or "budget 2%".
absl::Status ReadTierBounds(Words& words, const SloLine& slo, slo::AlertTier& tier) {
  SB_ASSIGN_OR_RETURN(const std::string windows, words.Next("LONG/SHORT"));
  const size_t slash = windows.find('/');
  if (slash == std::string::npos)
    return base::InvalidArgument("\"{}\" are no windows; write LONG/SHORT, like 1h/5m", windows);
  SB_ASSIGN_OR_RETURN(tier.long_window, ParseSeconds(std::string_view(windows).substr(0, slash)));
  SB_ASSIGN_OR_RETURN(tier.short_window, ParseSeconds(std::string_view(windows).substr(slash + 1)));
  SB_RETURN_IF_ERROR(slo::CheckTierWindows(tier.long_window, tier.short_window));
  const bool is_share = words.Take("budget");
  if (!is_share && !words.Take("burn")) {
    return base::InvalidArgument("\"{}\" stands where \"burn RATE\" or \"budget SHARE\" should be",
                                 words.Peek());
  }
  SB_ASSIGN_OR_RETURN(const uint64_t millionths,
                      NextMillionths(words, is_share ? "a share" : "a burn rate"));
  if (millionths == 0) return base::InvalidArgument("0 burns always; write more");
  tier.factor =
      is_share ? slo::ScaledFactorAtLeastOne(millionths, slo.window.nominal(), tier.long_window)
               : slo::Rational::Of(millionths, 1'000'000);
  return absl::OkStatus();
}

absl::Status ReadTier(Words& words, Script& script) {
  SB_ASSIGN_OR_RETURN(SloLine* const slo, NextSlo(script, words));
  if (slo->policy_written) {
    return base::InvalidArgument("{} has the policy {} already; leave out one of the two",
                                 slo->id(), slo->policy);
  }
  slo::AlertTier tier;
  SB_ASSIGN_OR_RETURN(tier.severity, words.Next("the tier's severity"));
  SB_RETURN_IF_ERROR(ReadTierBounds(words, *slo, tier));
  tier.name = slo::TierName(tier.long_window, tier.short_window);
  if (slo::IsPaging(tier.severity)) tier.min_bad = slo::kPagingMinBad;
  while (!words.empty()) {
    if (words.Take("name")) {
      SB_ASSIGN_OR_RETURN(tier.name, words.Next("the tier's name"));
    } else if (words.Take("for")) {
      SB_ASSIGN_OR_RETURN(tier.hold, NextSeconds(words, "the duration"));
    } else if (words.Take("keep_firing_for")) {
      SB_ASSIGN_OR_RETURN(tier.keep_firing_for, NextSeconds(words, "the duration"));
    } else if (words.Take("min_total")) {
      SB_ASSIGN_OR_RETURN(tier.min_total, NextCount(words, "the number of events"));
    } else if (words.Take("min_bad")) {
      SB_ASSIGN_OR_RETURN(tier.min_bad, NextCount(words, "the number of bad events"));
    } else {
      return base::InvalidArgument(
          "\"{}\" is no part of a tier; write name, for, keep_firing_for, min_total or min_bad",
          words.Peek());
    }
  }
  if (std::ranges::find(slo->tiers, tier.name, &slo::AlertTier::name) != slo->tiers.end())
    return base::InvalidArgument("there is a tier {} already; write name NAME", tier.name);
  slo->tiers.push_back(std::move(tier));
  return absl::OkStatus();
}

// "remaining 25%", "within 3d", "silent 30m" or "violated"
absl::StatusOr<slo::StateAlert> NextStateAlert(Words& words) {
  slo::StateAlert alert;
  SB_ASSIGN_OR_RETURN(alert.name, words.Next("what the alert is about"));
  const std::string_view value = words.Peek();
  if (alert.name == "violated") {
    alert.kind = slo::StateAlert::Kind::kViolated;
    return alert;
  }
  if (alert.name == "remaining") {
    alert.kind = slo::StateAlert::Kind::kBudgetLow;
    alert.name += fmt::format(" {}", value);
    SB_ASSIGN_OR_RETURN(const uint64_t remaining, NextMillionths(words, "a share"));
    if (remaining >= 1'000'000)
      return base::InvalidArgument("all of the budget is no threshold; write a share below 100%");
    alert.spent_share = slo::Rational::Of(1'000'000 - remaining, 1'000'000);
    return alert;
  }
  if (alert.name != "within" && alert.name != "silent") {
    return base::InvalidArgument(
        "there is no alert \"{}\"; write remaining SHARE, within DURATION, silent DURATION or "
        "violated",
        alert.name);
  }
  alert.kind =
      alert.name == "within" ? slo::StateAlert::Kind::kExhaustion : slo::StateAlert::Kind::kNoData;
  alert.name += fmt::format(" {}", value);
  SB_ASSIGN_OR_RETURN(alert.span, NextSeconds(words, "the duration"));
  return alert;
}

absl::Status ReadAlert(Words& words, Script& script) {
  SB_ASSIGN_OR_RETURN(SloLine* const slo, NextSlo(script, words));
  SB_ASSIGN_OR_RETURN(slo::StateAlert alert, NextStateAlert(words));
  SB_ASSIGN_OR_RETURN(alert.severity, words.Next("the alert's severity"));
  while (!words.empty()) {
    if (words.Take("for")) {
      SB_ASSIGN_OR_RETURN(alert.hold, NextSeconds(words, "the duration"));
    } else if (words.Take("keep_firing_for")) {
      SB_ASSIGN_OR_RETURN(alert.keep_firing_for, NextSeconds(words, "the duration"));
    } else {
      return base::InvalidArgument("\"{}\" is no part of an alert; write for or keep_firing_for",
                                   words.Peek());
    }
  }
  slo->state_alerts.push_back(std::move(alert));
  return absl::OkStatus();
}

absl::Status CheckFeed(const FeedLine& feed, const SloLine& slo) {
  if (slo.composite.has_value())
    return base::InvalidArgument("{} is a composite; feed its members", slo.id());
  if (slo.metric.has_value())
    return base::InvalidArgument("{} reads a metric; write point or points lines", slo.id());
  if (feed.from >= feed.to) {
    return base::InvalidArgument("the range ends at or before its beginning; write FROM..TO");
  }
  if (feed.every < seconds(1) || (feed.to - feed.from) % feed.every != seconds(0)) {
    return base::InvalidArgument(
        "the range of {}s is not a whole number of steps of {}s; change it, or write every STEP",
        (feed.to - feed.from).count(), feed.every.count());
  }
  if (feed.arriving.has_value() && *feed.arriving < feed.to) {
    return base::InvalidArgument(
        "events cannot arrive before they happen; arriving must be {}s "
        "or later",
        feed.to.count());
  }
  if (slo.group_by.empty() != feed.group.empty()) {
    return slo.group_by.empty()
               ? base::InvalidArgument("{} is not grouped; leave out group", slo.id())
               : base::InvalidArgument("{} is grouped by {}; write group VALUE", slo.id(),
                                       slo.group_by);
  }
  return absl::OkStatus();
}

absl::Status ReadFeed(Words& words, int line, Script& script) {
  SB_ASSIGN_OR_RETURN(const SloLine* const slo, NextSlo(script, words));
  FeedLine feed{.line = line, .slo = slo->id()};
  SB_RETURN_IF_ERROR(ReadRange(words, feed.from, feed.to));
  if (words.Take("every")) {
    SB_ASSIGN_OR_RETURN(feed.every, NextSeconds(words, "the step"));
  }
  if (words.Take("group")) {
    SB_ASSIGN_OR_RETURN(feed.group, words.Next("the group's value"));
  }
  SB_ASSIGN_OR_RETURN(feed.counts, NextCounts(words));
  if (words.Take("arriving")) {
    SB_ASSIGN_OR_RETURN(feed.arriving, NextSeconds(words, "the time of arrival"));
  }
  SB_RETURN_IF_ERROR(CheckEnd(words));
  SB_RETURN_IF_ERROR(CheckFeed(feed, *slo));
  script.feeds.push_back(std::move(feed));
  return absl::OkStatus();
}

absl::Status ReadPoints(Words& words, int line, bool many, Script& script) {
  SB_ASSIGN_OR_RETURN(const SloLine* const slo, NextSlo(script, words));
  SB_ASSIGN_OR_RETURN(PointLine points, NextPoints(words, *slo, many));
  points.line = line;
  script.points.push_back(std::move(points));
  return absl::OkStatus();
}

// "FROM..TO", or "rrule TEXT from FROM for DURATION"
absl::Status ReadExclude(Words& words, int line, Script& script) {
  SB_ASSIGN_OR_RETURN(const SloLine* const slo, NextSlo(script, words));
  ExcludeLine exclude{.line = line, .slo = slo->id()};
  if (words.Take("rrule")) {
    while (!words.empty() && !words.Take("from")) exclude.rule += words.Next("the rule").value();
    SB_RETURN_IF_ERROR(slo::RecurrenceRule::Parse(exclude.rule).status());
    SB_ASSIGN_OR_RETURN(exclude.from, NextSeconds(words, "the first beginning"));
    if (!words.Take("for"))
      return base::InvalidArgument("\"{}\" stands where \"for DURATION\" should be", words.Peek());
    SB_ASSIGN_OR_RETURN(exclude.to, NextSeconds(words, "the duration"));
    exclude.to += exclude.from;
  } else {
    SB_RETURN_IF_ERROR(ReadRange(words, exclude.from, exclude.to));
  }
  if (exclude.to <= exclude.from)
    return base::InvalidArgument("the exclusion lasts 0s; write a longer one");
  script.excludes.push_back(std::move(exclude));
  return CheckEnd(words);
}

// "SLOBudgetLow [SEVERITY] firing"
absl::StatusOr<Clause> NextAlertClause(Words& words) {
  AlertIs clause;
  SB_ASSIGN_OR_RETURN(clause.name, words.Next("the alert's name"));
  if (!IsOneOf(clause.name, kAlertNames)) {
    return base::InvalidArgument("there is no alert \"{}\"; write one of {}", clause.name,
                                 fmt::join(kAlertNames, ", "));
  }
  SB_ASSIGN_OR_RETURN(clause.state, words.Next("the alert's state"));
  if (!IsOneOf(clause.state, kAlertStates) && !words.empty() && words.Peek() != ",") {
    clause.severity = clause.state;
    SB_ASSIGN_OR_RETURN(clause.state, words.Next("the alert's state"));
  }
  if (IsOneOf(clause.state, kAlertStates)) return clause;
  return base::InvalidArgument("\"{}\" is no state of an alert; write firing, pending or inactive",
                               clause.state);
}

absl::StatusOr<Clause> NextClause(Words& words) {
  if (words.Peek() == "good") {
    CountsAre clause;
    SB_ASSIGN_OR_RETURN(clause.counts, NextCounts(words));
    if (!words.Take("in")) {
      return base::InvalidArgument("\"{}\" stands where \"in WINDOW\" should be", words.Peek());
    }
    SB_ASSIGN_OR_RETURN(clause.window, NextSeconds(words, "the window"));
    if (clause.window > seconds(0) && clause.window % slo::kSliceLength == seconds(0))
      return clause;
    return base::InvalidArgument("a window of {}s is not whole slices; write a multiple of 10s",
                                 clause.window.count());
  }
  SB_ASSIGN_OR_RETURN(const std::string word, words.Next("what is expected"));
  if (IsOneOf(word, kStates)) return StateIs{word};
  if (IsOneOf(word, kBurnAlerts)) return BurnAlertIs{word};
  if (word == "alert") return NextAlertClause(words);
  if (word == "tier") {
    TierIs clause;
    SB_ASSIGN_OR_RETURN(clause.tier, words.Next("the tier's name"));
    SB_ASSIGN_OR_RETURN(clause.state, words.Next("the tier's state"));
    if (IsOneOf(clause.state, kTierStates)) return clause;
    return base::InvalidArgument(
        "\"{}\" is no state of a tier; write quiet, burning, warming, suppressed, too_coarse or "
        "unreachable",
        clause.state);
  }
  if (word == "budget") {
    BudgetIs clause;
    SB_ASSIGN_OR_RETURN(clause.ratio, NextNumber(words, "the ratio that remains"));
    return clause;
  }
  if (word == "burn") {
    BurnIs clause;
    SB_ASSIGN_OR_RETURN(clause.window, NextSeconds(words, "the window"));
    SB_ASSIGN_OR_RETURN(clause.rate, NextNumber(words, "the burn rate"));
    return clause;
  }
  if (word == "groups") {
    GroupsAre clause;
    SB_ASSIGN_OR_RETURN(clause.groups, NextCount(words, "the number of groups"));
    return clause;
  }
  if (word == "interpolated" || word == "exact") return InterpolatedIs{word == "interpolated"};
  if (word == "points") {
    PointsAre clause;
    SB_ASSIGN_OR_RETURN(clause.outcome, words.Next("what became of points"));
    SB_RETURN_IF_ERROR(CheckOutcome(clause.outcome));
    SB_ASSIGN_OR_RETURN(clause.points, NextCount(words, "the number of points"));
    return clause;
  }
  if (word == "too_late") {
    TooLateAre clause;
    SB_ASSIGN_OR_RETURN(clause.events, NextCount(words, "the number of events"));
    return clause;
  }
  return base::InvalidArgument(
      "\"{}\" is nothing to expect; write ok, burning, exhausted, no_data, invalid, page, ticket, "
      "critical, warning, inactive, alert, tier, budget, burn, good, groups, too_late, points, "
      "interpolated or exact",
      word);
}

absl::Status ReadExpect(Words& words, int line, Script& script) {
  SB_ASSIGN_OR_RETURN(const SloLine* const slo, NextSlo(script, words));
  ExpectLine expect{.line = line, .slo = slo->id()};
  SB_ASSIGN_OR_RETURN(expect.at, NextSeconds(words, "the time"));
  if (words.Take("group")) {
    SB_ASSIGN_OR_RETURN(expect.group, words.Next("the group's value"));
    if (slo->group_by.empty()) {
      return base::InvalidArgument("{} is not grouped; leave out group", slo->id());
    }
  }
  do {
    SB_ASSIGN_OR_RETURN(Clause clause, NextClause(words));
    if (slo->composite.has_value() &&
        (std::holds_alternative<CountsAre>(clause) || std::holds_alternative<GroupsAre>(clause))) {
      return base::InvalidArgument("{} is a composite and counts nothing itself; ask its members",
                                   slo->id());
    }
    expect.clauses.push_back(std::move(clause));
  } while (words.Take(","));
  SB_RETURN_IF_ERROR(CheckEnd(words));
  script.expects.push_back(std::move(expect));
  return absl::OkStatus();
}

absl::Status ReadLimit(Words& words, Script& script) {
  if (words.Take("groups")) {
    SB_ASSIGN_OR_RETURN(const uint64_t groups, NextCount(words, "the number of groups"));
    if (groups < 1 || groups > 1'000'000) {
      return base::InvalidArgument("{} groups are no limit; write 1 to 1000000", groups);
    }
    script.groups_max = static_cast<uint32_t>(groups);
  } else if (words.Take("max_late")) {
    SB_ASSIGN_OR_RETURN(script.late_max, NextSeconds(words, "the duration"));
  } else {
    return base::InvalidArgument("there is no limit \"{}\"; write groups or max_late",
                                 words.Peek());
  }
  return CheckEnd(words);
}

absl::Status ReadLine(Words& words, int line, Script& script) {
  SB_ASSIGN_OR_RETURN(const std::string statement, words.Next("a statement"));
  if (statement == "slo") return ReadSlo(words, line, script);
  if (statement == "composite") return ReadComposite(words, line, script);
  if (statement == "start") return ReadStart(words, script);
  if (statement == "tier") return ReadTier(words, script);
  if (statement == "alert") return ReadAlert(words, script);
  if (statement == "feed") return ReadFeed(words, line, script);
  if (statement == "point") return ReadPoints(words, line, false, script);
  if (statement == "points") return ReadPoints(words, line, true, script);
  if (statement == "exclude") return ReadExclude(words, line, script);
  if (statement == "expect") return ReadExpect(words, line, script);
  if (statement == "limit") return ReadLimit(words, script);
  return base::InvalidArgument(
      "there is no statement \"{}\"; write start, slo, composite, tier, alert, limit, feed, "
      "point, points, exclude or expect",
      statement);
}

}  // namespace

absl::StatusOr<Script> ReadScript(std::string_view text, const std::string& file) {
  Script script{.file = file};
  for (int line = 1; !text.empty(); ++line) {
    const size_t end = std::min(text.find('\n'), text.size());
    Words words(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (words.empty()) continue;
    SB_RETURN_IF_ERROR(
        base::Annotate(ReadLine(words, line, script), fmt::format("{}:{}", file, line)));
  }
  // A script without expectations would pass whatever the engine does.
  if (script.expects.empty()) {
    return base::InvalidArgument("{}: nothing is expected; write at least one expect line", file);
  }
  return script;
}

}  // namespace slowburn::golden
