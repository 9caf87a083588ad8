// serve/internal/read_stream.h: the answer to a remote read in chunks, made as it is sent.
//
// Room     serve
// Uses     serve/, storage/api/
// Threads  one at a time
// Units    unix milliseconds, bytes
// Source   Prometheus, "Remote Read API"
#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "model/label_set.h"
#include "serve/internal/api_context.h"
#include "serve/read_messages.h"
#include "storage/api/series_reader.h"

namespace slowburn::serve::internal {

// Holds a snapshot of the series, but of their samples only those it is at work on: some days of
// one series at a time.
class ReadStream {
 public:
  // About as much as it makes at once.
  static constexpr size_t kPartBytes = 1 << 20;

  // The sources of `context` must outlive it; its time begins with the call's turn.
  ReadStream(const ApiContext& context, ReadRequest request);

  // Appends the next frames, about kPartBytes of them. False where these were the last ones.
  // kDeadlineExceeded when all of it takes longer than a query may; kCancelled; errors of the
  // store.
  absl::StatusOr<bool> Append(std::string& frames, const std::stop_token& stop);

 private:
  absl::Status CheckTime(const std::stop_token& stop) const;
  absl::Status BeginQuery();
  absl::Status AppendSlice(std::string& frames);
  // The end of what is read at once of a series, from `begin_ms`.
  int64_t EndOfSlice(int64_t begin_ms, int64_t end_ms) const;

  const ReadRequest request_;
  const model::LabelSet& external_;
  const base::Clock& clock_;
  const std::chrono::milliseconds timeout_;
  const std::chrono::steady_clock::time_point begun_;
  const int64_t now_ms_;
  const std::unique_ptr<storage::SeriesSnapshot> snapshot_;

  size_t queries_begun_ = 0;
  ReadQuery query_;  // the last of these, as it means our series
  std::vector<storage::SelectedSeries> selected_;
  size_t series_ = 0;  // of these: the one at work
  int64_t begin_ms_ = 0;
  storage::SampleColumns samples_;
};

}  // namespace slowburn::serve::internal
