#include "app/otlp_exemplar.h"

#include <algorithm>
#include <span>
#include <string>

#include "model/prometheus_labels.h"

namespace slowburn::app {
namespace {

using model::Label;
using model::LabelSet;

constexpr size_t kCharactersMax = 128;
constexpr uint64_t kNanosPerMilli = 1'000'000;

std::string Hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += kDigits[static_cast<uint8_t>(c) >> 4];
    text += kDigits[static_cast<uint8_t>(c) & 15];
  }
  return text;
}

// Code points of UTF-8: bytes that continue none.
size_t Characters(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; }));
}

size_t Characters(const LabelSet& labels) {
  size_t characters = 0;
  for (const Label& label : labels) characters += Characters(label.name) + Characters(label.value);
  return characters;
}

}  // namespace

storage::ExemplarValue ExemplarOf(const model::MetricBatch& batch,
                                  const model::Exemplar& exemplar) {
  const auto with_ids = [&](LabelSet labels) {
    if (!exemplar.trace_id.empty()) labels.Set("trace_id", Hex(exemplar.trace_id));
    if (!exemplar.span_id.empty()) labels.Set("span_id", Hex(exemplar.span_id));
    return labels;
  };
  uint64_t dropped = 0;
  const std::span<const model::RawAttribute> attributes(
      batch.raw_attributes.data() + exemplar.raw_attributes.begin, exemplar.raw_attributes.size());
  LabelSet labels = with_ids(model::PrometheusLabels(attributes, dropped));
  if (Characters(labels) > kCharactersMax) labels = with_ids({});
  return {.value = exemplar.value, .labels = std::move(labels)};
}

int64_t ExemplarTime(const model::Exemplar& exemplar, int64_t point_time_ms) {
  if (exemplar.time_unix_nano == 0) return point_time_ms;
  return static_cast<int64_t>(exemplar.time_unix_nano / kNanosPerMilli);
}

}  // namespace slowburn::app
