#include "rules/internal/metric_sli_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/duration_text.h"
#include "base/status.h"
#include "rules/internal/sli_reader.h"
#include "rules/internal/spec_values.h"

namespace slowburn::rules {
namespace {

using base::YamlNode;

// "total: column 12: ...": the column counts in the selector.
std::optional<model::SeriesSelector> ReadSelector(const YamlNode& node, std::string_view name) {
  const std::optional<std::string> text = node.String();
  if (!text.has_value()) return std::nullopt;
  absl::StatusOr<model::SeriesSelector> selector = model::SeriesSelector::Parse(*text);
  if (selector.ok()) return *std::move(selector);
  node.Error(fmt::format("{}: {}", name, base::Message(selector.status())));
  return std::nullopt;
}

std::optional<double> ReadNumber(const YamlNode& node) {
  const std::optional<std::string> text = node.String();
  if (!text.has_value()) return std::nullopt;
  double number = 0;
  const auto read = std::from_chars(text->data(), text->data() + text->size(), number);
  if (read.ec == std::errc() && read.ptr == text->data() + text->size() && std::isfinite(number))
    return number;
  node.Error(fmt::format("{} is \"{}\"; write a number, like 0.5", node.path(), Shown(*text)));
  return std::nullopt;
}

// A number, or a duration where the metric's name says its unit.
std::optional<double> ReadHistogramMax(const YamlNode& node,
                                       const std::optional<model::SeriesSelector>& metric) {
  const std::optional<std::string> text = node.String();
  if (!text.has_value()) return std::nullopt;
  const absl::StatusOr<std::chrono::nanoseconds> duration = base::ParseDuration(*text);
  if (!duration.ok()) return ReadNumber(node);
  if (!metric.has_value()) return std::nullopt;
  const std::optional<double> unit = slo::NanosPerUnit(*metric);
  if (unit.has_value()) return static_cast<double>(duration->count()) / *unit;
  node.Error(
      fmt::format("{} is {}, but the selector names no metric in a unit of time, like "
                  "request_duration_seconds; write a number in the metric's unit",
                  node.path(), Shown(*text)));
  return std::nullopt;
}

}  // namespace

std::optional<slo::CounterSli> ReadCounter(const YamlNode& counter) {
  counter.AllowKeys({"good", "bad", "total", "group_by"});
  RefuseGroupBy(counter);
  if (!counter.IsMap()) {
    counter.Entries();  // Notes what it is instead.
    return std::nullopt;
  }
  slo::CounterSli sli;
  int written = 0;
  bool is_read = true;
  const std::pair<std::string_view, std::optional<model::SeriesSelector>&> parts[] = {
      {"good", sli.good}, {"bad", sli.bad}, {"total", sli.total}};
  for (const auto& [name, selector] : parts) {
    const YamlNode node = counter.Optional(name);
    if (!node.IsPresent()) continue;
    ++written;
    selector = ReadSelector(node, name);
    is_read &= selector.has_value();
  }
  if (written != 2) {
    counter.Error(fmt::format(
        "{} has {} of good, bad and total; write two, the third follows from them", counter.path(),
        written == 3   ? "all"
        : written == 1 ? "one"
                       : "none"));
    return std::nullopt;
  }
  if (!is_read) return std::nullopt;
  std::array<std::string, 3> texts;
  for (size_t i = 0; i < texts.size(); ++i) {
    if (parts[i].second.has_value()) texts[i] = parts[i].second->CanonicalText();
  }
  if (texts[0] == texts[1] || texts[1] == texts[2] || texts[0] == texts[2]) {
    counter.Error(fmt::format("{} selects the same series twice; write two selectors that differ",
                              counter.path()));
    return std::nullopt;
  }
  return sli;
}

std::optional<slo::HistogramSli> ReadHistogram(const YamlNode& histogram) {
  histogram.AllowKeys({"metric", "max", "group_by"});
  RefuseGroupBy(histogram);
  const YamlNode metric_node = histogram.Required("metric");
  std::optional<model::SeriesSelector> metric = ReadSelector(metric_node, "metric");
  const YamlNode max_node = histogram.Required("max");
  const std::optional<double> max = ReadHistogramMax(max_node, metric);
  if (!metric.has_value() || !max.has_value()) return std::nullopt;
  if (std::any_of(metric->matchers().begin(), metric->matchers().end(),
                  [](const model::LabelMatcher& matcher) { return matcher.name() == "le"; })) {
    metric_node.Error("metric: a histogram is read whole; leave out le, max says the bound");
    return std::nullopt;
  }
  return slo::HistogramSli{.metric = *std::move(metric), .max = *max};
}

std::optional<slo::GaugeSli> ReadGauge(const YamlNode& gauge) {
  gauge.AllowKeys({"metric", "bool", "max", "min", "group_by"});
  RefuseGroupBy(gauge);
  std::optional<model::SeriesSelector> metric = ReadSelector(gauge.Required("metric"), "metric");
  if (!gauge.IsMap()) return std::nullopt;
  const YamlNode as_bool = gauge.Optional("bool");
  const YamlNode max_node = gauge.Optional("max");
  const YamlNode min_node = gauge.Optional("min");
  const int written = (as_bool.IsPresent() ? 1 : 0) + (max_node.IsPresent() ? 1 : 0) +
                      (min_node.IsPresent() ? 1 : 0);
  if (written != 1) {
    gauge.Error(
        fmt::format("{} has {} of bool, max and min; write one: bool: true is good when "
                    "it is not 0, max: 0.5 when it is at most that, min: 10 when it is at "
                    "least that",
                    gauge.path(), written == 0 ? "none" : "several"));
    return std::nullopt;
  }
  const std::optional<double> max = ReadNumber(max_node);
  const std::optional<double> min = ReadNumber(min_node);
  const std::optional<bool> is_bool = as_bool.Bool();
  if (is_bool.has_value() && !*is_bool) {
    as_bool.Error(
        fmt::format("{} is false; write bool: true, or max: 0 where 0 is good", as_bool.path()));
  }
  if (!metric.has_value()) return std::nullopt;
  slo::GaugeSli sli{.metric = *std::move(metric)};
  if (is_bool.value_or(false)) return sli;
  if (!max.has_value() && !min.has_value()) return std::nullopt;
  sli.test = max.has_value() ? slo::GaugeSli::Test::kAtMost : slo::GaugeSli::Test::kAtLeast;
  sli.threshold = max.has_value() ? *max : *min;
  return sli;
}

}  // namespace slowburn::rules
