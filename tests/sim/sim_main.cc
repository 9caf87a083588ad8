// sim: runs seeds of the simulation; prints the first that breaks an invariant, with the least
// faults that it needs, and how to replay it.
#include <chrono>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/logging.h"
#include "base/mutant.h"
#include "tests/sim/world.h"

namespace slowburn::sim {
namespace {

struct Arguments {
  uint64_t seeds = 100;
  uint64_t from = 1;
  std::optional<uint64_t> seed;
  std::vector<std::string> off;
  std::optional<int> until;
  bool trace = false;
  bool met = false;
  bool plain = false;
};

std::set<Fault> ReadFaults(const std::vector<std::string>& names) {
  std::set<Fault> faults;
  for (int i = 0; i < kFaults; ++i) {
    const auto fault = static_cast<Fault>(i);
    if (std::find(names.begin(), names.end(), FaultName(fault)) != names.end())
      faults.insert(fault);
  }
  return faults;
}

std::string Names(const std::set<Fault>& faults) {
  std::vector<std::string_view> names;
  for (const Fault fault : faults) names.push_back(FaultName(fault));
  return fmt::format("{}", fmt::join(names, ","));
}

std::optional<Failure> RunOnce(uint64_t seed, const std::set<Fault>& off,
                               const World::Options& options = {}) {
  World world(Scenario::Of(seed, off), options);
  return world.Run();
}

// Switches off what the failure does not need.
std::set<Fault> Shrink(uint64_t seed, std::set<Fault> off) {
  for (const Fault fault : Scenario::Of(seed, off).faults) {
    std::set<Fault> more = off;
    more.insert(fault);
    if (RunOnce(seed, more).has_value()) off = std::move(more);
  }
  return off;
}

void Report(uint64_t seed, const std::set<Fault>& given) {
  const std::set<Fault> off = Shrink(seed, given);
  const Failure failure = *RunOnce(seed, off);
  fmt::print("FAILED {}\n  invariant {}\n  at tick {}, unix time {:.3f}\n  {}\n",
             Scenario::Of(seed, off).Text(), failure.invariant, failure.tick,
             static_cast<double>(failure.time.time_since_epoch().count()) / 1e9, failure.what);
  fmt::print("  replay: sim --seed {}{} --trace\n", seed,
             off.empty() ? "" : " --off " + Names(off));
}

// How often what happened, over all seeds, and in how many of them.
class Tally {
 public:
  void Add(const World& world) {
    for (const auto& [what, times] : world.met()) {
      times_[what].first += times;
      ++times_[what].second;
    }
  }
  void Print() const {
    for (const auto& [what, times] : times_)
      fmt::print("  {:20} {:10} in {} seeds\n", what, times.first, times.second);
  }

 private:
  std::map<std::string, std::pair<uint64_t, uint64_t>> times_;
};

int Run(const Arguments& arguments) {
  const std::set<Fault> off = ReadFaults(arguments.off);
  if (arguments.seed.has_value()) {
    const auto failure =
        RunOnce(*arguments.seed, off, {.trace = arguments.trace, .until_tick = arguments.until});
    if (!failure.has_value()) return 0;
    fmt::print("FAILED invariant {} at tick {}\n  {}\n", failure->invariant, failure->tick,
               failure->what);
    return 1;
  }
  const auto start = std::chrono::steady_clock::now();
  uint64_t hash = 0, ticks = 0, events = 0;
  Tally tally;
  for (uint64_t seed = arguments.from; seed < arguments.from + arguments.seeds; ++seed) {
    World world(Scenario::Of(seed, off), {});
    if (const auto failure = world.Run(); failure.has_value()) {
      if (arguments.plain) {
        fmt::print("FAILED seed {} invariant {}\n", seed, failure->invariant);
      } else {
        Report(seed, off);
      }
      return 1;
    }
    // The same again: what differs is no function of the seed.
    if (seed % 100 == 0) {
      World twin(Scenario::Of(seed, off), {});
      (void)twin.Run();
      if (twin.hash() != world.hash()) {
        fmt::print("FAILED seed {}: the second run differs from the first\n", seed);
        return 1;
      }
    }
    hash = (hash ^ world.hash()) * 0x100000001b3;
    ticks += static_cast<uint64_t>(world.ticks());
    events += world.events();
    tally.Add(world);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  fmt::print("{} seeds hold, {} steps, {} events, {:.1f} s, hash {:016x}\n", arguments.seeds, ticks,
             events, took.count(), hash);
  if (arguments.met) tally.Print();
  return 0;
}

}  // namespace
}  // namespace slowburn::sim

int main(int argc, char** argv) {
  slowburn::sim::Arguments arguments;
  CLI::App app("Runs simulations of the program, one for each seed, and checks every invariant.");
  app.add_option("--seeds", arguments.seeds, "how many seeds");
  app.add_option("--from", arguments.from, "the first of them");
  app.add_option("--seed", arguments.seed, "this one alone");
  app.add_option("--off", arguments.off, "faults that there are not, by name")->delimiter(',');
  app.add_option("--until", arguments.until, "stop at this tick");
  app.add_flag("--met", arguments.met, "count what happened");
  app.add_flag("--plain", arguments.plain, "do not look for the least faults that a failure needs");
#ifdef SLOWBURN_MUTANTS
  app.add_option("--mutant", slowburn::base::active_mutant, "the fault of base/mutant.h to have");
#endif
  app.add_flag("--trace", arguments.trace, "print what happens");
  CLI11_PARSE(app, argc, argv);
  slowburn::base::SetLogLevel(slowburn::base::LogLevel::kOff);
  return slowburn::sim::Run(arguments);
}
