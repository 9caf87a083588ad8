// app/slo_epochs.h: which SLI each SLO had, and since when.
//
// Room     app
// Uses     slo/, storage/api, proto (slowburn/store)
// Threads  as app/core.h
// Units    unix seconds; epochs count from 1
// Source   docs/format/log_record.md, "Epochs"
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>

#include "slo/sli_table.h"
#include "slo/slo_spec.h"
#include "slowburn/store/v1/log_record.pb.h"
#include "storage/api/store.h"

namespace slowburn::app {

// An SLO that is given another condition counts anew, and what it counted before stays to be seen:
// this is the list of what it counted. SLOs that are removed keep theirs, as their SLIs keep their
// counts. Composites have no SLI of their own and no epochs.
class SloEpochs {
 public:
  static constexpr size_t kEpochsMax = 20;  // of an SLO; older ones are forgotten

  struct Epoch {
    slo::SliId sli{};
    std::chrono::sys_seconds since{};
    std::vector<std::string> group_by;  // of the SLI
  };
  struct OfSlo {
    uint32_t dropped = 0;       // older ones: the first of `epochs` is epoch dropped + 1
    std::vector<Epoch> epochs;  // oldest first; the last one is now
  };

  // Adds to `record` an epoch for each of `slos` whose SLI is not that of its newest epoch. SLIs
  // without an id in `table` are registered by the same record.
  void Plan(const slo::SloSet& slos, const slo::SliTable& table, std::chrono::sys_seconds now,
            store::v1::LogRecord& record) const;
  void Apply(const store::v1::SloEpoch& epoch);

  // Null where there is none.
  const OfSlo* Find(std::string_view slo) const;

  // --- checkpoints
  void Restore(std::string_view slo, const store::v1::SloEpochs& stored);
  bool HasChanges() const { return !changed_.empty(); }
  void PutChanged(storage::Batch& batch) const;
  void CheckpointWritten() { changed_.clear(); }

 private:
  std::map<std::string, OfSlo, std::less<>> by_slo_;
  std::set<std::string> changed_;  // since the last checkpoint
};

}  // namespace slowburn::app
