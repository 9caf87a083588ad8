#include "serve/internal/series_calls.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <set>

#include <fmt/format.h>

#include "base/status.h"
#include "model/sample.h"
#include "serve/internal/api_json.h"

namespace slowburn::serve::internal {
namespace {

// One more than is wanted, to see whether there is more.
uint64_t Ask(uint64_t limit) { return limit == 0 ? 0 : limit + 1; }

using Texts = absl::StatusOr<std::vector<std::string>>;

// What `read` gives for any of the sets, each once, sorted.
Texts OfAnySet(const std::vector<storage::Matchers>& sets,
               const std::function<Texts(const storage::Matchers&)>& read) {
  if (sets.empty()) return read({});
  if (sets.size() == 1) return read(sets.front());
  std::set<std::string> all;
  for (const storage::Matchers& matchers : sets) {
    SB_ASSIGN_OR_RETURN(std::vector<std::string> some, read(matchers));
    all.insert(std::move_iterator(some.begin()), std::move_iterator(some.end()));
  }
  return std::vector<std::string>(all.begin(), all.end());
}

ApiAnswer TextsAnswer(std::vector<std::string> texts, uint64_t limit) {
  ApiAnswer answer;
  if (limit > 0 && texts.size() > limit) {
    texts.resize(limit);
    answer.annotations.AddWarning(std::string(kTruncatedNote));
  }
  AppendJsonStrings(answer.data, texts);
  return answer;
}

// Below 0: without limit, as Prometheus.
absl::StatusOr<int64_t> NumberParameter(const ApiParameters& parameters, std::string_view name) {
  const std::string_view text = parameters.First(name);
  int64_t number = -1;
  if (text.empty()) return number;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    return base::InvalidArgument("{} must be a number", name);
  return number;
}

std::string MetadataJson(const std::vector<storage::MetricMetadata>& metadata, int64_t limit,
                         int64_t limit_per_metric) {
  std::string json = "{";
  int64_t metrics = 0;
  for (size_t i = 0; i < metadata.size() && (limit < 0 || metrics < limit);) {
    const std::string& metric = metadata[i].metric;
    if (metrics++ > 0) json += ',';
    AppendJsonString(json, metric);
    json += ":[";
    for (int64_t count = 0; i < metadata.size() && metadata[i].metric == metric; ++i, ++count) {
      if (limit_per_metric > 0 && count >= limit_per_metric) continue;
      json += count > 0 ? ",{\"type\":" : "{\"type\":";
      AppendJsonString(json, metadata[i].type);
      json += ",\"help\":";
      AppendJsonString(json, metadata[i].help);
      json += ",\"unit\":";
      AppendJsonString(json, metadata[i].unit);
      json += '}';
    }
    json += ']';
  }
  return json + '}';
}

struct FederatedSample {
  const model::LabelSet* labels = nullptr;
  int64_t time_ms = 0;
  double value = 0;
};

// The newest float of each series that does not end there.
absl::StatusOr<std::vector<FederatedSample>> NewestSamples(
    const storage::SeriesSnapshot& snapshot, const std::vector<storage::Matchers>& sets,
    storage::TimeRange range) {
  SB_ASSIGN_OR_RETURN(const std::vector<storage::SelectedSeries> selected,
                      SelectAny(snapshot, sets, range));
  std::vector<FederatedSample> newest;
  storage::SampleColumns samples;
  for (const storage::SelectedSeries& series : selected) {
    SB_RETURN_IF_ERROR(snapshot.ReadSamples(series.id, range, samples));
    if (samples.times_ms.empty() || series.labels->Get(model::kMetricNameLabel).empty()) continue;
    // The text format has no native histograms.
    if (!samples.histogram_times_ms.empty() &&
        samples.histogram_times_ms.back() > samples.times_ms.back())
      continue;
    if (model::IsStale(samples.values.back())) continue;
    newest.push_back({series.labels, samples.times_ms.back(), samples.values.back()});
  }
  std::ranges::stable_sort(newest, {}, [](const FederatedSample& sample) {
    return sample.labels->Get(model::kMetricNameLabel);
  });
  return newest;
}

bool IsPlainName(std::string_view name, bool may_have_colon) {
  const auto letter = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (may_have_colon && c == ':');
  };
  return !name.empty() && letter(name[0]) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

void AppendQuoted(std::string& text, std::string_view value) {
  text += '"';
  for (const char c : model::ValidUtf8(value)) {
    if (c == '\n') {
      text += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  text += '"';
}

void AppendTextLabel(std::string& text, std::string_view name, std::string_view value) {
  text += text.ends_with('{') ? "" : ",";
  IsPlainName(name, false) ? void(text += name) : AppendQuoted(text, name);
  text += '=';
  AppendQuoted(text, value);
}

// name{a="b",instance=""}; a name that is none of the classic ones goes into the braces.
void AppendFederated(std::string& text, const FederatedSample& sample,
                     const model::LabelSet& external) {
  const std::string_view name = sample.labels->Get(model::kMetricNameLabel);
  const bool is_plain = IsPlainName(name, true);
  if (is_plain) text += name;
  text += '{';
  if (!is_plain) AppendQuoted(text, name);
  for (const model::Label& label : *sample.labels) {
    if (label.name != model::kMetricNameLabel) AppendTextLabel(text, label.name, label.value);
  }
  bool wants_instance = !sample.labels->Has("instance") && !external.Has("instance");
  for (const model::Label& label : external) {
    if (wants_instance && label.name > "instance") {
      AppendTextLabel(text, "instance", "");
      wants_instance = false;
    }
    if (!sample.labels->Has(label.name)) AppendTextLabel(text, label.name, label.value);
  }
  if (wants_instance) AppendTextLabel(text, "instance", "");
  // Prometheus' text format writes -0 as 0.
  text +=
      fmt::format("}} {} {}\n", GoGeneral(sample.value == 0 ? 0 : sample.value), sample.time_ms);
}

}  // namespace

absl::StatusOr<ApiAnswer> SeriesCall(const ApiContext& context, const ApiParameters& parameters) {
  if (parameters.All("match[]").empty())
    return base::InvalidArgument("no match[] parameter provided");
  SB_ASSIGN_OR_RETURN(const uint64_t limit, parameters.Limit());
  SB_ASSIGN_OR_RETURN(const storage::TimeRange range, parameters.Range());
  SB_ASSIGN_OR_RETURN(const std::vector<storage::Matchers> sets, parameters.Matchers());
  const auto snapshot = context.Snapshot();
  SB_ASSIGN_OR_RETURN(const std::vector<storage::SelectedSeries> selected,
                      SelectAny(*snapshot, sets, range));
  ApiAnswer answer{.data = "["};
  uint64_t count = 0;
  for (const storage::SelectedSeries& series : selected) {
    if (context.stop.stop_requested()) return absl::CancelledError("the query was cancelled");
    if (limit > 0 && count == limit) {
      answer.annotations.AddWarning(std::string(kTruncatedNote));
      break;
    }
    if (count++ > 0) answer.data += ',';
    AppendLabels(answer.data, *series.labels);
  }
  answer.data += ']';
  return answer;
}

absl::StatusOr<ApiAnswer> LabelsCall(const ApiContext& context, const ApiParameters& parameters) {
  SB_ASSIGN_OR_RETURN(const uint64_t limit, parameters.Limit());
  SB_ASSIGN_OR_RETURN(const storage::TimeRange range, parameters.Range());
  SB_ASSIGN_OR_RETURN(const std::vector<storage::Matchers> sets, parameters.Matchers());
  const auto snapshot = context.Snapshot();
  SB_ASSIGN_OR_RETURN(std::vector<std::string> names,
                      OfAnySet(sets, [&](const storage::Matchers& matchers) {
                        return snapshot->LabelNames(matchers, range, Ask(limit));
                      }));
  return TextsAnswer(std::move(names), limit);
}

absl::StatusOr<ApiAnswer> LabelValuesCall(const ApiContext& context,
                                          const ApiParameters& parameters) {
  const std::string name = UnescapedLabelName(parameters.Path("name"));
  // Prometheus 3 takes any name of UTF-8.
  if (name.empty() || model::ValidUtf8(name) != name)
    return base::InvalidArgument("invalid label name: \"{}\"", model::ValidUtf8(name));
  SB_ASSIGN_OR_RETURN(const uint64_t limit, parameters.Limit());
  SB_ASSIGN_OR_RETURN(const storage::TimeRange range, parameters.Range());
  SB_ASSIGN_OR_RETURN(const std::vector<storage::Matchers> sets, parameters.Matchers());
  const auto snapshot = context.Snapshot();
  SB_ASSIGN_OR_RETURN(std::vector<std::string> values,
                      OfAnySet(sets, [&](const storage::Matchers& matchers) {
                        return snapshot->LabelValues(name, matchers, range, Ask(limit));
                      }));
  return TextsAnswer(std::move(values), limit);
}

absl::StatusOr<ApiAnswer> MetadataCall(const ApiContext& context, const ApiParameters& parameters) {
  SB_ASSIGN_OR_RETURN(const int64_t limit, NumberParameter(parameters, "limit"));
  SB_ASSIGN_OR_RETURN(const int64_t per_metric, NumberParameter(parameters, "limit_per_metric"));
  SB_ASSIGN_OR_RETURN(const std::vector<storage::MetricMetadata> metadata,
                      context.Snapshot()->Metadata(parameters.First("metric")));
  return ApiAnswer{.data = MetadataJson(metadata, limit, per_metric)};
}

absl::StatusOr<ApiAnswer> FederateCall(const ApiContext& context, const ApiParameters& parameters) {
  absl::StatusOr<std::vector<storage::Matchers>> sets = parameters.Matchers();
  if (!sets.ok()) return sets.status();
  const int64_t now_ms = context.NowMs();
  const storage::TimeRange range{now_ms - context.options.engine.lookback.count(), now_ms + 1};
  const auto snapshot = context.Snapshot();
  SB_ASSIGN_OR_RETURN(const std::vector<FederatedSample> samples,
                      NewestSamples(*snapshot, *sets, range));
  ApiAnswer answer{.content_type = "text/plain; version=0.0.4; charset=utf-8"};
  std::string_view family;
  for (const FederatedSample& sample : samples) {
    const std::string_view name = sample.labels->Get(model::kMetricNameLabel);
    if (name != family) {
      answer.data += "# TYPE ";
      IsPlainName(name, true) ? void(answer.data += name) : AppendQuoted(answer.data, name);
      answer.data += " untyped\n";
      family = name;
    }
    AppendFederated(answer.data, sample, context.options.external_labels);
  }
  return answer;
}

}  // namespace slowburn::serve::internal
