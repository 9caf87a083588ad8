#include "serve/internal/rule_calls.h"

#include <algorithm>
#include <charconv>
#include <tuple>

#include <boost/json.hpp>

#include "base/status.h"
#include "serve/internal/api_json.h"
#include "serve/internal/json_text.h"

namespace slowburn::serve::internal {
namespace {

namespace json = boost::json;

double SecondsOf(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

json::object LabelsJson(const model::LabelSet& labels) {
  json::object object;
  for (const model::Label& label : labels) object[label.name] = label.value;
  return object;
}

json::object AlertJson(const RuleAlert& alert) {
  json::object object;
  object["labels"] = LabelsJson(alert.labels);
  object["annotations"] = LabelsJson(alert.annotations);
  object["state"] = model::AlertStateName(alert.state);
  object["activeAt"] = GoTime(alert.active_at);
  if (alert.keep_firing_since.has_value())
    object["keepFiringSince"] = GoTime(*alert.keep_firing_since);
  object["value"] = GoScientific(alert.value);
  return object;
}

// The worst of its alerts; one without any is inactive.
std::string_view StateOf(const RuleReading& rule) {
  model::AlertState worst = model::AlertState::kInactive;
  for (const RuleAlert& alert : rule.alerts) worst = std::max(worst, alert.state);
  return model::AlertStateName(worst);
}

json::object RuleJson(const RuleReading& rule, bool with_alerts) {
  json::object object;
  if (rule.is_alerting) {
    object["state"] = StateOf(rule);
    object["name"] = rule.name;
    object["query"] = rule.query;
    object["duration"] = SecondsOf(rule.duration);
    object["keepFiringFor"] = SecondsOf(rule.keep_firing_for);
    object["labels"] = LabelsJson(rule.labels);
    object["annotations"] = LabelsJson(rule.annotations);
    json::array alerts;
    for (const RuleAlert& alert : rule.alerts) alerts.push_back(AlertJson(alert));
    object["alerts"] = with_alerts ? json::value(std::move(alerts)) : json::value();
  } else {
    object["name"] = rule.name;
    object["query"] = rule.query;
    if (!rule.labels.empty()) object["labels"] = LabelsJson(rule.labels);
  }
  object["health"] = rule.health;
  if (!rule.last_error.empty()) object["lastError"] = rule.last_error;
  object["evaluationTime"] = SecondsOf(rule.evaluation_time);
  object["lastEvaluation"] = GoTime(rule.last_evaluation);
  object["type"] = rule.is_alerting ? "alerting" : "recording";
  return object;
}

// What a request wants to see.
struct RuleFilter {
  bool alerting = true, recording = true;
  bool with_alerts = true;
  std::vector<std::string_view> names, groups, files;
  std::vector<storage::Matchers> sets;
  uint64_t groups_max = 0;  // 0: all
  std::string_view next;    // where the last answer ended

  bool Wants(const RuleGroupReading& group) const {
    return (groups.empty() || std::ranges::count(groups, group.name) > 0) &&
           (files.empty() || std::ranges::count(files, group.file) > 0);
  }
  bool Wants(const RuleReading& rule) const {
    if (rule.is_alerting ? !alerting : !recording) return false;
    if (!names.empty() && std::ranges::count(names, rule.name) == 0) return false;
    return sets.empty() || std::ranges::any_of(sets, [&](const storage::Matchers& matchers) {
             return std::ranges::all_of(matchers, [&](const model::LabelMatcher& matcher) {
               return matcher.Matches(rule.labels.Get(matcher.name()));
             });
           });
  }
};

absl::StatusOr<bool> IsExcluding(std::string_view text) {
  if (text.empty()) return false;
  for (const std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"}) {
    if (text == yes) return true;
  }
  for (const std::string_view no : {"0", "f", "F", "false", "FALSE", "False"}) {
    if (text == no) return false;
  }
  return InvalidParameter(
      "exclude_alerts",
      base::InvalidArgument("error converting exclude_alerts: strconv.ParseBool: parsing \"{}\": "
                            "invalid syntax",
                            text));
}

absl::StatusOr<RuleFilter> FilterOf(const ApiParameters& parameters) {
  RuleFilter filter{.names = parameters.All("rule_name[]"),
                    .groups = parameters.All("rule_group[]"),
                    .files = parameters.All("file[]"),
                    .next = parameters.First("group_next_token")};
  SB_ASSIGN_OR_RETURN(filter.sets, parameters.Matchers());
  const std::string_view type = parameters.First("type");
  if (!type.empty() && type != "alert" && type != "record") {
    return InvalidParameter("type", base::InvalidArgument("not supported value \"{}\"", type));
  }
  filter.alerting = type != "record";
  filter.recording = type != "alert";
  SB_ASSIGN_OR_RETURN(const bool excluding, IsExcluding(parameters.First("exclude_alerts")));
  filter.with_alerts = !excluding;
  const std::string_view limit = parameters.First("group_limit");
  if (!limit.empty()) {
    const auto [end, error] =
        std::from_chars(limit.data(), limit.data() + limit.size(), filter.groups_max);
    if (error != std::errc() || end != limit.data() + limit.size() || filter.groups_max == 0) {
      return InvalidParameter("group_limit",
                              base::InvalidArgument("group_limit needs to be a valid number and "
                                                    "above 0, not \"{}\"",
                                                    limit));
    }
  } else if (!filter.next.empty()) {
    return InvalidParameter(
        "group_limit",
        base::InvalidArgument("group_limit needs to be set to use group_next_token"));
  }
  return filter;
}

json::object GroupJson(const RuleGroupReading& group, json::array rules) {
  json::object object;
  object["name"] = group.name;
  object["file"] = group.file;
  object["rules"] = std::move(rules);
  object["interval"] = SecondsOf(group.interval);
  object["limit"] = group.limit;
  object["evaluationTime"] = SecondsOf(group.evaluation_time);
  object["lastEvaluation"] = GoTime(group.last_evaluation);
  return object;
}

// Names the group that comes next; opaque to who asks.
std::string TokenOf(const RuleGroupReading& group) { return group.file + ";" + group.name; }

}  // namespace

absl::StatusOr<ApiAnswer> RulesCall(const ApiContext& context, const ApiParameters& parameters) {
  SB_ASSIGN_OR_RETURN(const RuleFilter filter, FilterOf(parameters));
  std::vector<RuleGroupReading> groups = context.sources.rules.RuleGroups();
  std::ranges::sort(groups, [](const RuleGroupReading& a, const RuleGroupReading& b) {
    return std::tie(a.file, a.name) < std::tie(b.file, b.name);
  });
  bool is_begun = filter.next.empty();
  json::array list;
  std::string next;
  for (const RuleGroupReading& group : groups) {
    is_begun = is_begun || TokenOf(group) == filter.next;
    if (!is_begun || !filter.Wants(group)) continue;
    json::array rules;
    for (const RuleReading& rule : group.rules) {
      if (filter.Wants(rule)) rules.push_back(RuleJson(rule, filter.with_alerts));
    }
    if (rules.empty()) continue;
    if (filter.groups_max > 0 && list.size() == filter.groups_max) {
      next = TokenOf(group);
      break;
    }
    list.push_back(GroupJson(group, std::move(rules)));
  }
  if (!is_begun) {
    return InvalidParameter(
        "group_next_token",
        base::InvalidArgument("invalid group_next_token '{}'. were rule groups changed?",
                              filter.next));
  }
  json::object answer;
  answer["groups"] = std::move(list);
  if (!next.empty()) answer["groupNextToken"] = next;
  return ApiAnswer{.data = JsonText(answer)};
}

absl::StatusOr<ApiAnswer> AlertsCall(const ApiContext& context, const ApiParameters&) {
  json::array alerts;
  for (const RuleGroupReading& group : context.sources.rules.RuleGroups()) {
    for (const RuleReading& rule : group.rules) {
      for (const RuleAlert& alert : rule.alerts) alerts.push_back(AlertJson(alert));
    }
  }
  json::object answer;
  answer["alerts"] = std::move(alerts);
  return ApiAnswer{.data = JsonText(answer)};
}

}  // namespace slowburn::serve::internal
