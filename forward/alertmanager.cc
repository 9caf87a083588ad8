#include "forward/alertmanager.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <span>
#include <thread>
#include <utility>

#include <absl/base/thread_annotations.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>

#include "base/logging.h"
#include "base/status.h"
#include "base/time_text.h"
#include "forward/backoff.h"

namespace slowburn::forward {
namespace {

using base::UnixNanos;
using model::Alert;
using std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::chrono::seconds kBackoffMin{1};
constexpr std::chrono::seconds kBackoffMax{15};
constexpr std::chrono::seconds kLastPass{2};   // what the destructor grants
constexpr std::chrono::seconds kLookAgain{1};  // the wall clock may be set: it is read this often
constexpr std::chrono::seconds kSilenceMin{
    60};                                // a publisher that is quiet for longer is not alive
constexpr std::chrono::hours kIdle{1};  // nothing to resend: Publish wakes

// The newest state, shared by the senders and never changed.
using State = std::shared_ptr<const std::vector<Alert>>;

struct Metrics {
  prometheus::Counter& sent;
  prometheus::Counter& send_failed;
  prometheus::Gauge& last_success;
};

Metrics MakeMetrics(prometheus::Registry& registry, const std::string& url) {
  const prometheus::Labels labels{{"alertmanager", url}};
  return {prometheus::BuildCounter()
              .Name("slowburn_forward_alerts_sent_total")
              .Help("Alerts that an Alertmanager took, resent ones included.")
              .Register(registry)
              .Add(labels),
          prometheus::BuildCounter()
              .Name("slowburn_forward_alerts_send_failed_total")
              .Help("Alerts in requests that failed; they are sent again.")
              .Register(registry)
              .Add(labels),
          prometheus::BuildGauge()
              .Name("slowburn_forward_alertmanager_last_success_timestamp_seconds")
              .Help("When an Alertmanager last took alerts; 0 before the first time.")
              .Register(registry)
              .Add(labels)};
}

}  // namespace

// One Alertmanager's thread. A pass sends all that is due of the newest state; between passes the
// thread sleeps until something is due, the state changes, or someone asks for a pass.
class AlertmanagerForwarder::Sender {
 public:
  Sender(std::string url, std::shared_ptr<const Options> options, const base::Clock& clock,
         prometheus::Registry& registry)
      : url_(std::move(url)),
        options_(std::move(options)),
        clock_(clock),
        metrics_(MakeMetrics(registry, url_)),
        delivery_(options_->message.resend),
        backoff_({.min = kBackoffMin, .max = kBackoffMax, .jitter = Backoff::Jitter::kNone}),
        state_(std::make_shared<const std::vector<Alert>>()),
        thread_([this] { Run(); }) {}

  void Alive() {
    const std::lock_guard lock(mutex_);
    alive_at_ = std::chrono::steady_clock::now();
  }

  void Publish(State state) {
    const std::lock_guard lock(mutex_);
    state_ = std::move(state);
    alive_at_ = std::chrono::steady_clock::now();
    wake_.notify_one();
  }

  // Asks for a pass at once, back-off or not; returns the number to give to Await.
  uint64_t Ask() {
    const std::lock_guard lock(mutex_);
    wake_.notify_one();
    return ++asked_;
  }

  // Until a pass that began after `ask` has ended, well or not.
  void Await(uint64_t ask, SteadyTime deadline) {
    std::unique_lock lock(mutex_);
    answered_changed_.wait_until(lock, deadline, [&] { return answered_ >= ask; });
  }

  // One more pass, no request of which lasts beyond `deadline`; then the thread ends.
  void Stop(SteadyTime deadline) {
    const std::lock_guard lock(mutex_);
    stop_at_ = deadline;
    wake_.notify_one();
  }

 private:
  void Run() {
    std::unique_lock lock(mutex_);
    while (true) {
      const State state = state_;
      const uint64_t asked = asked_;
      const bool last = stop_at_.has_value();
      lock.unlock();
      const bool told = SendDue(*state);
      const milliseconds pause = told ? UntilDue(*state) : backoff_.Next();
      lock.lock();
      answered_ = asked;
      answered_changed_.notify_all();
      if (last) return;
      // While the peer is failing a newer state is no reason to try sooner.
      wake_.wait_for(lock, pause, [&] {
        return stop_at_.has_value() || asked_ != asked || (told && state_ != state);
      });
    }
  }

  bool IsPublisherAlive() {
    const std::lock_guard lock(mutex_);
    const auto silence_max =
        std::max<std::chrono::seconds>(2 * options_->message.resend, kSilenceMin);
    return std::chrono::steady_clock::now() - alive_at_ <= silence_max;
  }

  // One pass. False when it failed and must be tried again.
  bool SendDue(const std::vector<Alert>& alerts) {
    if (!IsPublisherAlive()) return true;
    const UnixNanos now = clock_.Now();
    const std::vector<const Alert*> due = delivery_.Due(alerts, now);
    if (due.empty()) return true;
    const size_t batch_max = std::max<size_t>(options_->batch_max, 1);
    std::vector<const Alert*> told;
    absl::Status status;
    for (size_t begin = 0; begin < due.size() && status.ok(); begin += batch_max) {
      const size_t count = std::min(batch_max, due.size() - begin);
      status = SendBatch(std::span(due).subspan(begin, count), now, told);
    }
    delivery_.Sent(alerts, told, now);
    NoteOutcome(status, due.size() - told.size());
    return status.ok();
  }

  // When Alertmanager refuses what is in a batch, the batch is halved until the refused alert
  // stands alone: one bad alert holds back no other. `told` grows by what needs no retry.
  absl::Status SendBatch(std::span<const Alert* const> batch, UnixNanos now,
                         std::vector<const Alert*>& told) {
    const milliseconds timeout = TimeLeft();
    if (timeout <= milliseconds(0))
      return base::Unavailable("{}: stopped before it was told", url_);
    const absl::Status status = PostAlerts(url_, {batch.begin(), batch.end()}, options_->message,
                                           now, timeout, options_->tls);
    const auto count = static_cast<double>(batch.size());
    if (status.ok()) {
      metrics_.sent.Increment(count);
      metrics_.last_success.Set(base::UnixSeconds(clock_.Now()));
      told.insert(told.end(), batch.begin(), batch.end());
      return status;
    }
    metrics_.send_failed.Increment(count);
    if (!absl::IsInvalidArgument(status)) return status;
    if (batch.size() > 1) {
      const size_t half = batch.size() / 2;
      SB_RETURN_IF_ERROR(SendBatch(batch.first(half), now, told));
      return SendBatch(batch.subspan(half), now, told);
    }
    base::Log(base::LogLevel::kError, "alert refused, will be resent",
              {{"alertmanager", url_},
               {"alert", batch.front()->labels.Text()},
               {"error", base::Message(status)}});
    told.push_back(batch.front());
    return absl::OkStatus();
  }

  // What a request may take: the configured timeout, less when the end is near.
  milliseconds TimeLeft() {
    const std::lock_guard lock(mutex_);
    if (!stop_at_.has_value()) return options_->timeout;
    const auto left = *stop_at_ - std::chrono::steady_clock::now();
    return std::min(options_->timeout, std::chrono::duration_cast<milliseconds>(left));
  }

  void NoteOutcome(const absl::Status& status, size_t waiting) {
    if (status.ok()) backoff_.Reset();
    if (status.ok() != failing_) return;  // as before
    failing_ = !failing_;
    if (failing_) {
      base::Log(base::LogLevel::kWarning, "alertmanager failing, will be tried until it answers",
                {{"alertmanager", url_}, {"alerts", waiting}, {"error", base::Message(status)}});
    } else {
      base::Log(base::LogLevel::kInfo, "alertmanager answers again", {{"alertmanager", url_}});
    }
  }

  milliseconds UntilDue(const std::vector<Alert>& alerts) const {
    const std::optional<UnixNanos> next = delivery_.NextDue(alerts);
    if (!next.has_value()) return kIdle;
    // At least a millisecond, so that rounding down does not make it spin; what seems overdue right
    // after a pass is a resolution too old to be sent.
    const auto wait = std::chrono::ceil<milliseconds>(*next - clock_.Now());
    return wait <= milliseconds(0) ? kLookAgain : std::min<milliseconds>(wait, kLookAgain);
  }

  const std::string url_;
  const std::shared_ptr<const Options> options_;  // one for all senders
  const base::Clock& clock_;
  const Metrics metrics_;
  // The thread's own.
  AlertDelivery delivery_;
  Backoff backoff_;
  bool failing_ = false;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable answered_changed_;
  State state_ ABSL_GUARDED_BY(mutex_);
  SteadyTime alive_at_ ABSL_GUARDED_BY(mutex_) = std::chrono::steady_clock::now();
  uint64_t asked_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t answered_ ABSL_GUARDED_BY(mutex_) = 0;  // the newest ask that a whole pass followed
  std::optional<SteadyTime> stop_at_ ABSL_GUARDED_BY(mutex_);
  std::jthread thread_;  // last: it uses all the others
};

AlertmanagerForwarder::AlertmanagerForwarder(Options options, const base::Clock& clock,
                                             prometheus::Registry& registry) {
  const auto shared = std::make_shared<const Options>(std::move(options));
  for (const std::string& url : shared->urls) {
    senders_.push_back(std::make_unique<Sender>(url, shared, clock, registry));
  }
}

AlertmanagerForwarder::~AlertmanagerForwarder() {
  // All are told before the first is waited for.
  const SteadyTime deadline = std::chrono::steady_clock::now() + kLastPass;
  for (const auto& sender : senders_) sender->Stop(deadline);
}

void AlertmanagerForwarder::Publish(std::vector<Alert> alerts) {
  const auto state = std::make_shared<const std::vector<Alert>>(std::move(alerts));
  for (const auto& sender : senders_) sender->Publish(state);
}

void AlertmanagerForwarder::Alive() {
  for (const auto& sender : senders_) sender->Alive();
}

void AlertmanagerForwarder::Drain(milliseconds timeout) {
  const SteadyTime deadline = std::chrono::steady_clock::now() + timeout;
  std::vector<uint64_t> asks;
  for (const auto& sender : senders_) asks.push_back(sender->Ask());
  for (size_t i = 0; i < senders_.size(); ++i) senders_[i]->Await(asks[i], deadline);
}

}  // namespace slowburn::forward
