// slo/composite_sums.h: the sums of a composite SLO's windows, from those of its members.
//
// Room     slo
// Uses     slo/
// Threads  one thread at a time
// Units    as slo/composite.h
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <vector>

#include <absl/status/status.h>

#include "slo/composite.h"
#include "slo/count_view.h"
#include "slo/sli_table.h"
#include "slo/timeslice_ring.h"

namespace slowburn::slo {

// Reads the totals of its members' SLIs. Made anew with each set of SLOs; the timeslices of kAnyBad
// are read from the members' slices at the first Step.
class CompositeSums {
 public:
  struct Member {
    SliId sli{};
    CountView events;      // with the composite's exclusions
    Budgeting timeslices;  // with kAnyBad: its own objective is the target
    uint64_t weight = 1;
  };
  // `table` must outlive it.
  CompositeSums(const CompositeSli& spec, std::vector<Member> members, const SliTable& table);

  // The index of a window; `windows`, by SLI, get what its members need for it. Before the first
  // Step.
  size_t Place(const Window& window, std::vector<WindowSet>& windows);

  // Members have moved to `through`; `late` is what was counted in slices that were over.
  void Step(Slice through, const SliTable::LateChanges& late);

  // As the budget counts: what Combine makes of the members, or timeslices.
  SliCounts budget(size_t window) const;
  // Events: of the member that decides (kWorstOf), else of all.
  SliCounts events(size_t window) const;
  SliCounts lifetime() const;
  Slice first() const;  // 0: no member has had an event
  std::optional<std::chrono::sys_seconds> last_event() const;
  // Why the sums are not to be trusted, or OK.
  absl::Status error() const;
  const std::vector<Member>& members() const { return members_; }
  bool watches() const { return method_ == CompositeMethod::kAnyBad; }

 private:
  struct PlacedWindow {
    Window window;
    std::vector<size_t> at;      // by member: where among its SLI's windows
    std::optional<size_t> ring;  // where among the ring's windows
  };
  const GroupCounts& counts(const Member& member) const {
    return table_.counts(member.sli, kTotalGroup);
  }
  std::vector<MemberCounts> CountsAt(size_t window) const;
  void StepRing(Slice through, const SliTable::LateChanges& late);

  CompositeMethod method_;
  uint32_t timeslice_;
  std::vector<Member> members_;
  const SliTable& table_;
  std::vector<PlacedWindow> windows_;
  std::optional<TimesliceRing> ring_;
  absl::Status ring_error_;
};

// No slice of these groups before it has events; nothing where none has any.
std::optional<Slice> FirstCounted(const std::vector<const GroupView*>& views);

// What the timeslice of these members that begins at a slice is, reading each hour once. The
// members' views and `source` must outlive it.
TimesliceRing::Verdict JudgeTogether(const std::vector<CompositeSums::Member>& members,
                                     const std::vector<const GroupView*>& views,
                                     const BlockSource& source);

}  // namespace slowburn::slo
