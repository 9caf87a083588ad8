#include "slo/internal/series_view.h"

#include <algorithm>
#include <map>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "model/attribute_text.h"
#include "slo/sli_delta.h"

namespace slowburn::slo::internal {
namespace {

constexpr std::string_view kAbsent = "__none__";

using Texts = std::map<std::string_view, std::string>;

// Of a key that is there twice the last one counts.
Texts TextsOf(std::span<const model::RawAttribute> attributes) {
  Texts texts;
  for (const model::RawAttribute& attribute : attributes)
    texts[attribute.key] = model::AttributeText(attribute.value);
  return texts;
}

// Each text after its length, and their number first: different attributes are different bytes.
void Append(std::string& identity, std::string_view text) { AppendGroupValue(identity, text); }
void Append(std::string& identity, const Texts& texts) {
  Append(identity, std::to_string(texts.size()));
  for (const auto& [key, text] : texts) {
    Append(identity, key);
    Append(identity, text);
  }
}

}  // namespace

SeriesView::SeriesView(const model::PointSource& source, std::string_view metric_name) {
  uint64_t dropped = 0;
  labels_ = model::SeriesLabels(source, dropped);
  resource_labels_ = model::PrometheusLabels(source.resource, dropped);
  const Texts resource = TextsOf(source.resource);
  for (const auto& [key, text] : resource) resource_attributes_.push_back({std::string(key), text});
  Append(identity_, resource);
  Append(identity_, TextsOf(source.scope));
  Append(identity_, source.scope_name);
  Append(identity_, source.scope_version);
  Append(identity_, metric_name);
  writer_ = XXH3_64bits(identity_.data(), identity_.size());
  Append(identity_, TextsOf(source.point));
}

std::string_view SeriesView::ValueOf(std::string_view name) const {
  if (const std::string_view value = labels_.Get(name); !value.empty()) return value;
  const std::string label = model::PrometheusLabelName(name);
  if (label != name) {
    if (const std::string_view value = labels_.Get(label); !value.empty()) return value;
  }
  const auto attribute =
      std::find_if(resource_attributes_.begin(), resource_attributes_.end(),
                   [&](const model::Label& known) { return known.name == name; });
  if (attribute != resource_attributes_.end()) return attribute->value;
  return resource_labels_.Get(name);
}

std::string SeriesView::GroupKey(const std::vector<std::string>& group_by) const {
  std::string key;
  for (const std::string& name : group_by) {
    const std::string_view value = ValueOf(name);
    AppendGroupValue(key, value.empty() ? kAbsent : value.substr(0, kRawGroupValueBytesMax));
  }
  return key;
}

StreamKey SeriesView::KeyOf(uint64_t use) const {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(identity_.data(), identity_.size(), use);
  return {hash.high64, hash.low64};
}

}  // namespace slowburn::slo::internal
