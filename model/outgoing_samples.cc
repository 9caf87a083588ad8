#include "model/outgoing_samples.h"

#include <cstring>
#include <utility>

namespace slowburn::model {
namespace {

size_t AllocatedBytes(const NativeHistogram& histogram) {
  return (histogram.positive_spans.size() + histogram.negative_spans.size()) *
             sizeof(NativeHistogram::Span) +
         (histogram.positive_counts.size() + histogram.negative_counts.size() +
          histogram.custom_bounds.size()) *
             sizeof(double);
}

size_t AllocatedBytes(const LabelSet& labels) {
  size_t bytes = labels.size() * sizeof(Label);
  for (const Label& label : labels) bytes += label.name.size() + label.value.size();
  return bytes;
}

}  // namespace

void OutgoingSamples::BeginSeries() {
  series_.push_back({text_.size(), static_cast<uint32_t>(samples_.size()),
                     static_cast<uint32_t>(histograms_.size()),
                     static_cast<uint32_t>(exemplars_.size()), kNoMetadata});
}

void OutgoingSamples::AppendText(std::string_view text) {
  const auto size = static_cast<uint32_t>(text.size());
  char bytes[sizeof size];
  std::memcpy(bytes, &size, sizeof size);
  text_.append(bytes, sizeof bytes);
  text_.append(text);
}

std::string_view OutgoingSamples::TakeText(std::string_view& labels) {
  uint32_t size = 0;
  std::memcpy(&size, labels.data(), sizeof size);
  const std::string_view text = labels.substr(sizeof size, size);
  labels.remove_prefix(sizeof size + size);
  return text;
}

void OutgoingSamples::AddLabel(std::string_view name, std::string_view value) {
  AppendText(name);
  AppendText(value);
  series_.back().labels_end = text_.size();
}

void OutgoingSamples::AddSample(const Sample& sample) {
  samples_.push_back(sample);
  ++series_.back().samples_end;
}

void OutgoingSamples::AddHistogram(int64_t time_ms, NativeHistogram histogram) {
  own_bytes_ += AllocatedBytes(histogram);
  histograms_.push_back({time_ms, std::move(histogram)});
  ++series_.back().histograms_end;
}

void OutgoingSamples::AddExemplar(int64_t time_ms, double value, const LabelSet& labels) {
  exemplars_.push_back({time_ms, value, labels});
  own_bytes_ += AllocatedBytes(labels);
  ++series_.back().exemplars_end;
}

uint32_t OutgoingSamples::AddMetadata(Metadata metadata) {
  own_bytes_ +=
      metadata.metric.size() + metadata.type.size() + metadata.help.size() + metadata.unit.size();
  metadata_.push_back(std::move(metadata));
  return static_cast<uint32_t>(metadata_.size() - 1);
}

size_t OutgoingSamples::memory_bytes() const {
  return sizeof *this + text_.size() + series_.size() * sizeof(Series) +
         samples_.size() * sizeof(Sample) + histograms_.size() * sizeof(Histogram) +
         exemplars_.size() * sizeof(Exemplar) + metadata_.size() * sizeof(Metadata) + own_bytes_;
}

OutgoingSamples::View OutgoingSamples::At(size_t series) const {
  const Series begin = series == 0 ? Series() : series_[series - 1];
  const Series& end = series_[series];
  const auto part = [](const auto& all, uint32_t from, uint32_t to) {
    return std::span(all).subspan(from, to - from);
  };
  return {
      .labels = std::string_view(text_).substr(begin.labels_end, end.labels_end - begin.labels_end),
      .samples = part(samples_, begin.samples_end, end.samples_end),
      .histograms = part(histograms_, begin.histograms_end, end.histograms_end),
      .exemplars = part(exemplars_, begin.exemplars_end, end.exemplars_end),
      .metadata = end.metadata == kNoMetadata ? nullptr : &metadata_[end.metadata]};
}

}  // namespace slowburn::model
