#include "rules/internal/state_alert_reader.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/duration_text.h"
#include "rules/internal/alert_values.h"
#include "rules/internal/spec_values.h"
#include "slo/slice.h"

namespace slowburn::rules {
namespace {

using base::YamlNode;
using slo::StateAlert;
using std::chrono::seconds;

constexpr std::string_view kDefaultSeverity = "ticket";
constexpr size_t kThresholdsMax = 10;

// What every kind has but `for`, which of no_data is the silence.
StateAlert ReadCommon(const YamlNode& place, StateAlert::Kind kind,
                      const std::vector<std::string>& group_by) {
  StateAlert alert;
  alert.kind = kind;
  alert.severity = ReadSeverity(place.Optional("severity")).value_or(std::string(kDefaultSeverity));
  alert.keep_firing_for = ReadWholeSeconds(place.Optional("keep_firing_for")).value_or(seconds(0));
  alert.disabled = place.Optional("disable").Bool().value_or(false);
  alert.labels = ReadLabels(place.Optional("labels"), LabelPlace::kTierLabels, group_by);
  alert.annotations = ReadLabels(place.Optional("annotations"), LabelPlace::kAnnotations, group_by);
  return alert;
}

std::optional<StateAlert> ReadThreshold(const YamlNode& item,
                                        const std::vector<std::string>& group_by) {
  item.AllowKeys(
      {"remaining", "severity", "for", "keep_firing_for", "disable", "labels", "annotations"});
  StateAlert alert = ReadCommon(item, StateAlert::Kind::kBudgetLow, group_by);
  alert.hold = ReadWholeSeconds(item.Optional("for")).value_or(seconds(0));
  const YamlNode node = item.Required("remaining");
  const std::optional<uint64_t> remaining = ReadShare(node);
  if (!remaining.has_value()) return std::nullopt;
  if (*remaining == kMillion) {
    node.Error(fmt::format("{} is all of the budget, so one failure fires it; write less, like 25%",
                           node.path()));
    return std::nullopt;
  }
  alert.spent_share = slo::Rational::Of(kMillion - *remaining, kMillion);
  alert.name = fmt::format("remaining {:g}%", static_cast<double>(*remaining) / 10'000);
  return alert;
}

void ReadBudget(const YamlNode& list, const std::vector<std::string>& group_by,
                std::vector<StateAlert>& alerts) {
  const std::vector<YamlNode> items = list.Items();
  if (items.size() > kThresholdsMax) {
    list.Error(fmt::format("{} has {} thresholds; write at most {}", list.path(), items.size(),
                           kThresholdsMax));
    return;
  }
  for (const YamlNode& item : items) {
    std::optional<StateAlert> alert = ReadThreshold(item, group_by);
    if (!alert.has_value()) continue;
    if (std::any_of(alerts.begin(), alerts.end(), [&](const StateAlert& other) {
          return other.name == alert->name && other.severity == alert->severity;
        })) {
      item.Error(fmt::format("\"{}\" with the severity {} is written twice; leave one of them out",
                             alert->name, Shown(alert->severity)));
      continue;
    }
    alerts.push_back(*std::move(alert));
  }
}

void ReadExhaustion(const YamlNode& place, const std::vector<std::string>& group_by,
                    std::vector<StateAlert>& alerts) {
  if (!place.IsPresent()) return;
  place.AllowKeys(
      {"within", "severity", "for", "keep_firing_for", "disable", "labels", "annotations"});
  StateAlert alert = ReadCommon(place, StateAlert::Kind::kExhaustion, group_by);
  alert.hold = ReadWholeSeconds(place.Optional("for")).value_or(seconds(0));
  const YamlNode node = place.Required("within");
  const std::optional<seconds> within = ReadWholeSeconds(node);
  if (!within.has_value()) return;
  if (*within == seconds(0)) {
    node.Error(fmt::format("{} is 0, which no budget runs out sooner than; write a time, like 3d",
                           node.path()));
    return;
  }
  alert.span = *within;
  alert.name = "within " + base::FormatDuration(*within);
  alerts.push_back(std::move(alert));
}

void ReadNoData(const YamlNode& place, const std::vector<std::string>& group_by,
                std::vector<StateAlert>& alerts) {
  if (!place.IsPresent()) return;
  place.AllowKeys({"for", "severity", "keep_firing_for", "disable", "labels", "annotations"});
  StateAlert alert = ReadCommon(place, StateAlert::Kind::kNoData, group_by);
  const YamlNode node = place.Required("for");
  const std::optional<seconds> silence = ReadWholeSeconds(node);
  if (!silence.has_value()) return;
  if (*silence < slo::kSliceLength) {
    node.Error(fmt::format("{} is {}, less than a slice; write 10s or more, like 30m", node.path(),
                           base::FormatDuration(*silence)));
    return;
  }
  alert.span = *silence;
  alert.name = "silent " + base::FormatDuration(*silence);
  alerts.push_back(std::move(alert));
}

void ReadViolated(const YamlNode& place, const std::vector<std::string>& group_by,
                  std::vector<StateAlert>& alerts) {
  if (!place.IsPresent()) return;
  place.AllowKeys({"severity", "for", "keep_firing_for", "disable", "labels", "annotations"});
  if (!place.IsMap()) return;
  StateAlert alert = ReadCommon(place, StateAlert::Kind::kViolated, group_by);
  alert.hold = ReadWholeSeconds(place.Optional("for")).value_or(seconds(0));
  alert.name = "violated";
  alerts.push_back(std::move(alert));
}

}  // namespace

std::vector<StateAlert> ReadStateAlerts(const YamlNode& alerting,
                                        const std::vector<std::string>& group_by) {
  std::vector<StateAlert> alerts;
  ReadBudget(alerting.Optional("budget"), group_by, alerts);
  ReadExhaustion(alerting.Optional("exhaustion"), group_by, alerts);
  ReadNoData(alerting.Optional("no_data"), group_by, alerts);
  ReadViolated(alerting.Optional("violated"), group_by, alerts);
  return alerts;
}

}  // namespace slowburn::rules
