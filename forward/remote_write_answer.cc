#include "forward/remote_write_answer.h"

#include <algorithm>
#include <charconv>

#include <absl/time/time.h>
#include <fmt/format.h>

#include "base/status.h"
#include "model/label_set.h"

namespace slowburn::forward {
namespace {

using Kind = RemoteWriteAnswer::Kind;

constexpr std::chrono::nanoseconds kDelayMax = std::chrono::hours(1);
constexpr size_t kErrorBytesMax = 500;  // the receiver's words may be long
constexpr int kTooManyRequests = 429;
constexpr int kUnsupportedMediaType = 415;

std::optional<uint64_t> ParseCount(std::string_view text) {
  uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return count;
}

// What a receiver of 2.0 says that it wrote; nothing where it says nothing.
std::optional<uint64_t> WrittenBy(const net::HttpResult& result) {
  std::optional<uint64_t> written;
  for (const char* const kind : {"Samples", "Histograms", "Exemplars"}) {
    const std::string name = fmt::format("X-Prometheus-Remote-Write-{}-Written", kind);
    const auto count = ParseCount(net::FindHeader(result.headers, name));
    if (count.has_value()) written = written.value_or(0) + *count;
  }
  return written;
}

std::string ErrorOf(const net::HttpResult& result) {
  return fmt::format("HTTP {}: {}", result.status,
                     model::ValidUtf8(std::string_view(result.body).substr(0, kErrorBytesMax)));
}

}  // namespace

std::optional<std::chrono::nanoseconds> ParseRetryAfter(std::string_view text,
                                                        base::UnixNanos now) {
  if (const auto seconds = ParseCount(text)) {
    constexpr uint64_t kSecondsMax = 3600;
    return std::chrono::seconds(std::min(*seconds, kSecondsMax));
  }
  absl::Time date;
  std::string error;
  const absl::string_view date_text(text.data(), text.size());
  if (!absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", date_text, &date, &error)) return std::nullopt;
  // In seconds first: a date may lie beyond what nanoseconds can tell.
  const int64_t now_seconds = base::FloorSeconds(now).time_since_epoch().count();
  const int64_t delay = std::clamp<int64_t>(absl::ToUnixSeconds(date) - now_seconds, 0, 3600);
  return std::min<std::chrono::nanoseconds>(std::chrono::seconds(delay), kDelayMax);
}

RemoteWriteAnswer ReadRemoteWriteAnswer(const absl::StatusOr<net::HttpResult>& result,
                                        RemoteWriteProtocol protocol, uint64_t items,
                                        base::UnixNanos now) {
  if (!result.ok()) {
    // A receiver that is not there, or not yet; what is wrong with the call itself stays wrong.
    const bool may_pass =
        absl::IsUnavailable(result.status()) || absl::IsDeadlineExceeded(result.status());
    return {.kind = may_pass ? Kind::kRetry : Kind::kSettled,
            .error = std::string(base::Message(result.status()))};
  }
  const int status = result->status;
  if (status / 100 == 5 || status == kTooManyRequests) {
    return {.kind = Kind::kRetry,
            .delay = ParseRetryAfter(net::FindHeader(result->headers, "Retry-After"), now),
            .error = ErrorOf(*result)};
  }
  const bool is_taken = status / 100 == 2;
  if (protocol == RemoteWriteProtocol::kV1) {
    if (is_taken) return {.written = items};
    return {.error = ErrorOf(*result)};
  }
  const std::optional<uint64_t> written = WrittenBy(*result);
  if (status == kUnsupportedMediaType || (is_taken && !written.has_value()))
    return {.kind = Kind::kDowngrade, .error = ErrorOf(*result)};
  RemoteWriteAnswer answer{.written = std::min(written.value_or(0), items)};
  if (!is_taken) {
    answer.error = ErrorOf(*result);
  } else if (answer.written < items) {
    answer.error =
        fmt::format("HTTP {}, and {} of {} items are written", status, answer.written, items);
  }
  return answer;
}

}  // namespace slowburn::forward
