#include "app/load_run.h"

#include <algorithm>
#include <utility>

namespace slowburn::app {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

LoadRun::LoadRun(Options options, LoadPlan plan, std::vector<std::unique_ptr<LoadPayload>> payloads,
                 std::vector<std::unique_ptr<LoadSender>> senders, size_t services,
                 const base::Clock& clock)
    : options_(options),
      plan_(std::move(plan)),
      payloads_(std::move(payloads)),
      senders_(std::move(senders)),
      clock_(clock),
      start_(clock.Monotonic()),
      tally_(plan_.streams().size(), services),
      working_(senders_.size()) {
  for (size_t sender = 0; sender < senders_.size(); ++sender) {
    threads_.emplace_back([this, sender] { Work(sender); });
  }
}

LoadRun::~LoadRun() { RequestStop(); }

bool LoadRun::WaitFor(milliseconds timeout) {
  std::unique_lock lock(mutex_);
  return over_.wait_for(lock, timeout, [this] { return working_ == 0; });
}

void LoadRun::Work(size_t index) {
  LoadSender& sender = *senders_[index];
  forward::Backoff backoff(
      {.min = options_.backoff_min, .max = options_.backoff_max, .seed = options_.seed + index});
  std::string body;
  while (const std::optional<LoadPlan::Step> step = Next()) {
    const LoadTally::Request request = Prepare(*step, sender, body);
    if (step->due && !SleepUntil(start_ + *step->due)) break;
    Deliver(request, step->due ? start_ + *step->due : clock_.Monotonic(), sender, backoff);
  }
  const std::lock_guard lock(mutex_);
  if (--working_ == 0) over_.notify_all();
}

std::optional<LoadPlan::Step> LoadRun::Next() {
  if (stop_.stop_requested()) return std::nullopt;
  if (const auto duration = plan_.options().duration) {
    const nanoseconds late = plan_.options().items_per_second ? kLate : nanoseconds(0);
    if (Elapsed() >= *duration + late) return std::nullopt;
  }
  return plan_.At(next_++);
}

LoadTally::Request LoadRun::Prepare(const LoadPlan::Step& step, LoadSender& sender,
                                    std::string& body) {
  const LoadPayload& payload = *payloads_[step.stream];
  // Its newest item ends at the moment at which it is to be sent.
  const nanoseconds ahead = step.due ? start_ + *step.due - clock_.Monotonic() : nanoseconds(0);
  const LoadPayload::Made made = payload.Make(step.number, clock_.Now() + ahead, body);
  LoadTally::Request request{.stream = step.stream,
                             .number = step.number,
                             .service = made.service,
                             .items = payload.items(),
                             .bad = made.bad,
                             .bytes_plain = body.size()};
  request.bytes_sent = sender.Take(plan_.streams()[step.stream].signal, body);
  return request;
}

void LoadRun::Deliver(const LoadTally::Request& request, SteadyTime planned, LoadSender& sender,
                      forward::Backoff& backoff) {
  const SteadyTime give_up_at = clock_.Monotonic() + options_.retry_for;
  tally_.Sent(request);
  for (;;) {
    const LoadAnswer answer = sender.Send(options_.timeout);
    const SteadyTime now = clock_.Monotonic();
    if (answer.kind == LoadAnswer::Kind::kAcked) {
      backoff.Reset();
      return tally_.Acked(request, answer, now - planned);
    }
    if (answer.kind == LoadAnswer::Kind::kFailed) return tally_.Failed(request, answer);
    const nanoseconds wait =
        std::max<nanoseconds>(backoff.Next(), answer.delay.value_or(nanoseconds(0)));
    if (now + wait > give_up_at || !SleepUntil(now + wait)) {
      return tally_.Unacknowledged(request, answer);
    }
    tally_.Retried(request, answer);
  }
}

bool LoadRun::SleepUntil(SteadyTime time) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_until(lock, stop_.get_token(), time, [] { return false; });
  return !stop_.stop_requested();
}

}  // namespace slowburn::app
