// write_golden_directory DIR: writes the data directory of a known story in today's format, for
// tests/golden/directories: docs/format/data_directory.md says when. The story is told by
// directories/README.md; directory_test.cc knows its figures by themselves.
#include <cstdio>
#include <vector>

#include <fmt/format.h>

#include "app/testing/sample_write.h"
#include "base/status.h"
#include "tests/golden/golden_core.h"

namespace slowburn::golden {
namespace {

using namespace std::chrono_literals;

constexpr base::UnixNanos kSaturday = kMonday + 5 * 24h;

// One sample of the series {__name__="up"}.
app::CountedRequest Sample(base::UnixNanos time, double value) {
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
  return app::RemoteWrite({{"up", ms, value}});
}

// 200 samples of the series `thirds`, 15 s apart: first / 3, (first + 1) / 3, ...
app::CountedRequest Thirds(base::UnixNanos time, int first) {
  std::vector<app::FloatSample> samples;
  for (int i = 0; i < 200; ++i) {
    const auto at = time + i * 15s;
    samples.push_back({"thirds",
                       std::chrono::floor<std::chrono::milliseconds>(at.time_since_epoch()).count(),
                       (first + i) / 3.0});
  }
  return app::RemoteWrite(std::move(samples));
}

absl::Status Monday(const std::filesystem::path& directory) {
  base::UnixNanos now = kMonday + 10h;
  SB_ASSIGN_OR_RETURN(const auto golden, GoldenCore::Open(directory, now));
  SB_RETURN_IF_ERROR(golden->Commit(Spans(1, "/pay", now, 90, 10), now + 1s).status());
  SB_RETURN_IF_ERROR(golden->Commit(Spans(2, "/cart", now, 40, 0), now + 2s).status());
  SB_RETURN_IF_ERROR(golden->Commit(Sample(now, 1), now + 2s).status());
  SB_RETURN_IF_ERROR(golden->Commit(Sample(now + 15s, 0.5), now + 15s).status());
  SB_RETURN_IF_ERROR(golden->Commit(Thirds(now - 1h, 0), now + 15s).status());
  SB_RETURN_IF_ERROR(golden->Step(now + 16s));
  now += 30min;
  SB_RETURN_IF_ERROR(golden->Commit(Spans(3, "/pay", now, 100, 0), now + 1s).status());
  SB_RETURN_IF_ERROR(golden->Exclude("disks", kMonday + 10h, "1m", now + 2s));
  return golden->Checkpoint(now + 3s);
}

// The checkpoint at noon makes Monday a block of five-minute sums. What comes after it is in the
// log alone.
absl::Status Saturday(const std::filesystem::path& directory) {
  base::UnixNanos now = kSaturday + 12h;
  SB_ASSIGN_OR_RETURN(const auto golden, GoldenCore::Open(directory, now));
  SB_RETURN_IF_ERROR(golden->Commit(Spans(4, "/pay", now, 1000, 0), now + 1s).status());
  SB_RETURN_IF_ERROR(golden->Commit(Point(5, 77, now, 4711), now + 2s).status());
  SB_RETURN_IF_ERROR(golden->Commit(Sample(now, 2), now + 2s).status());
  SB_RETURN_IF_ERROR(golden->Commit(Thirds(now - 1h, 1000), now + 2s).status());
  SB_RETURN_IF_ERROR(golden->Step(now + 3s));
  SB_RETURN_IF_ERROR(golden->Checkpoint(now + 4s));
  now += 2h - 5min;
  SB_RETURN_IF_ERROR(golden->Commit(Spans(8, "/cart", now, 7, 0), now + 1s).status());
  SB_RETURN_IF_ERROR(golden->Step(now + 2s));
  SB_RETURN_IF_ERROR(golden->Checkpoint(now + 3s));
  now += 5min;
  SB_RETURN_IF_ERROR(golden->Commit(Spans(6, "/pay", now, 0, 100), now + 1s).status());
  SB_RETURN_IF_ERROR(golden->Commit(Sample(now, -3), now + 2s).status());
  SB_RETURN_IF_ERROR(golden->Step(now + 10s));
  return golden->store().MarkHighWater();
}

}  // namespace
}  // namespace slowburn::golden

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: write_golden_directory DIR\n");
    return 1;
  }
  absl::Status written = slowburn::golden::Monday(argv[1]);
  if (written.ok()) written = slowburn::golden::Saturday(argv[1]);
  if (written.ok()) return 0;
  fmt::print(stderr, "{}\n", slowburn::base::Message(written));
  return 1;
}
