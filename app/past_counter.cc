#include "app/past_counter.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "app/series_history.h"
#include "base/logging.h"
#include "base/status.h"
#include "base/time_text.h"

namespace slowburn::app {
namespace {

using base::LogLevel;
using slo::Slice;
using slo::SliceRange;
using std::chrono::milliseconds;

// How often it is asked whether requests from before are done.
constexpr milliseconds kEarlierEvery{20};
constexpr milliseconds kRetry{5000};
constexpr std::chrono::seconds kNoteEvery{10};
// A piece that is too much at once is halved, down to this.
constexpr uint32_t kShortestPiece = slo::kSlicesPerHour / 6;
// Longer than samples may be late, so that pieces are of what does not change.
constexpr std::chrono::hours kTailMin{1};

// One series at a time is in memory, and the labels of all that match.
storage::ReadLimits LimitsOfRead() {
  constexpr uint64_t kAny = std::numeric_limits<uint64_t>::max() / 2;
  return {.series = 500'000, .samples = kAny, .bytes = kAny};
}

Slice HourFloor(Slice slice) { return slice - slice % slo::kSlicesPerHour; }

std::string TimeText(Slice slice) { return base::FormatRfc3339(slo::SliceStart(slice)); }

prometheus::Gauge& AddGauge(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}
prometheus::Counter& AddCounter(prometheus::Registry& registry, const char* name,
                                const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
}

}  // namespace

PastCounter::PastCounter(Options options, CommitLoop& loop, Core& core,
                         EarlierAreDone earlier_are_done, const base::Clock& clock,
                         prometheus::Registry& registry)
    : options_(options),
      loop_(loop),
      core_(core),
      earlier_are_done_(std::move(earlier_are_done)),
      clock_(clock),
      slis_(AddGauge(registry, "slowburn_slo_past_slis",
                     "SLIs on metrics whose past is still being counted from the time series.")),
      seconds_(AddGauge(registry, "slowburn_slo_past_remaining_seconds",
                        "How much past these SLIs have left to count, all together.")),
      points_(AddCounter(registry, "slowburn_slo_past_points_total",
                         "Stored samples that the past of SLIs was counted from.")),
      left_out_(AddCounter(registry, "slowburn_slo_past_left_out_seconds_total",
                           "Past of SLIs that is not counted, because it cannot be read.")) {}

PastCounter::~PastCounter() { Stop(); }

void PastCounter::Start() {
  Wake();
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

void PastCounter::Wake() {
  {
    const std::lock_guard lock(mutex_);
    is_woken_ = true;
  }
  wake_.notify_all();
}

void PastCounter::Stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

bool PastCounter::Sleep(milliseconds time, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

void PastCounter::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      if (!wake_.wait(lock, stop, [&] { return is_woken_; })) return;
      is_woken_ = false;
    }
    while (CountNext(stop)) {
    }
    Show();
  }
}

// False: nothing is left, or it was told to stop.
bool PastCounter::CountNext(const std::stop_token& stop) {
  if (stop.stop_requested()) return false;
  Show();
  const std::optional<Task> task = loop_.Read(
      [&](const Core& core) { return core.pasts().Next(base::FloorSeconds(clock_.Now())); });
  if (!task.has_value()) return false;
  const absl::Status counted =
      task->past.is_waiting() ? CountTail(*task, stop) : CountPiece(*task, stop);
  // Aborted: other SLOs are in force, so something else is next.
  if (counted.ok() || absl::IsAborted(counted)) return true;
  if (stop.stop_requested()) return false;
  base::Log(LogLevel::kWarning, "the past of an SLI cannot be counted now, it is tried again",
            {{"slo", task->slo->id()}, {"error", base::Message(counted)}});
  return Sleep(kRetry, stop);
}

absl::Status PastCounter::CommitRecord(
    const std::function<absl::StatusOr<store::v1::LogRecord>(SliPasts&)>& plan) {
  return loop_.Run([&] { return loop_.Commit([&](Core& core) { return plan(core.pasts()); }); });
}

// --- the tail: with it the SLI begins

absl::Status PastCounter::CountTail(const Task& task, const std::stop_token& stop) {
  while (!earlier_are_done_()) {
    if (!Sleep(kEarlierEvery, stop)) return absl::CancelledError("stopped");
  }
  std::unique_ptr<storage::SeriesSnapshot> snapshot;
  SliPasts::Tail tail;
  tail.sli = task.sli;
  SB_RETURN_IF_ERROR(loop_.Run([&] {
    if (!earlier_are_done_()) return absl::AbortedError("SLOs were reloaded");
    snapshot = core_.series().TakeSnapshot(LimitsOfRead(), stop);
    tail.series_end = core_.series().counts().next_id;
    core_.pasts().BeginTail(task.sli);
    return absl::OkStatus();
  }));
  const auto now = base::FloorSeconds(clock_.Now());
  const SeriesHistory history(*snapshot, tail.series_end);
  const slo::IdentifiedSli sli{task.sli, &task.slo->sli};
  tail.from = HourFloor(slo::SliceOf(now - kTailMin));
  const Slice end = slo::SliceOf(now) + 1;
  // What cannot be read is left out of the tail, from its begin on, hour by hour.
  for (Slice from = tail.from; from < end; from += slo::kSlicesPerHour) {
    auto counted = slo::CountTail(sli, history, from, now);
    if (counted.ok()) {
      points_.Increment(static_cast<double>(counted->tally.counted));
      tail.counted = *std::move(counted);
      break;
    }
    if (stop.stop_requested()) return counted.status();
    const SliceRange lost{from, std::min(from + slo::kSlicesPerHour, end)};
    if (tail.left_out.empty()) tail.left_out.push_back(lost);
    tail.left_out.front().end = lost.end;
    base::Log(LogLevel::kError, "a stretch of an SLI's past cannot be read, it is left out",
              {{"slo", task.slo->id()},
               {"begin", TimeText(lost.begin)},
               {"end", TimeText(lost.end)},
               {"error", base::Message(counted.status())}});
    left_out_.Increment(static_cast<double>(((lost.end - lost.begin) * slo::kSliceLength).count()));
  }
  snapshot.reset();
  const Slice counted_from = tail.from;
  SB_RETURN_IF_ERROR(CommitRecord([&](SliPasts& pasts) -> absl::StatusOr<store::v1::LogRecord> {
    if (pasts.deferring() != task.sli) return absl::AbortedError("another tail was begun");
    if (pasts.overflowed()) {
      base::Log(LogLevel::kError,
                "more points came than are kept until an SLI begins: it begins without them",
                {{"slo", task.slo->id()}});
    }
    return pasts.PlanTail(std::move(tail), clock_.Now());
  }));
  base::Log(LogLevel::kInfo, "an SLI counts, and its past from the time series",
            {{"slo", task.slo->id()},
             {"counted_from", TimeText(counted_from)},
             {"goes_back_to", TimeText(task.goes_back_to)}});
  return absl::OkStatus();
}

// --- pieces

absl::StatusOr<slo::PastPiece> PastCounter::ReadPiece(const Task& task, SliceRange range,
                                                      const std::stop_token& stop) const {
  const auto snapshot = core_.series().TakeSnapshot(LimitsOfRead(), stop);
  const SeriesHistory history(*snapshot, task.past.series_end);
  return slo::CountPiece({task.sli, &task.slo->sli}, history, range, task.past.tail_from,
                         task.past.edges, options_.part_entries_max);
}

absl::Status PastCounter::CountPiece(const Task& task, const std::stop_token& stop) {
  const Slice end = task.past.counted_from;
  uint32_t length = slo::SlicesIn(options_.piece);
  for (;;) {
    const Slice begin = std::max(task.goes_back_to, end - std::min(end, length));
    const absl::StatusOr<slo::PastPiece> piece = ReadPiece(task, {begin, end}, stop);
    if (piece.ok()) return CommitPiece(task, end, *piece, stop);
    if (stop.stop_requested()) return piece.status();
    if (absl::IsResourceExhausted(piece.status()) && length / 2 >= kShortestPiece) {
      length /= 2;
    } else if (!absl::IsResourceExhausted(piece.status()) && length > slo::kSlicesPerHour) {
      length = slo::kSlicesPerHour;
    } else {
      return LeaveOut(task, {begin, end}, piece.status());
    }
  }
}

absl::Status PastCounter::CommitPiece(const Task& task, Slice end, const slo::PastPiece& piece,
                                      const std::stop_token& stop) {
  points_.Increment(static_cast<double>(piece.tally.counted));
  for (const slo::PastPiece::Part& part : piece.parts) {
    const auto start = clock_.Monotonic();
    SB_RETURN_IF_ERROR(CommitRecord([&](SliPasts& pasts) {
      return pasts.PlanPart(task.sli, end, part, piece.oldest, clock_.Now());
    }));
    end = part.begin;
    // Whoever waited for the loop comes first, as long as this took.
    const auto took = std::chrono::duration_cast<milliseconds>(clock_.Monotonic() - start);
    if (took.count() > 0 && !Sleep(std::min(took, milliseconds(200)), stop))
      return absl::CancelledError("stopped");
  }
  Note(task, end);
  return absl::OkStatus();
}

absl::Status PastCounter::LeaveOut(const Task& task, SliceRange range, const absl::Status& why) {
  base::Log(LogLevel::kError, "a stretch of an SLI's past cannot be read, it is left out",
            {{"slo", task.slo->id()},
             {"begin", TimeText(range.begin)},
             {"end", TimeText(range.end)},
             {"error", base::Message(why)}});
  SB_RETURN_IF_ERROR(CommitRecord(
      [&](SliPasts& pasts) { return pasts.PlanLeftOut(task.sli, range, clock_.Now()); }));
  left_out_.Increment(static_cast<double>(((range.end - range.begin) * slo::kSliceLength).count()));
  Note(task, range.begin);
  return absl::OkStatus();
}

// --- what is seen of it

void PastCounter::Show() {
  const SliPasts::Left left = loop_.Read(
      [&](const Core& core) { return core.pasts().left(base::FloorSeconds(clock_.Now())); });
  slis_.Set(static_cast<double>(left.slis));
  seconds_.Set(static_cast<double>(left.time.count()));
}

void PastCounter::Note(const Task& task, Slice counted_from) {
  const bool is_done = counted_from <= task.goes_back_to;
  if (!is_done && clock_.Monotonic() < next_note_) return;
  next_note_ = clock_.Monotonic() + kNoteEvery;
  base::Log(LogLevel::kInfo,
            is_done ? "the past of an SLI is counted" : "the past of an SLI is being counted",
            {{"slo", task.slo->id()},
             {"counted_from", TimeText(counted_from)},
             {"goes_back_to", TimeText(task.goes_back_to)}});
}

}  // namespace slowburn::app
