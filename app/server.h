// app/server.h: the running program: every room wired together, started and stopped in order.
//
// Room     app
// Uses     every room
// Threads  Start, Wait and Stop by one thread; Reload from any
// Units    none
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <prometheus/registry.h>

#include "app/backup_keeper.h"
#include "app/commit_loop.h"
#include "app/config.h"
#include "app/core.h"
#include "app/exit_code.h"
#include "app/internal/otlp_series_metrics.h"
#include "app/internal/storage_metrics.h"
#include "app/memory_guard.h"
#include "app/past_counter.h"
#include "app/pipeline.h"
#include "app/readings.h"
#include "base/memory_budget.h"
#include "base/periodic_task.h"
#include "net/access.h"
#include "net/http2_server.h"
#include "net/http_server.h"
#include "net/tls_context.h"
#include "serve/queries.h"
#include "serve/slo_alert_rules.h"

namespace slowburn::app {

struct ServerError {
  ExitCode code = ExitCode::kBadInput;
  std::vector<std::string> lines;  // each says what, where and what to do
};

// Order of start: certificates and credentials, SLO files, data directory, recovery, forwarders,
// commit loop, then the listeners: nothing answers before the counts are what they were. Order of
// stop: OTLP listeners (drained), commit loop, forwarders, API, store. Queries that run end with
// the API, before the series that they read.
class Server final : public serve::Commands {
 public:
  // Writes past counts before the server opens its ports: for `demo`.
  using Prepare = std::function<absl::Status(CommitLoop&, Core&)>;

  Server(Config config, const base::Clock& clock);
  ~Server() override;

  // Nothing, or why it does not run; what had been started is stopped again.
  std::optional<ServerError> Start(const Prepare& prepare = nullptr);
  // "slowburn ready http=HOST:PORT otlp_grpc=HOST:PORT otlp_http=HOST:PORT"
  std::string ReadyLine() const;
  const net::HostPort& http_address() const { return api_->address(); }
  const net::HostPort& otlp_http_address() const { return otlp_http_->address(); }

  // Blocks until RequestStop or a failed disk; returns how the program should end.
  ExitCode Wait();
  // From any thread, not from a signal handler.
  void RequestStop();
  // Drains and stops everything. Twice is harmless.
  void Stop();

  absl::Status Reload() override;
  absl::StatusOr<serve::AddedExclusion> AddExclusion(const std::string& document) override;
  absl::Status RemoveExclusion(const std::string& id) override;

 private:
  // What the SLO files say.
  struct Specs {
    std::shared_ptr<const slo::SloSet> slos;
    std::shared_ptr<const slo::ExclusionSet> exclusions;
  };
  std::optional<ServerError> LoadLocks();
  std::optional<ServerError> OpenStore();
  std::optional<ServerError> Recover(const Specs& specs, const Prepare& prepare);
  std::optional<ServerError> Listen();
  void MakeForwarders();
  absl::StatusOr<Specs> ReadSpecs(std::vector<std::string>& errors);
  net::ServerOptions ListenerOptions(const net::HostPort& address, std::string name);
  // Several times a second: memory, and whether certificates or credentials changed.
  void LookAround();
  void ReloadLocks();
  void FillServerReading(serve::ServerReading& reading) const;

  const Config config_;
  const base::Clock& clock_;
  const base::UnixNanos started_;
  prometheus::Registry registry_;
  base::MemoryBudget in_flight_;
  MemoryGuard memory_guard_;
  // Of the listeners that speak HTTP/1.1, and of the one that speaks HTTP/2. Null without TLS.
  std::unique_ptr<net::TlsServerContext> tls_http_;
  std::unique_ptr<net::TlsServerContext> tls_grpc_;
  std::unique_ptr<net::AccessFile> access_;  // null: every caller may do everything
  std::unique_ptr<storage::BackupableStore> store_;
  std::unique_ptr<BackupKeeper> backups_;
  std::unique_ptr<Core> core_;
  std::unique_ptr<forward::AlertmanagerForwarder> alertmanagers_;
  std::vector<std::unique_ptr<forward::OtlpExporter>> exporters_;
  std::vector<forward::OtlpExporter*> exporter_list_;
  std::unique_ptr<SeriesForwarder> series_forwarder_;  // null: nobody gets samples
  std::unique_ptr<CommitLoop> loop_;
  std::unique_ptr<Pipeline> pipeline_;
  std::unique_ptr<PastCounter> past_counter_;
  std::unique_ptr<Readings> readings_;
  std::unique_ptr<serve::SloAlertRules> rules_;
  std::unique_ptr<net::HttpServer> api_;
  std::unique_ptr<net::HttpServer> otlp_http_;
  std::unique_ptr<net::Http2Server> otlp_grpc_;
  std::unique_ptr<base::PeriodicTask> lookout_;
  int looks_ = 0;  // by the lookout
  prometheus::Gauge& reload_ok_;
  prometheus::Gauge& reload_time_;
  prometheus::Gauge& in_flight_bytes_;
  internal::OtlpSeriesMetrics otlp_series_metrics_;
  internal::StorageMetrics storage_metrics_;
  prometheus::Gauge& certificate_expiry_;
  std::atomic<bool> ready_{false};

  std::mutex reload_mutex_;  // one reload at a time
  mutable std::mutex mutex_;
  std::condition_variable stop_wanted_;
  bool stop_requested_ = false;
  std::optional<ExitCode> failed_;
  base::UnixNanos config_loaded_{};
  std::string config_error_;
  std::array<std::string, 3> addresses_;  // http, otlp_grpc, otlp_http, as bound
};

}  // namespace slowburn::app
