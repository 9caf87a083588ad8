// The program as it would be if it had been started with the SLOs in force, and had met every event
// that was counted in another order.
#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/core.h"
#include "slo/sli_delta.h"
#include "tests/sim/checks.h"
#include "tests/sim/fresh_points.h"
#include "tests/sim/program.h"
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

// Which groups overflow follows from the order as well.
bool IsInOtherOrder(const Reference& reference, const SloConfig& slo) {
  const std::vector<ReferenceCounts::Group>& groups = reference.groups(slo);
  const bool has_overflow =
      std::any_of(groups.begin(), groups.end(), [](const ReferenceCounts::Group& group) {
        return !group.values.empty() && group.values.front() == "__overflow__";
      });
  return slo.sli.reads_metrics() && !has_overflow && IsFreeOfOrder(reference.metrics(), slo.sli);
}

// Counts of all SLIs, but for those whose points come in another order.
std::vector<Piece> PiecesOf(const Reference& reference, const slo::Engine& engine, Random& random) {
  std::vector<Piece> pieces;
  std::set<slo::SliId> seen;
  for (size_t i = 0; i < reference.slos().size(); ++i) {
    const SloConfig& slo = reference.slos()[i];
    const slo::SliId sli = engine.sli_of(i);
    if (slo.composite.has_value() || IsInOtherOrder(reference, slo) || !seen.insert(sli).second)
      continue;
    for (const ReferenceCounts::Group& group : reference.groups(slo)) {
      // The total counts what its groups do.
      if (group.values.empty() && !slo.sli.group_by.empty()) continue;
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

void Commit(const app::CountedRequest& request, app::Core& fresh, base::UnixNanos now) {
  const auto plan = fresh.PlanRequests({&request}, now);
  Must(plan.status(), "plan");
  Must(fresh.Apply(*plan), "apply");
}

// One request for each point, of those SLIs whose order does not matter.
uint64_t AddPoints(const Reference& reference, app::Core& fresh, base::UnixNanos now,
                   Random& random) {
  const std::shared_ptr<const slo::Matchers> matchers = fresh.engine().MakeMatchers();
  slo::MetricMatcher::Scratch scratch;
  std::set<slo::SliId> seen;
  uint64_t id = 0;
  for (size_t i = 0; i < reference.slos().size(); ++i) {
    const SloConfig& slo = reference.slos()[i];
    const slo::SliId sli = fresh.engine().sli_of(i);
    if (!IsInOtherOrder(reference, slo) || !seen.insert(sli).second) continue;
    for (MetricSample& sample : PointsInOtherOrder(reference.metrics(), slo.sli, random)) {
      Batch batch;
      batch.samples.push_back(std::move(sample));
      app::CountedRequest request;
      request.signal = model::Signal::kMetrics;
      request.hash = {++id, 2};
      request.metrics = MatchPoints(batch, matchers->metrics, scratch).Of(sli);
      Commit(request, fresh, now);
    }
  }
  return id;
}

// Some events are known by five minutes alone: of these a fresh start knows more.
bool IsKnownCoarsely(const Reference& reference) {
  constexpr int64_t kSlicesPerDay = 8640;
  return std::any_of(reference.slos().begin(), reference.slos().end(), [&](const SloConfig& slo) {
    const std::optional<int64_t> first = reference.groups(slo).front().first_slice();
    return first.has_value() && *first / kSlicesPerDay < reference.fine_from();
  });
}

// How far points are apart follows from their order, and which tiers there are from that.
bool HasTiers(const Reference& reference, const SloConfig& slo) {
  if (!slo.composite.has_value()) return !slo.sli.reads_metrics();
  const std::vector<CompositeConfig::Member>& members = slo.composite->members;
  return std::none_of(members.begin(), members.end(), [&](const CompositeConfig::Member& member) {
    return reference.Find(member.slo).sli.reads_metrics();
  });
}

std::string StateText(const slo::GroupStatus& status, bool with_tiers) {
  std::string text = fmt::format("lifetime {}/{}", status.lifetime.good, status.lifetime.bad);
  for (const slo::WindowBurn& burn : status.burn_rates)
    text += fmt::format(" {}s={}/{}", burn.window.count(), burn.counts.good, burn.counts.bad);
  if (!with_tiers) return text;
  text += fmt::format(" {}", slo::SloStateName(status.state));
  for (const slo::TierStatus& tier : status.tiers)
    text += fmt::format(" {}:{}", tier.tier.name, slo::TierStateName(tier.state));
  return text;
}

}  // namespace

FreshStart CheckFreshStart(const app::Core& core, const Reference& reference, Random& random) {
  if (IsKnownCoarsely(reference)) return {};
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
    Commit(request, fresh, now);
    if (random.OneIn(10))
      fresh.Step(before +
                 (now - before) * static_cast<int64_t>(at) / static_cast<int64_t>(pieces.size()));
  }
  const uint64_t points = AddPoints(reference, fresh, now, random);
  fresh.Step(now);
  for (size_t i = 0; i < reference.slos().size(); ++i) {
    const SloConfig& slo = reference.slos()[i];
    const bool with_tiers = HasTiers(reference, slo);
    for (const slo::GroupStatus& live : core.engine().Status(i).groups) {
      const slo::SliId sli = fresh.engine().sli_of(i);
      const auto group = live.values.empty() ? std::optional(slo::kTotalGroup)
                                             : fresh.engine().table().FindGroup(sli, live.values);
      // A group without an event is not admitted.
      const std::string found =
          group.has_value() ? StateText(fresh.engine().StatusOf(i, *group), with_tiers) : "absent";
      const std::string expected = StateText(live, with_tiers);
      if (found == expected) continue;
      throw Violation{"4 order, 12 config",
                      fmt::format("{} {{{}}}: live {}, fresh {}", slo.id(),
                                  fmt::join(live.values, ", "), expected, found)};
    }
  }
  return {.is_compared = true, .points = points};
}

}  // namespace slowburn::sim
