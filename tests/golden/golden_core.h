// tests/golden/golden_core.h: the program's state on a data directory, stepped by hand at times
// that its caller names.
//
// Room     tests
// Uses     app/, rules/, storage/rocksdb
// Threads  one
// Units    engine time
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "app/core.h"
#include "base/clock.h"
#include "storage/api/store.h"

namespace slowburn::golden {

// Monday, 2026-01-05T00:00:00Z.
inline constexpr base::UnixNanos kMonday{std::chrono::seconds(1'767'571'200)};
// A client sends each id once, and again when it lost the answer.
app::CountedRequest Spans(uint64_t id, std::string_view route, base::UnixNanos time, int good,
                          int bad);
// One point of a cumulative stream.
app::CountedRequest Point(uint64_t id, uint64_t stream, base::UnixNanos time, uint64_t value);

class GoldenCore {
 public:
  // With the SLO checkout/availability, by http.route.
  static absl::StatusOr<std::unique_ptr<GoldenCore>> Open(const std::filesystem::path& directory,
                                                          base::UnixNanos now);

  absl::StatusOr<app::RequestOutcome> Commit(const app::CountedRequest& request,
                                             base::UnixNanos now);
  // Alerts as of now.
  absl::Status Step(base::UnixNanos now);
  absl::Status Exclude(std::string_view id, base::UnixNanos start, std::string_view duration,
                       base::UnixNanos now);
  // Of all there is, as at the end of a program.
  absl::Status Checkpoint(base::UnixNanos now);

  app::Core& core() { return *core_; }
  storage::Store& store() { return *store_; }
  // Whether the SLO had to be registered: it was not known in this form.
  bool registered() const { return registered_; }

 private:
  absl::Status Commit(const store::v1::LogRecord& record);

  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<app::Core> core_;
  bool registered_ = false;
};

}  // namespace slowburn::golden
