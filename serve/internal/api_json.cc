#include "serve/internal/api_json.h"

#include <array>
#include <charconv>
#include <cmath>
#include <iterator>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "promql/bucket_list.h"

namespace slowburn::serve::internal {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

// The longest number without exponent: -1.7e308 has 309 digits, 5e-324 has 1,074 behind the point.
using NumberBuffer = std::array<char, 1100>;

std::string_view Digits(NumberBuffer& buffer, double value, std::chars_format format) {
  const auto [end, error] =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, format);
  return {buffer.data(), static_cast<size_t>(end - buffer.data())};
}

// 2^53: above it are numbers that are not the only whole one that reads back as them.
constexpr double kAllDigitsBelow = 9007199254740992;

// "NaN", "+Inf", "-Inf", or "" for numbers with digits.
std::string_view SpecialName(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return "";
}

// to_chars writes all digits of large numbers, Go only those that tell them apart, and then zeros:
// 9223372036854776000.
std::string_view Fixed(NumberBuffer& buffer, double value) {
  if (std::abs(value) < kAllDigitsBelow) return Digits(buffer, value, std::chars_format::fixed);
  NumberBuffer shortest;
  const std::string_view text = Digits(shortest, value, std::chars_format::scientific);
  const size_t mark = text.find("e+");
  size_t exponent = 0;
  std::from_chars(text.data() + mark + 2, text.data() + text.size(), exponent);
  const size_t sign = text[0] == '-' ? 1 : 0;
  const size_t size = sign + exponent + 1;
  size_t at = 0;
  for (const char c : text.substr(0, mark)) {
    if (c != '.') buffer[at++] = c;
  }
  while (at < size) buffer[at++] = '0';
  return {buffer.data(), size};
}

void AppendPoint(std::string& json, int64_t time_ms, double value) {
  json += '[';
  AppendTimestamp(json, time_ms);
  json += ',';
  AppendSampleValue(json, value);
  json += ']';
}

void AppendPoint(std::string& json, int64_t time_ms, const model::NativeHistogram& histogram) {
  json += '[';
  AppendTimestamp(json, time_ms);
  json += ',';
  AppendHistogram(json, histogram);
  json += ']';
}

// {"metric":{...},"value":[t,"v"]}
void AppendInstant(std::string& json, const promql::QueryResult& result,
                   const promql::ResultSeries& series) {
  json += "{\"metric\":";
  AppendLabels(json, series.labels);
  const int64_t time_ms = result.TimeAt(series, 0);
  if (const model::NativeHistogram* histogram = series.HistogramAt(0)) {
    json += ",\"histogram\":";
    AppendPoint(json, time_ms, *histogram);
  } else {
    json += ",\"value\":";
    AppendPoint(json, time_ms, series.values[0]);
  }
  json += '}';
}

// {"metric":{...},"values":[[t,"v"],...],"histograms":[[t,{...}],...]}
void AppendRange(std::string& json, const promql::QueryResult& result,
                 const promql::ResultSeries& series) {
  json += "{\"metric\":";
  AppendLabels(json, series.labels);
  std::string_view separator = ",\"values\":[";
  for (size_t point = 0; point < series.values.size(); ++point) {
    if (!series.HasNumber(point)) continue;
    json += separator;
    AppendPoint(json, result.TimeAt(series, point), series.values[point]);
    separator = ",";
  }
  if (separator == ",") json += ']';
  separator = ",\"histograms\":[";
  for (size_t point = 0; point < series.histograms.size(); ++point) {
    const model::NativeHistogram* const histogram = series.HistogramAt(point);
    if (histogram == nullptr) continue;
    json += separator;
    AppendPoint(json, result.TimeAt(series, point), *histogram);
    separator = ",";
  }
  if (separator == ",") json += ']';
  json += '}';
}

}  // namespace

void AppendJsonString(std::string& json, std::string_view text) {
  json += '"';
  for (const char c : model::ValidUtf8(text)) {
    switch (c) {
      case '"':
      case '\\':
        json += '\\';
        json += c;
        break;
      case '\n':
        json += "\\n";
        break;
      case '\r':
        json += "\\r";
        break;
      case '\t':
        json += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          fmt::format_to(std::back_inserter(json), "\\u{:04x}", static_cast<unsigned char>(c));
        } else {
          json += c;
        }
    }
  }
  json += '"';
}

void AppendJsonStrings(std::string& json, const std::vector<std::string>& texts) {
  json += '[';
  for (size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) json += ',';
    AppendJsonString(json, texts[i]);
  }
  json += ']';
}

void AppendTimestamp(std::string& json, int64_t time_ms) {
  if (time_ms < 0) json += '-';
  const int64_t positive = std::abs(time_ms);
  fmt::format_to(std::back_inserter(json), "{}", positive / 1000);
  if (positive % 1000 != 0) fmt::format_to(std::back_inserter(json), ".{:03}", positive % 1000);
}

void AppendSampleValue(std::string& json, double value) {
  json += '"';
  if (const std::string_view name = SpecialName(value); !name.empty()) {
    json += name;
  } else {
    const double size = std::abs(value);
    const bool is_plain = size == 0 || (size >= 1e-6 && size < 1e21);
    NumberBuffer buffer;
    json += is_plain ? Fixed(buffer, value) : Digits(buffer, value, std::chars_format::scientific);
  }
  json += '"';
}

void AppendLabels(std::string& json, const model::LabelSet& labels) {
  json += '{';
  std::string_view separator;
  for (const model::Label& label : labels) {
    json += separator;
    AppendJsonString(json, label.name);
    json += ':';
    AppendJsonString(json, label.value);
    separator = ",";
  }
  json += '}';
}

void AppendHistogram(std::string& json, const model::NativeHistogram& histogram) {
  json += "{\"count\":";
  AppendSampleValue(json, histogram.count);
  json += ",\"sum\":";
  AppendSampleValue(json, histogram.sum);
  std::string_view separator = ",\"buckets\":[";
  for (const promql::ListedBucket& bucket : promql::ListBuckets(histogram)) {
    json += separator;
    fmt::format_to(std::back_inserter(json), "[{},", static_cast<int>(bucket.bounds));
    AppendSampleValue(json, bucket.lower);
    json += ',';
    AppendSampleValue(json, bucket.upper);
    json += ',';
    AppendSampleValue(json, bucket.count);
    json += ']';
    separator = ",";
  }
  if (separator == ",") json += ']';
  json += '}';
}

std::string GoFixed(double value) {
  if (const std::string_view name = SpecialName(value); !name.empty()) return std::string(name);
  NumberBuffer buffer;
  return std::string(Fixed(buffer, value));
}

std::string GoScientific(double value) {
  if (const std::string_view name = SpecialName(value); !name.empty()) return std::string(name);
  NumberBuffer buffer;
  return std::string(Digits(buffer, value, std::chars_format::scientific));
}

std::string GoGeneral(double value) {
  std::string scientific = GoScientific(value);
  const size_t mark = scientific.find('e');
  if (mark == std::string::npos) return scientific;
  int exponent = 0;
  const size_t first = mark + (scientific[mark + 1] == '+' ? 2 : 1);
  std::from_chars(scientific.data() + first, scientific.data() + scientific.size(), exponent);
  // Go's limits for the shortest digits.
  return exponent < -4 || exponent >= 6 ? scientific : GoFixed(value);
}

std::string GoTime(std::chrono::sys_time<nanoseconds> time) {
  const auto whole = std::chrono::floor<seconds>(time);
  std::string text = fmt::format("{:%Y-%m-%dT%H:%M:%S}", fmt::gmtime(whole));
  if (const int64_t fraction = (time - whole).count(); fraction != 0) {
    text += fmt::format(".{:09}", fraction);
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text + 'Z';
}

std::string QueryResultJson(const promql::QueryResult& result, ResultLimit& limit) {
  std::string json = fmt::format("\"resultType\":\"{}\",\"result\":", promql::ApiName(result.type));
  using promql::ValueType;
  if (result.type == ValueType::kScalar || result.type == ValueType::kString) {
    json += '[';
    json += GoFixed(static_cast<double>(result.steps.start_ms) / 1000);
    json += ',';
    AppendJsonString(json,
                     result.type == ValueType::kString ? result.text : GoFixed(result.scalar));
    json += ']';
    return json;
  }
  const bool is_instant = result.type == ValueType::kVector;
  uint64_t count = 0;
  json += '[';
  for (const promql::ResultSeries& series : result.series) {
    if (limit.series > 0 && count == limit.series) {
      limit.is_reached = true;
      break;
    }
    if (count++ > 0) json += ',';
    is_instant ? AppendInstant(json, result, series) : AppendRange(json, result, series);
  }
  json += ']';
  return json;
}

}  // namespace slowburn::serve::internal
