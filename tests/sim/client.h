// tests/sim/client.h: one simulated application: how much it does and when, how often it fails,
// what is odd about the times it gives.
//
// Room     tests/sim
// Uses     tests/sim
// Threads  one owner
// Units    unix nanoseconds
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/sim/random.h"
#include "tests/sim/reference_budget.h"
#include "tests/sim/scenario.h"
#include "tests/sim/traffic.h"

namespace slowburn::sim {

class Client {
 public:
  Client(const Scenario& scenario, uint32_t index);

  // The batches it has for (from, to], at most `events_max` events. Ids count up from `next_id`.
  std::vector<BatchPtr> Work(int64_t from, int64_t to, uint64_t events_max, uint64_t& next_id);
  // A batch that brings one tier of `slo` exactly to its threshold, if nothing else is counted, or
  // one event beyond. Null where that takes too many events, or points instead.
  BatchPtr WorkToThreshold(const SloConfig& slo, const Tier& tier, int64_t now, uint64_t& next_id);

 private:
  // How many events a period has, and how they fall into it.
  enum class Shape : uint8_t { kSilence, kHourly, kSteady, kDiurnal, kBursts };

  uint64_t Rate(int64_t from, int64_t to);
  Event Draw(int64_t time, uint64_t id);
  void DrawTimesOfRecord(Event& event);
  int64_t OddTime(int64_t time, int64_t now);
  std::optional<std::string> DrawRoute();
  void ChangeMood();

  const Scenario& scenario_;
  Random random_;
  const uint32_t service_;
  Shape shape_;
  uint64_t error_permille_ = 0;
};

}  // namespace slowburn::sim
