#include "tests/golden/golden_core.h"

#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "base/time_text.h"
#include "rules/spec_file.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace slowburn::golden {
namespace {

// Part of what the directories hold: another condition would be another SLI.
constexpr std::string_view kSlo = R"(
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
  alerting: {policy: sre-workbook, scope: total}
)";

}  // namespace

app::CountedRequest Spans(uint64_t id, std::string_view route, base::UnixNanos time, int good,
                          int bad) {
  app::CountedRequest request;
  std::string key;
  slo::AppendGroupValue(key, route);
  const uint32_t entry =
      request.delta.Append(slo::SliId{1}, slo::SliceOf(base::FloorSeconds(time)), key);
  for (int i = 0; i < good; ++i) request.delta.Count(entry, true, 3);
  for (int i = 0; i < bad; ++i) request.delta.Count(entry, false, 4);
  request.hash = {id, ~id};
  request.items = static_cast<uint32_t>(good + bad);
  return request;
}

app::CountedRequest Point(uint64_t id, uint64_t stream, base::UnixNanos time, uint64_t value) {
  app::StreamPoint point;
  point.stream = {stream, ~stream};
  point.time_unix_nano = static_cast<uint64_t>(time.time_since_epoch().count());
  point.value_hash = value;
  app::CountedRequest request;
  request.signal = model::Signal::kMetrics;
  request.hash = {id, ~id};
  request.items = 1;
  request.points.push_back(point);
  return request;
}

absl::StatusOr<std::unique_ptr<GoldenCore>> GoldenCore::Open(const std::filesystem::path& directory,
                                                             base::UnixNanos now) {
  auto golden = std::make_unique<GoldenCore>();
  SB_ASSIGN_OR_RETURN(golden->store_, storage::OpenRocksdbStore({.directory = directory}));
  golden->core_ = std::make_unique<app::Core>(app::Core::Options(), *golden->store_);
  SB_RETURN_IF_ERROR(golden->core_->Recover(now));
  golden->store_->KeepLogAfter(golden->core_->log_needed_after());
  rules::SpecFileResult read = rules::ReadSpecText(std::string(kSlo), "golden.yaml");
  if (!read.errors.empty()) return base::Internal("{}", read.errors.front());
  const store::v1::LogRecord record = golden->core_->PlanInstall(read.slos, now);
  golden->registered_ = record.time_unix_nano() != 0;
  if (golden->registered_) SB_RETURN_IF_ERROR(golden->Commit(record));
  SB_RETURN_IF_ERROR(
      golden->core_->Install(std::make_shared<const slo::SloSet>(std::move(read.slos)), now));
  return golden;
}

absl::Status GoldenCore::Commit(const store::v1::LogRecord& record) {
  SB_RETURN_IF_ERROR(store_->AppendLog(record.SerializeAsString(), storage::Durability::kSynced));
  return core_->ApplyRecord(record);
}

absl::StatusOr<app::RequestOutcome> GoldenCore::Commit(const app::CountedRequest& request,
                                                       base::UnixNanos now) {
  SB_ASSIGN_OR_RETURN(const app::RequestPlan plan, core_->PlanRequests({&request}, now));
  SB_RETURN_IF_ERROR(
      store_->AppendLog(plan.record.SerializeAsString(), storage::Durability::kSynced));
  SB_RETURN_IF_ERROR(core_->Apply(plan));
  return plan.outcomes.front();
}

absl::Status GoldenCore::Step(base::UnixNanos now) {
  const store::v1::LogRecord record = core_->Step(now);
  return record.alerts_size() > 0 ? Commit(record) : absl::OkStatus();
}

absl::Status GoldenCore::Exclude(std::string_view id, base::UnixNanos start,
                                 std::string_view duration, base::UnixNanos now) {
  store::v1::ExclusionChange change;
  change.set_id(std::string(id));
  change.set_document(
      fmt::format(R"({{"start":"{}","duration":"{}"}})", base::FormatRfc3339(start), duration));
  SB_ASSIGN_OR_RETURN(const store::v1::LogRecord record, core_->PlanExclusion(change, now));
  SB_RETURN_IF_ERROR(Commit(record));
  return core_->Install(core_->engine().slos(), now);
}

absl::Status GoldenCore::Checkpoint(base::UnixNanos now) {
  SB_ASSIGN_OR_RETURN(
      storage::Batch batch,
      core_->MakeCheckpoint(now, core_->SeriesBatch(now, storage::CheckpointPace::kFinish)));
  store_->KeepLogAfter(core_->log_needed_after());
  SB_RETURN_IF_ERROR(store_->WriteCheckpoint(std::move(batch)));
  core_->CheckpointWritten();
  return absl::OkStatus();
}

}  // namespace slowburn::golden
