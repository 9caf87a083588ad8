#include <cstdio>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "app/api_client.h"
#include "app/commands.h"
#include "app/table.h"
#include "base/clock.h"
#include "base/status.h"
#include "base/time_text.h"
#include "net/http_message.h"

namespace slowburn::app {
namespace {

namespace json = boost::json;

constexpr const char* kPath = "/api/slo/v1/exclusions";

struct ExclusionOptions {
  ApiOptions api;
  std::string output = "table";
  std::vector<std::string> slos;
  std::string length;
  std::string from;
  std::string description;
  std::string rule;
  std::string time_zone;
  std::string id;
};

std::string TimeText(const json::value& unix_seconds) {
  const std::chrono::sys_seconds time{std::chrono::seconds(unix_seconds.to_number<int64_t>())};
  std::string text = base::FormatRfc3339(time);
  return text.replace(text.find('.'), 4, "");  // Whole seconds.
}

std::string OccurrenceText(const json::value& occurrence) {
  if (occurrence.is_null()) return "-";
  return TimeText(occurrence.at("start")) + " to " + TimeText(occurrence.at("end"));
}

std::string Joined(const json::array& texts) {
  std::string joined;
  for (const json::value& text : texts) {
    if (!joined.empty()) joined += ", ";
    joined += text.as_string().c_str();
  }
  return joined;
}

std::string WhichSlos(const json::object& exclusion) {
  std::string which = Joined(exclusion.at("slos").as_array());
  for (const auto& label : exclusion.at("labels").as_object()) {
    if (!which.empty()) which += " and ";
    which += fmt::format("{}={}", std::string(label.key()), label.value().as_string().c_str());
  }
  return which.empty() ? "every SLO" : which;
}

void PrintMade(const json::value& made) {
  fmt::print(
      "exclusion {}: {} from {} to {}{}\n", made.at("id").as_string().c_str(),
      WhichSlos(made.as_object()), TimeText(made.at("start")), TimeText(made.at("end")),
      made.at("rrule").is_null() ? "" : fmt::format(", {}", made.at("rrule").as_string().c_str()));
  const json::array& applies_to = made.at("applies_to").as_array();
  if (!applies_to.empty()) fmt::print("it applies to {}\n", Joined(applies_to));
  for (const json::value& warning : made.at("warnings").as_array())
    fmt::print(stderr, "{} (warning)\n", warning.as_string().c_str());
}

int Exclude(const ExclusionOptions& options) {
  json::object document;
  if (!options.id.empty()) document["id"] = options.id;
  if (!options.description.empty()) document["description"] = options.description;
  if (!options.slos.empty())
    document["slos"] = json::array(options.slos.begin(), options.slos.end());
  const auto now = std::chrono::floor<std::chrono::seconds>(base::SystemClock().Now());
  document["start"] = options.from.empty() ? base::FormatRfc3339(now) : options.from;
  document["duration"] = options.length;
  if (!options.rule.empty()) document["rrule"] = options.rule;
  if (!options.time_zone.empty()) document["time_zone"] = options.time_zone;
  return PrintAnswer(options.api, options.output,
                     CallApi(options.api, "POST", kPath, json::serialize(document)), PrintMade);
}

void PrintList(const json::value& answer) {
  Table table({"EXCLUSION", "SLOS", "NOW", "NEXT", "REPEATS", "FROM", "DESCRIPTION"});
  for (const json::value& value : answer.at("exclusions").as_array()) {
    const json::object& exclusion = value.as_object();
    const auto text = [&](const char* key) -> std::string {
      return exclusion.at(key).is_null() ? "-" : exclusion.at(key).as_string().c_str();
    };
    const std::string place = text("place");
    table.Add({text("id"), WhichSlos(exclusion), OccurrenceText(exclusion.at("current")),
               OccurrenceText(exclusion.at("next")), text("rrule"),
               place == "-" ? text("source") : place, text("description")});
  }
  fmt::print("{}", table.Text());
}

int List(const ExclusionOptions& options) {
  return PrintAnswer(options.api, options.output, GetFromApi(options.api, kPath), PrintList);
}

int Include(const ExclusionOptions& options) {
  const auto answer = CallApi(options.api, "DELETE",
                              fmt::format("{}?id={}", kPath, net::PercentEncode(options.id)), "");
  return PrintAnswer(options.api, options.output, answer, [&](const json::value&) {
    fmt::print("exclusion {} is removed: what it left out counts again\n", options.id);
  });
}

}  // namespace

void AddExclusionCommands(CLI::App& slo, const RunCommand& run) {
  const auto options =
      std::make_shared<ExclusionOptions>();  // Shared with the callbacks, which outlive this.
  CLI::App* exclude =
      slo.add_subcommand("exclude", "leave a maintenance window, also a past one, out of budgets");
  CLI::App* list = slo.add_subcommand("exclusions", "every maintenance window, of files and made");
  CLI::App* include = slo.add_subcommand("include", "remove a window that was made by exclude");
  for (CLI::App* command : {exclude, list, include}) {
    AddApiOptions(*command, options->api);
    AddOutputOption(*command, options->output);
  }
  exclude->add_option("slos", options->slos, "SERVICE/NAME or SERVICE/*, several if need be")
      ->required();
  exclude->add_option("--for", options->length, "how long, like 2h")->required();
  exclude->add_option("--from", options->from,
                      "when it begins, like 2026-01-04T02:00:00Z; default: now");
  exclude->add_option("--rrule", options->rule, "how it repeats, like FREQ=WEEKLY;BYDAY=SU");
  exclude->add_option("--time-zone", options->time_zone,
                      "whose clocks --from and --rrule mean, like Europe/Paris");
  exclude->add_option("--description", options->description, "why, for whoever reads it later");
  exclude->add_option("--id", options->id, "its name; default: made from the time");
  exclude->footer(
      "It is in force at once, is kept over restarts, and needs the role admin.\nExamples:\n"
      "  slowburn slo exclude checkout/availability --for 2h --description \"new disks\"\n"
      "  slowburn slo exclude 'checkout/*' --from 2026-01-04T02:00:00Z --for 45m\n"
      "  slowburn slo exclude checkout/availability --from 2026-01-04T02:00:00 --for 2h \\\n"
      "      --rrule 'FREQ=WEEKLY;BYDAY=SU' --time-zone Europe/Paris --id weekly-deploy");
  list->footer("Example:\n  slowburn slo exclusions");
  include->add_option("id", options->id, "the id that `slowburn slo exclusions` shows")->required();
  include->footer("Example:\n  slowburn slo include 20260104T020000Z-9f3a5c01");
  exclude->callback([run, options] { run([options] { return Exclude(*options); }); });
  list->callback([run, options] { run([options] { return List(*options); }); });
  include->callback([run, options] { run([options] { return Include(*options); }); });
}

}  // namespace slowburn::app
