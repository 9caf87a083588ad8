// promql/internal/query_context.h: what all operators of one running query share.
//
// Room     promql/internal
// Uses     base/, storage/api/, promql/
// Threads  the thread of the query; CheckTime also from its workers
// Units    unix milliseconds
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/functional/function_ref.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "promql/engine.h"
#include "promql/internal/column.h"
#include "promql/internal/memory_meter.h"
#include "promql/internal/notes.h"
#include "promql/internal/sample_count.h"
#include "promql/internal/selection.h"
#include "promql/prepare.h"
#include "storage/api/series_reader.h"

namespace slowburn::promql {

// Takes the columns of an expression one after another. It may move from them.
using ColumnSink = absl::FunctionRef<absl::Status(Column&)>;

// What a worker needs to make a column and would else allocate for each.
struct Scratch {
  Scratch(std::string_view query, const SampleCount* counted) : notes(query) {
    if (counted != nullptr) count.emplace(counted->grid());
  }
  SampleCount* CountOrNull() { return count.has_value() ? &*count : nullptr; }

  storage::SampleColumns samples;
  std::vector<size_t> indices;
  Notes notes;
  std::optional<SampleCount> count;  // nothing: they are not counted
};

class QueryContext {
 public:
  struct Inputs {
    const EngineOptions& options;
    const base::Clock& clock;
    std::string_view query;
    EvaluationTimes times;
    int64_t lookback_ms = 0;
    const storage::SeriesSnapshot& snapshot;
    std::stop_token stop;
  };
  explicit QueryContext(const Inputs& inputs);

  const EngineOptions& options() const { return inputs_.options; }
  const EvaluationTimes& times() const { return inputs_.times; }
  const storage::SeriesSnapshot& snapshot() const { return inputs_.snapshot; }
  std::string_view query() const { return inputs_.query; }
  int64_t lookback_ms() const { return inputs_.lookback_ms; }
  bool is_range() const { return inputs_.times.step_ms > 0; }
  bool delays_names() const { return inputs_.options.delayed_name_removal; }
  Notes& notes() { return notes_; }
  MemoryMeter& meter() { return meter_; }

  // Histograms are read for their count and sum only: hints say where each one was reset.
  bool histogram_stats = false;
  // Where the samples that are looked at are counted, over the grid that is evaluated; null:
  // nowhere.
  SampleCount* counted = nullptr;

  // kCancelled, kDeadlineExceeded.
  absl::Status CheckTime() const;

  // Label sets that the query made; they live as long as it does.
  const model::LabelSet* Keep(model::LabelSet labels);
  // The name, and the type and unit labels where they go with it.
  bool GoesWithName(std::string_view label) const;
  model::LabelSet WithoutName(const model::LabelSet& labels) const;
  // Makes the labels what they mean, unless names go at the end of the query.
  void SettleName(Column& column);

  Selections& selections() { return selections_; }
  const Selections& selections() const { return selections_; }

  // Columns 0..count-1 by `make`, several at a time where the engine may use threads, given to
  // `sink` in this order. Without points, they are left out.
  absl::Status MakeColumns(size_t count,
                           absl::FunctionRef<absl::Status(size_t, Scratch&, Column&)> make,
                           ColumnSink sink);

 private:
  // What a batch of columns and its workers hold now.
  void NoteHeld(const std::vector<Scratch>& scratch, const std::vector<Column>& batch);

  Inputs inputs_;
  std::chrono::steady_clock::time_point deadline_;
  Notes notes_;
  MemoryMeter meter_;
  std::deque<model::LabelSet> labels_;
  Selections selections_;
};

}  // namespace slowburn::promql
