#include <thread>

#include "bench/http_connection.h"
#include "bench/load.h"

namespace slowburn::bench {
namespace {

constexpr int kConnections = 8;

class HttpLoad final : public Load {
 public:
  explicit HttpLoad(const LoadOptions& options) : options_(options), serial_(options.first_serial) {
    for (int i = 0; i < kConnections; ++i) {
      threads_.emplace_back([this](const std::stop_token& stop) { Run(stop); });
    }
  }
  ~HttpLoad() override { Stop(); }
  void Stop() override {
    for (std::jthread& thread : threads_) thread.request_stop();
    threads_.clear();
  }

 private:
  void Run(const std::stop_token& stop) {
    try {
      HttpConnection connection(options_.address, options_.encoding, !options_.ca.empty());
      while (!stop.stop_requested()) {
        const uint64_t serial = ++serial_;
        const bool ok = connection.Post(options_.payloads[serial % kPayloads], serial);
        ++(ok ? acked_ : failures_);
        if (!ok) return;
      }
    } catch (const std::exception&) {
      ++failures_;
    }
  }

  const LoadOptions options_;
  std::atomic<uint64_t> serial_;
  std::vector<std::jthread> threads_;
};

}  // namespace

std::unique_ptr<Load> StartHttpLoad(const LoadOptions& options) {
  return std::make_unique<HttpLoad>(options);
}

}  // namespace slowburn::bench
