// collector/testing/fake_sink.h: a sink that remembers what came and answers as a test says.
//
// Room     collector/testing
// Uses     collector/
// Threads  thread-safe
// Units    none
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
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
  using OnIngest = std::function<void(std::string& body, model::SpanBatch& batch, AnswerFn answer)>;

  explicit FakeSink(OnIngest on_ingest = AcceptAll)
      : traces_(std::make_shared<Traces>(*this)), on_ingest_(std::move(on_ingest)) {}

  static void AcceptAll(std::string&, model::SpanBatch& batch, AnswerFn answer) {
    ExportAnswer accepted;
    accepted.rejected = static_cast<int64_t>(batch.rejected.size());
    if (accepted.rejected > 0) accepted.message = "a span has no valid id";
    std::move(answer)(std::move(accepted));
  }

  std::shared_ptr<const TraceSink> traces() const override { return traces_; }
  void CountRefused(RequestRefusal reason) override {
    const std::lock_guard lock(mutex_);
    ++refused_[reason];
  }

  // Waits until `count` requests came. Tests have a time limit of their own.
  void AwaitRequests(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return bodies_.size() >= count; });
  }
  std::vector<std::string> bodies() const {
    const std::lock_guard lock(mutex_);
    return bodies_;
  }
  size_t spans() const {
    const std::lock_guard lock(mutex_);
    return spans_;
  }
  int refused(RequestRefusal reason) const {
    const std::lock_guard lock(mutex_);
    const auto found = refused_.find(reason);
    return found == refused_.end() ? 0 : found->second;
  }

 private:
  class Traces final : public TraceSink {
   public:
    explicit Traces(FakeSink& sink) : sink_(sink), projection_(TestProjection()) {}
    const model::AttributeProjection& projection() const override { return projection_; }
    void Ingest(std::string& body, model::SpanBatch& batch, AnswerFn answer) const override {
      sink_.Remember(body, batch);
      sink_.on_ingest_(body, batch, std::move(answer));
    }

   private:
    FakeSink& sink_;
    model::AttributeProjection projection_;
  };

  void Remember(const std::string& body, const model::SpanBatch& batch) {
    const std::lock_guard lock(mutex_);
    bodies_.push_back(body);
    spans_ += batch.spans.size();
    changed_.notify_all();
  }

  const std::shared_ptr<const Traces> traces_;
  const OnIngest on_ingest_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> bodies_;
  size_t spans_ = 0;
  std::map<RequestRefusal, int> refused_;
};

}  // namespace slowburn::collector
