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

}  // namespace

Quantiles MeasureFdatasync(const std::filesystem::path& directory, bool preallocated,
                           std::chrono::milliseconds length) {
  const std::filesystem::path path = directory / "fdatasync";
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) throw std::runtime_error("cannot write " + path.string());
  // Where the file system cannot, the measure is that of a file without blocks.
  if (preallocated) fallocate(file, FALLOC_FL_KEEP_SIZE, 0, kPreallocatedBytes);
  const std::array<char, 4096> block{};
  std::vector<double> seconds;
  const steady_clock::time_point end = steady_clock::now() + length;
  while (steady_clock::now() < end) {
    const steady_clock::time_point start = steady_clock::now();
    if (write(file, block.data(), block.size()) != static_cast<ssize_t>(block.size()) ||
        fdatasync(file) != 0) {
      close(file);
      throw std::runtime_error("cannot write " + path.string());
    }
    seconds.push_back(SecondsSince(start));
  }
  close(file);
  std::filesystem::remove(path);
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
