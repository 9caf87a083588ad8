#include "app/config.h"

#include <algorithm>
#include <cstdlib>

#include "base/files.h"
#include "base/status.h"
#include "base/yaml_reader.h"
#include "net/cors_policy.h"

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

// A path relative to the config's folder; keeps `into` when the node is absent or wrong.
void ReadPath(const YamlNode& node, const Config& config, std::filesystem::path& into) {
  if (const auto text = node.String()) into = config.base_directory / *text;
}

void ReadTls(const YamlNode& node, Config& config) {
  if (!node.IsPresent()) return;
  node.AllowKeys({"cert", "key", "client_ca", "client_auth"});
  TlsConfig tls;
  ReadPath(node.Required("cert"), config, tls.certificate);
  ReadPath(node.Required("key"), config, tls.key);
  ReadPath(node.Optional("client_ca"), config, tls.client_ca);
  const YamlNode client_auth = node.Optional("client_auth");
  const auto mode = client_auth.String();
  if (mode.has_value() && *mode != "required" && *mode != "optional") {
    client_auth.Error(fmt::format("client_auth is \"{}\"; write required or optional", *mode));
  } else if (mode.has_value() && tls.client_ca.empty()) {
    client_auth.Error(
        "client_auth needs client_ca; name the authority of the clients' certificates");
  }
  tls.client_required = mode != "optional";
  config.tls = std::move(tls);
}

void ReadCors(const YamlNode& cors, Config& config) {
  if (!cors.IsPresent()) return;
  cors.AllowKeys({"origins"});
  for (const YamlNode& item : cors.Required("origins").Items()) {
    const auto origin = item.String();
    if (!origin.has_value()) continue;
    if (const absl::Status valid = net::ValidateCorsOrigin(*origin); !valid.ok()) {
      item.Error(std::string(base::Message(valid)));
    }
    config.cors_origins.push_back(*origin);
  }
}

// What keeps strangers out: an encrypted connection, and a caller who is known.
bool IsLocked(const Config& config) {
  if (!config.tls.has_value()) return false;
  return !config.access_file.empty() ||
         (!config.tls->client_ca.empty() && config.tls->client_required);
}

void CheckOpenness(const YamlNode& root, const Config& config) {
  const YamlNode listen = root.Optional("listen");
  const bool any_origin = std::ranges::find(config.cors_origins, "*") != config.cors_origins.end();
  if (any_origin && !config.access_file.empty()) {
    listen.Error(
        "cors origin \"*\" lets every web page send with its visitors' logins; name the "
        "origins, like https://shop.example.org");
  }
  if (config.insecure || IsLocked(config)) return;
  for (const net::HostPort* address : {&config.http, &config.otlp_grpc, &config.otlp_http}) {
    if (address->IsLoopback()) continue;
    listen.Error(fmt::format(
        "{} is open to the network without {}; write listen.tls: {{cert, key}} and auth: {{file}}, "
        "or 127.0.0.1:{}, or insecure: true if the network is trusted",
        address->Text(), config.tls.has_value() ? "logins" : "TLS", address->port));
  }
}

void ReadListen(const YamlNode& listen, Config& config) {
  if (!listen.IsPresent()) return;
  listen.AllowKeys({"http", "otlp_grpc", "otlp_http", "insecure", "tls", "cors"});
  ReadAddress(listen.Optional("http"), config.http);
  ReadAddress(listen.Optional("otlp_grpc"), config.otlp_grpc);
  ReadAddress(listen.Optional("otlp_http"), config.otlp_http);
  config.insecure = listen.Optional("insecure").Bool().value_or(config.insecure);
  ReadTls(listen.Optional("tls"), config);
  ReadCors(listen.Optional("cors"), config);
}

void ReadAuth(const YamlNode& auth, Config& config) {
  if (!auth.IsPresent()) return;
  auth.AllowKeys({"file"});
  ReadPath(auth.Required("file"), config, config.access_file);
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

void ReadBackup(const YamlNode& backup, Config& config) {
  if (!backup.IsPresent()) return;
  backup.AllowKeys({"directory", "keep", "bytes_per_second"});
  ReadPath(backup.Required("directory"), config, config.backup_directory);
  if (const auto keep = backup.Optional("keep").Integer(1, 10'000)) {
    config.backups_kept = static_cast<uint32_t>(*keep);
  }
  ReadBytes(backup.Optional("bytes_per_second"), 1 << 20, uint64_t{1} << 40,
            config.backup_bytes_per_second);
}

void ReadCount(const YamlNode& node, int64_t min, int64_t max, uint64_t& into) {
  if (const auto value = node.Integer(min, max)) into = static_cast<uint64_t>(*value);
}

// Shares of the whole, so that one number in the config is enough.
void ScaleToMemory(Config::Limits& limits) {
  const uint64_t memory = limits.memory_bytes;
  limits.in_flight_bytes = std::min(limits.in_flight_bytes, memory / 4);
  limits.request_bytes = std::min(limits.request_bytes, memory / 32);
  limits.commit_queue_bytes = std::min(limits.commit_queue_bytes, memory / 8);
  limits.dedup_bytes = std::min(limits.dedup_bytes, memory / 8);
  limits.latency_bytes = std::min(limits.latency_bytes, memory / 8);
  limits.forward_queue_bytes = std::min(limits.forward_queue_bytes, memory / 32);
  limits.streams = std::min(limits.streams, memory / 2048);
  limits.metric_series = std::min(limits.metric_series, memory / 8192);
  limits.series = std::min(limits.series, memory / 4096);
  limits.label_bytes = std::min(limits.label_bytes, memory / 8);
  limits.query_memory_bytes = std::min(limits.query_memory_bytes, memory / 8);
  // An idle one takes 4 to 20 KiB, with TLS 70 more, of each of three listeners.
  limits.connections = std::min(limits.connections, memory / (256 << 10));
}

// A request is charged for itself and, while it is decoded, for up to three times as much again.
constexpr uint64_t kInFlightPerRequest = 4;

void ReadLimits(const YamlNode& node, Config& config) {
  if (!node.IsPresent()) return;
  node.AllowKeys({"memory_bytes",
                  "in_flight_bytes",
                  "request_bytes",
                  "compression_ratio",
                  "commit_queue_bytes",
                  "dedup_bytes",
                  "latency_bytes",
                  "forward_queue_bytes",
                  "groups_per_sli",
                  "alerts",
                  "streams",
                  "metric_series",
                  "series",
                  "label_bytes",
                  "disk_reserve_bytes",
                  "series_disk_bytes",
                  "query_memory_bytes",
                  "query_samples",
                  "query_timeout",
                  "connections",
                  "requests_in_flight",
                  "connections_per_address",
                  "header_timeout",
                  "body_timeout",
                  "idle_timeout",
                  "write_timeout"});
  Config::Limits& limits = config.limits;
  constexpr uint64_t kMiB = 1 << 20;
  constexpr uint64_t kBytesMax = uint64_t{1} << 40;
  ReadBytes(node.Optional("memory_bytes"), 128 * kMiB, kBytesMax, limits.memory_bytes);
  ScaleToMemory(limits);
  ReadBytes(node.Optional("in_flight_bytes"), kMiB, kBytesMax, limits.in_flight_bytes);
  ReadBytes(node.Optional("request_bytes"), 1 << 10, 1 << 30, limits.request_bytes);
  ReadCount(node.Optional("compression_ratio"), 10, 1'000'000, limits.compression_ratio);
  ReadBytes(node.Optional("commit_queue_bytes"), kMiB, kBytesMax, limits.commit_queue_bytes);
  ReadBytes(node.Optional("dedup_bytes"), kMiB, kBytesMax, limits.dedup_bytes);
  ReadBytes(node.Optional("latency_bytes"), kMiB, kBytesMax, limits.latency_bytes);
  ReadBytes(node.Optional("forward_queue_bytes"), kMiB, kBytesMax, limits.forward_queue_bytes);
  ReadCount(node.Optional("groups_per_sli"), 1, 1'000'000, limits.groups_per_sli);
  ReadCount(node.Optional("alerts"), 100, 1'000'000, limits.alerts);
  ReadCount(node.Optional("streams"), 0, 100'000'000, limits.streams);
  ReadCount(node.Optional("metric_series"), 0, 100'000'000, limits.metric_series);
  ReadCount(node.Optional("series"), 0, 100'000'000, limits.series);
  ReadBytes(node.Optional("label_bytes"), kMiB, kBytesMax, limits.label_bytes);
  ReadBytes(node.Optional("disk_reserve_bytes"), 0, kBytesMax, limits.disk_reserve_bytes);
  ReadBytes(node.Optional("series_disk_bytes"), 64 * kMiB, kBytesMax << 10,
            limits.series_disk_bytes);
  ReadBytes(node.Optional("query_memory_bytes"), kMiB, kBytesMax, limits.query_memory_bytes);
  ReadCount(node.Optional("query_samples"), 1000, int64_t{1} << 50, limits.query_samples);
  ReadCount(node.Optional("connections"), 1, 1'000'000, limits.connections);
  ReadCount(node.Optional("connections_per_address"), 1, 1'000'000, limits.connections_per_address);
  ReadCount(node.Optional("requests_in_flight"), 1, 1'000'000, limits.requests_in_flight);
  const std::chrono::seconds second(1);
  const std::chrono::hours hour(1);
  ReadDuration(node.Optional("header_timeout"), second, hour, limits.header_timeout);
  ReadDuration(node.Optional("body_timeout"), second, hour, limits.body_timeout);
  ReadDuration(node.Optional("idle_timeout"), second, hour, limits.idle_timeout);
  ReadDuration(node.Optional("write_timeout"), second, hour, limits.write_timeout);
  ReadDuration(node.Optional("query_timeout"), second, hour, limits.query_timeout);
  if (limits.request_bytes * kInFlightPerRequest > limits.in_flight_bytes) {
    node.Error(
        fmt::format("in_flight_bytes ({}) must be at least {} times request_bytes ({}), for a "
                    "request and what it decodes to; lower request_bytes or raise memory_bytes",
                    limits.in_flight_bytes, kInFlightPerRequest, limits.request_bytes));
  }
  if (limits.in_flight_bytes > limits.memory_bytes / 2) {
    node.Error(fmt::format("in_flight_bytes ({}) must be at most half of memory_bytes ({})",
                           limits.in_flight_bytes, limits.memory_bytes));
  }
}

// The ledger and metrics know a downstream by its name.
void CheckName(const YamlNode& node, const std::string& name, const Config& config) {
  if (std::ranges::count(config.otlp, name, &OtlpForwardConfig::name) > 0 ||
      std::ranges::count(config.prometheus, name, &PrometheusForwardConfig::name) > 0) {
    node.Error(fmt::format("two downstreams are called \"{}\"; rename one", name));
  }
}

void ReadOtlpForward(const YamlNode& node, Config& config) {
  node.AllowKeys({"name", "endpoint", "protocol", "signals"});
  OtlpForwardConfig forward;
  forward.name = node.Required("name").String().value_or("");
  CheckName(node, forward.name, config);
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
  for (const YamlNode& item : node.Required("signals").Items()) {
    const auto name = item.String();
    if (!name.has_value()) continue;
    const auto* signal = std::ranges::find(model::kSignals, *name, model::SignalName);
    if (signal == model::kSignals.end()) {
      item.Error(fmt::format("there is no signal \"{}\"; write traces, metrics or logs", *name));
    } else {
      forward.signals.insert(*signal);
    }
  }
  config.otlp.push_back(std::move(forward));
}

void ReadRemoteWriteProtocol(const YamlNode& node, forward::RemoteWriteProtocol& into) {
  const auto message = node.String();
  if (message == "io.prometheus.write.v2.Request") {
    into = forward::RemoteWriteProtocol::kV2;
  } else if (message.has_value() && *message != "prometheus.WriteRequest") {
    node.Error(
        fmt::format("protobuf_message is \"{}\"; write prometheus.WriteRequest (1.0) or "
                    "io.prometheus.write.v2.Request (2.0)",
                    *message));
  }
}

void ReadClientTls(const YamlNode& node, const Config& config, net::TlsClientOptions& into) {
  if (!node.IsPresent()) return;
  node.AllowKeys({"ca", "cert", "key"});
  ReadPath(node.Optional("ca"), config, into.ca);
  ReadPath(node.Optional("cert"), config, into.certificate);
  ReadPath(node.Optional("key"), config, into.key);
  if (into.certificate.empty() != into.key.empty())
    node.Error("tls has one of cert and key; write both, or none");
}

// Those that the sender writes itself are its own.
void ReadHeaders(const YamlNode& node, std::vector<net::HttpHeader>& into) {
  if (!node.IsPresent()) return;
  constexpr std::string_view kOwn[] = {"content-encoding",
                                       "content-length",
                                       "content-type",
                                       "host",
                                       "transfer-encoding",
                                       "user-agent",
                                       "x-prometheus-remote-write-version"};
  for (auto& [name, value] : node.StringMap()) {
    std::string lower = name;
    for (char& letter : lower)
      letter = letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter;
    const bool is_name = !name.empty() && name.find_first_not_of(
                                              "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
                                              "WXYZ0123456789-_") == std::string::npos;
    const bool is_value = std::ranges::none_of(
        value, [](char letter) { return static_cast<unsigned char>(letter) < ' '; });
    if (std::ranges::count(kOwn, lower) > 0) {
      node.Error(fmt::format("the header {} is written by slowburn itself; remove it", name));
    } else if (!is_name || !is_value) {
      node.Error(
          fmt::format("\"{}\" is no header; write a name of letters, digits and -, and a "
                      "value on one line",
                      name));
    }
    into.push_back({name, std::move(value)});
  }
}

void ReadPrometheusForward(const YamlNode& node, Config& config) {
  node.AllowKeys({"url", "name", "protobuf_message", "match", "headers", "tls"});
  PrometheusForwardConfig forward;
  ReadHttpUrl(node.Required("url"), forward.url);
  if (const auto url = net::ParseUrl(forward.url); url.ok()) forward.name = url->address.Text();
  forward.name = node.Optional("name").String().value_or(forward.name);
  CheckName(node, forward.name, config);
  ReadRemoteWriteProtocol(node.Optional("protobuf_message"), forward.protocol);
  if (const YamlNode match = node.Optional("match"); match.IsPresent()) {
    for (const YamlNode& item : match.Items()) {
      const auto text = item.String();
      if (!text.has_value()) continue;
      auto selector = model::SeriesSelector::Parse(*text);
      if (selector.ok()) {
        forward.match.push_back(*std::move(selector));
      } else {
        item.Error(std::string(base::Message(selector.status())));
      }
    }
  }
  ReadHeaders(node.Optional("headers"), forward.headers);
  ReadClientTls(node.Optional("tls"), config, forward.tls);
  if (config.prometheus.size() == Config::kPrometheusMax) {
    node.Error(fmt::format("forward.prometheus has more than {} entries; remove this one",
                           Config::kPrometheusMax));
    return;
  }
  config.prometheus.push_back(std::move(forward));
}

void ReadForward(const YamlNode& forward, Config& config) {
  if (!forward.IsPresent()) return;
  forward.AllowKeys({"alertmanager", "otlp", "prometheus"});
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
  if (const YamlNode list = forward.Optional("prometheus"); list.IsPresent()) {
    for (const YamlNode& item : list.Items()) ReadPrometheusForward(item, config);
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
  root.AllowKeys({"data_dir", "listen", "auth", "slos", "commit", "retention", "max_late",
                  "external_url", "external_labels", "alerting", "limits", "forward", "backup"});
  if (const auto directory = root.Optional("data_dir").String()) config.data_dir = *directory;
  config.data_dir = config.base_directory / config.data_dir;
  ReadListen(root.Optional("listen"), config);
  ReadAuth(root.Optional("auth"), config);
  CheckOpenness(root, config);
  if (const YamlNode slos = root.Optional("slos"); slos.IsPresent()) {
    for (const YamlNode& item : slos.Items()) {
      if (const auto pattern = item.String()) config.slos.push_back(*pattern);
    }
  }
  ReadCommit(root.Optional("commit"), config);
  ReadBackup(root.Optional("backup"), config);
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

std::string ExternalUrl(const Config& config, const net::HostPort& api) {
  if (!config.external_url.empty()) return config.external_url;
  return fmt::format("{}://{}", config.tls.has_value() ? "https" : "http", api.Text());
}

ConfigResult ReadConfigText(std::string_view text, const std::filesystem::path& file,
                            EnvironmentLookup lookup) {
  ConfigResult result;
  result.config.base_directory =
      file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  base::YamlErrors errors(file.string());
  result.config.text = text;
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
