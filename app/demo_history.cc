#include "app/demo_history.h"

#include <cmath>
#include <numbers>
#include <random>

#include "slo/backfill.h"

namespace slowburn::app {
namespace {

using std::chrono::sys_seconds;

constexpr std::chrono::hours kPast{30 * 24};
// Two outages of the past: hours before now, minutes long, share of errors.
struct PastOutage {
  std::chrono::minutes before;
  std::chrono::minutes length;
  double error_ratio;
};
constexpr PastOutage kOutages[] = {
    {std::chrono::hours(19 * 24), std::chrono::minutes(25), 0.30},
    {std::chrono::hours(6 * 24 + 5), std::chrono::minutes(40), 0.08}};

double OutageAt(sys_seconds time, sys_seconds now) {
  for (const PastOutage& outage : kOutages) {
    if (time >= now - outage.before && time < now - outage.before + outage.length)
      return outage.error_ratio;
  }
  return 0;
}

// How many of `events` are bad when each is with this probability.
uint64_t Bad(uint64_t events, double ratio, std::mt19937_64& random) {
  if (events == 0 || ratio <= 0) return 0;
  return std::binomial_distribution<uint64_t>(events, ratio)(random);
}

}  // namespace

const std::vector<DemoRoute>& DemoRoutes() {
  static const std::vector<DemoRoute> routes = {{"frontend", "GET", "/", 30, 0.0001, 0.002},
                                                {"frontend", "GET", "/product", 20, 0.0001, 0.002},
                                                {"frontend", "POST", "/checkout", 6, 0.0002, 0.004},
                                                {"checkout", "POST", "/cart", 12, 0.0002, 0.003},
                                                {"checkout", "POST", "/pay", 6, 0.0004, 0.006},
                                                {"payments", "POST", "/charge", 6, 0.0003, 0.003}};
  return routes;
}

double DemoTrafficAt(sys_seconds time) {
  const auto second_of_day =
      static_cast<double>((time.time_since_epoch() % std::chrono::hours(24)).count());
  const double phase =
      (second_of_day / 86'400 - 19.0 / 24) * 2 * std::numbers::pi;  // busiest at 19:00 UTC
  return 0.625 + 0.375 * std::cos(phase);
}

absl::Status WriteDemoHistory(CommitLoop& loop, Core& core, sys_seconds now) {
  std::mt19937_64 random(30);  // The same past in every demo.
  const slo::SloSet& slos = *core.engine().slos();
  for (size_t i = 0; i < slos.size(); ++i) {
    if (slos[i].sli.composite() != nullptr) continue;  // Its members have its past.
    const bool latency = slos[i].sli.latency().has_value();
    slo::Backfill backfill(core.engine().sli_of(i));
    for (const DemoRoute& route : DemoRoutes()) {
      if (slos[i].service != route.service) continue;
      const slo::Slice last = slo::SliceOf(now);
      for (slo::Slice slice = slo::SliceOf(now - kPast); slice < last; ++slice) {
        const sys_seconds time = slo::SliceStart(slice);
        const double mean = route.requests_per_second * DemoTrafficAt(time) * 10;
        const auto total = static_cast<uint64_t>(
            std::lround(mean * (0.9 + 0.2 * std::generate_canonical<double, 32>(random))));
        const double ratio =
            latency ? route.slow_ratio
                    : route.error_ratio + OutageAt(time, now) * (route.route[1] == 'p' ? 1 : 0.05);
        const uint64_t bad = Bad(total, ratio, random);
        backfill.Count(slos[i].sli.group_by.empty() ? std::vector<std::string>{}
                                                    : std::vector<std::string>{route.route},
                       slice, {total - bad, bad});
      }
    }
    store::v1::LogRecord record;
    for (const slo::GroupAdmission& admission : backfill.UnknownGroups(core.engine().table())) {
      store::v1::GroupAdmission& group = *record.add_groups();
      group.set_sli(static_cast<uint32_t>(admission.sli));
      group.set_group(static_cast<uint32_t>(admission.group));
      for (const std::string& value : admission.values) group.add_values(value);
    }
    if (record.groups_size() > 0) {
      const absl::Status admitted = loop.Commit(record);
      if (!admitted.ok()) return admitted;
    }
    const absl::Status applied = backfill.Apply(core.engine().table());
    if (!applied.ok()) return applied;
  }
  return absl::OkStatus();
}

}  // namespace slowburn::app
