#include "slo/internal/series_view.h"

#include <algorithm>
#include <map>

#include "model/attribute_text.h"
#include "slo/sli_delta.h"

namespace slowburn::slo::internal {
namespace {

constexpr std::string_view kAbsent = "__none__";
// A store takes no series with more labels (storage/series/head_state.h); those that are the
// resource's and the scope's own may be called like some of the point's.
constexpr size_t kStoredLabelsMax = 128;

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

std::vector<model::Label> LabelsOf(Texts texts) {
  std::vector<model::Label> labels;
  labels.reserve(texts.size());
  for (auto& [key, text] : texts) labels.push_back({std::string(key), std::move(text)});
  return labels;
}

std::string IdentityOf(const Texts& texts) {
  std::string identity;
  Append(identity, texts);
  return identity;
}

std::string IdentityOfScope(const model::PointSource& source) {
  std::string identity = IdentityOf(TextsOf(source.scope));
  Append(identity, source.scope_name);
  Append(identity, source.scope_version);
  return identity;
}

model::LabelSet SeriesLabels(const model::PointSource& source) {
  uint64_t dropped = 0;
  return model::SeriesLabels(source, dropped);
}

model::LabelSet PrometheusLabels(std::span<const model::RawAttribute> attributes) {
  uint64_t dropped = 0;
  return model::PrometheusLabels(attributes, dropped);
}

// Without its resource's and the point's.
model::PointSource ScopeOf(model::PointSource source) {
  source.resource = {};
  source.point = {};
  return source;
}

}  // namespace

ResourceView::ResourceView(const model::PointSource& source)
    : target_(SeriesLabels({.resource = source.resource})),
      labels_(PrometheusLabels(source.resource)),
      attributes_(LabelsOf(TextsOf(source.resource))),
      identity_(nullptr, IdentityOf(TextsOf(source.resource))) {}

ScopeView::ScopeView(const ResourceView& resource, const model::PointSource& source)
    : resource_(resource),
      labels_(SeriesLabels(ScopeOf(source))),
      identity_(&resource.identity_, IdentityOfScope(source)) {}

SeriesView::SeriesView(const ScopeView& scope, const model::PointSource& source,
                       std::string_view metric_name)
    : scope_(scope), labels_(PrometheusLabels(source.point)) {
  Append(identity_, metric_name);
  writer_ = scope.identity_.Hash(identity_);
  Append(identity_, TextsOf(source.point));
}

std::string_view SeriesView::LabelOf(std::string_view name) const {
  for (const model::LabelSet* labels : {&scope_.labels_, &scope_.resource_.target_}) {
    if (const std::string_view value = labels->Get(name); !value.empty()) return value;
  }
  return labels_.Get(name);
}

std::string_view SeriesView::ValueOf(std::string_view name) const {
  if (const std::string_view value = LabelOf(name); !value.empty()) return value;
  const std::string label = model::PrometheusLabelName(name);
  if (label != name) {
    if (const std::string_view value = LabelOf(label); !value.empty()) return value;
  }
  const std::vector<model::Label>& attributes = scope_.resource_.attributes_;
  const auto attribute = std::ranges::lower_bound(attributes, name, {}, &model::Label::name);
  if (attribute != attributes.end() && attribute->name == name) return attribute->value;
  return scope_.resource_.labels_.Get(name);
}

std::optional<model::LabelSet> SeriesView::LabelsOf(std::string_view metric_name) const {
  if (scope_.labels_.size() + labels_.size() > kStoredLabelsMax) return std::nullopt;
  model::LabelSet labels = labels_;
  for (const model::LabelSet* around : {&scope_.resource_.target_, &scope_.labels_}) {
    for (const model::Label& label : *around) labels.Set(label.name, label.value);
  }
  labels.Set(model::kMetricNameLabel, metric_name);
  return labels;
}

std::string SeriesView::GroupKey(const std::vector<std::string>& group_by) const {
  std::string key;
  for (const std::string& name : group_by) {
    const std::string_view value = ValueOf(name);
    AppendGroupValue(key, value.empty() ? kAbsent : value.substr(0, kRawGroupValueBytesMax));
  }
  return key;
}

}  // namespace slowburn::slo::internal
