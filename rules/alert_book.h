// rules/alert_book.h: the life of every alert: inactive -> pending -> firing -> resolved.
//
// Room     rules: pure; the clock is an argument
// Uses     base/, model/, proto (slowburn/store)
// Threads  one thread at a time
// Units    unix time
// Source   facts/alerting.md section 2; DESIGN sections 2 and 4
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/alert.h"
#include "slowburn/store/v1/log_record.pb.h"

namespace slowburn::rules {

// Alerts are known by their labels. Each has one or more tiers (reasons) that are pending, firing
// or kept firing on their own; the alert fires while any of its tiers does, from the first one on
// (`fired_at`), and is resolved when the last one ends. While an alert of the same incident and a
// higher rank fires, lower ones end (a page resolves its ticket). An update only tells what would
// change: the caller makes it durable, then applies it. So a state is never sent before it is kept.
//
// A condition that is not asked for is not true, with two exceptions. One that is unknown leaves
// its tier as it is. And a tier that fires since before a restart goes on until it has been watched
// for its `settle` again: the windows are empty because nobody counted, not because all is well.
// For the same reason a condition that rests on silence is unknown until then.
//
// Whoever is told that an alert fires believes it until a time that goes with it. A record says
// what that is at the most (`told_until`), and is renewed before it has to be more. So a resolved
// alert is known to be believed in even after a restart with a clock that was set back, and is kept
// until nobody can believe in it any more.
class AlertBook {
 public:
  struct Change {
    store::v1::AlertRecord record;  // absolute; state UNSPECIFIED: forget it
  };
  struct Options {
    std::chrono::seconds resolved_retention{
        3600};  // how long a resolved alert is kept, so that its end is delivered
    std::chrono::seconds resend{60};  // how often a firing one is told again
    size_t alerts_max = 10'000;       // more conditions are refused, counted in `refused()`
  };
  explicit AlertBook(Options options) : options_(options) {}

  // The program was down before `time`. Without this call it never was.
  void set_watched_since(base::UnixNanos time) { watched_since_ = time; }

  // What must change so that the book agrees with `conditions` (all that are true now) at `now`.
  // The book itself stays as it is.
  std::vector<Change> Plan(const std::vector<model::AlertCondition>& conditions,
                           base::UnixNanos now);
  // What must change to end, at once, every tier that `is_gone` knows, by its alert's labels and
  // its name: nobody asks for it any more (its SLO was removed, or has other labels or tiers), so
  // nothing is kept firing. Without a tier a fired alert is resolved, a pending one forgotten.
  std::vector<Change> PlanEnd(
      const std::function<bool(const model::LabelSet&, std::string_view tier)>& is_gone,
      base::UnixNanos now) const;
  // Live and on replay alike. Records of labels it does not know are added.
  void Apply(const store::v1::AlertRecord& record);

  // All: pending, firing and resolved, sorted by labels.
  std::vector<model::Alert> Alerts() const;
  // For a checkpoint: every alert, absolute.
  std::vector<store::v1::AlertRecord> Records() const;
  uint64_t refused() const { return refused_; }

 private:
  Options options_;
  base::UnixNanos watched_since_{};
  std::map<std::string, store::v1::AlertRecord> alerts_;  // by label text
  uint64_t refused_ = 0;
};

}  // namespace slowburn::rules
