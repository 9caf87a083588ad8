#include <cstdio>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "app/api_client.h"
#include "app/commands.h"
#include "app/config.h"
#include "app/slo_checks.h"
#include "base/files.h"
#include "base/status.h"
#include "base/yaml_reader.h"
#include "rules/spec_file.h"

namespace slowburn::app {
namespace {

struct CheckOptions {
  std::vector<std::string> files;
  std::string output = "table";
  bool live = false;
  ApiOptions api;
};

struct Findings {
  std::vector<std::string> errors;
  std::vector<std::string> warnings;
  std::vector<std::string> notes;  // neither
  size_t slos = 0;
  size_t exclusions = 0;
  slo::SloSet read;  // all of them

  void Add(const std::vector<std::string>& more_errors,
           const std::vector<std::string>& more_warnings) {
    errors.insert(errors.end(), more_errors.begin(), more_errors.end());
    warnings.insert(warnings.end(), more_warnings.begin(), more_warnings.end());
  }
  void Add(const rules::SpecFileResult& result) {
    Add(result.errors, result.warnings);
    for (std::string& note : UnreachableNotes(result.slos)) notes.push_back(std::move(note));
    slos += result.slos.size();
    exclusions += result.exclusions.size();
    read.insert(read.end(), result.slos.begin(), result.slos.end());
  }
};

constexpr size_t kFileBytesMax = 4 << 20;

// A document with `apiVersion` or `version` is an SLO file of some dialect; without, it is a
// config.
bool IsSpec(std::string_view text, const std::string& file) {
  base::YamlErrors ignored(file);
  for (const base::YamlNode& document : base::ParseYaml(text, ignored)) {
    if (!document.IsMap()) continue;
    return document.Optional("apiVersion").IsPresent() ||
           document.Optional("version").IsPresent() || document.Optional("kind").IsPresent();
  }
  return false;
}

void CheckConfig(const std::string& file, Findings& findings) {
  const ConfigResult config = ReadConfigFile(file);
  findings.Add(config.errors, config.warnings);
  const rules::SpecFileResult slos =
      rules::ReadSpecFiles(config.config.slos, config.config.base_directory);
  findings.Add(slos);
  findings.Add({}, RetentionWarnings(slos.slos, config.config.retention));
}

// What only a server knows that sees the metrics.
void AskServer(const ApiOptions& api, Findings& findings) {
  const auto answer = GetFromApi(api, "/api/slo/v1/slos");
  const auto warnings = answer.ok() ? InterpolationWarnings(findings.read, *answer)
                                    : absl::StatusOr<std::vector<std::string>>(answer.status());
  if (warnings.ok()) {
    findings.Add({}, *warnings);
  } else {
    findings.Add({std::string(base::Message(warnings.status()))}, {});
  }
}

// "1 file", "2 files"
std::string Counted(size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

int Check(const CheckOptions& options) {
  Findings findings;
  std::vector<std::string> spec_files;
  for (const std::string& file : options.files) {
    const auto text = base::ReadFile(file, kFileBytesMax);
    if (!text.ok()) {
      findings.errors.push_back(
          fmt::format("{}; name a file that can be read", base::Message(text.status())));
    } else if (IsSpec(*text, file)) {
      spec_files.push_back(file);
    } else {
      CheckConfig(file, findings);
    }
  }
  // Together, so that an id in two files is found.
  findings.Add(rules::ReadSpecFiles(spec_files, "."));
  if (options.live) AskServer(options.api, findings);
  if (options.output == "json") {
    fmt::print(
        "{}\n",
        boost::json::serialize(boost::json::object{
            {"errors", boost::json::array(findings.errors.begin(), findings.errors.end())},
            {"warnings", boost::json::array(findings.warnings.begin(), findings.warnings.end())},
            {"notes", boost::json::array(findings.notes.begin(), findings.notes.end())},
            {"slos", findings.slos},
            {"exclusions", findings.exclusions}}));
  } else {
    for (const std::string& line : findings.errors) fmt::print(stderr, "{}\n", line);
    for (const std::string& line : findings.warnings) fmt::print(stderr, "{} (warning)\n", line);
    for (const std::string& line : findings.notes) fmt::print("{} (note)\n", line);
    if (findings.errors.empty()) {
      std::string counted =
          Counted(options.files.size(), "file") + ", " + Counted(findings.slos, "SLO");
      if (findings.exclusions > 0) counted += ", " + Counted(findings.exclusions, "exclusion");
      fmt::print("{}: {}\n", counted, Counted(findings.warnings.size(), "warning"));
    }
  }
  if (!findings.errors.empty()) return 1;
  return findings.warnings.empty() ? 0 : 2;
}

}  // namespace

void AddCheckCommand(CLI::App& root, const RunCommand& run) {
  CLI::App* command =
      root.add_subcommand("check", "read configs and SLO files and say what is wrong with them");
  const auto options =
      std::make_shared<CheckOptions>();  // Shared with the callback, which outlives this function.
  command->add_option("files", options->files, "configs and SLO files, in any mixture")->required();
  AddOutputOption(*command, options->output);
  command->add_flag("--live", options->live,
                    "ask a running server too: is `max` of a histogram one of its bounds?");
  AddApiOptions(*command, options->api);
  command->footer(
      "A config is checked with the SLO files it names. Exit code 0 fine, 1 errors, 2 warnings "
      "only;\nnotes say what a named alert policy leaves out, and are neither.\n"
      "Example:\n  slowburn check slowburn.yaml slos/*.yaml");
  command->callback([run, options] { run([options] { return Check(*options); }); });
}

}  // namespace slowburn::app
