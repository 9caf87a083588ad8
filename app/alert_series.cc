#include "app/alert_series.h"

#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "storage/series/packed_labels.h"

namespace slowburn::app {
namespace {

using storage::SeriesKey;

SeriesKey KeyOf(const model::LabelSet& labels) {
  return storage::KeyOfLabels(storage::PackLabels(labels));
}

model::LabelSet ForStateLabels(const model::Alert& alert) {
  model::LabelSet labels = alert.labels;
  labels.Set("__name__", "ALERTS_FOR_STATE");
  return labels;
}
model::LabelSet AlertsLabels(const model::Alert& alert, model::AlertState state) {
  model::LabelSet labels = alert.labels;
  labels.Set("__name__", "ALERTS");
  labels.Set("alertstate", model::AlertStateName(state));
  return labels;
}

class AlertWrite final : public SeriesWrite {
 public:
  explicit AlertWrite(std::chrono::sys_seconds now)
      : time_ms_(std::chrono::milliseconds(now.time_since_epoch()).count()) {}

  const SeriesKey& Add(model::LabelSet labels, double value) {
    const SeriesKey key = KeyOf(labels);
    values_.push_back({key, std::move(labels), value});
    return values_.back().key;
  }
  void AddEnd(const SeriesKey& key) { ends_.push_back(key); }
  bool empty() const { return values_.empty() && ends_.empty(); }

  absl::Status AddTo(storage::WritePlan& plan, SeriesOutcome& outcome) override {
    for (const Value& value : values_) {
      SB_RETURN_IF_ERROR(AddOwnSample(
          plan, value.key, [&] { return value.labels; }, time_ms_, value.value, outcome));
    }
    for (const SeriesKey& key : ends_) EndOwnSeries(plan, key, time_ms_, outcome);
    return absl::OkStatus();
  }
  size_t memory_bytes() const override {
    return values_.capacity() * sizeof(Value) + ends_.capacity() * sizeof(SeriesKey);
  }

 private:
  struct Value {
    SeriesKey key;
    model::LabelSet labels;
    double value;
  };

  const int64_t time_ms_;
  std::vector<Value> values_;
  std::vector<SeriesKey> ends_;
};

double UnixSecondsOf(base::UnixNanos time) {
  return static_cast<double>(base::FloorSeconds(time).time_since_epoch().count());
}

}  // namespace

void AlertSeries::Continue(const rules::AlertBook& recovered) {
  for (const model::Alert& alert : recovered.Alerts()) {
    shown_.insert(KeyOf(ForStateLabels(alert)));
    // The last sample may be older than its state.
    for (const auto state : {model::AlertState::kPending, model::AlertState::kFiring})
      shown_.insert(KeyOf(AlertsLabels(alert, state)));
  }
}

std::unique_ptr<SeriesWrite> AlertSeries::Look(const rules::AlertBook& alerts,
                                               std::chrono::sys_seconds now) {
  const std::chrono::sys_seconds bound = now - now.time_since_epoch() % kInterval;
  if (bound <= begun_) return nullptr;
  begun_ = bound;
  auto write = std::make_unique<AlertWrite>(now);
  absl::flat_hash_set<SeriesKey> shown;
  for (const model::Alert& alert : alerts.Alerts()) {
    if (alert.state == model::AlertState::kInactive) continue;
    shown.insert(write->Add(ForStateLabels(alert), UnixSecondsOf(alert.active_at)));
    shown.insert(write->Add(AlertsLabels(alert, alert.state), 1));
  }
  for (const SeriesKey& key : shown_) {
    if (!shown.contains(key)) write->AddEnd(key);
  }
  shown_ = std::move(shown);
  if (write->empty()) return nullptr;
  return write;
}

}  // namespace slowburn::app
