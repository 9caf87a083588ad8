#include "app/load_answer.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <absl/time/time.h>
#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/status.h"
#include "forward/otlp_answer.h"
#include "google/rpc/status.pb.h"
#include "model/label_set.h"

namespace slowburn::app {
namespace {

namespace json = boost::json;

using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr std::chrono::hours kDelayMax{1};  // a mistaken delay must not end the run
constexpr size_t kMessageMax = 300;         // of a body that is no google.rpc.Status

constexpr std::array<std::string_view, 17> kGrpcCodes = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

nanoseconds Bounded(seconds delay) { return std::clamp(delay, seconds(0), seconds(kDelayMax)); }

std::optional<nanoseconds> ParseRetryAfter(std::string_view text, base::UnixNanos now) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) {
    return Bounded(seconds(number));
  }
  absl::Time date;
  if (!absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", {text.data(), text.size()}, &date, nullptr)) {
    return std::nullopt;
  }
  return Bounded(seconds(absl::ToUnixSeconds(date)) -
                 std::chrono::floor<seconds>(now.time_since_epoch()));
}

// {"partialSuccess":{"rejectedSpans":"1","errorMessage":"..."}}; numbers come with or without
// quotes. Nothing where it is no such object.
std::optional<forward::PartialSuccess> ParseJsonPartialSuccess(std::string_view body) {
  json::error_code error;
  const json::value parsed = json::parse(json::string_view(body.data(), body.size()), error);
  if (error || !parsed.is_object()) return std::nullopt;
  forward::PartialSuccess read;
  const json::value* const partial = parsed.as_object().if_contains("partialSuccess");
  if (partial == nullptr || partial->is_null()) return read;
  if (!partial->is_object()) return std::nullopt;
  for (const char* const name : {"rejectedSpans", "rejectedDataPoints", "rejectedLogRecords"}) {
    const json::value* const rejected = partial->as_object().if_contains(name);
    if (rejected == nullptr) continue;
    if (rejected->is_string()) {
      const json::string& text = rejected->as_string();
      std::from_chars(text.data(), text.data() + text.size(), read.rejected);
    } else if (rejected->is_number()) {
      read.rejected = rejected->to_number<int64_t>(error);
    }
  }
  const json::value* const message = partial->as_object().if_contains("errorMessage");
  if (message != nullptr && message->is_string()) read.message = message->as_string().c_str();
  return read;
}

// The message of the google.rpc.Status in the body, or the beginning of the body.
std::string ErrorText(const LoadHttpAnswer& answer, bool is_json) {
  std::string text;
  if (is_json) {
    json::error_code error;
    const json::value body =
        json::parse(json::string_view(answer.body.data(), answer.body.size()), error);
    const json::value* message =
        error || !body.is_object() ? nullptr : body.as_object().if_contains("message");
    if (message != nullptr && message->is_string()) text = message->as_string().c_str();
  } else if (answer.content_type.starts_with("application/x-protobuf")) {
    google::rpc::Status status;
    if (status.ParseFromArray(answer.body.data(), static_cast<int>(answer.body.size()))) {
      text = status.message();
    }
  }
  if (text.empty()) text = answer.body.substr(0, kMessageMax);
  return model::ValidUtf8(text);
}

// An empty body is a whole success in either encoding.
std::optional<forward::PartialSuccess> ParseHttpPartialSuccess(const LoadHttpAnswer& answer,
                                                               bool is_json) {
  if (answer.body.empty()) return forward::PartialSuccess{};
  if (is_json) return ParseJsonPartialSuccess(answer.body);
  const bool is_protobuf =
      answer.content_type.empty() || answer.content_type.starts_with("application/x-protobuf");
  return is_protobuf ? forward::ParsePartialSuccess(answer.body) : std::nullopt;
}

LoadAnswer NotOtlp(std::string_view status, std::string_view body) {
  return {.kind = LoadAnswer::Kind::kFailed,
          .reason = "not OTLP",
          .message = model::ValidUtf8(fmt::format(
              "{} with a body that is no OTLP answer: whether the items were taken is not "
              "known; send to an OTLP endpoint. It begins: {}",
              status, body.substr(0, kMessageMax)))};
}

LoadAnswer Acked(const forward::PartialSuccess& partial) {
  LoadAnswer answer{.kind = LoadAnswer::Kind::kAcked};
  answer.rejected = static_cast<uint64_t>(std::max<int64_t>(partial.rejected, 0));
  if (answer.rejected > 0 || !partial.message.empty()) answer.reason = "partial success";
  answer.message = model::ValidUtf8(partial.message);
  return answer;
}

bool IsRetryable(grpc::StatusCode code, bool has_retry_info) {
  switch (code) {
    case grpc::StatusCode::CANCELLED:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::ABORTED:
    case grpc::StatusCode::OUT_OF_RANGE:
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DATA_LOSS:
      return true;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return has_retry_info;
    default:
      return false;
  }
}

}  // namespace

LoadAnswer JudgeHttp(const LoadHttpAnswer& answer, base::UnixNanos now) {
  const bool is_json = answer.content_type.starts_with("application/json");
  if (answer.status >= 200 && answer.status < 300) {
    const auto partial = ParseHttpPartialSuccess(answer, is_json);
    if (partial) return Acked(*partial);
    return NotOtlp(fmt::format("{}", answer.status), answer.body);
  }
  LoadAnswer judged;
  const std::array<int, 4> retryable = {429, 502, 503, 504};
  const bool again = std::ranges::find(retryable, answer.status) != retryable.end();
  judged.kind = again ? LoadAnswer::Kind::kRetry : LoadAnswer::Kind::kFailed;
  if (again) judged.delay = ParseRetryAfter(answer.retry_after, now);
  judged.reason = fmt::format("{}", answer.status);
  judged.message = ErrorText(answer, is_json);
  return judged;
}

LoadAnswer JudgeGrpc(const grpc::Status& status, std::string_view response) {
  if (status.ok()) {
    const auto partial = forward::ParsePartialSuccess(response);
    return partial ? Acked(*partial) : NotOtlp("OK", response);
  }
  LoadAnswer judged;
  judged.delay = forward::ParseRetryDelay(status.error_details());
  const bool again = IsRetryable(status.error_code(), judged.delay.has_value());
  judged.kind = again ? LoadAnswer::Kind::kRetry : LoadAnswer::Kind::kFailed;
  const auto code = static_cast<size_t>(status.error_code());
  judged.reason = code < kGrpcCodes.size() ? kGrpcCodes[code] : "UNKNOWN";
  judged.message = model::ValidUtf8(status.error_message());
  return judged;
}

LoadAnswer JudgeNoAnswer(const absl::Status& status) {
  const bool too_large = status.code() == absl::StatusCode::kResourceExhausted;
  LoadAnswer judged;
  judged.kind = too_large ? LoadAnswer::Kind::kFailed : LoadAnswer::Kind::kRetry;
  judged.reason = too_large ? "answer too large" : "no answer";
  judged.message = base::Message(status);
  return judged;
}

}  // namespace slowburn::app
