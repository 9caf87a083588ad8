#include "slo/internal/label_series.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "model/prometheus_labels.h"
#include "slo/sli_delta.h"

namespace slowburn::slo::internal {
namespace {

using model::LabelSet;

constexpr std::string_view kAbsent = "__none__";

}  // namespace

std::string GroupKeyOf(const LabelSet& labels, const std::vector<std::string>& group_by) {
  std::string key;
  for (const std::string& name : group_by) {
    std::string_view value = labels.Get(name);
    const std::string label = model::PrometheusLabelName(name);
    if (value.empty()) value = labels.Get(label);
    AppendGroupValue(key, value.empty() ? kAbsent : value.substr(0, kRawGroupValueBytesMax));
  }
  return key;
}

StreamKey StreamKeyOf(const LabelSet& labels, uint64_t use) {
  const std::string identity = labels.Text();
  const XXH128_hash_t hash = XXH3_128bits_withSeed(identity.data(), identity.size(), use);
  return {hash.high64, hash.low64};
}

uint64_t WriterOf(const LabelSet& labels) {
  std::string writer;
  for (const std::string_view name :
       {model::kMetricNameLabel, std::string_view("job"), std::string_view("instance")})
    AppendGroupValue(writer, labels.Get(name));
  return XXH3_64bits(writer.data(), writer.size());
}

}  // namespace slowburn::slo::internal
