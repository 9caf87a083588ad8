// app/internal/count_records.h: counts as the log and the checkpoints have them, and back.
//
// Room     app/internal
// Uses     slo/, proto (slowburn/store)
// Threads  pure functions
// Units    as the messages say
#pragma once

#include "slo/group_counts.h"
#include "slo/sli_delta.h"
#include "slowburn/store/v1/log_record.pb.h"

namespace slowburn::app::internal {

// A commit's counts: admitted groups and changed slices.
void AppendCounts(const slo::CountPlan& plan, store::v1::LogRecord& record);
slo::CountPlan ReadCounts(const store::v1::LogRecord& record);
slo::GroupAdmission ReadAdmission(const store::v1::GroupAdmission& group);

// A group's checkpoint: a GroupState.
std::string EncodeState(const slo::GroupRunningState& running);
slo::GroupRunningState ReadState(const store::v1::GroupState& state);

}  // namespace slowburn::app::internal
