#include "collector/series_labels.h"

#include <algorithm>
#include <array>
#include <span>

#include "collector/internal/label_refs.h"
#include "collector/internal/wire_reader.h"

namespace slowburn::collector {
namespace {

using model::SeriesBatch;

constexpr std::string_view kTooMany = "more than 256 labels";
static_assert(kLabelsMax == 256, "kTooMany says so");

struct LabelView {
  std::string_view name;
  std::string_view value;
};

// As many as are read, on the stack.
struct Labels {
  std::span<LabelView> all() { return {views.data(), count}; }
  std::array<LabelView, kLabelsMax> views;
  size_t count = 0;
};

LabelView ReadLabel(std::string_view message) {
  LabelView label;
  WireReader reader(message);
  while (reader.Next()) {
    switch (reader.tag()) {
      case FieldTag(1, WireType::kBytes):
        label.name = reader.Bytes();
        break;
      case FieldTag(2, WireType::kBytes):
        label.value = reader.Bytes();
        break;
      default:
        reader.Skip();
    }
  }
  return label;
}

// 1.0: names and values stand in the series, in any order.
std::string_view ReadPairs(std::string_view message, Labels& labels) {
  WireReader reader(message);
  while (reader.Next()) {
    if (reader.tag() != FieldTag(1, WireType::kBytes)) {
      reader.Skip();
      continue;
    }
    if (labels.count == kLabelsMax) return kTooMany;
    labels.views[labels.count++] = ReadLabel(reader.Bytes());
  }
  std::ranges::sort(labels.all(), {}, &LabelView::name);
  return "";
}

// 2.0: references to the symbols of the request, sorted by name.
std::string_view ReadReferences(std::span<const SeriesBatch::Symbol> symbols,
                                std::string_view message, Labels& labels) {
  LabelRefs read;
  read.Read(message);
  if (read.is_too_many()) return kTooMany;
  if (read.is_odd()) return "a label reference without its pair";
  const std::span<const uint32_t> refs = read.refs();
  for (size_t i = 0; i < refs.size(); i += 2) {
    if (refs[i] >= symbols.size() || refs[i + 1] >= symbols.size()) {
      return "a label reference beyond the symbols";
    }
    labels.views[labels.count++] = {symbols[refs[i]].text, symbols[refs[i + 1]].text};
  }
  if (!std::ranges::is_sorted(labels.all(), {}, &LabelView::name)) return "labels out of order";
  return "";
}

std::string_view Read(const SeriesBatch& batch, std::string_view message, Labels& labels) {
  try {
    return batch.has_symbols ? ReadReferences(batch.symbols, message, labels)
                             : ReadPairs(message, labels);
  } catch (const protozero::exception&) {
    return "a label that is cut off";
  }
}

std::string_view FaultOf(std::span<const LabelView> sorted) {
  // An empty name comes first.
  if (!sorted.empty() && sorted.front().name.empty()) return "a label without a name";
  const bool is_twice = std::ranges::adjacent_find(sorted, {}, &LabelView::name) != sorted.end();
  return is_twice ? "a label name that comes twice" : "";
}

std::string_view ReadLabels(const SeriesBatch& batch, std::string_view message,
                            model::LabelSet& labels) {
  labels = {};
  Labels views;
  if (const std::string_view fault = Read(batch, message, views); !fault.empty()) return fault;
  if (const std::string_view fault = FaultOf(views.all()); !fault.empty()) return fault;
  // Each goes to the end.
  for (const LabelView& label : views.all()) labels.Set(label.name, label.value);
  return "";
}

}  // namespace

std::string_view ReadSeriesLabels(const SeriesBatch& batch, const SeriesBatch::Series& series,
                                  model::LabelSet& labels) {
  return ReadLabels(batch, series.message, labels);
}

std::string_view ReadExemplarLabels(const SeriesBatch& batch, const SeriesBatch::Exemplar& exemplar,
                                    model::LabelSet& labels) {
  return ReadLabels(batch, exemplar.message, labels);
}

}  // namespace slowburn::collector
