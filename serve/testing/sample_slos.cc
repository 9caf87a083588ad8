#include "serve/testing/sample_slos.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "slo/burn_rate.h"

namespace slowburn::serve {

using namespace std::chrono_literals;

slo::SloSpec SampleSpec(std::string_view service, std::string_view name,
                        std::vector<std::string> group_by) {
  const slo::Objective objective = *slo::Objective::Parse("99.9%");
  const std::chrono::seconds window = 30 * 24h;
  return {.service = std::string(service),
          .name = std::string(name),
          .description = "Answers without error",
          .runbook_url = "https://example.org/runbooks/checkout",
          .labels = {{"team", "payments"}},
          .sli = {.source = slo::EventSli{.signal = model::Signal::kTraces,
                                          .match = *ottl::Condition::Parse("true"),
                                          .bad = *ottl::Condition::Parse(
                                              "span.status.code == STATUS_CODE_ERROR"),
                                          .good = {},
                                          .latency_max = {}},
                  .group_by = std::move(group_by)},
          .objective = objective,
          .window = slo::Window::Rolling(window),
          .window_text = "30d",
          .budgeting = {},
          .alerting = {},
          .policy = *slo::MakeAlertPolicy("sre-workbook", objective, window),
          .source = "slos/checkout.yaml:3",
          .text = "kind: SLO\n"};
}

slo::GroupStatus SampleGroup(const slo::SloSpec& spec, std::vector<std::string> values,
                             slo::SliCounts counts) {
  slo::GroupStatus group;
  group.group = values.empty() ? slo::kTotalGroup : slo::GroupId{1};
  group.values = std::move(values);
  group.since = kSampleNow - 1h;
  group.in_window = counts;
  group.budget = counts;
  group.lifetime = {.good = counts.good * 2, .bad = counts.bad * 2};
  group.budget_remaining_ratio = slo::BudgetRemainingRatio(counts, spec.objective);
  group.budget_remaining_events =
      slo::BudgetEvents(counts, spec.objective) - static_cast<double>(counts.bad);
  group.exhaustion_seconds =
      slo::ExhaustionSeconds(counts, counts, spec.objective, spec.window.nominal());
  bool burns = false;
  for (const slo::AlertTier& tier : spec.policy.tiers) {
    const auto burn = slo::BurnRate(counts, spec.objective);
    const bool tier_burns = slo::IsBurning(tier, spec.objective, counts, counts);
    burns |= tier_burns;
    group.tiers.push_back(
        {tier, tier_burns ? slo::TierState::kBurning : slo::TierState::kQuiet, burn, burn});
    group.burn_rates.push_back({tier.long_window, counts, counts, burn});
    group.burn_rates.push_back({tier.short_window, counts, counts, burn});
  }
  std::ranges::sort(group.burn_rates, {}, &slo::WindowBurn::window);
  const auto repeated = std::ranges::unique(group.burn_rates, {}, &slo::WindowBurn::window);
  group.burn_rates.erase(repeated.begin(), repeated.end());
  if (counts.total() == 0) return group;
  group.first_event = kSampleNow - 30 * 24h;
  group.last_event = kSampleNow - 13s;
  group.state = burns ? slo::SloState::kBurning : slo::SloState::kOk;
  if (slo::IsBudgetExhausted(counts, spec.objective)) group.state = slo::SloState::kExhausted;
  return group;
}

slo::Exclusion SampleExclusion() {
  return {.id = "made",
          .description = "new disks",
          .when = slo::Exclusion::Once{kSampleNow - 30min, kSampleNow + 30min},
          .slos = {"checkout/*"},
          .labels = {},
          .source = "api"};
}

void AddSlo(SloReading& reading, slo::SloSpec spec, std::vector<slo::GroupStatus> groups) {
  slo::SloSet slos = reading.slos == nullptr ? slo::SloSet() : *reading.slos;
  slo::SloStatus status;
  status.index = slos.size();
  status.state = std::ranges::min(groups, {}, &slo::GroupStatus::state).state;
  status.groups = std::move(groups);
  reading.statuses.push_back(std::move(status));
  slos.push_back(std::move(spec));
  reading.slos = std::make_shared<const slo::SloSet>(std::move(slos));
}

model::Alert SampleAlert(model::LabelSet labels, model::AlertState state) {
  model::Alert alert;
  alert.labels = std::move(labels);
  alert.annotations = {{"summary", "checkout/availability burns"}, {"tier", "1h/5m"}};
  alert.state = state;
  alert.active_at = kSampleNow - 100s;
  if (state != model::AlertState::kPending) alert.fired_at = kSampleNow - 50'250ms;
  if (state == model::AlertState::kInactive) alert.resolved_at = kSampleNow - 20s;
  return alert;
}

SloReading SampleReading() {
  SloReading reading;
  reading.slos = std::make_shared<const slo::SloSet>();
  reading.now = kSampleNow;
  slo::SloSpec availability = SampleSpec("checkout", "availability", {"http.route"});
  const auto group = [&](std::vector<std::string> values, uint64_t good, uint64_t bad) {
    return SampleGroup(availability, std::move(values), {.good = good, .bad = bad});
  };
  std::vector<slo::GroupStatus> groups{group({}, 99950, 50), group({"/cart"}, 79999, 1),
                                       group({"/pay"}, 19951, 49)};
  AddSlo(reading, std::move(availability), std::move(groups));
  // 20,000 events have a budget of 20 bad ones: /pay has spent it.
  slo::SloSpec latency = SampleSpec("search", "latency");
  latency.labels = {{"team", "search"}};
  slo::GroupStatus silent = SampleGroup(latency, {}, {});
  AddSlo(reading, std::move(latency), {std::move(silent)});
  const auto labels = [](std::string route, std::string severity) {
    return model::LabelSet{{"alertname", "SLOBurnRate"},      {"service", "checkout"},
                           {"slo", "availability"},           {"http_route", std::move(route)},
                           {"severity", std::move(severity)}, {"team", "payments"}};
  };
  reading.alerts = {SampleAlert(labels("/pay", "ticket"), model::AlertState::kPending),
                    SampleAlert(labels("/pay", "page"), model::AlertState::kFiring),
                    SampleAlert(labels("", "page"), model::AlertState::kInactive),
                    SampleAlert({{"alertname", "Elsewhere"}}, model::AlertState::kFiring)};
  return reading;
}

SloReading BudgetsReading() {
  constexpr uint64_t kPart = slo::kTimesliceParts;
  SloReading reading;
  reading.now = kSampleNow;
  const auto add = [&](slo::SloSpec spec, slo::SliCounts budget) {
    slo::GroupStatus total = SampleGroup(spec, {}, {.good = 99950, .bad = 50});
    total.budget = budget;
    total.budget_remaining_ratio = slo::BudgetRemainingRatio(budget, spec.objective);
    total.budget_remaining_events =
        slo::BudgetEvents(budget, spec.objective) - static_cast<double>(budget.bad);
    for (slo::WindowBurn& burn : total.burn_rates) burn.budget = budget;
    AddSlo(reading, std::move(spec), {std::move(total)});
  };
  slo::SloSpec slices = SampleSpec("shop", "slices");
  slices.budgeting = {
      .method = slo::BudgetingMethod::kTimeslices, .timeslice = 6, .target_units = 95'000'000};
  add(std::move(slices), {.good = 38, .bad = 2});
  slo::SloSpec ratios = SampleSpec("shop", "ratios");
  ratios.budgeting = {.method = slo::BudgetingMethod::kRatioTimeslices, .timeslice = 30};
  ratios.window = slo::Window::Calendar(
      slo::CalendarGrid::Create(slo::CalendarPeriod::kMonth, "Europe/Paris").value());
  ratios.window_text = ratios.window.Text();
  add(std::move(ratios), {.good = 2 * kPart, .bad = kPart / 2});
  slo::SloSpec journey = SampleSpec("web", "journey");
  journey.sli.source =
      slo::CompositeSli{.method = slo::CompositeMethod::kWeighted,
                        .members = {{.slo = "shop/slices", .weight = 3}, {.slo = "shop/ratios"}}};
  add(std::move(journey), {.good = 15 * kPart / 4, .bad = kPart / 4});
  return reading;
}

SloReading HostileReading() {
  constexpr std::string_view kHostile = "<script>\"'&\\\n\xff";
  SloReading reading;
  reading.slos = std::make_shared<const slo::SloSet>();
  reading.now = kSampleNow;
  slo::SloSpec spec = SampleSpec("checkout", "availability", {"http.route<b>"});
  spec.description = kHostile;
  spec.runbook_url = "javascript:alert(1)";
  spec.window_text = kHostile;
  spec.text = kHostile;
  spec.source = kHostile;
  spec.labels.Set("team", kHostile);
  std::vector<slo::GroupStatus> groups{
      SampleGroup(spec, {}, {.good = 99950, .bad = 50}),
      SampleGroup(spec, {std::string(kHostile)}, {.good = 99950, .bad = 50})};
  AddSlo(reading, std::move(spec), std::move(groups));
  reading.alerts = {SampleAlert({{"alertname", std::string(kHostile)},
                                 {"service", "checkout"},
                                 {"slo", "availability"},
                                 {"severity", std::string(kHostile)}},
                                model::AlertState::kFiring)};
  reading.alerts.front().annotations.Set("summary", kHostile);
  return reading;
}

absl::StatusOr<SloReading> FakeQueries::OneSlo(std::string_view id, const GroupSelector&) const {
  SloReading one = reading;
  one.statuses.clear();
  const auto add = [&](std::string_view wanted) {
    for (const slo::SloStatus& status : reading.statuses) {
      if ((*reading.slos)[status.index].id() == wanted) one.statuses.push_back(status);
    }
  };
  add(id);
  if (one.statuses.empty()) return base::NotFound("there is no SLO \"{}\"", id);
  if (const slo::CompositeSli* composite = (*reading.slos)[one.statuses[0].index].sli.composite()) {
    for (const slo::CompositeSli::Member& member : composite->members) add(member.slo);
  }
  return one;
}

ServerReading FakeQueries::ReadyServer() {
  ServerReading server;
  server.version = "1.2.3";
  server.started = kSampleNow - 60s;
  server.http = "127.0.0.1:7560";
  server.otlp_grpc = "127.0.0.1:4317";
  server.otlp_http = "127.0.0.1:4318";
  server.data_dir = "slowburn-data";
  server.ready = true;
  server.sequence = 42;
  server.checkpoint_sequence = 40;
  server.store_disk_bytes = 4096;
  server.slos = 2;
  server.slis = 2;
  server.groups = 4;
  server.slice_memory_bytes = 1024;
  server.latency_memory_bytes = 2048;
  server.series = 70;
  server.series_samples = 9000;
  server.series_bytes = 4096;
  server.engine_time = kSampleNow;
  server.dedup_window = 10min;
  server.limits = {{"request_bytes", 64 << 20}};
  server.config_loaded = kSampleNow - 30s;
  return server;
}

absl::Status FakeCommands::Reload() {
  std::unique_lock lock(mutex_);
  ++begun_;
  most_at_once_ = std::max(most_at_once_, ++running_);
  changed_.notify_all();
  changed_.wait(lock, [this] { return !is_held_; });
  --running_;
  return result;
}

absl::StatusOr<AddedExclusion> FakeCommands::AddExclusion(const std::string& document) {
  added = document;
  if (!result.ok()) return result;
  return AddedExclusion{SampleExclusion(), {"a warning"}};
}

absl::Status FakeCommands::RemoveExclusion(const std::string& id) {
  removed = id;
  return result;
}

void FakeCommands::Hold() {
  const std::lock_guard lock(mutex_);
  is_held_ = true;
}

void FakeCommands::Release() {
  const std::lock_guard lock(mutex_);
  is_held_ = false;
  changed_.notify_all();
}

bool FakeCommands::WaitForBegun(int count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, 10s, [&] { return begun_ >= count; });
}

}  // namespace slowburn::serve
