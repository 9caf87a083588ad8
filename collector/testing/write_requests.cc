#include "collector/testing/write_requests.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <limits>
#include <map>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "collector/series_labels.h"
#include "model/label_set.h"
#include "model/sample.h"

namespace slowburn::collector {
namespace {

using Random = std::mt19937_64;
using Pairs = std::vector<std::pair<std::string, std::string>>;

int Below(int n, Random& random) { return static_cast<int>(random() % static_cast<uint64_t>(n)); }
bool OneIn(int n, Random& random) { return Below(n, random) == 0; }

double RandomDouble(Random& random) {
  switch (Below(8, random)) {
    case 0:
      return model::StaleMarker();
    case 1:
      return std::numeric_limits<double>::infinity();
    case 2:
      return -0.0;
    case 3:
      return std::bit_cast<double>(random());
    default:
      return static_cast<double>(Below(100'000, random)) / 8;
  }
}

int64_t RandomTime(Random& random) {
  if (OneIn(20, random)) return static_cast<int64_t>(random());
  return 1'700'000'000'000 + Below(1'000'000'000, random);
}

void AddLabel(std::string name, std::string value, auto& labels) {
  write1::Label* const label = labels.Add();
  label->set_name(std::move(name));
  label->set_value(std::move(value));
}

void FillLabels(Random& random, auto& labels) {
  if (!OneIn(10, random)) AddLabel("__name__", fmt::format("m{}", Below(20, random)), labels);
  for (int i = Below(5, random); i > 0; --i) {
    AddLabel(fmt::format("l{}", Below(30, random)),
             OneIn(10, random) ? "" : fmt::format("v{}", Below(5, random)), labels);
  }
  if (OneIn(20, random)) AddLabel("", "x", labels);
}

void FillBuckets(Random& random, auto& spans, auto& deltas, auto& counts, bool is_float) {
  for (int i = Below(4, random); i > 0; --i) {
    auto* const span = spans.Add();
    span->set_offset(Below(20, random) - 10);
    span->set_length(static_cast<uint32_t>(Below(4, random)));
    for (uint32_t bucket = 0; bucket < span->length(); ++bucket) {
      if (is_float) {
        counts.Add(RandomDouble(random));
      } else {
        deltas.Add(OneIn(20, random) ? static_cast<int64_t>(random()) : Below(1000, random) - 500);
      }
    }
  }
}

void FillHistogram(Random& random, write1::Histogram& histogram) {
  const bool is_float = OneIn(2, random);
  if (is_float) {
    histogram.set_count_float(RandomDouble(random));
    histogram.set_zero_count_float(RandomDouble(random));
  } else {
    histogram.set_count_int(random() >> Below(64, random));
    histogram.set_zero_count_int(random() >> Below(64, random));
  }
  histogram.set_sum(RandomDouble(random));
  histogram.set_schema(OneIn(4, random) ? -53 : Below(13, random) - 4);
  histogram.set_zero_threshold(RandomDouble(random));
  histogram.set_reset_hint(static_cast<write1::Histogram::ResetHint>(Below(4, random)));
  histogram.set_timestamp(RandomTime(random));
  FillBuckets(random, *histogram.mutable_positive_spans(), *histogram.mutable_positive_deltas(),
              *histogram.mutable_positive_counts(), is_float);
  FillBuckets(random, *histogram.mutable_negative_spans(), *histogram.mutable_negative_deltas(),
              *histogram.mutable_negative_counts(), is_float);
  if (histogram.schema() == -53) {
    for (int i = Below(5, random); i > 0; --i) histogram.add_custom_values(RandomDouble(random));
  }
}

// Gives each text its place.
class SymbolTable {
 public:
  explicit SymbolTable(write2::Request& request) : request_(request) { Ref(""); }
  uint32_t Ref(const std::string& text) {
    const auto [at, is_new] = refs_.emplace(text, static_cast<uint32_t>(refs_.size()));
    if (is_new) request_.add_symbols(text);
    return at->second;
  }

 private:
  write2::Request& request_;
  std::map<std::string, uint32_t> refs_;
};

Pairs PairsOf(const auto& labels) {
  Pairs pairs;
  for (const write1::Label& label : labels) pairs.emplace_back(label.name(), label.value());
  return pairs;
}

void AddRefs(const auto& labels, bool is_sorted, SymbolTable& symbols, auto& message) {
  Pairs pairs = PairsOf(labels);
  if (is_sorted) std::ranges::stable_sort(pairs, {}, &Pairs::value_type::first);
  for (const auto& [name, value] : pairs) {
    message.add_labels_refs(symbols.Ref(name));
    message.add_labels_refs(symbols.Ref(value));
  }
}

// What the labels of a series come to, in whatever order; nothing where they cannot be.
std::string LabelsText(Pairs pairs) {
  std::ranges::sort(pairs);
  model::LabelSet labels;
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (pairs[i].first.empty() || (i > 0 && pairs[i].first == pairs[i - 1].first)) return "faulty";
    labels.Set(pairs[i].first, pairs[i].second);
  }
  return labels.Text();
}

uint64_t Bits(double value) { return std::bit_cast<uint64_t>(value); }

std::string SampleText(int64_t time_ms, double value) {
  return fmt::format(" {}={:x}", time_ms, Bits(value));
}

// Absolute counts, of which the wire has differences where they are whole.
std::string CountsText(const auto& deltas, const auto& counts) {
  std::vector<uint64_t> all;
  uint64_t count = 0;
  for (const int64_t delta : deltas) {
    count += static_cast<uint64_t>(delta);
    all.push_back(Bits(static_cast<double>(static_cast<int64_t>(count))));
  }
  for (const double value : counts) all.push_back(Bits(value));
  return fmt::format("{:x}", fmt::join(all, ","));
}

std::string SpansText(const auto& spans) {
  std::string text;
  for (const auto& span : spans) text += fmt::format("{}+{};", span.offset(), span.length());
  return text;
}

std::string HistogramText(const auto& histogram) {
  const bool is_float = histogram.has_count_float() || histogram.has_zero_count_float();
  const double count = histogram.has_count_float() ? histogram.count_float()
                                                   : static_cast<double>(histogram.count_int());
  const double zeros = histogram.has_zero_count_float()
                           ? histogram.zero_count_float()
                           : static_cast<double>(histogram.zero_count_int());
  std::vector<uint64_t> bounds;
  for (const double bound : histogram.custom_values()) bounds.push_back(Bits(bound));
  return fmt::format(
      " {}={{{} {} {} {:x} {:x} {:x} {:x} +[{} {}] -[{} {}] [{:x}]}}", histogram.timestamp(),
      is_float, histogram.schema(), static_cast<int>(histogram.reset_hint()), Bits(count),
      Bits(histogram.sum()), Bits(histogram.zero_threshold()), Bits(zeros),
      SpansText(histogram.positive_spans()),
      CountsText(histogram.positive_deltas(), histogram.positive_counts()),
      SpansText(histogram.negative_spans()),
      CountsText(histogram.negative_deltas(), histogram.negative_counts()), fmt::join(bounds, ","));
}

std::string BitsText(const std::vector<double>& values) {
  std::vector<uint64_t> bits;
  std::ranges::transform(values, std::back_inserter(bits), Bits);
  return fmt::format("{:x}", fmt::join(bits, ","));
}

std::string HistogramText(const model::SeriesBatch::Histogram& histogram) {
  const model::NativeHistogram& value = histogram.value;
  const auto spans = [](const std::vector<model::NativeHistogram::Span>& all) {
    std::string text;
    for (const auto& span : all) text += fmt::format("{}+{};", span.offset, span.length);
    return text;
  };
  return fmt::format(
      " {}={{{} {} {} {:x} {:x} {:x} {:x} +[{} {}] -[{} {}] [{}]}}", histogram.time_ms,
      value.is_float, value.schema, static_cast<int>(value.reset_hint), Bits(value.count),
      Bits(value.sum), Bits(value.zero_threshold), Bits(value.zero_count),
      spans(value.positive_spans), BitsText(value.positive_counts), spans(value.negative_spans),
      BitsText(value.negative_counts), BitsText(value.custom_bounds));
}

Pairs PairsOf(const write2::Request& request, const auto& refs) {
  Pairs pairs;
  for (int i = 0; i + 1 < refs.size(); i += 2) {
    pairs.emplace_back(request.symbols(static_cast<int>(refs[i])),
                       request.symbols(static_cast<int>(refs[i + 1])));
  }
  return pairs;
}

}  // namespace

write1::WriteRequest RandomWrite(Random& random) {
  write1::WriteRequest request;
  for (int i = Below(8, random); i > 0; --i) {
    write1::TimeSeries& series = *request.add_timeseries();
    FillLabels(random, *series.mutable_labels());
    for (int j = Below(4, random); j > 0; --j) {
      write1::Sample& sample = *series.add_samples();
      sample.set_timestamp(RandomTime(random));
      sample.set_value(RandomDouble(random));
    }
    for (int j = Below(3, random); j > 0; --j) FillHistogram(random, *series.add_histograms());
    for (int j = Below(3, random); j > 0; --j) {
      write1::Exemplar& exemplar = *series.add_exemplars();
      FillLabels(random, *exemplar.mutable_labels());
      exemplar.set_timestamp(RandomTime(random));
      exemplar.set_value(RandomDouble(random));
    }
  }
  return request;
}

write1::WriteRequest TypicalWrite(int series, int samples, Random& random) {
  write1::WriteRequest request;
  for (int i = 0; i < series; ++i) {
    write1::TimeSeries& made = *request.add_timeseries();
    auto& labels = *made.mutable_labels();
    AddLabel("__name__", fmt::format("http_server_requests_{}_total", i % 40), labels);
    AddLabel("cluster", "eu-1", labels);
    AddLabel("instance", fmt::format("10.0.{}.{}:9100", i % 7, i % 251), labels);
    AddLabel("job", "checkout", labels);
    AddLabel("method", i % 3 == 0 ? "GET" : "POST", labels);
    AddLabel("namespace", "payments", labels);
    AddLabel("pod", fmt::format("checkout-6d4cf56db6-{:05}", i % 400), labels);
    AddLabel("route", fmt::format("/api/v1/orders/{}", i % 60), labels);
    AddLabel("status", fmt::format("{}", 200 + i % 5), labels);
    double value = Below(1000, random);
    for (int j = 0; j < samples; ++j) {
      write1::Sample& sample = *made.add_samples();
      sample.set_timestamp(1'700'000'000'000 + 15'000 * j);
      sample.set_value(value);
      value += Below(50, random);
    }
  }
  return request;
}

write2::Request AsV2(const write1::WriteRequest& request, bool is_sorted) {
  write2::Request out;
  SymbolTable symbols(out);
  for (const write1::TimeSeries& series : request.timeseries()) {
    write2::TimeSeries& made = *out.add_timeseries();
    AddRefs(series.labels(), is_sorted, symbols, made);
    for (const write1::Sample& sample : series.samples()) {
      write2::Sample& to = *made.add_samples();
      to.set_value(sample.value());
      to.set_timestamp(sample.timestamp());
      to.set_start_timestamp(sample.timestamp() / 2);
    }
    for (const write1::Histogram& histogram : series.histograms()) {
      // The same numbers but one.
      made.add_histograms()->ParseFromString(histogram.SerializeAsString());
      made.mutable_histograms()->rbegin()->set_start_timestamp(1);
    }
    for (const write1::Exemplar& exemplar : series.exemplars()) {
      write2::Exemplar& to = *made.add_exemplars();
      AddRefs(exemplar.labels(), is_sorted, symbols, to);
      to.set_value(exemplar.value());
      to.set_timestamp(exemplar.timestamp());
    }
    for (const write1::MetricMetadata& metadata : request.metadata()) {
      for (const write1::Label& label : series.labels()) {
        if (label.name() != "__name__" || label.value() != metadata.metric_family_name()) continue;
        made.mutable_metadata()->set_type(
            static_cast<write2::Metadata::MetricType>(metadata.type()));
        made.mutable_metadata()->set_help_ref(symbols.Ref(metadata.help()));
        made.mutable_metadata()->set_unit_ref(symbols.Ref(metadata.unit()));
      }
    }
  }
  return out;
}

std::vector<std::string> Describe(const write1::WriteRequest& request) {
  std::vector<std::string> lines;
  for (const write1::TimeSeries& series : request.timeseries()) {
    std::string line = LabelsText(PairsOf(series.labels()));
    for (const auto& sample : series.samples()) {
      line += SampleText(sample.timestamp(), sample.value());
    }
    for (const auto& histogram : series.histograms()) line += HistogramText(histogram);
    for (const auto& exemplar : series.exemplars()) {
      line += " x" + LabelsText(PairsOf(exemplar.labels())) +
              SampleText(exemplar.timestamp(), exemplar.value());
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<std::string> Describe(const write2::Request& request) {
  std::vector<std::string> lines;
  for (const write2::TimeSeries& series : request.timeseries()) {
    std::string line = LabelsText(PairsOf(request, series.labels_refs()));
    for (const auto& sample : series.samples()) {
      line += SampleText(sample.timestamp(), sample.value());
    }
    for (const auto& histogram : series.histograms()) line += HistogramText(histogram);
    for (const auto& exemplar : series.exemplars()) {
      line += " x" + LabelsText(PairsOf(request, exemplar.labels_refs())) +
              SampleText(exemplar.timestamp(), exemplar.value());
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<std::string> Describe(const model::SeriesBatch& batch) {
  std::vector<std::string> lines;
  size_t sample = 0;
  size_t histogram = 0;
  size_t exemplar = 0;
  model::LabelSet labels;
  for (const model::SeriesBatch::Series& series : batch.series) {
    std::string line = ReadSeriesLabels(batch, series, labels).empty() ? labels.Text() : "faulty";
    for (; sample < series.samples_end; ++sample) {
      line += SampleText(batch.samples[sample].time_ms, batch.samples[sample].value);
    }
    for (; histogram < series.histograms_end; ++histogram) {
      line += HistogramText(batch.histograms[histogram]);
    }
    for (; exemplar < series.exemplars_end; ++exemplar) {
      const model::SeriesBatch::Exemplar& made = batch.exemplars[exemplar];
      line += " x";
      line += ReadExemplarLabels(batch, made, labels).empty() ? labels.Text() : "faulty";
      line += SampleText(made.time_ms, made.value);
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace slowburn::collector
