// collector/testing/fake_series_sink.h: a sink of series that remembers what came and answers as a
// test says.
//
// Room     collector/testing
// Uses     collector/
// Threads  thread-safe
// Units    none
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "collector/series_sink.h"
#include "collector/testing/write_requests.h"

namespace slowburn::collector {

class FakeSeriesSink final : public SeriesSink {
 public:
  using OnIngest = std::function<void(const ReceivedSeries& received, SeriesAnswerFn answer)>;

  explicit FakeSeriesSink(OnIngest on_ingest = AcceptAll) : on_ingest_(std::move(on_ingest)) {}

  static void AcceptAll(const ReceivedSeries& received, SeriesAnswerFn answer) {
    SeriesAnswer accepted;
    accepted.samples_written = received.batch.samples.size();
    accepted.histograms_written = received.batch.histograms.size();
    accepted.exemplars_written = received.batch.exemplars.size();
    std::move(answer)(std::move(accepted));
  }

  void Ingest(std::unique_ptr<ReceivedSeries> received, SeriesAnswerFn answer) const override {
    {
      const std::lock_guard lock(mutex_);
      for (std::string& line : Describe(received->batch)) lines_.push_back(std::move(line));
      lease_bytes_ = received->lease.bytes();
    }
    on_ingest_(*received, std::move(answer));
  }
  std::string_view overloaded() const override { return overloaded_; }
  void CountRefused(RequestRefusal reason) override {
    const std::lock_guard lock(mutex_);
    ++refused_[static_cast<size_t>(reason)];
  }

  // Before the first request.
  void set_overloaded(std::string_view why) { overloaded_ = why; }

  // One for each series that came.
  std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  // What the newest request held.
  uint64_t lease_bytes() const {
    const std::lock_guard lock(mutex_);
    return lease_bytes_;
  }
  int refused(RequestRefusal reason) const {
    const std::lock_guard lock(mutex_);
    return refused_[static_cast<size_t>(reason)];
  }

 private:
  const OnIngest on_ingest_;
  std::string_view overloaded_;
  mutable std::mutex mutex_;
  mutable std::vector<std::string> lines_;
  mutable uint64_t lease_bytes_ = 0;
  std::array<int, kRequestRefusals> refused_{};
};

}  // namespace slowburn::collector
