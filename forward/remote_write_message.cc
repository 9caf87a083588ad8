#include "forward/remote_write_message.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include <absl/container/flat_hash_map.h>
#include <protozero/pbf_writer.hpp>

#include "model/native_histogram_message.h"

namespace slowburn::forward {
namespace {

using model::LabelSet;
using model::NativeHistogram;
using model::OutgoingSamples;
using protozero::pbf_writer;

// Where the parts of a series are in its message.
struct SeriesFields {
  protozero::pbf_tag_type samples, histograms, exemplars;
};
constexpr SeriesFields kFieldsV1{.samples = 2, .histograms = 4, .exemplars = 3};
constexpr SeriesFields kFieldsV2{.samples = 2, .histograms = 3, .exemplars = 4};

// The labels of a series and the external ones that it lacks, in the order of their names.
template <typename Visit>
void VisitAllLabels(std::string_view labels, const LabelSet& external, Visit&& visit) {
  auto next = external.begin();
  OutgoingSamples::VisitLabels(labels, [&](std::string_view name, std::string_view value) {
    for (; next != external.end() && next->name < name; ++next) visit(next->name, next->value);
    if (next != external.end() && next->name == name) ++next;
    visit(name, value);
  });
  for (; next != external.end(); ++next) visit(next->name, next->value);
}

// --- what both versions write alike

void WriteSamples(pbf_writer& series, protozero::pbf_tag_type field,
                  const OutgoingSamples::View& view) {
  for (const model::Sample& sample : view.samples) {
    pbf_writer message(series, field);
    message.add_double(1, sample.value);
    message.add_int64(2, sample.time_ms);
  }
}

bool HasCustomBuckets(const OutgoingSamples::Histogram& histogram) {
  return histogram.value.schema == NativeHistogram::kCustomBuckets;
}

// The enumeration MetricType, in its order.
constexpr std::array<std::string_view, 8> kMetricTypes = {
    "unknown", "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset"};

int32_t MetricTypeOf(std::string_view name) {
  const auto* const found = std::ranges::find(kMetricTypes, name);
  return found == kMetricTypes.end() ? 0 : static_cast<int32_t>(found - kMetricTypes.begin());
}

// --- 1.0: each series has its labels as text

void WriteLabelV1(pbf_writer& out, std::string_view name, std::string_view value) {
  pbf_writer label(out, 1);
  label.add_string(1, name.data(), name.size());
  label.add_string(2, value.data(), value.size());
}

void WriteMetadataV1(pbf_writer& request, const OutgoingSamples::Metadata& metadata) {
  pbf_writer out(request, 3);
  out.add_enum(1, MetricTypeOf(metadata.type));
  out.add_string(2, metadata.metric);
  if (!metadata.help.empty()) out.add_string(4, metadata.help);
  if (!metadata.unit.empty()) out.add_string(5, metadata.unit);
}

// Whether there is anything of it in the message.
bool WriteSeriesV1(pbf_writer& request, const OutgoingSamples::View& view, const LabelSet& external,
                   RemoteWriteMessage& message) {
  size_t unsupported = 0;
  for (const auto& histogram : view.histograms) unsupported += HasCustomBuckets(histogram) ? 1 : 0;
  const size_t items =
      view.samples.size() + view.histograms.size() + view.exemplars.size() - unsupported;
  message.items += items;
  message.unsupported += unsupported;
  if (items == 0) return false;
  pbf_writer series(request, 1);
  VisitAllLabels(view.labels, external, [&](std::string_view name, std::string_view value) {
    WriteLabelV1(series, name, value);
  });
  WriteSamples(series, kFieldsV1.samples, view);
  for (const auto& exemplar : view.exemplars) {
    pbf_writer out(series, kFieldsV1.exemplars);
    for (const model::Label& label : exemplar.labels) WriteLabelV1(out, label.name, label.value);
    out.add_double(2, exemplar.value);
    out.add_int64(3, exemplar.time_ms);
  }
  for (const auto& histogram : view.histograms) {
    if (HasCustomBuckets(histogram)) continue;
    pbf_writer out(series, kFieldsV1.histograms);
    model::WriteNativeHistogram(out, histogram.time_ms, histogram.value);
  }
  return true;
}

// --- 2.0: texts are written once, and labels refer to them

class SymbolTable {
 public:
  SymbolTable() { Find(""); }  // the first one is always empty
  // Views stay with the batches, which outlive this.
  uint32_t Find(std::string_view text) {
    const auto [found, is_new] = places_.try_emplace(text, static_cast<uint32_t>(texts_.size()));
    if (is_new) texts_.push_back(text);
    return found->second;
  }
  const std::vector<std::string_view>& texts() const { return texts_; }

 private:
  absl::flat_hash_map<std::string_view, uint32_t> places_;
  std::vector<std::string_view> texts_;
};

void WriteSeriesV2(pbf_writer& request, const OutgoingSamples::View& view, const LabelSet& external,
                   SymbolTable& symbols, std::vector<uint32_t>& refs) {
  pbf_writer series(request, 5);
  refs.clear();
  const auto add = [&](std::string_view name, std::string_view value) {
    refs.push_back(symbols.Find(name));
    refs.push_back(symbols.Find(value));
  };
  VisitAllLabels(view.labels, external, add);
  series.add_packed_uint32(1, refs.begin(), refs.end());
  WriteSamples(series, kFieldsV2.samples, view);
  for (const auto& histogram : view.histograms) {
    pbf_writer out(series, kFieldsV2.histograms);
    model::WriteNativeHistogram(out, histogram.time_ms, histogram.value);
  }
  for (const auto& exemplar : view.exemplars) {
    pbf_writer out(series, kFieldsV2.exemplars);
    refs.clear();
    for (const model::Label& label : exemplar.labels) add(label.name, label.value);
    if (!refs.empty()) out.add_packed_uint32(1, refs.begin(), refs.end());
    out.add_double(2, exemplar.value);
    out.add_int64(3, exemplar.time_ms);
  }
  if (view.metadata == nullptr) return;
  pbf_writer out(series, 5);
  out.add_enum(1, MetricTypeOf(view.metadata->type));
  out.add_uint32(3, symbols.Find(view.metadata->help));
  out.add_uint32(4, symbols.Find(view.metadata->unit));
}

// 2.0 has floats and histograms of one series apart.
void WriteKindsV2(pbf_writer& request, OutgoingSamples::View view, const LabelSet& external,
                  SymbolTable& symbols, std::vector<uint32_t>& refs) {
  if (!view.samples.empty() && !view.histograms.empty()) {
    OutgoingSamples::View floats = view;
    floats.histograms = {};
    floats.exemplars = {};
    WriteSeriesV2(request, floats, external, symbols, refs);
    view.samples = {};
  }
  WriteSeriesV2(request, view, external, symbols, refs);
}

template <typename Visit>
void VisitSeries(std::span<const std::unique_ptr<const OutgoingSamples>> batches, Visit&& visit) {
  for (const auto& batch : batches) {
    for (size_t i = 0; i < batch->series(); ++i) visit(batch->At(i));
  }
}

RemoteWriteMessage EncodeV1(std::span<const std::unique_ptr<const OutgoingSamples>> batches,
                            const LabelSet& external, MetadataIsDue is_due) {
  RemoteWriteMessage message;
  pbf_writer request(message.body);
  VisitSeries(batches, [&](const OutgoingSamples::View& view) {
    const bool is_written = WriteSeriesV1(request, view, external, message);
    if (is_written && view.metadata != nullptr && is_due(view.metadata->metric))
      WriteMetadataV1(request, *view.metadata);
  });
  return message;
}

RemoteWriteMessage EncodeV2(std::span<const std::unique_ptr<const OutgoingSamples>> batches,
                            const LabelSet& external) {
  RemoteWriteMessage message;
  SymbolTable symbols;
  std::vector<uint32_t> refs;
  std::string all_series;
  pbf_writer series(all_series);
  VisitSeries(batches, [&](const OutgoingSamples::View& view) {
    message.items += view.samples.size() + view.histograms.size() + view.exemplars.size();
    WriteKindsV2(series, view, external, symbols, refs);
  });
  pbf_writer request(message.body);
  for (const std::string_view text : symbols.texts())
    request.add_string(4, text.data(), text.size());
  message.body += all_series;
  return message;
}

}  // namespace

RemoteWriteMessage EncodeRemoteWrite(
    RemoteWriteProtocol protocol, std::span<const std::unique_ptr<const OutgoingSamples>> batches,
    const LabelSet& external_labels, MetadataIsDue is_due) {
  return protocol == RemoteWriteProtocol::kV1 ? EncodeV1(batches, external_labels, is_due)
                                              : EncodeV2(batches, external_labels);
}

}  // namespace slowburn::forward
