#include "app/config.h"

#include <cstdlib>

#include "base/files.h"
#include "base/status.h"
#include "base/yaml_reader.h"

namespace slowburn::app {
namespace {

using base::YamlNode;

constexpr size_t kFileBytesMax = 1 << 20;

// ${NAME} -> the environment's value. Line structure stays, so errors keep their lines.
std::string Expand(std::string_view text, EnvironmentLookup lookup, base::YamlErrors& errors) {
  std::string expanded;
  int line = 1;
  while (!text.empty()) {
    if (text.front() == '\n') ++line;
    if (!text.starts_with("${")) {
      expanded += text.front();
      text.remove_prefix(1);
      continue;
    }
    const size_t end = text.find('}');
    if (end == std::string_view::npos || text.substr(0, end).find('\n') != std::string_view::npos) {
      errors.AddError(line, "\"${\" without \"}\"; write ${NAME}");
      return expanded;
    }
    const std::string name(text.substr(2, end - 2));
    const std::optional<std::string> value = lookup(name);
    if (!value.has_value()) {
      errors.AddError(
          line, fmt::format("the environment has no {}; set it, or write the value here", name));
    }
    expanded += value.value_or("");
    text.remove_prefix(end + 1);
  }
  return expanded;
}

// Keeps `into` when the node is absent or wrong (the reader has noted why).
void ReadAddress(const YamlNode& node, net::HostPort& into) {
  const auto text = node.String();
  if (!text.has_value()) return;
  const auto address = net::ParseHostPort(*text);
  if (!address.ok()) {
    node.Error(std::string(base::Message(address.status())));
    return;
  }
  into = *address;
}

void ReadDuration(const YamlNode& node, std::chrono::seconds min, std::chrono::seconds max,
                  std::chrono::seconds& into) {
  const auto value = node.Duration();
  if (!value.has_value()) return;
  if (*value < min || *value > max ||
      *value % std::chrono::seconds(1) != std::chrono::nanoseconds(0)) {
    node.Error(fmt::format("{} must be whole seconds from {}s to {}s; write a duration in between",
                           node.path(), min.count(), max.count()));
    return;
  }
  into = std::chrono::duration_cast<std::chrono::seconds>(*value);
}

void ReadBytes(const YamlNode& node, uint64_t min, uint64_t max, uint64_t& into) {
  const auto value = node.Bytes();
  if (!value.has_value()) return;
  if (*value < min || *value > max) {
    node.Error(
        fmt::format("{} is {}, it must be from {} to {} bytes", node.path(), *value, min, max));
    return;
  }
  into = *value;
}

void ReadHttpUrl(const YamlNode& node, std::string& into) {
  const auto text = node.String();
  if (!text.has_value()) return;
  const auto url = net::ParseUrl(*text);
  if (!url.ok()) {
    node.Error(std::string(base::Message(url.status())));
    return;
  }
  into = *text;
  while (into.ends_with('/')) into.pop_back();
}

void ReadListen(const YamlNode& listen, Config& config) {
  if (!listen.IsPresent()) return;
  listen.AllowKeys({"http", "otlp_grpc", "otlp_http", "insecure"});
  ReadAddress(listen.Optional("http"), config.http);
  ReadAddress(listen.Optional("otlp_grpc"), config.otlp_grpc);
  ReadAddress(listen.Optional("otlp_http"), config.otlp_http);
  config.insecure = listen.Optional("insecure").Bool().value_or(config.insecure);
  if (config.insecure) return;
  for (const net::HostPort* address : {&config.http, &config.otlp_grpc, &config.otlp_http}) {
    if (address->IsLoopback()) continue;
    listen.Error(
        fmt::format("{} is open to the network, and this version has neither TLS nor logins; write "
                    "127.0.0.1:{}, or "
                    "insecure: true if the network is trusted",
                    address->Text(), address->port));
  }
}

void ReadCommit(const YamlNode& commit, Config& config) {
  if (!commit.IsPresent()) return;
  commit.AllowKeys({"mode", "interval"});
  const auto mode = commit.Required("mode").String();
  const YamlNode interval = commit.Optional("interval");
  if (mode == "interval") {
    config.commit_mode = CommitMode::kInterval;
    if (const auto value = interval.Duration()) {
      config.commit_interval = std::chrono::duration_cast<std::chrono::milliseconds>(*value);
      if (config.commit_interval < std::chrono::milliseconds(10) ||
          config.commit_interval > std::chrono::seconds(60)) {
        interval.Error("commit.interval must be from 10ms to 60s; write 1s");
      }
    }
  } else if (mode.has_value() && *mode != "durable") {
    commit.Error(fmt::format("commit.mode is \"{}\"; write durable or interval", *mode));
  } else if (interval.IsPresent()) {
    interval.Error(
        "commit.interval counts only with mode: interval; remove it, or change the mode");
  }
}

void ReadLimits(const YamlNode& limits, Config& config) {
  if (!limits.IsPresent()) return;
  limits.AllowKeys({"request_bytes", "groups_per_sli", "dedup_bytes", "commit_queue_bytes",
                    "forward_queue_bytes"});
  ReadBytes(limits.Optional("request_bytes"), 1 << 10, 1 << 30, config.limits.request_bytes);
  if (const auto groups = limits.Optional("groups_per_sli").Integer(1, 1'000'000)) {
    config.limits.groups_per_sli = static_cast<uint64_t>(*groups);
  }
  ReadBytes(limits.Optional("dedup_bytes"), 1 << 20, uint64_t{64} << 30, config.limits.dedup_bytes);
  ReadBytes(limits.Optional("commit_queue_bytes"), 1 << 20, uint64_t{64} << 30,
            config.limits.commit_queue_bytes);
  ReadBytes(limits.Optional("forward_queue_bytes"), 1 << 20, uint64_t{64} << 30,
            config.limits.forward_queue_bytes);
}

void ReadOtlpForward(const YamlNode& node, Config& config) {
  node.AllowKeys({"name", "endpoint", "protocol", "signals"});
  OtlpForwardConfig forward;
  forward.name = node.Required("name").String().value_or("");
  for (const OtlpForwardConfig& other : config.otlp) {
    if (other.name == forward.name)
      node.Error(fmt::format("two downstreams are called \"{}\"; rename one", forward.name));
  }
  std::string endpoint;
  ReadHttpUrl(node.Required("endpoint"), endpoint);
  if (const auto url = net::ParseUrl(endpoint); url.ok()) {
    forward.endpoint = url->address;
    if (url->tls)
      node.Error(
          "https endpoints are not supported by this version; write http://, in a network you "
          "trust");
  }
  const auto protocol = node.Optional("protocol").String();
  if (protocol.has_value() && *protocol != "grpc") {
    node.Error(
        fmt::format("protocol \"{}\" is not supported by this version; write grpc", *protocol));
  }
  for (const YamlNode& signal : node.Required("signals").Items()) {
    const auto name = signal.String();
    if (name.has_value() && *name != "traces") {
      signal.Error(
          fmt::format("signal \"{}\" is not supported by this version; write [traces]", *name));
    }
  }
  config.otlp.push_back(std::move(forward));
}

void ReadForward(const YamlNode& forward, Config& config) {
  if (!forward.IsPresent()) return;
  forward.AllowKeys({"alertmanager", "otlp"});
  if (const YamlNode list = forward.Optional("alertmanager"); list.IsPresent()) {
    for (const YamlNode& item : list.Items()) {
      item.AllowKeys({"url"});
      std::string url;
      ReadHttpUrl(item.Required("url"), url);
      if (url.starts_with("https:")) {
        item.Error("https is not supported by this version; write http://, in a network you trust");
      }
      config.alertmanagers.push_back(std::move(url));
    }
  }
  if (const YamlNode list = forward.Optional("otlp"); list.IsPresent()) {
    for (const YamlNode& item : list.Items()) ReadOtlpForward(item, config);
  }
}

void ReadAlerting(const YamlNode& alerting, Config& config) {
  if (!alerting.IsPresent()) return;
  alerting.AllowKeys({"resend", "dead_man"});
  ReadDuration(alerting.Optional("resend"), std::chrono::seconds(1), std::chrono::hours(1),
               config.resend);
  config.dead_man = alerting.Optional("dead_man").Bool().value_or(config.dead_man);
}

void ReadRoot(const YamlNode& root, Config& config) {
  root.AllowKeys({"data_dir", "listen", "slos", "commit", "retention", "max_late", "external_url",
                  "external_labels", "alerting", "limits", "forward"});
  if (const auto directory = root.Optional("data_dir").String()) config.data_dir = *directory;
  config.data_dir = config.base_directory / config.data_dir;
  ReadListen(root.Optional("listen"), config);
  if (const YamlNode slos = root.Optional("slos"); slos.IsPresent()) {
    for (const YamlNode& item : slos.Items()) {
      if (const auto pattern = item.String()) config.slos.push_back(*pattern);
    }
  }
  ReadCommit(root.Optional("commit"), config);
  const std::chrono::hours day(24);
  ReadDuration(root.Optional("retention"), 2 * day, 3660 * day, config.retention);
  ReadDuration(root.Optional("max_late"), std::chrono::minutes(1), 30 * day, config.max_late);
  ReadHttpUrl(root.Optional("external_url"), config.external_url);
  for (const auto& [name, value] : root.Optional("external_labels").StringMap()) {
    if (model::NormalizedLabelName(name) != name) {
      root.Optional("external_labels")
          .Error(
              fmt::format("\"{}\" is no label name; write letters, digits and underscores", name));
    }
    config.external_labels.Set(name, value);
  }
  ReadAlerting(root.Optional("alerting"), config);
  ReadLimits(root.Optional("limits"), config);
  ReadForward(root.Optional("forward"), config);
}

std::optional<std::string> Environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

}  // namespace

ConfigResult ReadConfigText(std::string_view text, const std::filesystem::path& file,
                            EnvironmentLookup lookup) {
  ConfigResult result;
  result.config.base_directory =
      file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  base::YamlErrors errors(file.string());
  const std::string expanded = Expand(text, lookup, errors);
  const std::vector<YamlNode> documents = base::ParseYaml(expanded, errors);
  if (documents.size() > 1)
    documents[1].Error("a config is one document; remove what follows \"---\"");
  if (!documents.empty() && documents.front().IsPresent()) {
    ReadRoot(documents.front(), result.config);
  } else {
    result.config.data_dir = result.config.base_directory / result.config.data_dir;
  }
  result.errors = errors.ErrorLines();
  result.warnings = errors.WarningLines();
  return result;
}

ConfigResult ReadConfigFile(const std::filesystem::path& file) {
  const auto text = base::ReadFile(file, kFileBytesMax);
  if (!text.ok()) {
    ConfigResult result;
    result.errors.push_back(
        fmt::format("{}; name another file with --config, or leave it out to run on defaults",
                    base::Message(text.status())));
    return result;
  }
  return ReadConfigText(*text, file, Environment);
}

}  // namespace slowburn::app
