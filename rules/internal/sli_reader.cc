#include "rules/internal/sli_reader.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "rules/internal/composite_reader.h"
#include "rules/internal/metric_sli_reader.h"
#include "rules/internal/spec_values.h"
#include "slo/slo_spec.h"

namespace slowburn::rules {
namespace {

using base::YamlNode;

constexpr std::array<std::string_view, 7> kSources = {"spans", "logs",   "counter",  "histogram",
                                                      "gauge", "promql", "composite"};

// A source of events: where it stands in the file, and what people call its items.
struct EventSource {
  std::string_view key;
  model::Signal signal;
  ottl::Context context;
  std::string_view items;
};
constexpr EventSource kSpans = {"spans", model::Signal::kTraces, ottl::Context::kSpan, "spans"};
constexpr EventSource kLogs = {"logs", model::Signal::kLogs, ottl::Context::kLog, "log records"};

// "match: column 12: ...": the column counts in the condition, which YAML may have folded or
// unquoted.
std::optional<ottl::Condition> ReadCondition(const YamlNode& node, std::string_view name,
                                             ottl::Context context) {
  const std::optional<std::string> text = node.String();
  if (!text.has_value()) return std::nullopt;
  absl::StatusOr<ottl::Condition> condition = ottl::Condition::Parse(*text, context);
  if (condition.ok()) return *std::move(condition);
  node.Error(fmt::format("{}: {}", name, base::Message(condition.status())));
  return std::nullopt;
}

std::optional<std::chrono::nanoseconds> ReadLatencyMax(const YamlNode& latency) {
  latency.AllowKeys({"max"});
  const YamlNode node = latency.Required("max");
  const std::optional<std::chrono::nanoseconds> max = node.Duration();
  if (max.has_value() && max->count() <= 0) {
    node.Error(
        fmt::format("{} is 0, which no span meets; write a duration, like 300ms", node.path()));
    return std::nullopt;
  }
  return max;
}

void WarnUnlessPinned(const YamlNode& node, const ottl::Condition& match, std::string_view items) {
  const std::vector<ottl::Condition> conjuncts = match.Conjuncts();
  if (std::any_of(conjuncts.begin(), conjuncts.end(), [](const ottl::Condition& conjunct) {
        return conjunct.PinnedResourceAttribute("service.name").has_value();
      })) {
    return;
  }
  node.Warning(
      fmt::format("match does not pin service.name, so it takes {} of every service; add "
                  "resource.attributes[\"service.name\"] == \"...\"",
                  items));
}

// What `events` says of good and bad must be enough, and no more than can be told.
void CheckGoodAndBad(const YamlNode& events, const EventSource& source) {
  if (!events.IsMap()) return;
  const YamlNode good = events.Optional("good");
  const YamlNode latency = events.Optional("latency");
  const bool has_duration = source.signal == model::Signal::kTraces;
  if (!events.Optional("bad").IsPresent() && !good.IsPresent() && !latency.IsPresent()) {
    events.Error(
        fmt::format("{} does not say which {} are bad; write {}", events.path(), source.items,
                    has_duration ? "bad:, good: or latency: {max: 300ms}" : "bad: or good:"));
  }
  if (!latency.IsPresent()) return;
  if (!has_duration) {
    latency.Error(
        fmt::format("{}: a log record has no duration; write bad: or good:, like bad: "
                    "log.attributes[\"duration_ms\"] > 300",
                    latency.path()));
  } else if (good.IsPresent()) {
    latency.Error(
        fmt::format("{} cannot stand beside good; write bad: instead of good:", latency.path()));
  }
}

std::optional<slo::SliSpec> ReadEvents(const YamlNode& events, const EventSource& source,
                                       std::vector<std::string> group_by) {
  events.AllowKeys({"match", "bad", "good", "latency", "group_by"});
  RefuseGroupBy(events);
  const YamlNode match_node = events.Required("match");
  std::optional<ottl::Condition> match = ReadCondition(match_node, "match", source.context);
  if (match.has_value()) WarnUnlessPinned(match_node, *match, source.items);
  std::optional<ottl::Condition> bad = ReadCondition(events.Optional("bad"), "bad", source.context);
  std::optional<ottl::Condition> good =
      ReadCondition(events.Optional("good"), "good", source.context);
  std::optional<std::chrono::nanoseconds> latency_max;
  if (source.signal == model::Signal::kTraces) {
    latency_max = ReadLatencyMax(events.Optional("latency"));
  }
  CheckGoodAndBad(events, source);
  if (!match.has_value()) return std::nullopt;
  return slo::SliSpec{.source = slo::EventSli{.signal = source.signal,
                                              .match = *std::move(match),
                                              .bad = std::move(bad),
                                              .good = std::move(good),
                                              .latency_max = latency_max},
                      .group_by = std::move(group_by)};
}

template <typename Source>
std::optional<slo::SliSpec> SpecOf(std::optional<Source> source,
                                   std::vector<std::string> group_by) {
  if (!source.has_value()) return std::nullopt;
  return slo::SliSpec{.source = *std::move(source), .group_by = std::move(group_by)};
}

}  // namespace

std::vector<std::string> ReadGroupBy(const YamlNode& node) {
  std::vector<std::string> names;
  for (const YamlNode& item : node.Items()) {
    if (!item.IsPresent()) {
      item.Error(
          fmt::format("{} is empty; write an attribute's name, like http.route", item.path()));
    } else if (std::optional<std::string> name = item.String()) {
      names.push_back(*std::move(name));
    }
  }
  if (const absl::Status status = slo::CheckGroupBy(names); !status.ok()) {
    node.Error(std::string(base::Message(status)));
  }
  return names;
}

void RefuseGroupBy(const YamlNode& parent, std::string_view instead) {
  if (!parent.IsMap()) return;
  const YamlNode group_by = parent.Optional("group_by");
  if (group_by.IsPresent()) {
    group_by.Error(fmt::format("group_by does not belong to {}; {}", parent.path(), instead));
  }
}

std::optional<slo::SliSpec> ReadSli(const YamlNode& sli, std::vector<std::string> group_by,
                                    const std::optional<SpecWindow>& window,
                                    std::vector<int>& member_lines) {
  sli.AllowKeys(
      {"spans", "logs", "composite", "group_by", "counter", "histogram", "gauge", "promql"});
  std::vector<std::pair<std::string, YamlNode>> sources = sli.Entries();
  std::erase_if(sources, [](const auto& entry) {
    return std::find(kSources.begin(), kSources.end(), entry.first) == kSources.end();
  });
  if (sources.empty()) return ReadEvents(sli.Required("spans"), kSpans, std::move(group_by));
  for (size_t i = 1; i < sources.size(); ++i) {
    sources[i].second.Error(
        fmt::format("{} stands beside {}, and an SLI has one source; write an SLO for each",
                    sources[i].second.path(), sources[0].first));
  }
  const std::string& key = sources.front().first;
  const YamlNode source = sli.Required(key);
  if (key == "spans") return ReadEvents(source, kSpans, std::move(group_by));
  if (key == "logs") return ReadEvents(source, kLogs, std::move(group_by));
  if (key == "composite") {
    RefuseGroupBy(sli, "a composite is over the totals of its members; leave it out");
    return SpecOf(ReadComposite(source, window, member_lines), {});
  }
  if (key == "counter") return SpecOf(ReadCounter(source), std::move(group_by));
  if (key == "histogram") return SpecOf(ReadHistogram(source), std::move(group_by));
  if (key == "gauge") return SpecOf(ReadGauge(source), std::move(group_by));
  source.Error(fmt::format(
      "{} is no source that this build reads; write counter: with two selectors, or spans:, logs:, "
      "histogram: or gauge:",
      source.path()));
  return std::nullopt;
}

}  // namespace slowburn::rules
