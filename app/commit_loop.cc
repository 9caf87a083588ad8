#include "app/commit_loop.h"

#include <algorithm>

#include "app/internal/commit_metrics.h"
#include "base/status.h"
#include "collector/without_items.h"

namespace slowburn::app {
namespace {

// The loop wakes each second, shortly after the wall clock's second begins.
constexpr std::chrono::milliseconds kTickDelay{2};

}  // namespace

CommitLoop::CommitLoop(Options options, Core& core, storage::Store& store, Downstreams downstreams,
                       const base::Clock& clock, prometheus::Registry& registry)
    : options_(options),
      downstreams_(std::move(downstreams)),
      clock_(clock),
      step_(std::make_unique<CommitStep>(
          CommitStep::Options{options.durability, options.sync_interval, options.slo_series}, core,
          store, static_cast<CommitOutlet&>(*this), clock, registry)) {
  step_->set_on_failure([this](const absl::Status& why) {
    {
      const std::lock_guard lock(queue_mutex_);
      health_ = why;
    }
    if (on_failure_) on_failure_(why);
  });
}

CommitLoop::~CommitLoop() { Stop(); }

// --- from any thread

bool CommitLoop::Forwards(model::Signal signal) const {
  return std::ranges::any_of(
      downstreams_.exporters,
      [signal](const forward::OtlpExporter* exporter) { return exporter->Takes(signal); });
}

void CommitLoop::Submit(SubmittedRequest request) {
  std::string refusal;
  bool is_first = false;
  {
    const std::lock_guard lock(queue_mutex_);
    if (!health_.ok()) {
      refusal = "the store has failed; this server takes nothing until it is restarted";
    } else if (!accepting_) {
      refusal = "the server is shutting down";
    } else if (queue_bytes_ + request.cost_bytes > options_.queue_bytes_max && !queue_.empty()) {
      refusal = "too many requests wait for the disk";
    } else {
      queue_bytes_ += request.cost_bytes;
      queue_.push_back(std::move(request));
      is_first = queue_.size() == 1;
    }
  }
  if (refusal.empty()) {
    // Without the lock: on one core the loop would run at once, and wait for it.
    if (is_first) wake_.notify_one();
    return;
  }
  Refuse(std::move(request), absl::UnavailableError(refusal));
}

void CommitLoop::Refuse(SubmittedRequest request, const absl::Status& why) {
  step_->metrics().of(request.counted).refused.Increment(request.counted.items);
  app::Refuse(request, std::string(base::Message(why)), collector::ExportAnswer().retry_delay);
}

void CommitLoop::CountRefused(collector::RequestRefusal reason) {
  const std::lock_guard lock(queue_mutex_);
  ++refused_[static_cast<size_t>(reason)];
}

absl::Status CommitLoop::Run(const std::function<absl::Status()>& command) {
  Command entry{&command, absl::OkStatus(), false};
  std::unique_lock lock(queue_mutex_);
  if (!accepting_) return base::Unavailable("the server is shutting down");
  commands_.push_back(&entry);
  wake_.notify_one();
  command_done_.wait(lock, [&] { return entry.done; });
  return entry.result;
}

absl::Status CommitLoop::health() const {
  const std::lock_guard lock(queue_mutex_);
  return health_;
}

absl::Status CommitLoop::Commit(const store::v1::LogRecord& record) {
  return step_->Commit(record);
}

absl::Status CommitLoop::Commit(
    const std::function<absl::StatusOr<store::v1::LogRecord>(Core&)>& plan) {
  return step_->Commit(plan);
}

absl::Status CommitLoop::Install(std::shared_ptr<const slo::SloSet> slos,
                                 std::shared_ptr<const slo::ExclusionSet> of_files) {
  return step_->Install(std::move(slos), std::move(of_files));
}

absl::Status CommitLoop::Install(std::shared_ptr<const slo::SloSet> slos) {
  return step_->Install(std::move(slos));
}

absl::Status CommitLoop::Exclude(const store::v1::ExclusionChange& change) {
  return step_->Exclude(change);
}

absl::Status CommitLoop::BookLost() { return step_->BookLost(); }

void CommitLoop::Start() {
  step_->PublishAlerts();
  {
    const std::lock_guard lock(queue_mutex_);
    accepting_ = true;
  }
  thread_ = std::jthread([this] { Loop(); });
}

void CommitLoop::Stop() {
  {
    const std::lock_guard lock(queue_mutex_);
    stopping_ = true;
    accepting_ = false;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

// --- the loop's thread

// How long there is nothing to do without a request.
std::chrono::nanoseconds CommitLoop::UntilNext() const {
  if (step_->has_due()) return std::chrono::nanoseconds(0);
  const base::UnixNanos now = clock_.Now();
  const auto next_second = base::FloorSeconds(now) + std::chrono::seconds(1) + kTickDelay;
  return std::min<std::chrono::nanoseconds>(next_second - now, step_->UntilSync());
}

void CommitLoop::Loop() {
  for (;;) {
    std::vector<SubmittedRequest> group;
    bool has_commands = false;
    bool stop = false;
    {
      std::unique_lock lock(queue_mutex_);
      wake_.wait_for(lock, UntilNext(),
                     [&] { return !queue_.empty() || !commands_.empty() || stopping_; });
      if (queue_.size() <= options_.group_max) {
        group.swap(queue_);
      } else {
        const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(options_.group_max);
        std::move(queue_.begin(), end, std::back_inserter(group));
        queue_.erase(queue_.begin(), end);
      }
      for (const SubmittedRequest& request : group) queue_bytes_ -= request.cost_bytes;
      step_->metrics().queue_bytes.Set(static_cast<double>(queue_bytes_));
      has_commands = !commands_.empty();
      stop = stopping_ && queue_.empty() && group.empty();
    }
    if (!group.empty()) step_->CommitGroup(std::move(group));
    if (has_commands || stop) RunCommands();
    step_->SyncIfDue();
    if (base::FloorSeconds(clock_.Now()) != step_->last_tick()) {
      BeginSecond();
    } else {
      step_->DoDue();
    }
    if (stop) break;
  }
  BookRefused();
  step_->Finish();
}

// Points that came before are not passed on again, nor those that were refused just now. Rare: it
// takes a client that packs its points anew before it sends them again.
void CommitLoop::Prepare(std::vector<SubmittedRequest>& group, const RequestPlan& plan) {
  for (size_t i = 0; i < group.size(); ++i) {
    const RequestOutcome& outcome = plan.outcomes[i];
    std::shared_ptr<const std::string>& payload = group[i].payload;
    if (payload == nullptr || outcome.removed.empty() || outcome.passed_on == 0) continue;
    payload = std::make_shared<const std::string>(
        collector::WithoutItems(group[i].counted.signal, *payload, outcome.removed));
  }
}

void CommitLoop::Route(std::vector<SubmittedRequest>& group, const RequestPlan& plan) {
  for (size_t i = 0; i < group.size(); ++i) {
    const SubmittedRequest& request = group[i];
    if (request.payload == nullptr || plan.outcomes[i].passed_on == 0) continue;
    for (forward::OtlpExporter* exporter : downstreams_.exporters) {
      if (!exporter->Takes(request.counted.signal)) continue;
      exporter->Offer(request.counted.signal, request.payload, plan.outcomes[i].passed_on);
    }
  }
}

void CommitLoop::RouteSamples(const storage::WritePlan& plan) {
  if (downstreams_.series != nullptr) downstreams_.series->Route(plan);
}

// What the exporters have done by now, by name.
DownstreamTotals CommitLoop::Totals() const {
  DownstreamTotals totals;
  for (const forward::OtlpExporter* exporter : downstreams_.exporters) {
    forward::OtlpExporter::Totals done = exporter->totals();
    totals.emplace(exporter->name(), serve::DownstreamLedger{.delivered = done.delivered,
                                                             .pending = done.pending,
                                                             .dropped = std::move(done.dropped)});
  }
  if (downstreams_.series != nullptr) downstreams_.series->AddTotals(totals);
  return totals;
}

void CommitLoop::Publish(std::vector<model::Alert> alerts) {
  if (downstreams_.alertmanagers != nullptr) downstreams_.alertmanagers->Publish(std::move(alerts));
}

void CommitLoop::RunCommands() {
  for (;;) {
    Command* command = nullptr;
    {
      const std::lock_guard lock(queue_mutex_);
      if (commands_.empty()) return;
      command = commands_.front();
      commands_.pop_front();
    }
    absl::Status result = (*command->run)();
    const std::lock_guard lock(queue_mutex_);
    command->result = std::move(result);
    command->done = true;
    command_done_.notify_all();
  }
}

void CommitLoop::BookRefused() {
  RefusedRequests refused{};
  {
    const std::lock_guard lock(queue_mutex_);
    refused.swap(refused_);
  }
  step_->AddRefused(refused);
}

void CommitLoop::BeginSecond() {
  if (downstreams_.alertmanagers != nullptr) downstreams_.alertmanagers->Alive();
  BookRefused();
  step_->BeginSecond();
}

}  // namespace slowburn::app
