#include "app/server.h"

#include <functional>
#include <random>
#include <thread>
#include <utility>

#include <fmt/ranges.h>
#include <sched.h>

#include "app/internal/at_once.h"
#include "app/slo_checks.h"
#include "app/version.h"
#include "base/duration_text.h"
#include "base/logging.h"
#include "base/status.h"
#include "collector/otlp_grpc.h"
#include "collector/otlp_http.h"
#include "collector/remote_write_http.h"
#include "rules/exclusion_text.h"
#include "rules/spec_file.h"
#include "serve/prometheus_api.h"
#include "serve/routes.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace slowburn::app {
namespace {

using base::LogLevel;
using std::chrono::seconds;

constexpr seconds kDrain{10};
constexpr seconds kForwardDrain{5};
// How often memory is looked at; certificates and credentials each kLooksPerReload-th time, the
// store each kLooksPerStoreLook-th.
constexpr std::chrono::milliseconds kLookInterval{100};
constexpr int kLooksPerReload = 50;
constexpr int kLooksPerStoreLook = 10;

ServerError Error(ExitCode code, const absl::Status& status) {
  return {code, {std::string(base::Message(status))}};
}

ExitCode CodeOfStore(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kFailedPrecondition:
      return ExitCode::kDataDirectoryInUse;
    case absl::StatusCode::kPermissionDenied:
      return ExitCode::kNotWritable;
    case absl::StatusCode::kDataLoss:
      return ExitCode::kStoreCorrupt;
    default:
      return ExitCode::kDiskFailed;
  }
}

ExitCode CodeOfListen(const absl::Status& status) {
  return absl::IsUnavailable(status) ? ExitCode::kPortInUse : ExitCode::kBadInput;
}

// Decoding is the work of these threads; the commit loop and RocksDB have their own. One for each
// core that this process may run on, which can be fewer than the machine has.
int ServerThreads() {
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof cores, &cores) == 0) return std::max(1, CPU_COUNT(&cores));
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

prometheus::Gauge& AddGauge(prometheus::Registry& registry, const char* name, const char* help,
                            const prometheus::Labels& labels = {}) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add(labels);
}

Core::Options CoreOptions(const Config& config) {
  Core::Options options;
  options.engine.external_url = ExternalUrl(config, config.http);
  options.engine.counting.max_late = config.max_late;
  options.engine.counting.groups_per_sli_max = static_cast<uint32_t>(config.limits.groups_per_sli);
  options.dedup_bytes_max = config.limits.dedup_bytes;
  options.latencies.memory_bytes_max = config.limits.latency_bytes;
  options.retention = config.retention;
  options.series.retention = config.retention;
  options.series.retention_bytes = config.limits.series_disk_bytes;
  options.series.series_max = config.limits.series;
  options.series.label_bytes_max = config.limits.label_bytes;
  options.dead_man = config.dead_man;
  options.alerts.resend = config.resend;
  options.alerts.alerts_max = config.limits.alerts;
  options.count_pasts = true;
  options.streams.streams_max = config.limits.streams;
  options.engine.metric_series_max = config.limits.metric_series;
  for (const OtlpForwardConfig& forward : config.otlp) {
    options.downstreams.push_back({forward.name, forward.signals});
  }
  return options;
}

serve::PrometheusOptions PrometheusOptionsOf(const Config& config) {
  serve::PrometheusOptions options;
  options.engine.timeout = config.limits.query_timeout;
  options.engine.read.samples = config.limits.query_samples;
  options.engine.memory_bytes_max = config.limits.query_memory_bytes;
  options.config_yaml = config.text;
  options.retention = base::FormatDuration(config.retention);
  for (const std::string& url : config.alertmanagers)
    options.alertmanagers.push_back(url + "/api/v2/alerts");
  options.external_labels = config.external_labels;
  return options;
}

storage::RocksdbOptions StoreOptions(const Config& config) {
  storage::RocksdbOptions options{.directory = config.data_dir,
                                  .reserve_bytes = config.limits.disk_reserve_bytes};
  const uint64_t share = config.limits.memory_bytes / 32;
  options.block_cache_bytes = std::min<uint64_t>(options.block_cache_bytes, share);
  options.write_buffer_bytes = std::min<uint64_t>(options.write_buffer_bytes, share);
  return options;
}

collector::ReceiveLimits LimitsOfRequests(const Config::Limits& limits) {
  collector::ReceiveLimits of_requests{.request_bytes_max = limits.request_bytes,
                                       .compression_ratio_max = limits.compression_ratio};
  // Each of four threads has five such buffers.
  of_requests.buffer_bytes_kept =
      std::min<uint64_t>(of_requests.buffer_bytes_kept, limits.memory_bytes / 256);
  return of_requests;
}

}  // namespace

Server::Server(Config config, const base::Clock& clock)
    : config_(std::move(config)),
      clock_(clock),
      started_(clock.Now()),
      in_flight_(config_.limits.in_flight_bytes),
      memory_guard_(config_.limits.memory_bytes, ResidentBytes, registry_),
      reload_ok_(AddGauge(registry_, "slowburn_app_config_last_reload_successful",
                          "Whether the last reload of the SLO files was taken.")),
      reload_time_(AddGauge(registry_, "slowburn_app_config_last_reload_success_timestamp_seconds",
                            "When SLO files were last taken.")),
      in_flight_bytes_(AddGauge(registry_, "slowburn_app_in_flight_bytes",
                                "What requests hold of limits.in_flight_bytes.")),
      otlp_series_metrics_(registry_),
      storage_metrics_(registry_),
      certificate_expiry_(AddGauge(registry_, "slowburn_app_certificate_expiry_timestamp_seconds",
                                   "When the listeners' certificate ends; 0 without TLS.")) {
  AddGauge(registry_, "slowburn_build_info", "The version that runs.", {{"version", kVersion}})
      .Set(1);
}

Server::~Server() { Stop(); }

absl::StatusOr<Server::Specs> Server::ReadSpecs(std::vector<std::string>& errors) {
  rules::SpecFileResult read = rules::ReadSpecFiles(config_.slos, config_.base_directory);
  for (std::string& warning : RetentionWarnings(read.slos, config_.retention))
    read.warnings.push_back(std::move(warning));
  for (const std::string& warning : read.warnings)
    base::Log(LogLevel::kWarning, "SLO file", {{"warning", warning}});
  errors = std::move(read.errors);
  if (!errors.empty()) return base::InvalidArgument("{}", fmt::join(errors, "\n"));
  return Specs{std::make_shared<const slo::SloSet>(std::move(read.slos)),
               std::make_shared<const slo::ExclusionSet>(std::move(read.exclusions))};
}

std::optional<ServerError> Server::Start(const Prepare& prepare) {
  std::vector<std::string> errors;
  const absl::StatusOr<Specs> specs = ReadSpecs(errors);
  if (!specs.ok()) return ServerError{ExitCode::kBadInput, std::move(errors)};
  std::optional<ServerError> error = LoadLocks();
  if (!error.has_value()) error = OpenStore();
  if (!error.has_value()) {
    MakeForwarders();
    error = Recover(*specs, prepare);
  }
  if (!error.has_value()) error = Listen();
  if (error.has_value()) {
    Stop();
    return error;
  }
  ready_ = true;
  base::Log(LogLevel::kInfo, "slowburn is ready",
            {{"version", kVersion},
             {"data_dir", config_.data_dir.string()},
             {"slos", specs->slos->size()}});
  return std::nullopt;
}

std::optional<ServerError> Server::LoadLocks() {
  if (config_.tls.has_value()) {
    net::TlsServerContext::Options options{.certificate = config_.tls->certificate,
                                           .key = config_.tls->key,
                                           .client_ca = config_.tls->client_ca,
                                           .client_required = config_.tls->client_required};
    for (const auto& [context, protocol] :
         {std::pair{&tls_http_, "http/1.1"}, std::pair{&tls_grpc_, "h2"}}) {
      options.protocol = protocol;
      auto loaded = net::TlsServerContext::Load(options);
      if (!loaded.ok()) return Error(ExitCode::kBadInput, loaded.status());
      *context = *std::move(loaded);
    }
    certificate_expiry_.Set(static_cast<double>(tls_http_->not_after().time_since_epoch().count()));
  }
  if (!config_.access_file.empty()) {
    auto access = net::AccessFile::Load(config_.access_file, clock_, registry_);
    if (!access.ok()) return Error(ExitCode::kBadInput, access.status());
    access_ = *std::move(access);
  }
  return std::nullopt;
}

void Server::ReloadLocks() {
  const auto note = [](std::string_view what, const absl::StatusOr<bool>& reloaded) {
    if (!reloaded.ok()) {
      base::Log(LogLevel::kError, "changed files are not taken, the old ones stay",
                {{"what", what}, {"error", base::Message(reloaded.status())}});
    } else if (*reloaded) {
      base::Log(LogLevel::kInfo, "changed files are in force", {{"what", what}});
    }
  };
  if (tls_http_ != nullptr) {
    note("tls of otlp_grpc", tls_grpc_->ReloadIfChanged());
    note("tls of http", tls_http_->ReloadIfChanged());
    certificate_expiry_.Set(static_cast<double>(tls_http_->not_after().time_since_epoch().count()));
  }
  if (access_ != nullptr) note("credentials", access_->ReloadIfChanged());
}

void Server::LookAround() {
  memory_guard_.Look();
  in_flight_bytes_.Set(static_cast<double>(in_flight_.used()));
  otlp_series_metrics_.Set(pipeline_->otlp_series().counts());
  if (++looks_ % kLooksPerReload == 0) ReloadLocks();
  if (looks_ % kLooksPerStoreLook == 0) storage_metrics_.Show(store_->condition());
}

std::optional<ServerError> Server::OpenStore() {
  auto store = storage::OpenRocksdbStore(StoreOptions(config_));
  if (!store.ok()) return Error(CodeOfStore(store.status()), store.status());
  store_ = *std::move(store);
  storage_metrics_.Show(store_->condition());
  backups_ = std::make_unique<BackupKeeper>(
      BackupKeeper::Options{config_.backup_directory, config_.backups_kept,
                            config_.backup_bytes_per_second},
      *store_, clock_, registry_);
  core_ = std::make_unique<Core>(CoreOptions(config_), *store_);
  return std::nullopt;
}

void Server::MakeForwarders() {
  if (!config_.alertmanagers.empty()) {
    forward::AlertmanagerForwarder::Options options;
    options.urls = config_.alertmanagers;
    options.message = {ExternalUrl(config_, config_.http), config_.external_labels, config_.resend};
    alertmanagers_ =
        std::make_unique<forward::AlertmanagerForwarder>(std::move(options), clock_, registry_);
  }
  for (const OtlpForwardConfig& forward : config_.otlp) {
    forward::OtlpExporter::Options options;
    options.name = forward.name;
    options.endpoint = forward.endpoint.Text();
    options.signals = forward.signals;
    options.queue_bytes_max = config_.limits.forward_queue_bytes;
    options.seed = static_cast<uint64_t>(started_.time_since_epoch().count());
    exporters_.push_back(std::make_unique<forward::OtlpExporter>(std::move(options), registry_));
    exporter_list_.push_back(exporters_.back().get());
  }
  std::vector<SeriesForwarder::Endpoint> endpoints;
  for (const PrometheusForwardConfig& forward : config_.prometheus) {
    forward::PrometheusRemoteWrite::Options options;
    options.name = forward.name;
    options.url = forward.url;
    options.protocol = forward.protocol;
    options.external_labels = config_.external_labels;
    options.headers = forward.headers;
    options.tls = forward.tls;
    options.queue_bytes_max = config_.limits.forward_queue_bytes;
    options.seed = static_cast<uint64_t>(started_.time_since_epoch().count());
    endpoints.push_back(
        {std::make_unique<forward::PrometheusRemoteWrite>(std::move(options), clock_, registry_),
         forward.match});
  }
  if (!endpoints.empty())
    series_forwarder_ = std::make_unique<SeriesForwarder>(std::move(endpoints));
}

std::optional<ServerError> Server::Recover(const Specs& specs, const Prepare& prepare) {
  if (const absl::Status recovered = core_->Recover(clock_.Now()); !recovered.ok()) {
    return Error(ExitCode::kStoreCorrupt, recovered);
  }
  CommitLoop::Options options;
  options.durability = config_.commit_mode == CommitMode::kDurable ? storage::Durability::kSynced
                                                                   : storage::Durability::kBuffered;
  options.sync_interval = config_.commit_interval;
  options.queue_bytes_max = config_.limits.commit_queue_bytes;
  options.slo_series = true;
  loop_ = std::make_unique<CommitLoop>(
      options, *core_, *store_,
      CommitLoop::Downstreams{alertmanagers_.get(), exporter_list_, series_forwarder_.get()},
      clock_, registry_);
  loop_->set_on_failure([this](const absl::Status&) {
    const std::lock_guard lock(mutex_);
    ready_ = false;
    failed_ = ExitCode::kDiskFailed;
    stop_wanted_.notify_all();
  });
  pipeline_ =
      std::make_unique<Pipeline>(*loop_, clock_, [this] { return memory_guard_.overloaded(); });
  past_counter_ = std::make_unique<PastCounter>(
      PastCounter::Options(), *loop_, *core_, [this] { return pipeline_->EarlierAreDone(); },
      clock_, registry_);
  readings_ = std::make_unique<Readings>(
      *loop_, *store_, clock_,
      [this](serve::ServerReading& reading) { FillServerReading(reading); });
  rules_ = std::make_unique<serve::SloAlertRules>(*readings_);
  // The loop's thread does not run yet: this one may do its work.
  if (const absl::Status booked = loop_->BookLost(); !booked.ok())
    return Error(ExitCode::kDiskFailed, booked);
  absl::Status installed = loop_->Install(specs.slos, specs.exclusions);
  if (absl::IsInvalidArgument(installed)) return Error(ExitCode::kBadInput, installed);
  if (installed.ok() && prepare) installed = prepare(*loop_, *core_);
  if (!installed.ok()) return Error(CodeOfStore(installed), installed);
  pipeline_->Use(core_->engine().MakeMatchers());
  {
    const std::lock_guard lock(mutex_);
    config_loaded_ = clock_.Now();
  }
  reload_ok_.Set(1);
  reload_time_.Set(
      static_cast<double>(base::FloorSeconds(clock_.Now()).time_since_epoch().count()));
  loop_->Start();
  past_counter_->Start();
  return std::nullopt;
}

net::ServerOptions Server::ListenerOptions(const net::HostPort& address, std::string name) {
  const Config::Limits& limits = config_.limits;
  net::ServerOptions options;
  options.address = address;
  options.name = std::move(name);
  options.threads = ServerThreads();
  options.connections_max = limits.connections;
  options.connections_per_address_max = limits.connections_per_address;
  options.requests_max = limits.requests_in_flight;
  options.header_timeout = limits.header_timeout;
  options.body_timeout = limits.body_timeout;
  options.idle_timeout = limits.idle_timeout;
  options.write_timeout = limits.write_timeout;
  options.budget = &in_flight_;
  options.tls = tls_http_.get();
  options.access = access_.get();
  return options;
}

std::optional<ServerError> Server::Listen() {
  const collector::ReceiveLimits limits = LimitsOfRequests(config_.limits);
  net::ServerOptions api_options = ListenerOptions(config_.http, "api");
  api_options.threads = 1;
  net::RouteTable routes = serve::ApiRoutes(*readings_, *this, registry_);
  serve::PrometheusOptions prometheus = PrometheusOptionsOf(config_);
  prometheus.overloaded = [this] { return memory_guard_.short_for_queries(); };
  serve::AddPrometheusRoutes(
      routes, {.series = core_->series(), .queries = *readings_, .rules = *rules_, .clock = clock_},
      prometheus);
  routes.Add(collector::RemoteWriteRoute(limits, *pipeline_, registry_));
  routes.Add(collector::PrometheusOtlpRoute(limits, *pipeline_, registry_));
  serve::AddBackupRoutes(routes, *backups_);
  auto api = net::HttpServer::Start(std::move(api_options), std::move(routes), registry_);
  if (!api.ok()) return Error(CodeOfListen(api.status()), api.status());
  api_ = *std::move(api);
  // With port 0 the address is known only now.
  (void)loop_->Run([this] {
    core_->engine().set_external_url(ExternalUrl(config_, api_->address()));
    return absl::OkStatus();
  });
  net::ServerOptions http_options = ListenerOptions(config_.otlp_http, "otlp_http");
  http_options.cors.origins = config_.cors_origins;
  auto http = net::HttpServer::Start(
      std::move(http_options), collector::OtlpHttpRoutes(limits, *pipeline_, registry_), registry_);
  if (!http.ok()) return Error(CodeOfListen(http.status()), http.status());
  otlp_http_ = *std::move(http);
  net::ServerOptions grpc_options = ListenerOptions(config_.otlp_grpc, "otlp_grpc");
  grpc_options.tls = tls_grpc_.get();
  auto grpc = net::Http2Server::Start(
      std::move(grpc_options), collector::OtlpGrpcRoutes(limits, *pipeline_, registry_), registry_);
  if (!grpc.ok()) return Error(CodeOfListen(grpc.status()), grpc.status());
  otlp_grpc_ = *std::move(grpc);
  lookout_ = std::make_unique<base::PeriodicTask>(kLookInterval, [this] { LookAround(); });
  const std::lock_guard lock(mutex_);
  addresses_ = {api_->address().Text(), otlp_grpc_->address().Text(), otlp_http_->address().Text()};
  return std::nullopt;
}

std::string Server::ReadyLine() const {
  const std::lock_guard lock(mutex_);
  return fmt::format("slowburn ready http={} otlp_grpc={} otlp_http={}", addresses_[0],
                     addresses_[1], addresses_[2]);
}

ExitCode Server::Wait() {
  std::unique_lock lock(mutex_);
  stop_wanted_.wait(lock, [&] { return stop_requested_ || failed_.has_value(); });
  return failed_.value_or(ExitCode::kDone);
}

void Server::RequestStop() {
  const std::lock_guard lock(mutex_);
  stop_requested_ = true;
  stop_wanted_.notify_all();
}

void Server::Stop() {
  ready_ = false;
  lookout_.reset();
  if (past_counter_ != nullptr) past_counter_->Stop();
  // New requests are refused, running ones get their answers from the loop.
  std::vector<std::function<void()>> ends;
  if (otlp_http_ != nullptr) ends.emplace_back([this] { otlp_http_->Shutdown(kDrain); });
  if (otlp_grpc_ != nullptr) ends.emplace_back([this] { otlp_grpc_->Shutdown(kDrain); });
  internal::AtOnce(std::exchange(ends, {}));
  for (auto& exporter : exporters_) ends.emplace_back([&] { exporter->Shutdown(kForwardDrain); });
  if (series_forwarder_ != nullptr)
    ends.emplace_back([this] { series_forwarder_->Shutdown(kForwardDrain); });
  internal::AtOnce(std::move(ends));
  if (loop_ != nullptr)
    loop_->Stop();  // Its last act is to book what the exporters delivered and dropped.
  if (alertmanagers_ != nullptr) alertmanagers_.reset();
  if (api_ != nullptr) api_->Shutdown(seconds(1));
}

void Server::FillServerReading(serve::ServerReading& reading) const {
  reading.version = kVersion;
  reading.started = base::FloorSeconds(started_);
  reading.data_dir = config_.data_dir.string();
  reading.ready = ready_;
  if (!ready_) {
    const absl::Status health = loop_->health();
    reading.not_ready_because =
        health.ok() ? "starting or shutting down" : std::string(base::Message(health));
  }
  const Config::Limits& limits = config_.limits;
  reading.limits = {{"memory_bytes", limits.memory_bytes},
                    {"in_flight_bytes", limits.in_flight_bytes},
                    {"request_bytes", limits.request_bytes},
                    {"compression_ratio", limits.compression_ratio},
                    {"commit_queue_bytes", limits.commit_queue_bytes},
                    {"dedup_bytes", limits.dedup_bytes},
                    {"latency_bytes", limits.latency_bytes},
                    {"forward_queue_bytes", limits.forward_queue_bytes},
                    {"groups_per_sli", limits.groups_per_sli},
                    {"alerts", limits.alerts},
                    {"streams", limits.streams},
                    {"metric_series", limits.metric_series},
                    {"series", limits.series},
                    {"label_bytes", limits.label_bytes},
                    {"disk_reserve_bytes", limits.disk_reserve_bytes},
                    {"series_disk_bytes", limits.series_disk_bytes},
                    {"query_memory_bytes", limits.query_memory_bytes},
                    {"query_samples", limits.query_samples},
                    {"query_timeout_seconds", static_cast<uint64_t>(limits.query_timeout.count())},
                    {"connections", limits.connections},
                    {"connections_per_address", limits.connections_per_address},
                    {"requests_in_flight", limits.requests_in_flight}};
  const std::lock_guard lock(mutex_);
  reading.http = addresses_[0];
  reading.otlp_grpc = addresses_[1];
  reading.otlp_http = addresses_[2];
  reading.config_loaded = base::FloorSeconds(config_loaded_);
  reading.config_ok = config_error_.empty();
  reading.config_error = config_error_;
}

absl::Status Server::Reload() {
  if (!ready_) return base::Unavailable("the server is not ready; ask again once it is");
  const std::lock_guard one_at_a_time(reload_mutex_);
  std::vector<std::string> errors;
  const absl::StatusOr<Specs> specs = ReadSpecs(errors);
  absl::Status result = specs.status();
  if (specs.ok()) {
    result = loop_->Run([&] {
      SB_RETURN_IF_ERROR(loop_->Install(specs->slos, specs->exclusions));
      pipeline_->Use(core_->engine().MakeMatchers());
      return absl::OkStatus();
    });
    past_counter_->Wake();
  }
  reload_ok_.Set(result.ok() ? 1 : 0);
  const std::lock_guard lock(mutex_);
  config_error_ = std::string(base::Message(result));
  if (result.ok()) {
    config_loaded_ = clock_.Now();
    reload_time_.Set(
        static_cast<double>(base::FloorSeconds(config_loaded_).time_since_epoch().count()));
    base::Log(LogLevel::kInfo, "SLO files reloaded");
  } else {
    base::Log(LogLevel::kError, "SLO files not taken, the old ones stay",
              {{"errors", base::Message(result)}});
  }
  return result;
}

absl::StatusOr<serve::AddedExclusion> Server::AddExclusion(const std::string& document) {
  if (!ready_) return base::Unavailable("the server is not ready; ask again once it is");
  const std::string made =
      slo::MakeExclusionId(base::FloorSeconds(clock_.Now()), std::random_device()());
  SB_ASSIGN_OR_RETURN(rules::ExclusionText read, rules::ReadExclusionText(document, made));
  store::v1::ExclusionChange change;
  change.set_id(read.exclusion.id);
  change.set_document(document);
  SB_RETURN_IF_ERROR(loop_->Run([&] { return loop_->Exclude(change); }));
  base::Log(LogLevel::kInfo, "exclusion made", {{"id", read.exclusion.id}});
  return serve::AddedExclusion{std::move(read.exclusion), std::move(read.warnings)};
}

absl::Status Server::RemoveExclusion(const std::string& id) {
  if (!ready_) return base::Unavailable("the server is not ready; ask again once it is");
  store::v1::ExclusionChange change;
  change.set_id(id);
  change.set_removed(true);
  SB_RETURN_IF_ERROR(loop_->Run([&] { return loop_->Exclude(change); }));
  base::Log(LogLevel::kInfo, "exclusion removed", {{"id", id}});
  return absl::OkStatus();
}

}  // namespace slowburn::app
