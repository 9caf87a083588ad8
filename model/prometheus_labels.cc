#include "model/prometheus_labels.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "model/attribute_text.h"
#include "model/label_matcher.h"

namespace slowburn::model {
namespace {

constexpr std::string_view kScopeName = "otel_scope_name";
constexpr std::string_view kScopeVersion = "otel_scope_version";
constexpr std::string_view kScopeSchemaUrl = "otel_scope_schema_url";
constexpr std::string_view kScopePrefix = "otel_scope_";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || IsDigit(c);
}

bool IsReserved(std::string_view name) {
  return name.size() > 4 && name.starts_with("__") && name.ends_with("__") &&
         std::any_of(name.begin(), name.end(), IsNameCharacter) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return IsNameCharacter(c) || c == '_'; });
}

std::string LastText(std::span<const RawAttribute> attributes, std::string_view key) {
  std::string text;
  for (const RawAttribute& attribute : attributes) {
    if (attribute.key == key) text = AttributeText(attribute.value);
  }
  return text;
}

// Each under the name that `prefix` and its key make together.
LabelSet LabelsOf(std::span<const RawAttribute> attributes, std::string_view prefix,
                  uint64_t& dropped) {
  std::map<std::string_view, std::string_view> by_key;
  for (const RawAttribute& attribute : attributes) {
    if (by_key.size() < kLabelAttributesMax) {
      by_key[attribute.key] = attribute.value;
    } else if (const auto at = by_key.find(attribute.key); at != by_key.end()) {
      at->second = attribute.value;
    } else {
      ++dropped;
    }
  }
  std::map<std::string, std::string> joined;
  for (const auto& [key, value] : by_key) {
    std::string name = PrometheusLabelName(key);
    if (name.empty() || name == kMetricNameLabel) {
      ++dropped;
      continue;
    }
    if (!prefix.empty()) name = PrometheusLabelName(std::string(prefix).append(key));
    const auto [at, is_new] = joined.try_emplace(std::move(name), AttributeText(value));
    if (!is_new) at->second += ";" + AttributeText(value);
  }
  LabelSet labels;
  for (const auto& [name, value] : joined) labels.Set(name, value);
  return labels;
}

std::span<const RawAttribute> Slice(const MetricBatch& batch, IndexRange range) {
  return {batch.raw_attributes.data() + range.begin, range.size()};
}

}  // namespace

std::string PrometheusLabelName(std::string_view attribute) {
  if (IsReserved(attribute)) return std::string(attribute);
  std::string name;
  for (const char c : attribute) {
    if (IsNameCharacter(c)) {
      name += c;
    } else if (name.empty() || name.back() != '_') {
      name += '_';
    }
  }
  if (name.empty() || name == "_") return "";
  if (IsDigit(name.front())) return "key_" + name;
  if (name.front() == '_') return "key" + name;
  return name;
}

LabelSet PrometheusLabels(std::span<const RawAttribute> attributes, uint64_t& dropped) {
  return LabelsOf(attributes, "", dropped);
}

PointSource PointSource::Of(const MetricBatch& batch, size_t resource, size_t scope,
                            const MetricPoint& point) {
  return {.resource = Slice(batch, batch.resource_raw_attributes[resource]),
          .scope = Slice(batch, batch.scope_raw_attributes[scope]),
          .point = Slice(batch, point.raw_attributes),
          .scope_name = batch.scopes[scope].scope_name,
          .scope_version = batch.scopes[scope].scope_version,
          .schema_url = batch.scopes[scope].schema_url};
}

std::string PrometheusJob(std::span<const RawAttribute> resource) {
  std::string name = LastText(resource, "service.name");
  if (name.empty()) return "";
  const std::string space = LastText(resource, "service.namespace");
  return space.empty() ? name : space + "/" + name;
}

LabelSet SeriesLabels(const PointSource& source, uint64_t& dropped) {
  LabelSet labels = PrometheusLabels(source.point, dropped);
  const auto overwrite = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) labels.Set(name, value);
  };
  overwrite("job", PrometheusJob(source.resource));
  overwrite("instance", LastText(source.resource, "service.instance.id"));
  for (const auto& [name, value] : LabelsOf(source.scope, kScopePrefix, dropped)) {
    if (name == kScopeName || name == kScopeVersion || name == kScopeSchemaUrl) {
      ++dropped;
    } else {
      overwrite(name, value);
    }
  }
  overwrite(kScopeName, ValidUtf8(source.scope_name));
  overwrite(kScopeVersion, ValidUtf8(source.scope_version));
  overwrite(kScopeSchemaUrl, ValidUtf8(source.schema_url));
  return labels;
}

}  // namespace slowburn::model
