#include "tests/golden/metric_lines.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/ranges.h>

#include "base/duration_text.h"
#include "base/status.h"

namespace slowburn::golden {
namespace {

using std::chrono::seconds;

constexpr std::array<std::string_view, 3> kParts = {"good", "bad", "total"};
constexpr std::array<std::pair<std::string_view, uint64_t slo::MetricTally::*>, 11> kOutcomes = {{
    {"counted", &slo::MetricTally::counted},
    {"duplicate", &slo::MetricTally::duplicates},
    {"conflict", &slo::MetricTally::conflicts},
    {"out_of_order", &slo::MetricTally::out_of_order},
    {"too_late", &slo::MetricTally::too_late},
    {"overlap", &slo::MetricTally::overlaps},
    {"untracked", &slo::MetricTally::untracked},
    {"invalid", &slo::MetricTally::invalid},
    {"reset", &slo::MetricTally::resets_by_value},
    {"bounds_changed", &slo::MetricTally::layout_changes},
    {"temporality_changed", &slo::MetricTally::temporality_changes},
}};

absl::StatusOr<double> ParseDouble(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return base::InvalidArgument("\"{}\" is no number; write one like 0.5", text);
}

// "5", or one number for each of several: "5/3/1"
absl::StatusOr<std::vector<double>> NextDoubles(Words& words, std::string_view what) {
  SB_ASSIGN_OR_RETURN(const std::string text, words.Next(what));
  std::vector<double> numbers;
  for (std::string_view rest = text;;) {
    const size_t slash = rest.find('/');
    SB_ASSIGN_OR_RETURN(numbers.emplace_back(), ParseDouble(rest.substr(0, slash)));
    if (slash == std::string_view::npos) return numbers;
    rest.remove_prefix(slash + 1);
  }
}

absl::Status CheckPoints(const PointLine& points, const SloLine& slo) {
  if (slo.group_by.empty() != points.group.empty()) {
    return slo.group_by.empty()
               ? base::InvalidArgument("{} is not grouped; leave out group", slo.id())
               : base::InvalidArgument("{} is grouped by {}; write group VALUE", slo.id(),
                                       slo.group_by);
  }
  const bool is_gauge = slo.metric->kind == MetricSource::Kind::kGauge;
  if (is_gauge && (points.is_delta || points.start.has_value()))
    return base::InvalidArgument("{} reads a gauge; leave out delta and start", slo.id());
  const size_t wanted =
      slo.metric->kind == MetricSource::Kind::kHistogram ? slo.metric->bounds.size() + 1 : 1;
  if (points.values.size() != wanted || points.rising.size() != wanted) {
    return base::InvalidArgument("{} has points of {} numbers, not {}; write one for each bucket",
                                 slo.id(), wanted,
                                 std::max(points.values.size(), points.rising.size()));
  }
  if (points.arriving.has_value() && *points.arriving < points.to - points.every) {
    return base::InvalidArgument("points cannot arrive before they are made; write {}s or later",
                                 (points.to - points.every).count());
  }
  return absl::OkStatus();
}

// "at TIME", or "FROM..TO every STEP"
absl::Status ReadWhen(Words& words, bool many, PointLine& points) {
  if (many) {
    SB_RETURN_IF_ERROR(ReadRange(words, points.from, points.to));
    if (!words.Take("every")) {
      return base::InvalidArgument("\"{}\" stands where \"every STEP\" should be", words.Peek());
    }
    SB_ASSIGN_OR_RETURN(points.every, NextSeconds(words, "the step"));
    if (points.every < seconds(1) || points.from >= points.to ||
        (points.to - points.from) % points.every != seconds(0)) {
      return base::InvalidArgument("the range is not a whole number of steps of {}s; change it",
                                   points.every.count());
    }
    return absl::OkStatus();
  }
  if (!words.Take("at"))
    return base::InvalidArgument("\"{}\" stands where \"at TIME\" should be", words.Peek());
  SB_ASSIGN_OR_RETURN(points.from, NextSeconds(words, "the point's time"));
  points.to = points.from + points.every;
  return absl::OkStatus();
}

}  // namespace

bool IsMetricSource(std::string_view word) {
  return word == "counter" || word == "histogram" || word == "gauge";
}

absl::StatusOr<MetricSource> NextMetricSource(Words& words) {
  MetricSource source;
  if (words.Take("counter")) {
    for (int i = 0; i < 2; ++i) {
      SB_ASSIGN_OR_RETURN(source.parts.emplace_back(), words.Next("good, bad or total"));
      if (std::ranges::find(kParts, source.parts.back()) == kParts.end() ||
          (i == 1 && source.parts[0] == source.parts[1])) {
        return base::InvalidArgument("\"{}\" is no other part; write two of good, bad and total",
                                     source.parts.back());
      }
    }
    return source;
  }
  if (words.Take("histogram")) {
    source.kind = MetricSource::Kind::kHistogram;
    if (!words.Take("max"))
      return base::InvalidArgument("\"{}\" stands where \"max\" should be", words.Peek());
    SB_ASSIGN_OR_RETURN(const std::string text, words.Next("the threshold"));
    SB_ASSIGN_OR_RETURN(const std::chrono::nanoseconds max, base::ParseDuration(text));
    source.max = std::chrono::duration<double>(max).count();
    if (!words.Take("bounds"))
      return base::InvalidArgument("\"{}\" stands where \"bounds\" should be", words.Peek());
    SB_ASSIGN_OR_RETURN(source.bounds, NextDoubles(words, "the bounds in seconds"));
    if (!std::ranges::is_sorted(source.bounds, std::ranges::less_equal()))
      return base::InvalidArgument("bounds do not ascend; write them like 0.1/0.3/1");
    return source;
  }
  words.Take("gauge");
  source.kind = MetricSource::Kind::kGauge;
  if (words.Take("bool")) return source;
  const bool is_max = words.Take("max");
  if (!is_max && !words.Take("min")) {
    return base::InvalidArgument("\"{}\" stands where bool, max or min should be", words.Peek());
  }
  source.test = is_max ? slo::GaugeSli::Test::kAtMost : slo::GaugeSli::Test::kAtLeast;
  SB_ASSIGN_OR_RETURN(const std::string text, words.Next("the threshold"));
  SB_ASSIGN_OR_RETURN(source.threshold, ParseDouble(text));
  return source;
}

absl::StatusOr<PointLine> NextPoints(Words& words, const SloLine& slo, bool many) {
  if (!slo.metric.has_value())
    return base::InvalidArgument("{} counts spans; write a feed line", slo.id());
  PointLine points{.slo = slo.id()};
  if (slo.metric->kind == MetricSource::Kind::kCounter) {
    SB_ASSIGN_OR_RETURN(points.part, words.Next("the counter"));
    if (std::ranges::find(slo.metric->parts, points.part) == slo.metric->parts.end()) {
      return base::InvalidArgument("\"{}\" is no counter of {}; write {}", points.part, slo.id(),
                                   fmt::join(slo.metric->parts, " or "));
    }
  }
  if (words.Take("series")) {
    SB_ASSIGN_OR_RETURN(points.series, words.Next("the series' name"));
  }
  if (words.Take("group")) {
    SB_ASSIGN_OR_RETURN(points.group, words.Next("the group's value"));
  }
  SB_RETURN_IF_ERROR(ReadWhen(words, many, points));
  if (!words.Take("value"))
    return base::InvalidArgument("\"{}\" stands where \"value\" should be", words.Peek());
  SB_ASSIGN_OR_RETURN(points.values, NextDoubles(words, "the value"));
  points.rising.assign(points.values.size(), 0);
  while (!words.empty()) {
    if (many && words.Take("rising")) {
      SB_ASSIGN_OR_RETURN(points.rising, NextDoubles(words, "by how much"));
    } else if (words.Take("start")) {
      SB_ASSIGN_OR_RETURN(points.start, NextSeconds(words, "the start"));
    } else if (words.Take("delta")) {
      points.is_delta = true;
    } else if (words.Take("arriving")) {
      SB_ASSIGN_OR_RETURN(points.arriving, NextSeconds(words, "the time of arrival"));
    } else {
      return base::InvalidArgument(
          "\"{}\" is no part of a point; write rising (of points), start, delta or arriving",
          words.Peek());
    }
  }
  SB_RETURN_IF_ERROR(CheckPoints(points, slo));
  return points;
}

absl::Status CheckOutcome(std::string_view outcome) {
  std::vector<std::string_view> names;
  for (const auto& [name, member] : kOutcomes) {
    if (name == outcome) return absl::OkStatus();
    names.push_back(name);
  }
  return base::InvalidArgument("\"{}\" is nothing that becomes of points; write one of {}", outcome,
                               fmt::join(names, ", "));
}

uint64_t PointsOf(const slo::MetricTally& tally, std::string_view outcome) {
  const auto found =
      std::ranges::find(kOutcomes, outcome, [](const auto& known) { return known.first; });
  return tally.*(found->second);
}

}  // namespace slowburn::golden
