#include "app/target_info.h"

#include <span>
#include <string>
#include <vector>

#include <xxhash.h>

#include "model/prometheus_labels.h"

namespace slowburn::app {
namespace {

using model::LabelSet;
using model::MetricBatch;
using model::RawAttribute;

constexpr uint64_t kSeed = 0x746172676574;  // no stream's hash is made with it

std::span<const RawAttribute> AttributesOf(const MetricBatch& batch, size_t resource) {
  const model::IndexRange range = batch.resource_raw_attributes[resource];
  return {batch.raw_attributes.data() + range.begin, range.size()};
}

bool IsIdentifying(std::string_view key) {
  return key == "service.name" || key == "service.namespace" || key == "service.instance.id";
}

void Append(std::string& bytes, std::string_view text) {
  const uint64_t size = text.size();
  bytes.append(reinterpret_cast<const char*>(&size), sizeof size);
  bytes.append(text);
}

}  // namespace

model::StreamHash TargetInfoKey(const MetricBatch& batch, size_t resource) {
  std::string bytes;
  for (const RawAttribute& attribute : AttributesOf(batch, resource)) {
    Append(bytes, attribute.key);
    Append(bytes, attribute.value);
  }
  const XXH128_hash_t hash = XXH3_128bits_withSeed(bytes.data(), bytes.size(), kSeed);
  return {hash.high64, hash.low64};
}

uint64_t TargetKey(const MetricBatch& batch, size_t resource) {
  uint64_t key = 0;
  for (const RawAttribute& attribute : AttributesOf(batch, resource)) {
    if (!IsIdentifying(attribute.key)) continue;
    const uint64_t name = XXH3_64bits(attribute.key.data(), attribute.key.size());
    key += XXH3_64bits_withSeed(attribute.value.data(), attribute.value.size(), name);
  }
  return key;
}

LabelSet TargetInfoLabels(const MetricBatch& batch, size_t resource, uint64_t& dropped) {
  const std::span<const RawAttribute> all = AttributesOf(batch, resource);
  const LabelSet target = model::SeriesLabels({.resource = all}, dropped);
  if (target.empty()) return {};
  std::vector<RawAttribute> others;
  for (const RawAttribute& attribute : all) {
    if (!IsIdentifying(attribute.key)) others.push_back(attribute);
  }
  LabelSet labels = model::PrometheusLabels(others, dropped);
  if (labels.empty()) return {};
  for (const model::Label& label : target) labels.Set(label.name, label.value);
  return labels;
}

}  // namespace slowburn::app
