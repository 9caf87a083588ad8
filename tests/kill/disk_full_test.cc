// Goal: a full disk costs availability of writes, and nothing else: reads go on, nothing acked is
// lost, and once there is room it takes data again. Method: the data directory on a small tmpfs
// that a filler file fills. Skipped where tmpfs cannot be mounted.
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/status.h"
#include "net/http_client.h"
#include "tests/kill/kill_fixture.h"

namespace slowburn::kill {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTimeout{60'000};

class SmallDisk {
 public:
  explicit SmallDisk(std::filesystem::path path) : path_(std::move(path)) {
    std::filesystem::create_directory(path_);
    if (mount("none", path_.c_str(), "tmpfs", 0, "size=512m") != 0) error_ = std::strerror(errno);
  }
  ~SmallDisk() {
    // Lazily: a process that still ends must not keep it.
    if (error_.empty()) umount2(path_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  const std::filesystem::path& path() const { return path_; }
  const std::string& error() const { return error_; }  // empty: it is mounted

  // Writes until there is no room left.
  absl::Status Fill() const {
    const int file = open(filler().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0) return absl::UnavailableError(std::strerror(errno));
    const std::vector<char> zeros(4096);
    while (write(file, zeros.data(), zeros.size()) > 0) {
    }
    const int error = errno;
    close(file);
    if (error != ENOSPC) return absl::UnavailableError(std::strerror(error));
    return absl::OkStatus();
  }
  void Free() const { std::filesystem::remove(filler()); }

 private:
  std::filesystem::path filler() const { return path_ / "filler"; }

  const std::filesystem::path path_;
  std::string error_;
};

class DiskFullTest : public KillFixture {
 protected:
  // Whether /metrics comes to show it: it looks at the store each second. What the program frees by
  // itself meanwhile is filled again while `disk` is given.
  bool AwaitReserve(std::string_view state, const SmallDisk* disk = nullptr) const {
    const std::string want =
        fmt::format("slowburn_storage_reserve_state{{state=\"{}\"}} 1\n", state);
    const auto deadline = std::chrono::steady_clock::now() + kTimeout;
    while (std::chrono::steady_clock::now() < deadline) {
      if (disk != nullptr && !disk->Fill().ok()) return false;
      const auto page = net::Call({.url = "http://" + api() + "/metrics"});
      if (page.ok() && page->body.find(want) != std::string::npos) return true;
      std::this_thread::sleep_for(milliseconds(100));
    }
    return false;
  }
};

// Room freed by the program itself (a compaction) may have to be filled again.
absl::Status FillUntilRefused(const SmallDisk& disk, Traffic& traffic) {
  absl::Status refused = absl::UnavailableError("not filled yet");
  for (int attempt = 0; attempt < 30 && !refused.ok(); ++attempt) {
    SB_RETURN_IF_ERROR(disk.Fill());
    refused = traffic.AwaitUnavailable(milliseconds(2000));
  }
  return refused;
}

TEST_F(DiskFullTest, RefusesWritesThenGoesOnWithNothingLost) {
  const SmallDisk disk(directory() / "disk");
  if (!disk.error().empty()) GTEST_SKIP() << "tmpfs cannot be mounted here: " << disk.error();
  WriteConfig("{mode: durable}", disk.path() / "data");
  Traffic traffic(seed(), 4);
  std::optional<Program> program = Start(traffic);
  ASSERT_TRUE(program.has_value());
  EXPECT_TRUE(AwaitReserve("whole"));

  absl::Status refused = FillUntilRefused(disk, traffic);
  ASSERT_TRUE(refused.ok()) << refused;
  EXPECT_TRUE(AwaitReserve("in_use", &disk));
  EXPECT_EQ(GetStatus("/-/healthy"), 200);
  EXPECT_FALSE(Get("/api/slo/v1/slos").empty());
  EXPECT_FALSE(Get("/api/slo/v1/ledger").empty());
  disk.Free();
  const absl::Status drained = traffic.Drain(kTimeout);
  ASSERT_TRUE(drained.ok()) << drained;
  ExpectEverythingCounted(traffic.acked());
  EXPECT_TRUE(AwaitReserve("whole"));

  // Full again, killed while it is, and started where there is no room but what was kept for this.
  traffic.Resume();
  refused = FillUntilRefused(disk, traffic);
  ASSERT_TRUE(refused.ok()) << refused;
  program->Kill();
  const std::optional<Program> again = Start(traffic);
  ASSERT_TRUE(again.has_value());
  EXPECT_FALSE(Get("/api/slo/v1/slos").empty());
  disk.Free();
  const absl::Status drained_again = traffic.Drain(kTimeout);
  ASSERT_TRUE(drained_again.ok()) << drained_again;
  ExpectEverythingCounted(traffic.acked());
  ExpectEveryHourCounted(traffic.acked());
  EXPECT_TRUE(AwaitReserve("whole"));
  EXPECT_TRUE(traffic.troubles().empty()) << traffic.troubles().front();
}

}  // namespace
}  // namespace slowburn::kill
