#include "bench/hostile_bodies.h"

#include <fmt/format.h>
#include <protozero/pbf_writer.hpp>

#include "net/content_coding.h"

namespace slowburn::bench {
namespace {

constexpr char kProtobuf[] = "application/x-protobuf";
constexpr char kJson[] = "application/json";

// As many `item` fields numbered `field` as fit, inside messages numbered `path`, outermost first.
std::string Repeated(const std::vector<uint32_t>& path, std::string_view before, uint32_t field,
                     const std::string& item, size_t bytes) {
  std::string content(before);
  std::string one;
  protozero::pbf_writer(one).add_message(field, item);
  const size_t room = bytes - before.size() - 8 * path.size();
  content.reserve(bytes);
  while (content.size() - before.size() + one.size() <= room) content += one;
  for (auto number = path.rbegin(); number != path.rend(); ++number) {
    std::string outer;
    outer.reserve(bytes);
    protozero::pbf_writer(outer).add_message(*number, content);
    content = std::move(outer);
  }
  return content;
}

std::string SmallestSpan() {
  std::string span;
  protozero::pbf_writer writer(span);
  writer.add_bytes(1, std::string(16, '\x01'));
  writer.add_bytes(2, std::string(8, '\x01'));
  return span;
}

std::string SmallestPoint() {
  std::string point;
  protozero::pbf_writer writer(point);
  writer.add_fixed64(3, 1);
  writer.add_sfixed64(6, 1);
  return point;
}

// Points of a cumulative sum, each of a stream of its own, so small that nearly all that a decoder
// may take goes into them.
std::string DensePoints(size_t bytes) {
  std::string sum;
  sum.reserve(bytes);
  protozero::pbf_writer sum_writer(sum);
  sum_writer.add_enum(2, 2);  // cumulative
  sum_writer.add_bool(3, true);
  constexpr size_t kEnvelope = 64;
  std::string point;
  std::string attribute;
  std::string value;
  for (int i = 0; sum.size() + point.size() + kEnvelope < bytes; ++i) {
    value.clear();
    protozero::pbf_writer(value).add_string(1, fmt::format("{:018}", i));
    attribute.clear();
    protozero::pbf_writer attribute_writer(attribute);
    attribute_writer.add_string(1, "k");
    attribute_writer.add_message(2, value);
    point.clear();
    protozero::pbf_writer point_writer(point);
    point_writer.add_fixed64(2, 1);
    point_writer.add_fixed64(3, 2);
    point_writer.add_sfixed64(6, i);
    point_writer.add_message(7, attribute);
    sum_writer.add_message(1, point);
  }
  std::string metric;
  protozero::pbf_writer(metric).add_string(1, "m");
  protozero::pbf_writer(metric).add_message(7, sum);
  for (const uint32_t number : {2, 2, 1}) {
    std::string outer;
    outer.reserve(bytes);
    protozero::pbf_writer(outer).add_message(number, metric);
    metric = std::move(outer);
  }
  return metric;
}

std::string MetricName() {
  std::string name;
  protozero::pbf_writer(name).add_string(1, "m");
  return name;
}

std::string RepeatedJson(std::string_view before, std::string_view item, std::string_view after,
                         size_t bytes) {
  std::string json(before);
  json.reserve(bytes);
  json += item;
  while (json.size() + item.size() + 1 + after.size() <= bytes) {
    json += ',';
    json += item;
  }
  return json += after;
}

}  // namespace

std::vector<HostileBody> MakeHostileBodies(size_t bytes) {
  constexpr char kTraces[] = "/v1/traces";
  constexpr char kMetrics[] = "/v1/metrics";
  constexpr char kLogs[] = "/v1/logs";
  // resource_metrics, scope_metrics, metrics, gauge.
  const std::vector<uint32_t> kGauge = {1, 2, 2, 5};
  std::vector<HostileBody> bodies = {
      {"empty_points", kMetrics, kProtobuf, "", Repeated(kGauge, "", 1, "", bytes)},
      {"smallest_points", kMetrics, kProtobuf, "",
       Repeated({1, 2}, "", 2, MetricName() + Repeated({5}, "", 1, SmallestPoint(), 4 << 10),
                bytes)},
      {"dense_points", kMetrics, kProtobuf, "", DensePoints(bytes)},
      {"empty_attributes", kMetrics, kProtobuf, "", Repeated({1, 1}, "", 1, "", bytes)},
      {"empty_spans", kTraces, kProtobuf, "", Repeated({1, 2}, "", 2, "", bytes)},
      {"smallest_spans", kTraces, kProtobuf, "", Repeated({1, 2}, "", 2, SmallestSpan(), bytes)},
      {"empty_scopes", kTraces, kProtobuf, "", Repeated({1}, "", 2, "", bytes)},
      {"empty_log_records", kLogs, kProtobuf, "", Repeated({1, 2}, "", 2, "", bytes)},
      {"empty_spans_json", kTraces, kJson, "",
       RepeatedJson(R"({"resourceSpans":[{"scopeSpans":[{"spans":[)", "{}", "]}]}]}", bytes)},
      {"empty_points_json", kMetrics, kJson, "",
       RepeatedJson(R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"gauge":{"dataPoints":[)",
                    "{}", "]}}]}]}]}", bytes)},
      {"empty_log_records_json", kLogs, kJson, "",
       RepeatedJson(R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[)", "{}", "]}]}]}", bytes)},
  };
  for (const net::ContentCoding coding : {net::ContentCoding::kGzip, net::ContentCoding::kZstd}) {
    const std::string name(net::ContentCodingName(coding));
    bodies.push_back({name + "_bomb", kTraces, kProtobuf, name,
                      net::EncodeContent(coding, std::string(bytes, '\0'))});
  }
  return bodies;
}

}  // namespace slowburn::bench
