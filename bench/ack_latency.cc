#include "bench/ack_latency.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

#include "bench/http_connection.h"

namespace slowburn::bench {
namespace {

using std::chrono::steady_clock;

constexpr off_t kPreallocatedBytes = 256 << 20;
constexpr int kConnections = 64;  // At 1,000 a second: until an ack takes 64 ms none waits for one.

double SecondsSince(steady_clock::time_point start) {
  return std::chrono::duration<double>(steady_clock::now() - start).count();
}

Quantiles QuantilesOf(std::vector<double> seconds) {
  if (seconds.empty()) return {};
  std::ranges::sort(seconds);
  const auto at = [&](double share) {
    return seconds[static_cast<size_t>(share * static_cast<double>(seconds.size() - 1))];
  };
  return {.samples = seconds.size(), .p50 = at(0.5), .p99 = at(0.99)};
}

// A new file that is gone with it.
class SyncedFile {
 public:
  SyncedFile(std::filesystem::path path, bool preallocated)
      : path_(std::move(path)),
        file_(open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {
    if (file_ < 0) throw std::runtime_error("cannot write " + path_.string());
    // Where the file system cannot, the measure is that of a file without blocks.
    if (preallocated) fallocate(file_, FALLOC_FL_KEEP_SIZE, 0, kPreallocatedBytes);
  }
  ~SyncedFile() {
    close(file_);
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  SyncedFile(const SyncedFile&) = delete;
  SyncedFile& operator=(const SyncedFile&) = delete;

  // 4 KiB, on disk when it returns.
  void Append() {
    constexpr std::array<char, 4096> kBlock{};
    if (write(file_, kBlock.data(), kBlock.size()) != static_cast<ssize_t>(kBlock.size()) ||
        fdatasync(file_) != 0) {
      throw std::runtime_error("cannot write " + path_.string());
    }
  }

 private:
  const std::filesystem::path path_;
  const int file_;
};

}  // namespace

Quantiles MeasureFdatasync(const std::filesystem::path& directory, bool preallocated,
                           std::chrono::milliseconds length) {
  SyncedFile file(directory / "fdatasync", preallocated);
  std::vector<double> seconds;
  const steady_clock::time_point end = steady_clock::now() + length;
  while (steady_clock::now() < end) {
    const steady_clock::time_point start = steady_clock::now();
    file.Append();
    seconds.push_back(SecondsSince(start));
  }
  return QuantilesOf(std::move(seconds));
}

Quantiles MeasurePacedFdatasync(const std::filesystem::path& directory, int rate,
                                std::chrono::milliseconds length) {
  SyncedFile file(directory / "fdatasync", /*preallocated=*/true);
  const auto writes = static_cast<int64_t>(rate * length.count() / 1000);
  const auto pause = std::chrono::nanoseconds(std::chrono::seconds(1)) / rate;
  const steady_clock::time_point start = steady_clock::now();
  std::vector<double> seconds;
  for (int64_t next = 0; next < writes;) {
    std::this_thread::sleep_until(start + next * pause);
    const int64_t due = std::min<int64_t>((steady_clock::now() - start) / pause + 1, writes);
    file.Append();
    for (; next < due; ++next) seconds.push_back(SecondsSince(start + next * pause));
  }
  return QuantilesOf(std::move(seconds));
}

Quantiles MeasureAcks(const std::string& address, const std::vector<Payload>& payloads, int rate,
                      std::chrono::milliseconds length, uint64_t first_serial) {
  const auto requests = static_cast<uint64_t>(rate * length.count() / 1000);
  const auto pause = std::chrono::nanoseconds(std::chrono::seconds(1)) / rate;
  const steady_clock::time_point start = steady_clock::now() + std::chrono::milliseconds(50);
  std::atomic<uint64_t> next{0};
  std::atomic<uint64_t> failures{0};
  std::mutex mutex;
  std::vector<double> seconds;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kConnections; ++i) {
      threads.emplace_back([&] {
        HttpConnection connection(address, Encoding::kNone);
        std::vector<double> own;
        for (uint64_t at = next++; at < requests; at = next++) {
          const steady_clock::time_point due = start + static_cast<int64_t>(at) * pause;
          std::this_thread::sleep_until(due);
          const uint64_t serial = first_serial + at;
          if (!connection.Post(payloads[serial % kPayloads], serial)) {
            ++failures;
            break;
          }
          own.push_back(SecondsSince(due));
        }
        const std::lock_guard lock(mutex);
        seconds.insert(seconds.end(), own.begin(), own.end());
      });
    }
  }
  if (failures > 0) throw std::runtime_error("requests were refused while latency was measured");
  return QuantilesOf(std::move(seconds));
}

}  // namespace slowburn::bench
