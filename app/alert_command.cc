#include <cstdio>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "app/commands.h"
#include "app/config.h"
#include "app/table.h"
#include "base/duration_text.h"
#include "base/status.h"
#include "forward/alertmanager.h"

namespace slowburn::app {
namespace {

struct AlertTestOptions {
  std::string config;
  std::vector<std::string> alertmanagers;
  std::string severity = "page";
  std::vector<std::string> labels;
  std::string output = "table";
};

// It ends by itself: Alertmanager resolves an alert that it hears no more of.
model::Alert TestAlert(const AlertTestOptions& options, std::chrono::seconds resend,
                       base::UnixNanos now) {
  model::Alert alert;
  alert.labels = {{"alertname", "SLOTest"}, {"severity", options.severity}};
  for (const std::string& label : options.labels) {
    const size_t equals = label.find('=');
    alert.labels.Set(label.substr(0, equals), label.substr(equals + 1));
  }
  alert.annotations = {
      {"summary", "a test alert of slowburn: whoever reads this would have been paged"},
      {"description", fmt::format("Sent by `slowburn alert test`. It resolves by itself in {}.",
                                  base::FormatDuration(model::FiringLasts(resend)))}};
  alert.state = model::AlertState::kFiring;
  alert.active_at = alert.fired_at = now;
  return alert;
}

// A label that Alertmanager would refuse, or leave out, proves another route than was meant.
bool AreLabels(const std::vector<std::string>& labels) {
  for (const std::string& label : labels) {
    const size_t equals = label.find('=');
    const std::string name = label.substr(0, equals);
    if (equals != std::string::npos && equals + 1 < label.size() && !name.empty() &&
        model::NormalizedLabelName(name) == name)
      continue;
    fmt::print(
        stderr,
        "--label is \"{}\"; write NAME=VALUE, the name of letters, digits and '_', the value "
        "not empty, like team=shop\n",
        label);
    return false;
  }
  return true;
}

int Test(AlertTestOptions options) {
  if (!AreLabels(options.labels)) return 1;
  forward::AlertmanagerMessageOptions message;
  if (!options.config.empty()) {
    const ConfigResult config = ReadConfigFile(options.config);
    for (const std::string& line : config.errors) fmt::print(stderr, "{}\n", line);
    if (!config.errors.empty()) return 1;
    message = {ExternalUrl(config.config, config.config.http), config.config.external_labels,
               config.config.resend};
    options.alertmanagers.insert(options.alertmanagers.end(), config.config.alertmanagers.begin(),
                                 config.config.alertmanagers.end());
  }
  if (options.alertmanagers.empty()) {
    fmt::print(stderr,
               "no Alertmanager to send to; name a config that has forward.alertmanager with "
               "--config, or one with --alertmanager\n");
    return 1;
  }
  const base::UnixNanos now = base::SystemClock().Now();
  const model::Alert alert = TestAlert(options, message.resend, now);
  Table table({"ALERTMANAGER", "RESULT"});
  boost::json::array results;
  bool all_sent = true;
  for (const std::string& url : options.alertmanagers) {
    const absl::Status sent =
        forward::PostAlerts(url, {&alert}, message, now, std::chrono::seconds(10));
    all_sent &= sent.ok();
    const std::string text = sent.ok() ? "sent" : std::string(base::Message(sent));
    table.Add({url, text});
    results.push_back(
        {{"alertmanager", url}, {"sent", sent.ok()}, {"error", sent.ok() ? "" : text}});
  }
  if (options.output == "json") {
    fmt::print("{}\n", boost::json::serialize(results));
  } else {
    fmt::print("{}", table.Text());
  }
  return all_sent ? 0 : 1;
}

}  // namespace

void AddAlertCommand(CLI::App& root, const RunCommand& run) {
  CLI::App* alert = root.add_subcommand("alert", "alerts");
  alert->require_subcommand(1);
  alert->footer("Example:\n  slowburn alert test --config slowburn.yaml");
  CLI::App* test = alert->add_subcommand(
      "test", "send one alert to every Alertmanager, to prove the route to a human");
  const auto options = std::make_shared<AlertTestOptions>();  // Shared with the callback, which
                                                              // outlives this function.
  test->add_option("--config", options->config,
                   "send to the Alertmanagers of this config, with its external labels");
  test->add_option("--alertmanager", options->alertmanagers,
                   "send to this Alertmanager's base URL too");
  test->add_option("--severity", options->severity,
                   "the label severity, so that routing treats it as it would a real one")
      ->capture_default_str();
  test->add_option("--label", options->labels, "NAME=VALUE, added to the alert");
  AddOutputOption(*test, options->output);
  test->footer(
      "Exit code 0 when every Alertmanager took it.\nExample:\n  slowburn alert test --config "
      "slowburn.yaml --severity ticket");
  test->callback([run, options] { run([options] { return Test(*options); }); });
}

}  // namespace slowburn::app
