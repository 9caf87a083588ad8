#include "app/load_latency.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>
#include <utility>

#include <absl/strings/numbers.h>

#include "base/status.h"

namespace slowburn::app {
namespace {

using std::chrono::nanoseconds;

constexpr size_t kQuantiles = 4096;
constexpr double kZ99 = 2.3263478740408408;  // of the normal distribution
constexpr double kSecondsMin = 1e-6;
constexpr double kSecondsMax = 3600;
constexpr double kSigmaMax = 5;

double NormalShareBelow(double z) { return std::erfc(-z / std::numbers::sqrt2) / 2; }

// Where the normal distribution has `share` below it, by bisection: it runs once.
double NormalQuantile(double share) {
  double low = -10;
  double high = 10;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (NormalShareBelow(middle) < share ? low : high) = middle;
  }
  return low;
}

std::optional<double> ParseNumber(std::string_view text) {
  double number = 0;
  if (!absl::SimpleAtod({text.data(), text.size()}, &number) || !std::isfinite(number)) {
    return std::nullopt;
  }
  return number;
}

}  // namespace

absl::StatusOr<LoadLatency> LoadLatency::Parse(std::string_view text) {
  const size_t at = text.find_first_of(",/");
  std::optional<double> first = ParseNumber(text.substr(0, at));
  std::optional<double> second;
  if (at != std::string_view::npos) second = ParseNumber(text.substr(at + 1));
  if (!first || !second) {
    return base::InvalidArgument(
        "latency \"{}\" is neither P50,P99 nor MEDIAN/SIGMA; write milliseconds, like 20,200",
        text);
  }
  const double median = *first / 1e3;
  if (median < kSecondsMin || median > kSecondsMax) {
    return base::InvalidArgument(
        "latency \"{}\": the median must be between 0.001 and 3600000 milliseconds", text);
  }
  if (text[at] == ',' && *second < *first) {
    return base::InvalidArgument("latency \"{}\": the 99th percentile is below the 50th", text);
  }
  const double sigma = text[at] == ',' ? std::log(*second / *first) / kZ99 : *second;
  if (sigma < 0 || sigma > kSigmaMax) {
    return base::InvalidArgument("latency \"{}\": sigma is {:.2f}; it must be between 0 and {}",
                                 text, sigma, kSigmaMax);
  }
  return LoadLatency(median, sigma);
}

LoadLatency::LoadLatency(double median_seconds, double sigma)
    : median_seconds_(median_seconds), sigma_(sigma) {
  quantiles_.reserve(kQuantiles);
  for (size_t i = 0; i < kQuantiles; ++i) {
    const double share = (static_cast<double>(i) + 0.5) / kQuantiles;
    const double seconds = median_seconds_ * std::exp(sigma_ * NormalQuantile(share));
    const double bounded = std::clamp(seconds, kSecondsMin, kSecondsMax);
    quantiles_.push_back(nanoseconds(std::llround(bounded * 1e9)));
  }
}

double LoadLatency::ShareWithin(nanoseconds latency) const {
  const double seconds = std::chrono::duration<double>(latency).count();
  if (sigma_ == 0) return seconds < median_seconds_ ? 0 : 1;
  return NormalShareBelow(std::log(seconds / median_seconds_) / sigma_);
}

std::chrono::duration<double> LoadLatency::mean() const {
  return std::chrono::duration<double>(median_seconds_ * std::exp(sigma_ * sigma_ / 2));
}

}  // namespace slowburn::app
