// collector/testing/fake_sink.h: a sink that remembers what came and answers as a test says.
//
// Room     collector/testing
// Uses     collector/
// Threads  thread-safe
// Units    none
#pragma once

#include <array>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "collector/ingest_sink.h"
#include "collector/testing/trace_requests.h"

namespace slowburn::collector {

class FakeSink final : public IngestSink {
 public:
  // Runs in place of an answer that accepts everything but `batch.rejected`.
  using OnIngest =
      std::function<void(RequestBody body, model::SignalBatch& batch, AnswerFn answer)>;

  explicit FakeSink(OnIngest on_ingest = AcceptAll)
      : traces_(std::make_shared<Sink<model::SpanBatch>>(*this, model::Signal::kTraces)),
        metrics_(std::make_shared<Sink<model::MetricBatch>>(*this, model::Signal::kMetrics)),
        logs_(std::make_shared<Sink<model::LogBatch>>(*this, model::Signal::kLogs)),
        on_ingest_(std::move(on_ingest)) {}

  static void AcceptAll(RequestBody, model::SignalBatch& batch, AnswerFn answer) {
    ExportAnswer accepted;
    accepted.rejected = static_cast<int64_t>(batch.rejected.size());
    if (accepted.rejected > 0) accepted.message = "an item is not valid";
    std::move(answer)(std::move(accepted));
  }

  std::shared_ptr<const TraceSink> traces() const override { return traces_; }
  std::shared_ptr<const MetricSink> metrics() const override { return metrics_; }
  std::shared_ptr<const LogSink> logs() const override { return logs_; }
  std::string_view overloaded() const override { return overloaded_; }
  void CountRefused(RequestRefusal reason) override {
    const std::lock_guard lock(mutex_);
    ++refused_[static_cast<size_t>(reason)];
  }

  // Before the first request.
  void set_overloaded(std::string_view why) { overloaded_ = why; }

  // Waits until `count` requests came. Tests have a time limit of their own.
  void AwaitRequests(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return bodies_.size() >= count; });
  }
  std::vector<std::string> bodies() const {
    const std::lock_guard lock(mutex_);
    return bodies_;
  }
  // Accepted ones.
  size_t items(model::Signal signal) const {
    const std::lock_guard lock(mutex_);
    return items_[static_cast<size_t>(signal)];
  }
  int refused(RequestRefusal reason) const {
    const std::lock_guard lock(mutex_);
    return refused_[static_cast<size_t>(reason)];
  }

 private:
  template <typename Batch>
  class Sink final : public BatchSink<Batch> {
   public:
    Sink(FakeSink& sink, model::Signal signal)
        : sink_(sink), signal_(signal), projection_(TestProjection()) {}
    const model::AttributeProjection& projection() const override { return projection_; }
    void Ingest(RequestBody body, Batch& batch, AnswerFn answer) const override {
      sink_.Remember(signal_, body, batch.accepted());
      sink_.on_ingest_(body, batch, std::move(answer));
    }

   private:
    FakeSink& sink_;
    const model::Signal signal_;
    const model::AttributeProjection projection_;
  };

  void Remember(model::Signal signal, const RequestBody& body, size_t items) {
    const std::lock_guard lock(mutex_);
    bodies_.emplace_back(body.bytes());
    items_[static_cast<size_t>(signal)] += items;
    changed_.notify_all();
  }

  const std::shared_ptr<const TraceSink> traces_;
  const std::shared_ptr<const MetricSink> metrics_;
  const std::shared_ptr<const LogSink> logs_;
  const OnIngest on_ingest_;
  std::string_view overloaded_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> bodies_;
  std::array<size_t, model::kSignals.size()> items_{};
  std::array<int, kRequestRefusals> refused_{};
};

}  // namespace slowburn::collector
