// tests/sim/world.h: the simulation of one seed: virtual time, clients, faults, one program after
// another on one disk, and the reference beside them.
//
// Room     tests/sim
// Uses     tests/sim
// Threads  one owner
// Units    virtual time
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/checks.h"
#include "tests/sim/client.h"
#include "tests/sim/exclusion_config.h"
#include "tests/sim/metric_client.h"
#include "tests/sim/program.h"
#include "tests/sim/reference.h"
#include "tests/sim/scenario.h"
#include "tests/sim/sim_clock.h"
#include "tests/sim/sim_store.h"
#include "tests/sim/slo_generator.h"

namespace slowburn::sim {

struct Failure {
  std::string invariant;
  std::string what;
  int tick = 0;  // during which it was found
  base::UnixNanos time{};
};

class World {
 public:
  struct Options {
    bool trace = false;             // prints what happens
    std::optional<int> until_tick;  // stops there
  };
  World(Scenario scenario, Options options);
  ~World();

  // Nothing: every invariant held until the end.
  std::optional<Failure> Run();
  // Of everything that happened: equal for equal scenarios.
  uint64_t hash() const { return hash_; }
  int ticks() const { return tick_; }
  // What happened, and how often: a scenario proves nothing about what it never meets.
  const std::map<std::string, uint64_t>& met() const { return met_; }
  uint64_t events() const { return events_; }

 private:
  struct Happening {
    std::chrono::nanoseconds at;
    uint64_t order;
    std::function<void()> what;
    bool operator>(const Happening& other) const {
      return std::pair(at, order) > std::pair(other.at, other.order);
    }
  };
  struct Waiting {  // for a commit
    ArrivedRequest arrived;
    app::SubmittedRequest submitted;
  };
  struct Answered {
    BatchPtr batch;
    collector::ExportAnswer answer;
  };

  // --- the loop
  void After(std::chrono::nanoseconds delay, std::function<void()> what);
  void RunUntilQuiet();
  void Log(std::string_view what, int64_t a = 0, int64_t b = 0);
  void Meet(std::string_view what, uint64_t times = 1);
  void MeetAlerts(const AlertChanges& changes);
  void MeetCommit(const Reference::Commit& commit);
  int64_t wall() const { return clock_.Now().time_since_epoch().count(); }
  std::chrono::nanoseconds Soon(int64_t most_millis);

  // --- requests
  void Send(const BatchPtr& batch, std::chrono::nanoseconds delay);
  void Deliver(const BatchPtr& batch);
  void CommitWaiting();
  std::optional<Reference::Commit> Settle(const std::vector<ArrivedRequest>& arrived, int64_t now);
  void Hear(const std::vector<Answered>& answers, const std::optional<Reference::Commit>& commit);

  // --- the program
  void StartProgram();
  // Runs `step`; when it ends in a crash, so does the program. False: it did.
  bool Guard(const std::function<void()>& step, const std::function<void(bool crashed)>& settle);
  void End(bool power_loss, std::string_view why);
  void Installed(bool crashed);
  IdleGroups ReadIdle() const;
  void SettleAlerts(const AlertChanges& changes, bool crashed);
  void SyncLater();

  // --- each tick
  void Tick();
  void Nap();
  void StepProgram();
  void DoPieceLater();
  void MakeTraffic(int64_t from, int64_t to);
  void MakeExports(int64_t from, int64_t to);
  void MakeFaults();
  void MakeReload();
  void MakeExclusion();
  ReferenceExclusionChange DrawExclusionChange();
  void EditExclusions(SpecFile& file);
  void Calm();
  void Check();
  void CheckBooks();
  void CheckFineFrom(bool at_start);
  void CheckIdle(bool just_installed);
  void CheckAcknowledged(std::chrono::nanoseconds crashed_at);
  void CheckExclusions();
  void CheckEnd();

  const Scenario scenario_;
  const Options options_;
  const int nap_tick_;  // after it there is the nap
  Random random_;
  Random piece_random_;
  SimClock clock_;
  SimDisk disk_;
  AlertmanagerModel alertmanager_;
  Reference reference_;
  SloGenerator generator_;
  ExclusionGenerator exclusion_generator_;
  std::vector<Client> clients_;
  std::vector<MetricClient> metric_clients_;
  std::unique_ptr<Program> program_;  // null: down

  std::priority_queue<Happening, std::vector<Happening>, std::greater<>> agenda_;
  uint64_t order_ = 0;
  uint64_t hash_ = 0xcbf29ce484222325;
  std::map<std::string, uint64_t> met_;
  int tick_ = 0;
  bool calm_ = false;
  uint64_t events_ = 0;
  uint64_t next_id_ = 1;
  int64_t worked_until_ = 0;

  SpecFile wanted_;                // the file
  std::vector<SpecFile> earlier_;  // files before it
  ReadSpecs read_;
  std::map<SliConfig, slo::SliId> sli_ids_;  // of those that were in force in this life
  std::vector<Waiting> waiting_;
  std::set<uint64_t> unanswered_;                              // batches
  std::map<uint64_t, std::chrono::nanoseconds> acknowledged_;  // batch -> when
  ExclusionMap acknowledged_exclusions_;     // all that there are, as whoever made them was told
  std::set<std::string> unsure_exclusions_;  // whose maker heard nothing, or of a failure
  struct Ghost {
    uint64_t position;
    Reference::Stored what;
  };
  std::optional<Ghost> ghost_;  // a write that failed and may be there
  bool sync_scheduled_ = false;
  bool piece_scheduled_ = false;
  std::chrono::nanoseconds healed_at_{-std::chrono::hours(1)};  // the disk, of being full
};

}  // namespace slowburn::sim
