#include "app/slo_series.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "slo/recent_latency.h"
#include "storage/series/packed_labels.h"

namespace slowburn::app {
namespace {

using slo::GroupFigures;
using slo::GroupId;
using std::chrono::seconds;
using storage::SeriesKey;

constexpr size_t kLooksPerRound =
    SloSeries::kLooksPerSecond * static_cast<size_t>(SloSeries::kInterval.count());
// Rounded up.
constexpr size_t Share(size_t whole, size_t parts) { return (whole + parts - 1) / parts; }

std::chrono::sys_seconds BoundBefore(std::chrono::sys_seconds now) {
  return now - now.time_since_epoch() % SloSeries::kInterval;
}

}  // namespace

// The values of one look. Labels are built of series that nobody knows yet.
class SloSeries::Write final : public SeriesWrite {
 public:
  Write(const SloSeries& series, const slo::Engine& engine)
      : series_(series),
        engine_(engine),
        time_ms_(std::chrono::milliseconds(engine.now().time_since_epoch()).count()) {}

  void Add(const SeriesKey& key, double value, size_t slo, size_t group, size_t column) {
    values_.push_back({key, value, static_cast<uint32_t>(slo), static_cast<uint32_t>(group),
                       static_cast<uint32_t>(column)});
  }
  void AddEnd(const SeriesKey& key) { ends_.push_back(key); }

  bool empty() const { return values_.empty() && ends_.empty(); }

  absl::Status AddTo(storage::WritePlan& plan, SeriesOutcome& outcome) override {
    for (const Value& value : values_) {
      SB_RETURN_IF_ERROR(AddOwnSample(
          plan, value.key, [&] { return LabelsOf(value); }, time_ms_, value.value, outcome));
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
    double value;
    uint32_t slo, group, column;
  };

  model::LabelSet LabelsOf(const Value& value) const {
    const SloColumn& column = series_.series_[value.slo].columns(value.group)[value.column];
    return SloColumnLabels(column, (*series_.slos_)[value.slo],
                           engine_.group_values(value.slo, GroupId{value.group}));
  }

  const SloSeries& series_;
  const slo::Engine& engine_;
  const int64_t time_ms_;
  std::vector<Value> values_;
  std::vector<SeriesKey> ends_;
};

// An SLO that shows what it showed goes on as it was; what any other had is leaving.
void SloSeries::Renew(const slo::Engine& engine) {
  absl::flat_hash_map<std::string, size_t> before;
  if (slos_ != nullptr) {
    for (size_t i = 0; i < slos_->size(); ++i) before.emplace((*slos_)[i].id(), i);
  }
  std::vector<Slo> series(engine.slos()->size());
  for (size_t i = 0; i < series.size(); ++i) {
    const slo::SloSpec& spec = (*engine.slos())[i];
    const std::vector<seconds> windows = engine.burn_windows_of(i);
    series[i].total_columns = SloColumns(spec, /*is_total=*/true, windows);
    series[i].group_columns = SloColumns(spec, /*is_total=*/false, windows);
    series[i].sli = engine.sli_of(i);
    const auto found = before.find(spec.id());
    if (found == before.end()) continue;
    Slo& old = series_[found->second];
    const slo::SloSpec& old_spec = (*slos_)[found->second];
    if (old.sli == series[i].sli && old.total_columns == series[i].total_columns &&
        old_spec.labels == spec.labels) {
      series[i].budgets = std::exchange(old.budgets, {});
    }
  }
  for (const Slo& old : series_) {
    for (const Budget& budget : old.budgets) {
      for (size_t i = 0; i < budget.has_value.size(); ++i) {
        if (budget.has_value[i]) leaving_.insert(budget.keys[i]);
      }
    }
  }
  series_ = std::move(series);
  slos_ = engine.slos();
  in_round_ = false;
  begun_ = {};  // what is new shows at once
}

bool SloSeries::BeginRound(const slo::Engine& engine) {
  const std::chrono::sys_seconds bound = BoundBefore(engine.now());
  if (bound <= begun_) return false;
  begun_ = bound;
  in_round_ = true;
  ++round_;
  cursor_ = 0;
  next_budget_ = 0;
  budgets_before_ = std::exchange(budgets_, 0);
  budgets_expected_ = 0;
  for (const Slo& slo : series_) {
    const bool is_composite = slo.sli == slo::SliId{};
    budgets_expected_ += is_composite ? 1 : engine.table().groups(slo.sli);
  }
  return true;
}

std::unique_ptr<SeriesWrite> SloSeries::Look(const slo::Engine& engine,
                                             const slo::LatencyTable& latencies) {
  if (slos_ != engine.slos()) Renew(engine);
  if (!in_round_ && !BeginRound(engine)) return nullptr;
  auto write = std::make_unique<Write>(*this, engine);
  goal_ = budgets_ + std::max(kBudgetsPerLook, Share(budgets_before_, kLooksPerRound));
  new_goal_ = std::max(kNewBudgetsPerLook, Share(budgets_expected_, 2 * kLooksPerRound));
  new_budgets_ = 0;
  while (cursor_ < series_.size() && !IsLookFull()) LookOn(engine, latencies, *write);
  if (cursor_ == series_.size()) {
    in_round_ = false;
    for (const SeriesKey& key : leaving_) write->AddEnd(key);
    leaving_.clear();
  }
  if (write->empty()) return nullptr;
  return write;
}

// At the SLO that it is the turn of, to its end or that of the look.
void SloSeries::LookOn(const slo::Engine& engine, const slo::LatencyTable& latencies,
                       Write& write) {
  Moment moment{.engine = engine, .slo = cursor_, .latency = {}};
  if (const auto latency = (*slos_)[cursor_].sli.latency(); latency && next_budget_ == 0) {
    moment.latency = slo::RecentLatency(latencies, engine.sli_of(cursor_), slo::kTotalGroup,
                                        engine.now(), latency->nanos_per_unit);
  }
  const std::optional<size_t> stopped =
      engine.VisitFigures(cursor_, next_budget_, [&](GroupId group, const GroupFigures& figures) {
        LookAt(moment, static_cast<size_t>(group), figures, write);
        ++budgets_;
        return !IsLookFull();
      });
  next_budget_ = stopped.value_or(0);
  if (stopped.has_value()) return;
  for (Budget& budget : series_[cursor_].budgets) {
    if (budget.round != round_) End(budget, write);
  }
  ++cursor_;
}

void SloSeries::LookAt(const Moment& moment, size_t group, const GroupFigures& figures,
                       Write& write) {
  const size_t slo = moment.slo;
  Slo& series = series_[slo];
  const slo::SloSpec& spec = (*slos_)[slo];
  const std::vector<SloColumn>& columns = series.columns(group);
  if (group >= series.budgets.size()) series.budgets.resize(group + 1);
  Budget& budget = series.budgets[group];
  if (budget.keys.empty()) {
    const std::vector<std::string>& values =
        moment.engine.group_values(slo, static_cast<GroupId>(group));
    for (const SloColumn& column : columns) {
      budget.keys.push_back(
          storage::KeyOfLabels(storage::PackLabels(SloColumnLabels(column, spec, values))));
    }
    budget.has_value.resize(columns.size());
    ++new_budgets_;
  }
  budget.round = round_;
  for (size_t i = 0; i < columns.size(); ++i) {
    const std::optional<double> value =
        SloColumnValue(columns[i], spec, figures, moment.engine.now(), moment.latency);
    if (value.has_value()) {
      write.Add(budget.keys[i], *value, slo, group, i);
      if (!leaving_.empty()) leaving_.erase(budget.keys[i]);
    } else if (budget.has_value[i]) {
      write.AddEnd(budget.keys[i]);
    }
    budget.has_value[i] = value.has_value();
  }
}

void SloSeries::End(Budget& budget, Write& write) {
  for (size_t i = 0; i < budget.has_value.size(); ++i) {
    if (budget.has_value[i]) write.AddEnd(budget.keys[i]);
    budget.has_value[i] = false;
  }
}

}  // namespace slowburn::app
