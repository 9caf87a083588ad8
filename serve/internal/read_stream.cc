#include "serve/internal/read_stream.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "serve/internal/external_labels.h"

namespace slowburn::serve::internal {
namespace {

using std::chrono::milliseconds;

// What is read of one series at once: 16 days of a sample every 15 seconds are 92,160.
constexpr int64_t kSliceMs = milliseconds(std::chrono::days(16)).count();
// Outside of these there is next to nothing, so that one read has it all.
constexpr int64_t kPastMs = milliseconds(std::chrono::years(10)).count();
constexpr int64_t kFutureMs = milliseconds(std::chrono::days(1)).count();

// An answer is never held as a whole, so it may be of any size.
storage::ReadLimits Limits() {
  constexpr uint64_t kAny = std::numeric_limits<uint64_t>::max();
  return {.samples = kAny, .bytes = kAny};
}

}  // namespace

ReadStream::ReadStream(const ApiContext& context, ReadRequest request)
    : request_(std::move(request)),
      external_(context.options.external_labels),
      clock_(context.sources.clock),
      timeout_(context.options.engine.timeout),
      begun_(context.begun),
      now_ms_(context.NowMs()),
      // Its parts are made in other turns, each of which can be cancelled.
      snapshot_(context.sources.series.TakeSnapshot(Limits(), {})) {}

absl::StatusOr<bool> ReadStream::Append(std::string& frames, const std::stop_token& stop) {
  while (frames.size() < kPartBytes) {
    SB_RETURN_IF_ERROR(CheckTime(stop));
    if (series_ < selected_.size()) {
      SB_RETURN_IF_ERROR(AppendSlice(frames));
    } else if (queries_begun_ < request_.queries.size()) {
      SB_RETURN_IF_ERROR(BeginQuery());
    } else {
      return false;
    }
  }
  samples_ = storage::SampleColumns();  // whoever reads the part may take long
  return true;
}

absl::Status ReadStream::CheckTime(const std::stop_token& stop) const {
  if (stop.stop_requested()) return absl::CancelledError("remote read was canceled");
  if (clock_.Monotonic() - begun_ <= timeout_) return absl::OkStatus();
  return absl::DeadlineExceededError(
      fmt::format("remote read took longer than {} ms; ask for less at once", timeout_.count()));
}

absl::Status ReadStream::BeginQuery() {
  SB_ASSIGN_OR_RETURN(query_, WithoutExternal(request_.queries[queries_begun_], external_));
  ++queries_begun_;
  selected_.clear();
  if (query_.range.begin_ms >= query_.range.end_ms) return absl::OkStatus();
  SB_ASSIGN_OR_RETURN(selected_, snapshot_->Select(query_.matchers, query_.range));
  series_ = 0;
  begin_ms_ = query_.range.begin_ms;
  return absl::OkStatus();
}

absl::Status ReadStream::AppendSlice(std::string& frames) {
  const storage::SelectedSeries& series = selected_[series_];
  const int64_t end_ms = EndOfSlice(begin_ms_, query_.range.end_ms);
  SB_RETURN_IF_ERROR(snapshot_->ReadSamples(series.id, {begin_ms_, end_ms}, samples_));
  if (!samples_.times_ms.empty() || !samples_.histogram_times_ms.empty()) {
    EachChunkedResponse(WithExternal(*series.labels, external_), samples_, queries_begun_ - 1,
                        [&](std::string_view message) {
                          AppendFrame(frames, message);
                          return true;
                        });
  }
  begin_ms_ = end_ms;
  if (end_ms < query_.range.end_ms) return absl::OkStatus();
  ++series_;
  begin_ms_ = query_.range.begin_ms;
  return absl::OkStatus();
}

int64_t ReadStream::EndOfSlice(int64_t begin_ms, int64_t end_ms) const {
  if (begin_ms >= now_ms_ + kFutureMs) return end_ms;
  if (begin_ms < now_ms_ - kPastMs) return std::min(end_ms, now_ms_ - kPastMs);
  return std::min(end_ms, begin_ms + kSliceMs);
}

}  // namespace slowburn::serve::internal
