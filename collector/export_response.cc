#include "collector/export_response.h"

#include <fmt/format.h>
#include <protozero/pbf_writer.hpp>

#include "model/label_set.h"

namespace slowburn::collector {
namespace {

constexpr size_t kMessageBytesMax = 4 << 10;
constexpr int kInvalidArgument = 3;  // google.rpc.Code
constexpr std::string_view kRetryInfoType = "type.googleapis.com/google.rpc.RetryInfo";
constexpr std::string_view kBadRequestType = "type.googleapis.com/google.rpc.BadRequest";

std::string_view RejectedKey(model::Signal signal) {
  switch (signal) {
    case model::Signal::kTraces:
      return "rejectedSpans";
    case model::Signal::kMetrics:
      return "rejectedDataPoints";
    case model::Signal::kLogs:
      return "rejectedLogRecords";
  }
  return "";
}

// At most `bytes_max` of `text`, not ending inside a character.
std::string_view Cut(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

// The length of an answer is limited (R4).
std::string SafeText(std::string_view message) { return ErrorText(message, kMessageBytesMax); }

std::string EncodeRetryInfo(std::chrono::milliseconds delay) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(delay);
  const std::chrono::nanoseconds rest = delay - seconds;
  std::string duration;
  protozero::pbf_writer duration_writer(duration);
  if (seconds.count() != 0) duration_writer.add_int64(1, seconds.count());
  if (rest.count() != 0) duration_writer.add_int32(2, static_cast<int32_t>(rest.count()));
  std::string info;
  protozero::pbf_writer(info).add_message(1, duration);
  return info;
}

// One violation, of no field: what is wrong is often not in one.
std::string EncodeBadRequest(std::string_view description) {
  std::string violation;
  protozero::pbf_writer(violation).add_string(2, description.data(), description.size());
  std::string bad_request;
  protozero::pbf_writer(bad_request).add_message(1, violation);
  return bad_request;
}

void AddDetail(std::string_view type, const std::string& value, protozero::pbf_writer& status) {
  std::string any;
  protozero::pbf_writer writer(any);
  writer.add_string(1, type.data(), type.size());
  writer.add_bytes(2, value);
  status.add_message(3, any);
}

void AppendJsonString(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

std::string ErrorText(std::string_view message, size_t bytes_max) {
  std::string text = model::ValidUtf8(Cut(message, bytes_max));
  text.resize(Cut(text, bytes_max).size());
  return text;
}

std::string EncodeExportResponse(int64_t rejected, std::string_view message) {
  std::string response;
  if (rejected == 0 && message.empty()) return response;
  std::string partial_success;
  protozero::pbf_writer writer(partial_success);
  if (rejected != 0) writer.add_int64(1, rejected);
  if (!message.empty()) writer.add_string(2, SafeText(message));
  protozero::pbf_writer(response).add_message(1, partial_success);
  return response;
}

std::string EncodeExportResponseJson(model::Signal signal, int64_t rejected,
                                     std::string_view message) {
  if (rejected == 0 && message.empty()) return "{}";
  std::string json = "{\"partialSuccess\":{";
  // proto3 JSON: 64-bit integers are strings.
  if (rejected != 0) json += fmt::format("\"{}\":\"{}\"", RejectedKey(signal), rejected);
  if (!message.empty()) {
    if (rejected != 0) json += ',';
    json += "\"errorMessage\":";
    AppendJsonString(SafeText(message), json);
  }
  json += "}}";
  return json;
}

std::string EncodeStatus(int code, std::string_view message,
                         std::optional<std::chrono::milliseconds> retry_delay) {
  const std::string text = SafeText(message);
  std::string status;
  protozero::pbf_writer writer(status);
  writer.add_int32(1, code);
  if (!text.empty()) writer.add_string(2, text);
  if (code == kInvalidArgument && !text.empty()) {
    AddDetail(kBadRequestType, EncodeBadRequest(text), writer);
  }
  if (retry_delay.has_value()) AddDetail(kRetryInfoType, EncodeRetryInfo(*retry_delay), writer);
  return status;
}

std::string EncodeStatusJson(int code, std::string_view message) {
  std::string json = fmt::format("{{\"code\":{},\"message\":", code);
  AppendJsonString(SafeText(message), json);
  json += '}';
  return json;
}

}  // namespace slowburn::collector
