#include <cstdio>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/api_client.h"
#include "app/commands.h"
#include "app/slo_checks.h"
#include "app/table.h"
#include "base/duration_text.h"
#include "base/status.h"
#include "base/time_text.h"
#include "net/http_client.h"

namespace slowburn::app {
namespace {

namespace json = boost::json;

struct SloOptions {
  ApiOptions api;
  std::string output = "table";
  std::string id;
  std::string state;
  std::string service;
};

std::string Number(const json::object& object, std::string_view key, double scale,
                   std::string_view unit) {
  const json::value* value = object.if_contains(boost::json::string_view(key.data(), key.size()));
  if (value == nullptr || !value->is_number()) return "-";
  return fmt::format("{:.5g}{}", value->to_number<double>() * scale, unit);
}

std::string Text(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(boost::json::string_view(key.data(), key.size()));
  return value != nullptr && value->is_string() ? std::string(value->as_string().c_str()) : "-";
}

bool IsTrue(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(boost::json::string_view(key.data(), key.size()));
  return value != nullptr && value->is_bool() && value->as_bool();
}

std::string Exhaustion(const json::object& group) {
  const json::value* value = group.if_contains("exhaustion_seconds");
  if (value == nullptr || !value->is_number()) return "-";
  const auto seconds =
      std::chrono::seconds(static_cast<int64_t>(std::min(value->to_number<double>(), 3.15e9)));
  return seconds.count() == 0 ? "spent" : base::FormatDuration(seconds);
}

std::string GroupName(const json::object& group) {
  std::vector<std::string> parts;
  for (const auto& label : group.at("labels").as_object()) {
    parts.push_back(fmt::format("{}={}", std::string_view(label.key().data(), label.key().size()),
                                label.value().as_string().c_str()));
  }
  return fmt::format("{}", fmt::join(parts, ","));
}

std::string FiringAlerts(const json::object& group) {
  std::vector<std::string> firing;
  for (const json::value& alert : group.at("alerts").as_array()) {
    if (Text(alert.as_object(), "state") == "firing")
      firing.push_back(Text(alert.as_object(), "severity"));
  }
  return firing.empty() ? "-" : fmt::format("{}", fmt::join(firing, ","));
}

// "timeslices 1m 95%", "weighted": how the budget counts.
std::string Budgeting(const json::object& slo) {
  const json::value* const value = slo.if_contains("budgeting");
  if (value == nullptr || !value->is_object()) return "-";
  const json::object& budgeting = value->as_object();
  std::string text = Text(budgeting, "method");
  if (const std::string timeslice = Text(budgeting, "timeslice"); timeslice != "-")
    text += " " + timeslice;
  if (const std::string target = Number(budgeting, "target", 100, "%"); target != "-")
    text += " " + target;
  return text;
}

// The period of a calendar window: when it began and when it ends. "" for a rolling one.
std::string Period(const json::object& slo) {
  const auto time = [&](std::string_view key) -> std::string {
    const json::value* const value =
        slo.if_contains(boost::json::string_view(key.data(), key.size()));
    if (value == nullptr || !value->is_number()) return "-";
    return base::FormatRfc3339(base::UnixNanos(std::chrono::seconds(value->to_number<int64_t>())));
  };
  const std::string start = time("window_start");
  if (start == "-") return "";
  return fmt::format("\n{} from {} to {}\n", Text(slo, "window"), start, time("window_end"));
}

Table MemberTable(const json::object& composite) {
  Table table({"MEMBER", "WEIGHT", "STATE", "BUDGET LEFT"});
  for (const json::value& value : composite.at("members").as_array()) {
    const json::object& member = value.as_object();
    table.Add({Text(member, "id"), Number(member, "weight", 1, ""), Text(member, "state"),
               Number(member, "budget_remaining_ratio", 100, "%")});
  }
  return table;
}

// What `slo` has of a metric; null: its SLI reads none.
const json::object* MetricOf(const json::object& slo) {
  const json::value* const value = slo.if_contains("metric");
  return value != nullptr && value->is_object() ? &value->as_object() : nullptr;
}

// Of the SLIs on metrics: how far points are apart, and whether counts are estimates.
std::string MetricText(const json::object& slo) {
  const json::object* const metric = MetricOf(slo);
  if (metric == nullptr) return "";
  const std::string interval = Number(*metric, "point_interval_seconds", 1, "s");
  std::string text =
      fmt::format("\n{}: {}\n", Text(*metric, "source"),
                  interval == "-" ? "no two points yet" : "a point every " + interval);
  if (IsTrue(*metric, "interpolated")) {
    text +=
        fmt::format("interpolated: {} is no bound of the histogram", Number(*metric, "max", 1, ""));
    if (const std::string advice = BoundsAdvice(*metric); !advice.empty()) text += "; " + advice;
    text += "\n";
  }
  return text;
}

void AddRows(const json::object& slo, bool all_groups, Table& table) {
  const json::object* const metric = MetricOf(slo);
  const bool is_interpolated = metric != nullptr && IsTrue(*metric, "interpolated");
  bool first = true;
  for (const json::value& value : slo.at("groups").as_array()) {
    const json::object& group = value.as_object();
    table.Add({first ? Text(slo, "id") : "  " + GroupName(group), Text(group, "state"),
               first ? Number(slo, "objective", 100, "%") : "", first ? Text(slo, "window") : "",
               first ? Budgeting(slo) : "",
               (is_interpolated ? "~" : "") + Number(group, "sli_ratio", 100, "%"),
               Number(group, "budget_remaining_ratio", 100, "%"), Exhaustion(group),
               FiringAlerts(group)});
    first = false;
    if (!all_groups) return;
  }
}

Table MakeTable() {
  return Table({"SLO", "STATE", "OBJECTIVE", "WINDOW", "BUDGETING", "SLI", "BUDGET LEFT",
                "SPENT IN", "FIRING"});
}

// "2m, kept 5m", "off"
std::string Times(const json::object& alert) {
  if (IsTrue(alert, "disabled")) return "off";
  std::string text = Text(alert, "for");
  if (Text(alert, "keep_firing_for") != "0s") text += ", kept " + Text(alert, "keep_firing_for");
  return text;
}

// The tiers of the policy with what they see now, and those that can never fire.
Table TierTable(const json::object& policy) {
  Table table({"TIER", "SEVERITY", "ABOVE", "LONG", "SHORT", "FOR", "STATE", "WHY"});
  for (const json::value& value : policy.at("tiers").as_array()) {
    const json::object& tier = value.as_object();
    table.Add({Text(tier, "name"), Text(tier, "severity"), Number(tier, "factor", 1, ""),
               Number(tier, "long_burn_rate", 1, ""), Number(tier, "short_burn_rate", 1, ""),
               Times(tier), Text(tier, "state"), Text(tier, "reason")});
  }
  for (const json::value& value : policy.at("unreachable").as_array()) {
    const json::object& tier = value.as_object();
    table.Add({Text(tier, "name"), Text(tier, "severity"), "", "", "", "", "unreachable",
               Text(tier, "reason")});
  }
  return table;
}

Table AlertTable(const json::array& alerts) {
  Table table({"ALERT", "WHEN", "SEVERITY", "FOR", "HOLDS"});
  for (const json::value& value : alerts) {
    const json::object& alert = value.as_object();
    const json::value& holds = alert.at("holds");
    table.Add({Text(alert, "name"), Text(alert, "tier"), Text(alert, "severity"), Times(alert),
               holds.is_null()   ? "unknown"
               : holds.as_bool() ? "yes"
                                 : "no"});
  }
  return table;
}

std::string Time(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(boost::json::string_view(key.data(), key.size()));
  if (value == nullptr || !value->is_number()) return "-";
  const std::chrono::sys_seconds time{std::chrono::seconds(value->to_number<int64_t>())};
  return base::FormatRfc3339(time);
}

// What the SLO counted before its SLI was changed, and what it counts now.
Table EpochTable(const json::array& epochs) {
  Table table({"EPOCH", "SINCE", "UNTIL", "GOOD", "BAD", "SLI"});
  for (const json::value& value : epochs) {
    const json::object& epoch = value.as_object();
    table.Add({std::to_string(epoch.at("epoch").to_number<uint64_t>()), Time(epoch, "since"),
               epoch.at("until").is_null() ? "now" : Time(epoch, "until"),
               std::to_string(epoch.at("good").to_number<uint64_t>()),
               std::to_string(epoch.at("bad").to_number<uint64_t>()), Text(epoch, "sli")});
  }
  return table;
}

void PrintList(const json::value& answer) {
  Table table = MakeTable();
  for (const json::value& slo : answer.at("slos").as_array())
    AddRows(slo.as_object(), false, table);
  fmt::print("{}", table.Text());
}

int List(const SloOptions& options) {
  std::string path = "/api/slo/v1/slos?";
  if (!options.state.empty()) path += "state=" + net::PercentEncode(options.state) + "&";
  if (!options.service.empty()) path += "service=" + net::PercentEncode(options.service);
  return PrintAnswer(options.api, options.output, GetFromApi(options.api, path), PrintList);
}

std::string DurationOf(const json::value& value) {
  if (!value.is_number()) return "-";
  const auto seconds = value.to_number<double>();
  if (seconds == 0 || seconds >= 1) return fmt::format("{:.3g}s", seconds);
  return seconds >= 0.001 ? fmt::format("{:.3g}ms", seconds * 1e3)
                          : fmt::format("{:.3g}us", seconds * 1e6);
}

// Of the total in the last hour; empty for an SLO without a latency.
std::string LatencyText(const json::object& slo) {
  const json::value* found = slo.if_contains("latency");
  if (found == nullptr) return "";
  const json::object& latency = found->as_object();
  if (latency.contains("error")) return fmt::format("\nlatency: {}\n", Text(latency, "error"));
  Table table({"LATENCY (1h, total)",
               fmt::format("OBJECTIVE {}", DurationOf(latency.at("threshold_seconds")))});
  for (const auto& percentile : latency.at("percentiles").as_object())
    table.Add({std::string(percentile.key()), DurationOf(percentile.value())});
  return "\n" + table.Text();
}

void PrintOne(const json::value& slo) {
  Table table = MakeTable();
  AddRows(slo.as_object(), true, table);
  Table windows({"WINDOW", "BURN RATE (total)"});
  for (const auto& window : slo.at("groups").as_array().at(0).at("burn_rates").as_object()) {
    windows.Add(
        {std::string(window.key()), window.value().is_number()
                                        ? fmt::format("{:.4g}", window.value().to_number<double>())
                                        : "-"});
  }
  const json::object& policy = slo.at("policy").as_object();
  fmt::print("{}{}", table.Text(), Period(slo.as_object()));
  if (const json::value* const composite = slo.as_object().if_contains("composite"))
    fmt::print("\n{}", MemberTable(composite->as_object()).Text());
  fmt::print("{}\n{}{}\n{}", MetricText(slo.as_object()), windows.Text(),
             LatencyText(slo.as_object()), TierTable(policy).Text());
  const json::array& alerts = policy.at("alerts").as_array();
  if (!alerts.empty()) fmt::print("\n{}", AlertTable(alerts).Text());
  const json::value* epochs = slo.as_object().if_contains("epochs");
  if (epochs != nullptr && !epochs->as_array().empty())
    fmt::print("\n{}", EpochTable(epochs->as_array()).Text());
}

int Show(const SloOptions& options) {
  const size_t slash = options.id.find('/');
  if (slash == std::string::npos) {
    fmt::print(stderr, "\"{}\" is no SLO id; write SERVICE/NAME, like checkout/availability\n",
               options.id);
    return 1;
  }
  const std::string path =
      fmt::format("/api/slo/v1/slos/{}/{}", net::PercentEncode(options.id.substr(0, slash)),
                  net::PercentEncode(options.id.substr(slash + 1)));
  return PrintAnswer(options.api, options.output, GetFromApi(options.api, path), PrintOne);
}

}  // namespace

void AddSloCommand(CLI::App& root, const RunCommand& run) {
  CLI::App* slo =
      root.add_subcommand("slo", "ask a running server about its SLOs, and leave time out of them");
  slo->require_subcommand(1);
  slo->footer("Example:\n  slowburn slo list --server http://127.0.0.1:7560");
  const auto options =
      std::make_shared<SloOptions>();  // Shared with the callbacks, which outlive this function.
  CLI::App* list = slo->add_subcommand("list", "every SLO with its state and budget");
  CLI::App* show = slo->add_subcommand(
      "show", "one SLO with its groups, burn rates, latencies and alert policy");
  for (CLI::App* command : {list, show}) {
    AddApiOptions(*command, options->api);
    AddOutputOption(*command, options->output);
  }
  list->add_option("--state", options->state,
                   "only SLOs in this state: ok, burning, exhausted, no_data or invalid");
  list->add_option("--service", options->service, "only SLOs of this service");
  list->footer("Example:\n  slowburn slo list --state burning");
  show->add_option("id", options->id, "SERVICE/NAME")->required();
  show->footer("Example:\n  slowburn slo show checkout/availability");
  list->callback([run, options] { run([options] { return List(*options); }); });
  AddExclusionCommands(*slo, run);
  show->callback([run, options] { run([options] { return Show(*options); }); });
}

}  // namespace slowburn::app
