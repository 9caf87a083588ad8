// app/testing/core_fixture.h: a core on a real store in a temporary folder, and SLOs and requests
// in few words.
//
// Room     app/testing
// Uses     app/, rules/, storage/rocksdb
// Threads  one
// Units    engine time
#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "app/core.h"
#include "base/testing/temp_dir.h"
#include "rules/spec_file.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace slowburn::app {

inline constexpr base::UnixNanos kStart{std::chrono::seconds(1'700'000'000)};  // a slice bound

inline slo::SloSet TwoSlos() {
  const std::string text = R"(
apiVersion: slowburn/v1
kind: SLO
metadata: {name: availability}
spec:
  service: checkout
  sli:
    spans:
      match: resource.attributes["service.name"] == "checkout"
      bad: span.status.code == STATUS_CODE_ERROR
    group_by: [http.route]
  objective: 99.9%
  window: 30d
  alerting: {policy: slowburn, scope: total}
---
apiVersion: slowburn/v1
kind: SLO
metadata: {name: latency}
spec:
  service: checkout
  sli: {spans: {match: 'resource.attributes["service.name"] == "checkout"', latency: {max: 300ms}}}
  objective: 99%
  window: 7d
)";
  rules::SpecFileResult read = rules::ReadSpecText(text, "test.yaml");
  EXPECT_TRUE(read.errors.empty()) << read.errors.front();
  return std::move(read.slos);
}

// A request that counts `good` and `bad` events of the first SLI for `route` in the slice of
// `time`.
inline CountedRequest Request(uint64_t id, std::string_view route, std::chrono::sys_seconds time,
                              int good, int bad) {
  CountedRequest request;
  std::string key;
  slo::AppendGroupValue(key, route);
  const uint32_t entry = request.delta.Append(slo::SliId{1}, slo::SliceOf(time), key);
  for (int i = 0; i < good; ++i) request.delta.Count(entry, true, 3);
  for (int i = 0; i < bad; ++i) request.delta.Count(entry, false, 4);
  request.hash = {id, ~id};
  request.items = static_cast<uint32_t>(good + bad);
  return request;
}

// A point of a cumulative stream, `seconds` after kStart.
inline StreamPoint Point(uint64_t stream, int64_t seconds, uint64_t value) {
  StreamPoint point;
  point.stream = {stream, ~stream};
  point.time_unix_nano =
      static_cast<uint64_t>((kStart + std::chrono::seconds(seconds)).time_since_epoch().count());
  point.value_hash = value;
  return point;
}

inline CountedRequest MetricRequest(uint64_t id, std::vector<StreamPoint> points) {
  CountedRequest request;
  request.signal = model::Signal::kMetrics;
  request.hash = {id, ~id};
  request.items = static_cast<uint32_t>(points.size());
  for (size_t i = 0; i < points.size(); ++i) points[i].position = static_cast<uint32_t>(i);
  request.points = std::move(points);
  return request;
}

// `items` log records, `too_new` of them refused.
inline CountedRequest LogRequest(uint64_t id, uint32_t items, uint32_t too_new) {
  CountedRequest request;
  request.signal = model::Signal::kLogs;
  request.hash = {id, id};
  request.items = items;
  request.rejected[static_cast<size_t>(model::Rejection::kTooNew)] = too_new;
  return request;
}

class CoreFixture : public testing::Test {
 protected:
  CoreFixture() { Open(kStart); }

  // Closes the store, as a crash does (nothing is checkpointed), and recovers.
  void Open(base::UnixNanos now) {
    core_.reset();
    store_.reset();
    auto store = storage::OpenRocksdbStore({.directory = dir_.path() / "data"});
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
    core_ = std::make_unique<Core>(options_, *store_);
    const absl::Status recovered = core_->Recover(now);
    ASSERT_TRUE(recovered.ok()) << recovered;
    store_->KeepLogAfter(core_->log_needed_after());
    const store::v1::LogRecord record = core_->PlanInstall(slos_, now);
    if (record.time_unix_nano() != 0) Commit(record);
    ASSERT_TRUE(core_->Install(std::make_shared<const slo::SloSet>(slos_), now).ok());
  }

  void Commit(const store::v1::LogRecord& record) {
    ASSERT_TRUE(store_->AppendLog(record.SerializeAsString(), storage::Durability::kBuffered).ok());
    ASSERT_TRUE(core_->ApplyRecord(record).ok());
  }

  std::vector<RequestOutcome> Commit(const std::vector<const CountedRequest*>& requests,
                                     base::UnixNanos now) {
    auto plan = core_->PlanRequests(requests, now);
    EXPECT_TRUE(plan.ok()) << plan.status();
    EXPECT_TRUE(
        store_->AppendLog(plan->record.SerializeAsString(), storage::Durability::kBuffered).ok());
    EXPECT_TRUE(core_->Apply(*plan).ok());
    return plan->outcomes;
  }
  RequestOutcome Commit(const CountedRequest& request, base::UnixNanos now) {
    return Commit(std::vector<const CountedRequest*>{&request}, now)[0];
  }

  void Checkpoint(base::UnixNanos now) {
    auto batch = core_->MakeCheckpoint(now);
    ASSERT_TRUE(batch.ok()) << batch.status();
    store_->KeepLogAfter(core_->log_needed_after());
    ASSERT_TRUE(store_->WriteCheckpoint(*std::move(batch)).ok());
    core_->CheckpointWritten();
  }

  slo::GroupStatus Total() const { return core_->engine().StatusOf(0, slo::kTotalGroup); }

  const base::TempDir dir_;
  Core::Options options_;
  slo::SloSet slos_ = TwoSlos();
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<Core> core_;
};

}  // namespace slowburn::app
