// The program as it would be if it had been started with the SLOs in force, and had met every event
// that was counted in another order.
#include <algorithm>

#include <fmt/format.h>

#include "app/core.h"
#include "slo/sli_delta.h"
#include "tests/sim/checks.h"
#include "tests/sim/sim_store.h"

namespace slowburn::sim {
namespace {

// A slice of one group, all or some of its events.
struct Piece {
  slo::SliId sli{};
  std::vector<std::string> values;
  int64_t slice = 0;
  Counts counts;
};

std::vector<Piece> PiecesOf(const Reference& reference, const slo::Engine& engine, Random& random) {
  std::vector<Piece> pieces;
  std::set<slo::SliId> seen;
  for (size_t i = 0; i < reference.slos().size(); ++i) {
    const slo::SliId sli = engine.sli_of(i);
    if (reference.slos()[i].sli.is_counter || !seen.insert(sli).second) continue;
    const auto& groups = reference.counts().groups(reference.slos()[i].sli);
    for (const ReferenceCounts::Group& group : groups) {
      // The total counts what its groups do.
      if (group.values.empty() && !reference.slos()[i].sli.group_by.empty()) continue;
      for (const auto& [slice, counts] : group.slices) {
        const Counts first{random.Below(counts.good + 1), random.Below(counts.bad + 1)};
        for (const Counts& part :
             {first, Counts{counts.good - first.good, counts.bad - first.bad}}) {
          if (part.total() > 0) pieces.push_back({sli, group.values, slice, part});
        }
      }
    }
  }
  for (size_t i = pieces.size(); i > 1; --i) std::swap(pieces[i - 1], pieces[random.Below(i)]);
  return pieces;
}

void Add(const Piece& piece, slo::SliDelta& delta) {
  std::string key;
  for (const std::string& value : piece.values) slo::AppendGroupValue(key, value);
  const uint32_t entry = delta.Append(piece.sli, static_cast<slo::Slice>(piece.slice), key);
  for (uint64_t i = 0; i < piece.counts.good; ++i) delta.Count(entry, true, 0);
  for (uint64_t i = 0; i < piece.counts.bad; ++i) delta.Count(entry, false, 0);
}

void Must(const absl::Status& status, std::string_view what) {
  if (!status.ok()) throw Violation{"12 config", fmt::format("{}: {}", what, status.ToString())};
}

std::string StateText(const slo::GroupStatus& status) {
  std::string text = fmt::format("{} lifetime {}/{}", slo::SloStateName(status.state),
                                 status.lifetime.good, status.lifetime.bad);
  for (const slo::WindowBurn& burn : status.burn_rates)
    text += fmt::format(" {}s={}/{}", burn.window.count(), burn.counts.good, burn.counts.bad);
  for (const slo::TierStatus& tier : status.tiers)
    text += fmt::format(" {}:{}", tier.tier.name, slo::TierStateName(tier.state));
  return text;
}

}  // namespace

void CheckFreshStart(const app::Core& core, const Reference& reference, Random& random) {
  // Where only five minutes are known, a fresh start knows more.
  if (reference.fine_from() > 0) return;
  SimDisk disk(0);
  SimStore store(disk);
  app::Core::Options options;
  options.engine.counting.max_late = std::chrono::hours(24 * 4000);
  app::Core fresh(options, store);
  const base::UnixNanos now{core.engine().now()};
  // It starts before the first event; its windows slide over all of them.
  const base::UnixNanos before = now - std::chrono::hours(24) * random.Between(0, 3);
  Must(fresh.Recover(before), "recover");
  Must(fresh.ApplyRecord(fresh.PlanInstall(*core.engine().slos(), before)), "register");
  Must(fresh.Install(core.engine().slos(), core.engine().exclusions(), before), "install");
  const std::vector<Piece> pieces = PiecesOf(reference, fresh.engine(), random);
  for (size_t at = 0; at < pieces.size();) {
    app::CountedRequest request;
    request.hash = {at + 1, 1};
    const size_t end = std::min(pieces.size(), at + 1 + random.Below(40));
    for (; at < end; ++at) Add(pieces[at], request.delta);
    const auto plan = fresh.PlanRequests({&request}, now);
    Must(plan.status(), "plan");
    Must(fresh.Apply(*plan), "apply");
    if (random.OneIn(10))
      fresh.Step(before +
                 (now - before) * static_cast<int64_t>(at) / static_cast<int64_t>(pieces.size()));
  }
  fresh.Step(now);
  for (size_t i = 0; i < reference.slos().size(); ++i) {
    // Counts of counters depend on what was known when their points came.
    if (reference.slos()[i].sli.is_counter) continue;
    for (const slo::GroupStatus& live : core.engine().Status(i).groups) {
      const slo::SliId sli = fresh.engine().sli_of(i);
      const auto group = live.values.empty() ? std::optional(slo::kTotalGroup)
                                             : fresh.engine().table().FindGroup(sli, live.values);
      // A group without an event is not admitted.
      const std::string found =
          group.has_value() ? StateText(fresh.engine().StatusOf(i, *group)) : "absent";
      if (found == StateText(live)) continue;
      throw Violation{
          "4 order, 12 config",
          fmt::format("{}: live {}, fresh {}", reference.slos()[i].id(), StateText(live), found)};
    }
  }
}

}  // namespace slowburn::sim
