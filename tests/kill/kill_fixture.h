// tests/kill/kill_fixture.h: a data directory, traffic for it, and the comparison of what was acked
// with what the program has.
//
// Room     tests
// Uses     base/testing, net/, tests/kill
// Threads  one owner
// Units    none
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "base/testing/temp_dir.h"
#include "tests/kill/program.h"
#include "tests/kill/traffic.h"

namespace slowburn::kill {

// SLOWBURN_KILL_SEED, else one that no run had before.
uint64_t SeedOfRun();

class KillFixture : public testing::Test {
 protected:
  KillFixture();

  const std::filesystem::path& directory() const { return directory_.path(); }
  const std::string& api() const { return api_; }  // HOST:PORT
  uint64_t seed() const { return seed_; }

  // Writes slowburn.yaml and the SLO file. `commit` is the config's commit value:
  // "{mode: durable}". The data directory is beside them unless named.
  void WriteConfig(const std::string& commit, const std::filesystem::path& data_dir = {});
  absl::StatusOr<Program> Spawn() const;
  // Spawns and waits until it is ready; tells `traffic`. Nothing, with a test failure, when it does
  // not come up.
  std::optional<Program> Start(Traffic& traffic);

  // Waits until so many more requests are acked. A failure when they are not within a minute.
  static void AwaitRequests(const Traffic& traffic, uint64_t more);

  // The JSON of a path on the API; an empty object, with a test failure, when it is not 200.
  boost::json::object Get(const std::string& path) const;
  int GetStatus(const std::string& path) const;

  // With every request acked: counts of every SLO and group over all time, the groups, and the
  // ledger are exactly what `acked` says.
  void ExpectEverythingCounted(const Acked& acked) const;
  // With everything that `least` says, and nothing beyond `most`; the ledger agrees with the
  // counts.
  void ExpectCountedBetween(const Acked& least, const Acked& most) const;
  // As ExpectEverythingCounted, by hour.
  void ExpectEveryHourCounted(const Acked& acked) const;
  // Spans of requests that were stored but whose ack a kill took: sent again, counted once.
  uint64_t DuplicateSpans() const;

 private:
  slo::SliCounts Counts(const std::string& slo, const std::string& group, int64_t start,
                        int64_t end) const;
  boost::json::object TracesLedger() const;

  base::TempDir directory_;
  const uint64_t seed_;
  const testing::ScopedTrace trace_;  // every failure names the seed
  std::string api_;                   // of the program last started
};

}  // namespace slowburn::kill
