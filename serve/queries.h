// serve/queries.h: what the HTTP API asks of the program: reads, and the few commands it may give.
//
// Room     serve
// Uses     base/, model/, slo/
// Threads  the implementation is thread-safe; calls come from server threads and may take
// milliseconds Units    unix time; counts are events
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "model/alert.h"
#include "slo/exclusion.h"
#include "slo/latency_sum.h"
#include "slo/slo_spec.h"
#include "slo/slo_status.h"

namespace slowburn::serve {

// A stretch of time in which an SLO had one SLI.
struct EpochReading {
  uint32_t epoch = 0;  // from 1
  std::chrono::sys_seconds since{};
  std::optional<std::chrono::sys_seconds> until;  // nothing: it is now
  std::string sli;                                // canonical text
  // Everything that the SLI ever counted: what returns to an SLI counts on.
  slo::SliCounts lifetime;
};

// Statuses as of one instant, every fsynced count in them.
struct SloReading {
  // Shared: a reload must not take the specs away under an answer.
  std::shared_ptr<const slo::SloSet> slos;
  std::shared_ptr<const slo::ExclusionSet> exclusions = std::make_shared<const slo::ExclusionSet>();
  std::vector<slo::SloStatus> statuses;  // .index points into *slos
  std::vector<model::Alert> alerts;      // all of the book
  // Of OneSlo: the group that was asked for, when it is idle: then it is in no list.
  std::optional<slo::GroupStatus> idle_group;
  std::vector<EpochReading> epochs;  // of OneSlo: oldest first; none of a composite
  std::chrono::sys_seconds now{};
};

struct ExclusionReading {
  std::shared_ptr<const slo::ExclusionSet> exclusions;
  std::shared_ptr<const slo::SloSet> slos;
  std::chrono::sys_seconds now{};
};

// One that was made, and what the reader has to say about it.
struct AddedExclusion {
  slo::Exclusion exclusion;
  std::vector<std::string> warnings;
};

// Of a stretch of time, without what is excluded of it.
struct CountsReading {
  slo::SliCounts counts;
  std::chrono::seconds excluded{0};
};

// One budget of an SLO: values of group_by by name as written; empty for the total.
using GroupSelector = std::map<std::string, std::string>;

// decoded = accepted + duplicate + the sum of rejected; per downstream routed = delivered + pending
// + the sum of dropped. An imbalance is left minus right: above 0 something is lost, below 0
// something counts twice. What pending is was asked of the downstream itself, so a loss shows.
struct SignalLedger {
  uint64_t decoded = 0, accepted = 0, duplicate = 0;
  std::map<std::string, uint64_t> rejected;  // items by reason
  uint64_t too_late = 0;                     // accepted events that came too late to be counted
  int64_t imbalance() const;
};
struct DownstreamLedger {
  uint64_t routed = 0, delivered = 0, pending = 0;
  std::map<std::string, uint64_t> dropped;  // items by reason
  int64_t imbalance() const;
};
// Log records that a damaged store lost and a person accepted (`slowburn recover`). What each held
// is not known: one or more requests, or a change of alerts.
struct LostRecords {
  uint64_t from = 0, to = 0;  // both of them as well
  uint64_t records = 0;
};
struct LedgerReading {
  std::map<std::string, SignalLedger> signals;          // "traces", "metrics", "logs"
  std::map<std::string, DownstreamLedger> downstreams;  // by name
  std::map<std::string, uint64_t> refused_requests;     // by reason: never became items
  std::vector<LostRecords> lost;
  // The sum of how far each of them is out of balance.
  uint64_t imbalance() const;
};

struct ServerReading {
  std::string version;
  std::chrono::sys_seconds started{};
  std::string http, otlp_grpc, otlp_http;  // HOST:PORT as bound
  std::string data_dir;
  bool ready = false;
  std::string not_ready_because;  // "recovering", "the disk failed", ...
  uint64_t sequence = 0;          // newest commit
  uint64_t checkpoint_sequence = 0;
  uint64_t store_disk_bytes = 0;
  uint64_t slos = 0, slis = 0, groups = 0;
  uint64_t slice_memory_bytes = 0, latency_memory_bytes = 0;
  uint64_t series = 0;          // living time series
  uint64_t series_samples = 0;  // in chunks
  uint64_t series_bytes = 0;    // of chunks and postings, before RocksDB's compression
  std::chrono::sys_seconds engine_time{};
  std::chrono::seconds dedup_window{};     // how far back a resent request is recognised now
  std::map<std::string, uint64_t> limits;  // every limit by its name in the config
  std::chrono::sys_seconds config_loaded{};
  bool config_ok = true;     // the last reload
  std::string config_error;  // of the last reload
};

class Queries {
 public:
  virtual ~Queries() = default;
  virtual SloReading AllSlos() const = 0;
  // The SLO, and after a composite its members. kNotFound for an unknown id, naming it.
  virtual absl::StatusOr<SloReading> OneSlo(std::string_view id,
                                            const GroupSelector& group) const = 0;
  // Of the SLI that the SLO has, or had in `epoch`. kNotFound for an unknown id, group or epoch
  // (naming those there are); kInvalidArgument for bounds that are not whole slices
  // (naming the nearest), end <= start, or a start before the retained past (naming its start).
  virtual absl::StatusOr<CountsReading> Counts(std::string_view id, const GroupSelector& group,
                                               std::optional<uint32_t> epoch,
                                               std::chrono::sys_seconds start,
                                               std::chrono::sys_seconds end) const = 0;
  // As Counts; step is whole slices and at most 11,000 points come of it.
  virtual absl::StatusOr<std::vector<slo::HistoryPoint>> History(
      std::string_view id, const GroupSelector& group, std::optional<uint32_t> epoch,
      std::chrono::sys_seconds start, std::chrono::sys_seconds end,
      std::chrono::seconds step) const = 0;
  // How long the events of [start, end) took; with a step one for each, as History.
  // kInvalidArgument also for an SLO without a latency. Bounds and step are whole five minutes, or
  // whole hours where only these are kept.
  virtual absl::StatusOr<std::vector<slo::LatencyPercentiles>> Percentiles(
      std::string_view id, const GroupSelector& group, std::chrono::sys_seconds start,
      std::chrono::sys_seconds end, std::optional<std::chrono::seconds> step) const = 0;
  virtual ExclusionReading Exclusions() const = 0;
  virtual LedgerReading Ledger() const = 0;
  virtual ServerReading Server() const = 0;
};

class Commands {
 public:
  virtual ~Commands() = default;
  // Reads the SLO files again: all of them, or nothing changes. The status has every error, a line
  // each.
  virtual absl::Status Reload() = 0;
  // `document` is a JSON object. Durable and in force when it returns. kInvalidArgument in the
  // reader's words, kAlreadyExists for an id that is taken, kFailedPrecondition when there are as
  // many as there may be.
  virtual absl::StatusOr<AddedExclusion> AddExclusion(const std::string& document) = 0;
  // kNotFound; kFailedPrecondition for one that comes from a file.
  virtual absl::Status RemoveExclusion(const std::string& id) = 0;
};

}  // namespace slowburn::serve
