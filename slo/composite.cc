#include "slo/composite.h"

#include <algorithm>
#include <array>

#include "base/mutant.h"
#include "slo/budgeting.h"

namespace slowburn::slo {
namespace {

__extension__ using Wide = unsigned __int128;

bool HasEvents(const SliCounts& counts) { return static_cast<int64_t>(counts.total()) > 0; }

// Whether a has the greater share of bad events.
bool IsWorse(const SliCounts& a, const SliCounts& b) {
  if (SB_MUTANT("worst_by_count")) return a.bad > b.bad;
  const Wide left = Wide{a.bad} * b.total();
  const Wide right = Wide{b.bad} * a.total();
  return left != right ? left > right : a.total() > b.total();
}

SliCounts WorstOf(std::span<const MemberCounts> members) {
  SliCounts worst;
  for (const MemberCounts& member : members) {
    if (!HasEvents(member.counts)) continue;
    if (worst == SliCounts{} || IsWorse(member.counts, worst)) worst = member.counts;
  }
  return worst;
}

SliCounts Weighted(std::span<const MemberCounts> members) {
  constexpr Budgeting kParts{.method = BudgetingMethod::kRatioTimeslices};
  SliCounts sum;
  for (const MemberCounts& member : members) {
    if (!HasEvents(member.counts)) continue;
    const SliCounts parts = kParts.Score(member.counts);
    sum += {.good = parts.good * member.weight, .bad = parts.bad * member.weight};
  }
  return sum;
}

}  // namespace

std::string_view CompositeMethodName(CompositeMethod method) {
  constexpr std::array<std::string_view, 3> kNames = {"worst_of", "weighted", "any_bad"};
  return kNames[static_cast<size_t>(method)];
}

SliCounts Combine(CompositeMethod method, std::span<const MemberCounts> members) {
  return method == CompositeMethod::kWeighted ? Weighted(members) : WorstOf(members);
}

std::optional<bool> IsGoodTogether(std::span<const SliCounts> scores) {
  if (std::all_of(scores.begin(), scores.end(),
                  [](const SliCounts& score) { return score == SliCounts{}; }))
    return std::nullopt;
  const auto is_good = [](const SliCounts& score) { return score.bad == 0; };
  if (SB_MUTANT("all_must_be_bad")) return std::any_of(scores.begin(), scores.end(), is_good);
  return std::all_of(scores.begin(), scores.end(), is_good);
}

}  // namespace slowburn::slo
