// slo/group_counts.h: the counts of one group of one SLI: recent hours in memory, running sums of
// every window.
//
// Room     slo
// Uses     slo/
// Threads  one thread at a time
// Units    slices; a window at slice `through` covers [its begin, through]: the open slice is in it
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/status.h>

#include "slo/count_view.h"
#include "slo/range_sum.h"
#include "slo/sli_delta.h"
#include "slo/slice_block.h"

namespace slowburn::slo {

// The state that a checkpoint keeps beside the blocks.
struct GroupRunningState {
  Slice through = 0;
  Slice first = 0;
  uint32_t days_rolled = 0;
  std::chrono::sys_seconds last_event{};
  struct Sum {
    std::string key;  // of a ViewedWindow
    SliCounts counts;
  };
  std::vector<Sum> sums;
  SliCounts lifetime;  // everything that was ever counted
};

// A change of a block adds to the sums of the windows it lies in; moving time adds the slices that
// enter and takes those that leave. Only the hours at the windows' edges and those that changed
// since the last checkpoint are in memory, so its size follows the number of windows and not their
// length.
class GroupCounts {
 public:
  GroupCounts(SliId sli, GroupId group) { view_.sli = sli, view_.group = group; }

  // A group that was just admitted: nothing is counted, and it is as far as the others.
  void Begin(Slice through, std::shared_ptr<const WindowSet> windows) {
    through_ = through;
    sums_.assign(windows->size(), {});
    windows_ = std::move(windows);
    tidied_hour_ = through_ / kSlicesPerHour;
  }
  // Sets the sums back to `to`, if they are ahead of it: the clock of the last run was wrong. They
  // are read anew by the next SetWindows.
  void Rewind(Slice to);
  // Takes over a checkpoint. Sums of `windows`, which must all be in it, are kept up to date from
  // here on; the others wait for SetWindows, and are read anew if anything is counted until then.
  void Restore(const GroupRunningState& state, std::shared_ptr<const WindowSet> windows);
  // The windows to keep sums of, distinct, from now on. Sums that are known are kept, new ones are
  // read.
  absl::Status SetWindows(std::shared_ptr<const WindowSet> windows, const BlockSource& source);
  // Makes what a change of `slice` touches resident, so that Add cannot fail.
  absl::Status Load(Slice slice, const BlockSource& source);
  // Counts `change`, which is loaded.
  void Add(const SliceChange& change, const BlockSource& source);
  // Replaces the counts of a whole hour (backfill), resident if anything was counted in it. Sums
  // are stale until Resum.
  void SetHour(uint32_t hour, SliceBlock block);
  absl::Status Resum(const BlockSource& source);
  // Moves the sums to `to`; back or not at all is no move.
  absl::Status Advance(Slice to, const BlockSource& source);

  // Between steps, once an hour: lets go of hours that no window needs any more, and reads those
  // that the windows' edges come to in the next hour, so that the step into it need not. What
  // cannot be read now is left to that step.
  void Prepare(const BlockSource& source);

  // Whether its last event is further back than `silence` at `slice`.
  bool IsSilent(std::chrono::seconds silence, Slice slice) const {
    return view_.first != 0 && last_event_ + silence < SliceStart(slice);
  }
  // Leaves memory but for what the store needs: sums of `windows` are zero until Wake, whatever
  // time it is. Call it when none of them holds an event.
  void Sleep(std::shared_ptr<const WindowSet> windows);
  // Is as far as the others again. Reads the sums where some window reaches the last event.
  absl::Status Wake(Slice through, const BlockSource& source);

  // Zero, and not to be trusted, from a call that could not read until the next that can.
  // Events, or timeslices where the window's view is one of time.
  const SliCounts& sum(size_t window) const { return sums_[window]; }
  // Everything that was ever counted: it never falls.
  const SliCounts& lifetime() const { return lifetime_; }
  Slice through() const { return through_; }
  Slice first() const { return view_.first; }
  std::optional<std::chrono::sys_seconds> last_event() const;
  uint32_t days_rolled() const { return view_.days_rolled; }
  const GroupView& view() const { return view_; }
  void set_hours_kept_from(uint32_t day) { view_.hours_kept_from = day; }

  // The day block of the first day that is not rolled yet, made of its hours. Call only for days
  // that no event can reach any more.
  absl::StatusOr<SliceBlock> MakeDay(uint32_t day, const BlockSource& source) const;
  void set_days_rolled(uint32_t day) {
    view_.days_rolled = day;
    changed_ = true;
  }

  // For a checkpoint. Changed: the next one has to have it. Aged: time alone went on, and a later
  // one will do, as long as a restart never has to step far.
  bool changed() const { return changed_; }
  bool aged() const { return aged_; }
  GroupRunningState State() const;
  // After the checkpoint is written: hours that no window's edge needs leave memory.
  void MarkClean();
  size_t memory_bytes() const;

 private:
  ResidentHour* Find(uint32_t hour);
  absl::StatusOr<ResidentHour*> Resident(uint32_t hour, const BlockSource& source);
  absl::Status Step(const BlockSource& source);
  absl::Status StepEvents(size_t window, const SliCounts& entering, const BlockSource& source);
  absl::Status StepTimeslices(size_t window, const BlockSource& source);
  absl::StatusOr<SliCounts> CountsAt(Slice slice, const BlockSource& source);
  absl::StatusOr<SliCounts> Timeslice(const CountView& view, Slice begin,
                                      const BlockSource& source) const;
  void AddToTimeslices(size_t window, const SliceChange& change, const BlockSource& source);
  const ViewedWindow& window(size_t at) const { return (*windows_)[at]; }
  void SetLastEvent(std::chrono::sys_seconds time) {
    last_event_ = time;
    view_.last = SliceOf(time);
  }
  void Tidy();
  void Evict();

  GroupView view_;
  // Shared by all groups of the SLI.
  std::shared_ptr<const WindowSet> windows_ = std::make_shared<const WindowSet>();
  std::vector<SliCounts> sums_;                   // one per window
  std::vector<GroupRunningState::Sum> restored_;  // of a checkpoint, until SetWindows
  SliCounts lifetime_;
  Slice through_ = 0;
  uint32_t tidied_hour_ = 0;  // when hours last left memory
  std::chrono::sys_seconds last_event_{};
  bool changed_ = false;
  bool aged_ = false;
  bool stale_ = false;  // a read failed: the sums are wrong and have to be read anew
};

}  // namespace slowburn::slo
