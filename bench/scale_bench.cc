// What many groups cost the core on a real store: opening it, also late in an hour, memory, the
// seconds of an hour, and the one in which every window's edge comes to another hour.
#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include "app/core.h"
#include "base/testing/temp_dir.h"
#include "bench/cpu.h"
#include "bench/scale_store.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace slowburn::bench {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;
using std::chrono::sys_seconds;
using namespace std::chrono_literals;

constexpr sys_seconds kHour{1'702'108'800s};  // begins an hour, and no day
constexpr sys_seconds kSaved = kHour - 610s;

struct Options {
  ScaleStore made{.saved = kSaved};
  size_t commits = 1000;  // in the log that is not checkpointed
  size_t touched = 200;   // groups each
  seconds after_the_hour{60};
  seconds downtime{10};
  size_t busy = 100;  // groups that have an event each second
};

[[noreturn]] void Die(std::string_view what, const absl::Status& status) {
  fmt::print(stderr, "{}: {}\n", what, status.ToString());
  std::exit(1);
}
void Check(std::string_view what, const absl::Status& status) {
  if (!status.ok()) Die(what, status);
}

double Timed(const std::function<void()>& work) {
  const auto start = steady_clock::now();
  work();
  return std::chrono::duration<double>(steady_clock::now() - start).count();
}

// Resident memory of this process in bytes.
uint64_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  uint64_t size = 0, resident = 0;
  file >> size >> resident;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

class Bench {
 public:
  explicit Bench(Options options) : options_(options) {}

  void Run() {
    const double made = Timed([&] {
      OpenStore();
      Check("make the store", options_.made.Write(*store_));
      Checkpoint(kSaved);
      store_.reset();
    });
    fmt::print("{:<44} {:>10.1f} s\n", "making the store", made);
    Open("open, clean stop", kSaved + options_.downtime);
    LeaveLog();
    Open("open, log not replayed", kSaved + options_.downtime + 10s);
    Memory("memory after opening");
    LateInTheHour();
    PreparedHour();
    Memory("memory after the hours");
    WholeCheckpoint();
  }

 private:
  size_t groups() const { return options_.made.groups; }

  void OpenStore() {
    auto store = storage::OpenRocksdbStore({.directory = directory_.path() / "data"});
    Check("open the store", store.status());
    store_ = *std::move(store);
  }

  void Open(std::string_view what, sys_seconds now) {
    core_.reset();
    store_.reset();
    malloc_trim(0);
    before_ = ResidentBytes();
    const double opened = Timed([&] { OpenStore(); });
    app::Core::Options options;
    options.dead_man = false;
    core_ = std::make_unique<app::Core>(std::move(options), *store_);
    const double recovered = Timed([&] { Check("recover", core_->Recover(now)); });
    const double installed = Timed([&] {
      auto slos = std::make_shared<const slo::SloSet>(options_.made.Slos());
      const store::v1::LogRecord record = core_->PlanInstall(*slos, now);
      if (record.time_unix_nano() != 0) Commit(record);
      Check("install", core_->Install(std::move(slos), now));
    });
    now_ = now;
    const double stepped = Timed([&] { core_->Step(now_); });
    fmt::print("{:<44} {:>10.2f} s  store {:.2f} recover {:.2f} install {:.2f} step {:.3f}\n", what,
               opened + recovered + installed + stepped, opened, recovered, installed, stepped);
  }

  void Commit(const store::v1::LogRecord& record) {
    Check("append", store_->AppendLog(record.SerializeAsString(), storage::Durability::kBuffered));
    Check("apply", core_->ApplyRecord(record));
  }
  void Commit(size_t first, size_t touched) {
    app::CountedRequest request;
    for (size_t i = 0; i < touched; ++i) {
      const size_t at = (first + i) % groups();
      std::string key;
      if (at % 1000 != 0) slo::AppendGroupValue(key, fmt::format("/route/{}", at % 1000));
      if (key.empty()) slo::AppendGroupValue(key, "/route/1");
      const auto sli = static_cast<slo::SliId>(at / 1000 + 1);
      request.delta.Count(request.delta.Append(sli, slo::SliceOf(now_), key), true, 1);
    }
    request.hash = {++requests_, ~requests_};
    request.items = static_cast<uint32_t>(touched);
    auto plan = core_->PlanRequests({&request}, now_);
    Check("plan", plan.status());
    Check("append",
          store_->AppendLog(plan->record.SerializeAsString(), storage::Durability::kBuffered));
    Check("apply", core_->Apply(*plan));
  }
  void LeaveLog() {
    for (size_t i = 0; i < options_.commits; ++i) Commit(i * options_.touched, options_.touched);
  }

  double Checkpoint(sys_seconds now) {
    if (core_ == nullptr) {
      Check("checkpoint", store_->WriteCheckpoint({}));
      return 0;
    }
    if (!core_->HasChanges()) return 0;
    return Timed([&] {
      auto batch = core_->MakeCheckpoint(now);
      Check("make a checkpoint", batch.status());
      Check("write a checkpoint", store_->WriteCheckpoint(*std::move(batch)));
      core_->CheckpointWritten();
    });
  }

  void Memory(std::string_view what) {
    malloc_trim(0);  // what opening needed for a moment is not memory of groups
    const auto table = static_cast<double>(core_->engine().table().memory_bytes());
    const double resident = static_cast<double>(ResidentBytes()) - static_cast<double>(before_);
    const auto of = static_cast<double>(groups());
    fmt::print("{:<44} {:>10.1f} KiB a group, counted; {:.1f} KiB a group of the process\n", what,
               table / of / 1024, resident / of / 1024);
  }

  // The program starts when there is no time left to prepare the next hour, or little: each group
  // has to read what its windows' edges come to.
  void LateInTheHour() {
    for (const seconds left : {100s, 1s}) {
      Open(fmt::format("open, {} s before the hour", left.count()), kHour - left);
      double longest = 0;
      for (now_ += 1s; now_ < kHour + 20s; now_ += 1s)
        longest = std::max(longest, Timed([&] { core_->Step(now_); }));
      fmt::print("{:<44} {:>10.1f} ms\n", "longest step after it", 1e3 * longest);
    }
  }

  // Every group's state at once: what a checkpoint is when all changed.
  void WholeCheckpoint() {
    now_ += 3h;
    core_->Step(now_);
    Commit(0, 1);
    fmt::print("{:<44} {:>10.1f} ms\n", "checkpoint of every group", 1e3 * Checkpoint(now_));
  }

  // Second by second to the next hour and beyond it.
  void PreparedHour() {
    const sys_seconds hour = kHour + 1h;
    const sys_seconds end = hour + options_.after_the_hour;
    Checkpoint(now_);
    double longest_step = 0, longest_checkpoint = 0, at_the_hour = 0, cpu_steps = 0;
    size_t steps = 0;
    sys_seconds longest_at{};
    auto next_checkpoint = now_;
    while (now_ < end) {
      now_ += 1s;
      if (options_.busy > 0) Commit(0, options_.busy);
      const double cpu = ThreadCpuSeconds();
      const double took = Timed([&] { core_->Step(now_); });
      cpu_steps += ThreadCpuSeconds() - cpu;
      ++steps;
      if (took > longest_step) longest_step = took, longest_at = now_;
      if (now_ >= hour && now_ < hour + 10s) at_the_hour = std::max(at_the_hour, took);
      if (now_ < next_checkpoint) continue;
      const double checkpoint = Checkpoint(now_);
      longest_checkpoint = std::max(longest_checkpoint, checkpoint);
      // As the commit loop: a tenth of the time, every 1 to 10 s.
      next_checkpoint =
          now_ + seconds(std::clamp<int64_t>(static_cast<int64_t>(checkpoint * 10), 1, 10));
    }
    fmt::print("{:<44} {:>10.2f} % of a core in steps\n",
               fmt::format("{} seconds, one by one", steps),
               100 * cpu_steps / static_cast<double>(steps));
    fmt::print(
        "{:<44} {:>10.1f} ms, {} s from the hour; at the hour {:.1f} ms; longest checkpoint {:.1f} "
        "ms\n",
        "longest step", 1e3 * longest_step, (longest_at - hour).count(), 1e3 * at_the_hour,
        1e3 * longest_checkpoint);
  }

  const Options options_;
  const base::TempDir directory_;
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<app::Core> core_;
  sys_seconds now_{};
  uint64_t before_ = 0;
  uint64_t requests_ = 0;
};

}  // namespace
}  // namespace slowburn::bench

int main(int argc, char** argv) {
  slowburn::bench::Options options;
  CLI::App app{"What many SLO groups cost: opening, memory, and the seconds around an hour"};
  bool tiny = false;
  int64_t downtime = options.downtime.count();
  app.add_option("--groups", options.made.groups, "groups of all SLIs, totals included");
  app.add_option("--days", options.made.days, "days of blocks");
  app.add_flag("--only-edges", options.made.only_edges,
               "only the hour blocks where windows begin and end: quicker to make");
  app.add_option("--downtime", downtime, "seconds between the state and the opening");
  app.add_option("--busy", options.busy, "groups that have an event each second");
  app.add_flag("--tiny", tiny, "what ctest runs");
  CLI11_PARSE(app, argc, argv);
  options.downtime = std::chrono::seconds(downtime);
  if (tiny) {
    options.made.groups = 20;
    options.made.only_edges = true;
    options.commits = 10;
  }
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);  // who waits sees how far it is
  slowburn::bench::Bench(options).Run();
  return 0;
}
