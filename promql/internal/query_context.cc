#include "promql/internal/query_context.h"

#include <algorithm>
#include <thread>

namespace slowburn::promql {
namespace {

constexpr std::string_view kTypeLabel = "__type__";
constexpr std::string_view kUnitLabel = "__unit__";
// So many columns are made before their sink sees them: enough to pay for waking a thread, few
// enough to stay in cache.
constexpr size_t kBatchColumns = 64;

}  // namespace

QueryContext::QueryContext(const Inputs& inputs)
    : inputs_(inputs),
      deadline_(inputs.clock.Monotonic() + inputs.options.timeout),
      notes_(inputs.query),
      meter_(inputs.options.memory_bytes_max),
      selections_(inputs.snapshot, {inputs.lookback_ms, inputs.options.subquery_step.count()},
                  inputs.options.memory_bytes_max / 4) {}

absl::Status QueryContext::CheckTime() const {
  if (inputs_.stop.stop_requested()) {
    return absl::CancelledError("query was canceled in expression evaluation");
  }
  if (inputs_.clock.Monotonic() > deadline_) {
    return absl::DeadlineExceededError("query timed out in expression evaluation");
  }
  return absl::OkStatus();
}

const model::LabelSet* QueryContext::Keep(model::LabelSet labels) {
  uint64_t bytes = sizeof(labels);
  for (const model::Label& label : labels) {
    bytes += sizeof(label) + label.name.size() + label.value.size();
  }
  meter_.Force(bytes);
  labels_.push_back(std::move(labels));
  return &labels_.back();
}

bool QueryContext::GoesWithName(std::string_view label) const {
  if (label == model::kMetricNameLabel) return true;
  return options().type_and_unit_labels && (label == kTypeLabel || label == kUnitLabel);
}

model::LabelSet QueryContext::WithoutName(const model::LabelSet& labels) const {
  model::LabelSet rest = labels;
  rest.Set(model::kMetricNameLabel, "");
  if (options().type_and_unit_labels) {
    rest.Set(kTypeLabel, "");
    rest.Set(kUnitLabel, "");
  }
  return rest;
}

void QueryContext::SettleName(Column& column) {
  if (!column.drops_name || delays_names()) return;
  column.labels = Keep(WithoutName(*column.labels));
  column.drops_name = false;
}

absl::Status QueryContext::MakeColumns(
    size_t count, absl::FunctionRef<absl::Status(size_t, Scratch&, Column&)> make,
    ColumnSink sink) {
  const size_t workers = std::clamp<size_t>(options().threads, 1, 1 + count / kBatchColumns);
  std::vector<Scratch> scratch(workers, Scratch(query(), counted));
  std::vector<absl::Status> statuses(workers);
  std::vector<Column> batch(std::min(count, workers * kBatchColumns));
  absl::Status status;
  for (size_t begin = 0; begin < count && status.ok(); begin += batch.size()) {
    const size_t size = std::min(batch.size(), count - begin);
    const auto work = [&](size_t worker) {
      for (size_t i = worker; i < size && statuses[worker].ok(); i += workers) {
        statuses[worker] = CheckTime();
        if (!statuses[worker].ok()) break;
        statuses[worker] = make(begin + i, scratch[worker], batch[i]);
      }
    };
    {
      std::vector<std::jthread> threads;
      for (size_t worker = 1; worker < workers; ++worker) threads.emplace_back(work, worker);
      work(0);
    }
    for (const absl::Status& one : statuses) status.Update(one);
    if (counted != nullptr) NoteHeld(scratch, batch);
    for (size_t i = 0; i < size && status.ok(); ++i) {
      if (!IsEmpty(batch[i])) status.Update(sink(batch[i]));
    }
  }
  for (const Scratch& one : scratch) {
    notes_.Merge(one.notes);
    if (one.count.has_value()) counted->Merge(*one.count);
  }
  return status;
}

void QueryContext::NoteHeld(const std::vector<Scratch>& scratch, const std::vector<Column>& batch) {
  uint64_t samples = 0;
  for (const Scratch& one : scratch) {
    samples += one.samples.times_ms.size();
    for (const model::NativeHistogram& histogram : one.samples.histograms)
      samples += SamplesOf(histogram, false);
  }
  for (const Column& column : batch) samples += column.steps();
  meter_.NotePassing(samples);
}

}  // namespace slowburn::promql
