#include "app/load_tally.h"

#include <algorithm>

namespace slowburn::app {

LoadCounts& LoadCounts::operator+=(const LoadCounts& other) {
  sent += other.sent;
  acked += other.acked;
  rejected += other.rejected;
  failed += other.failed;
  unacknowledged += other.unacknowledged;
  retried += other.retried;
  return *this;
}

LoadCounts LoadTotals::Items() const {
  LoadCounts sum;
  for (const LoadStreamCounts& stream : streams) sum += stream.items;
  return sum;
}

LoadCounts LoadTotals::Requests() const {
  LoadCounts sum;
  for (const LoadStreamCounts& stream : streams) sum += stream.requests;
  return sum;
}

LoadTally::LoadTally(size_t streams, size_t services) {
  totals_.streams.resize(streams);
  for (LoadStreamCounts& stream : totals_.streams) stream.services.resize(services);
}

void LoadTally::Sent(const Request& request) {
  const std::lock_guard lock(mutex_);
  LoadStreamCounts& stream = totals_.streams[request.stream];
  stream.items.sent += request.items;
  ++stream.requests.sent;
  totals_.bytes_plain += request.bytes_plain;
  NoteBytes(request);
}

void LoadTally::Retried(const Request& request, const LoadAnswer& answer) {
  const std::lock_guard lock(mutex_);
  LoadStreamCounts& stream = totals_.streams[request.stream];
  stream.items.retried += request.items;
  ++stream.requests.retried;
  NoteBytes(request);
  NoteError(answer);
}

void LoadTally::Acked(const Request& request, const LoadAnswer& answer,
                      std::chrono::nanoseconds latency) {
  const std::lock_guard lock(mutex_);
  LoadStreamCounts& stream = totals_.streams[request.stream];
  const uint64_t rejected = std::min(answer.rejected, request.items);
  const uint64_t acked = request.items - rejected;
  stream.items.acked += acked;
  stream.items.rejected += rejected;
  ++stream.requests.acked;
  LoadServiceCounts& service = stream.services[request.service];
  if (rejected == 0) {
    service.good += request.items - request.bad;
    service.bad += request.bad;
    stream.acked.Add(request.number);
  } else {
    service.uncertain += acked;
    stream.partial.Add(request.number);
  }
  if (!answer.reason.empty()) NoteError(answer);
  totals_.latency.Record(latency);
  meanwhile_.Record(latency);
  acked_meanwhile_ += acked;
}

void LoadTally::Failed(const Request& request, const LoadAnswer& answer) {
  const std::lock_guard lock(mutex_);
  LoadStreamCounts& stream = totals_.streams[request.stream];
  stream.items.failed += request.items;
  ++stream.requests.failed;
  stream.failed.Add(request.number);
  NoteError(answer);
}

void LoadTally::Unacknowledged(const Request& request, const LoadAnswer& answer) {
  const std::lock_guard lock(mutex_);
  LoadStreamCounts& stream = totals_.streams[request.stream];
  stream.items.unacknowledged += request.items;
  ++stream.requests.unacknowledged;
  stream.unacknowledged.Add(request.number);
  NoteError(answer);
}

LoadTotals LoadTally::totals() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

LoadProgress LoadTally::TakeProgress() {
  const std::lock_guard lock(mutex_);
  LoadProgress progress{.items = totals_.Items(),
                        .requests_sent = totals_.Requests().sent,
                        .acked_meanwhile = acked_meanwhile_,
                        .p99 = meanwhile_.Percentile(0.99)};
  acked_meanwhile_ = 0;
  meanwhile_.Clear();
  return progress;
}

void LoadTally::NoteError(const LoadAnswer& answer) {
  ++totals_.errors[answer.reason];
  totals_.last_error =
      answer.message.empty() ? answer.reason : answer.reason + ": " + answer.message;
}

void LoadTally::NoteBytes(const Request& request) {
  if (request.bytes_sent && totals_.bytes_sent) {
    *totals_.bytes_sent += *request.bytes_sent;
  } else {
    totals_.bytes_sent.reset();
  }
}

}  // namespace slowburn::app
