// app/metric_type_claims.h: of which type a name of Prometheus is, in each target.
//
// Room     app
// Uses     app/, Abseil
// Threads  thread-safe
// Units    none
// Source   OpenTelemetry specification, "Prometheus and OpenMetrics Compatibility": metrics that
//          differ in OTLP may have one name in Prometheus
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <absl/container/flat_hash_map.h>
#include <absl/synchronization/mutex.h>

namespace slowburn::app {

// Whoever comes first says what the name is, for as long as any of its metrics is known: there are
// as many names here as metrics in the cache of identities.
class MetricTypeClaims : public std::enable_shared_from_this<MetricTypeClaims> {
 public:
  // Holds the name until it is destroyed.
  class Claim {
   public:
    Claim(std::shared_ptr<MetricTypeClaims> claims, uint64_t name)
        : claims_(std::move(claims)), name_(name) {}
    ~Claim() { claims_->Release(name_); }
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;

   private:
    // shared: requests outlive whoever made them.
    const std::shared_ptr<MetricTypeClaims> claims_;
    const uint64_t name_;
  };

  // Null: the name is of another type in this target.
  std::unique_ptr<const Claim> Take(uint64_t target, std::string_view name, std::string_view type);
  size_t size() const;

 private:
  struct Held {
    std::string type;
    uint64_t claims = 0;
  };

  void Release(uint64_t name);

  mutable absl::Mutex mutex_;
  absl::flat_hash_map<uint64_t, Held> held_ ABSL_GUARDED_BY(mutex_);  // by the hash of both
};

}  // namespace slowburn::app
