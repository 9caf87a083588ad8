// tests/sim/reference.h: what the program should be in: every fact that is stored, and what follows
// from it.
//
// Room     tests/sim: written from DESIGN and the facts, not from the code; includes nothing of
// app/,
//          slo/ or rules/
// Uses     tests/sim
// Threads  one owner
// Units    unix nanoseconds, unix seconds where the name says so
// Source   DESIGN sections 3 and 4
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "tests/sim/reference_alerts.h"
#include "tests/sim/reference_budget.h"
#include "tests/sim/reference_counts.h"

namespace slowburn::sim {

// A batch that arrived, as it was understood then.
struct ArrivedRequest {
  BatchPtr batch;
  int64_t received_at = 0;
  std::set<SliConfig> slis;  // that were in force
};

// What the sender of a request is to be told, and what becomes of it.
struct Verdicts {
  bool is_resent = false;
  int64_t rejected = 0;
};

// The state is a fold over the list of what was stored, each with the position of its write. A
// crash strikes from the list what the disk has lost, and folds what is left.
class Reference {
 public:
  struct Options {
    int64_t max_late_seconds = 24 * 3600;
    uint32_t groups_max = 1000;
    bool dead_man = true;
    int64_t resend_seconds = 60;
  };
  explicit Reference(Options options) : options_(options), alerts_(options.resend_seconds) {}

  // What a commit of requests stores.
  struct Commit {
    struct Known {  // a request that will be recognised
      uint64_t batch = 0;
      int64_t time = 0;
      int64_t rejected = 0;  // as it was answered
    };
    std::vector<Verdicts> verdicts;  // one per request
    std::vector<CountedEvent> counted;
    std::vector<MetricUse> points;
    std::vector<Known> known;
    std::vector<uint64_t> batches;  // that are in the store from now on
    std::map<std::string, uint64_t> ledger;
    int64_t time = 0;
  };
  // An AlertMap is the whole book at a checkpoint.
  using Stored = std::variant<Commit, AlertChanges, AlertMap, ReferenceExclusionChange>;

  // --- requests
  // A commit of `requests` at `now`. Where it is not sure whether a request is still known as one
  // that came before, `was_counted` (of the batch's id) decides.
  Commit Decide(const std::vector<ArrivedRequest>& requests, int64_t now,
                const std::function<bool(uint64_t)>& was_counted) const;
  void Store(Commit commit, uint64_t position);

  // --- time
  // A second at `now`: engine time moves. What changes among the alerts is stored by the caller.
  AlertChanges Tick(int64_t now);
  // They are true from now on, though written nowhere yet.
  void Apply(const AlertChanges& changes);
  // These alerts (label texts) are written as they are now.
  void WriteAlerts(const std::vector<std::string>& alerts, uint64_t position);
  // All of them are.
  void WriteCheckpoint(uint64_t position);

  // --- SLOs
  // These are in force at `now`; returns the ends of alerts whose SLO is gone.
  AlertChanges Install(SloConfigs slos, ExclusionMap of_files, int64_t now);

  // --- exclusions
  // One is made or removed by the API, and is in force.
  void Exclude(ReferenceExclusionChange change, uint64_t position, int64_t now);
  const ExclusionMap& exclusions() const { return exclusions_; }  // of the API

  // --- crashes
  // A write that failed, and is there all the same. To be called before Lose.
  void Recall(Stored what, uint64_t position) { history_.push_back({position, std::move(what)}); }
  // `survived` says of each position whether it is there after the crash.
  void Lose(const std::function<bool(uint64_t)>& survived);
  // The program starts again, with no SLOs.
  void Restart(int64_t now);

  // --- what should be
  const SloConfigs& slos() const { return slos_; }
  const SloConfig& Find(const std::string& slo) const;  // which is there
  // As long as nothing changes.
  BudgetView View(const SloConfig& slo, const ReferenceCounts::Group& group) const;
  // Of a composite: one total, without counts of its own.
  const std::vector<ReferenceCounts::Group>& groups(const SloConfig& slo) const;
  std::set<SliConfig> slis() const;
  const ReferenceCounts& counts() const { return counts_; }
  const ReferenceMetrics& metrics() const { return metrics_; }
  const AlertMap& alerts() const { return alerts_.alerts(); }
  int64_t engine_seconds() const { return engine_seconds_; }
  // Days (unix) before it are known by five minutes: the program's word, which the world checks
  // against what it may be.
  void set_fine_from(int64_t day) { fine_from_ = day; }
  int64_t fine_from() const { return fine_from_; }
  // Groups that are in no list any more: likewise.
  void set_idle(IdleGroups idle) { idle_ = std::move(idle); }
  const IdleGroups& idle() const { return idle_; }
  bool IsIdle(const SloConfig& slo, const ReferenceCounts::Group& group) const;
  bool IsIdle(const SliConfig& sli, const ReferenceCounts::Group& group) const;
  // Events of this SLI leave its longest window after so long.
  int64_t LongestWindow(const SliConfig& sli) const;
  bool IsStored(uint64_t batch) const { return stored_.contains(batch); }
  uint64_t ledger(const std::string& counter) const;
  // Whether the alert fired from then on, in any life of the program.
  bool HasFired(const std::string& labels, int64_t fired_at) const {
    return ever_fired_.contains({labels, fired_at});
  }

 private:
  struct Entry {
    uint64_t position = 0;
    Stored what;
  };
  void ReadPoints(const ArrivedRequest& request, int64_t now, Commit& commit) const;
  // Whether the program may have forgotten it by now.
  bool IsDoubtful(uint64_t batch, int64_t now) const;
  void FindDoubtful(int64_t now);
  void Fold(const Commit& commit);
  void Fold(const ReferenceExclusionChange& change);
  std::vector<Reason> Reasons() const;
  // What follows from an SLO and the exclusions alone.
  struct Plain {
    std::vector<Tier> tiers;
    ExcludedSlices excluded;
  };
  const Plain& PlainOf(const SloConfig& slo) const;
  int64_t PointInterval(const SliConfig& sli) const;

  const Options options_;
  std::vector<Entry> history_;

  ReferenceCounts counts_;
  ReferenceMetrics metrics_;
  std::map<uint64_t, Commit::Known> known_;  // by batch: as it was committed last
  std::set<std::pair<uint64_t, int64_t>>
      doubtful_;               // of those: older than the window at some moment
  std::set<uint64_t> stored_;  // batches
  std::map<std::string, uint64_t> ledger_;
  ReferenceAlerts alerts_;
  bool has_unwritten_alerts_ = false;
  std::set<std::pair<std::string, int64_t>> ever_fired_;

  SloConfigs slos_;
  ExclusionMap exclusions_;  // of the API
  ExclusionMap of_files_;
  mutable std::map<std::string, Plain> plain_;  // by SLO: those that were asked for
  int64_t engine_seconds_ = 0;
  int64_t fine_from_ = 0;
  IdleGroups idle_;
};

}  // namespace slowburn::sim
