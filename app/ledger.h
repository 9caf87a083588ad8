// app/ledger.h: what became of everything that came in.
//
// Room     app
// Uses     serve/ (the reading), proto (slowburn/store)
// Threads  one thread at a time
// Units    items: spans, data points, log records
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "serve/queries.h"
#include "slowburn/store/v1/log_record.pb.h"

namespace slowburn::app {

// Named counters that only grow, each change in the same commit as what it counts. Names:
//   SIGNAL/{decoded,accepted,duplicate,too_late}   SIGNAL/rejected/REASON
//   requests/refused/REASON                        forward/NAME/{routed,delivered}
//   forward/NAME/dropped/REASON                    lost/FROM-TO (records of the log)
// docs/ledger.md says what they mean.
class Ledger {
 public:
  void Apply(const store::v1::LedgerDelta& delta);
  uint64_t Get(std::string_view counter) const;
  // For a checkpoint, and back.
  store::v1::Ledger State() const;
  void Restore(const store::v1::Ledger& state);
  // Deltas that book as dropped (restart) what the last process had routed and did not see
  // delivered: its queues were in memory.
  std::vector<store::v1::LedgerDelta> LostWithLastProcess() const;

  // What is pending is not in it: the exporters know.
  serve::LedgerReading Reading() const;

 private:
  std::map<std::string, uint64_t, std::less<>> counters_;
};

// The counter of log records that are lost, both bounds included.
std::string LostRecordsCounter(uint64_t from, uint64_t to);

// Appends to `record` what to add to `counter`; nothing for 0.
void AddToLedger(store::v1::LogRecord& record, std::string_view counter, uint64_t count);

}  // namespace slowburn::app
