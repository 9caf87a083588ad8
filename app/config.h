// app/config.h: slowburn.yaml.
//
// Room     app
// Uses     base/, net/
// Threads  values
// Units    sizes in bytes, durations in chrono; DESIGN section 7
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "forward/remote_write_message.h"
#include "model/label_set.h"
#include "model/series_selector.h"
#include "model/signal.h"
#include "net/host_port.h"
#include "net/http_message.h"
#include "net/tls_context.h"

namespace slowburn::app {

struct OtlpForwardConfig {
  std::string name;
  net::HostPort endpoint;  // OTLP/gRPC, plaintext
  std::set<model::Signal> signals;
};

// A receiver of remote writes. It gets the series of SLOs, and those that `match` selects.
struct PrometheusForwardConfig {
  std::string name;
  std::string url;
  forward::RemoteWriteProtocol protocol = forward::RemoteWriteProtocol::kV1;
  std::vector<model::SeriesSelector> match;
  std::vector<net::HttpHeader> headers;
  net::TlsClientOptions tls;
};

// Of every listener.
struct TlsConfig {
  std::filesystem::path certificate;
  std::filesystem::path key;
  std::filesystem::path client_ca;  // empty: clients need no certificate
  bool client_required = true;      // with client_ca
};

enum class CommitMode : uint8_t {
  kDurable,   // a 200 means fsynced
  kInterval,  // a 200 means written; fsynced each `interval`
};

// The defaults are a usable program: loopback, ./slowburn-data, no downstreams, no SLOs.
struct Config {
  std::filesystem::path data_dir = "slowburn-data";
  net::HostPort http{"127.0.0.1", 7560};
  net::HostPort otlp_grpc{"127.0.0.1", 4317};
  net::HostPort otlp_http{"127.0.0.1", 4318};
  bool insecure = false;  // may bind beyond loopback without TLS and logins
  std::optional<TlsConfig> tls;
  std::vector<std::string> cors_origins;  // web pages that may send to otlp_http
  std::filesystem::path access_file;      // net/access.h; empty: every caller may do everything

  std::vector<std::string> slos;         // patterns, relative to base_directory
  std::filesystem::path base_directory;  // of the file; "." without one
  std::string text;                      // as written: nothing of the environment is in it

  CommitMode commit_mode = CommitMode::kDurable;
  std::chrono::milliseconds commit_interval{1000};

  std::filesystem::path backup_directory;  // empty: the server makes no backups
  uint32_t backups_kept = 7;
  uint64_t backup_bytes_per_second = 64 << 20;

  std::chrono::seconds retention{400 * 24 * 3600};
  std::chrono::seconds max_late{24 * 3600};

  std::string external_url;  // empty: http:// and the address that listen.http got
  model::LabelSet external_labels;
  std::chrono::seconds resend{60};
  bool dead_man = true;  // an alert that always fires, to prove that alerts arrive

  // Defaults for memory_bytes = 2 GiB; with less, those in bytes shrink with it, and so do streams
  // and connections.
  struct Limits {
    uint64_t memory_bytes = uint64_t{2} << 30;  // of the whole process
    uint64_t in_flight_bytes = 512 << 20;       // requests, from their first byte to their answer
    uint64_t request_bytes = 64 << 20;          // on the wire, and decompressed
    uint64_t compression_ratio = 100;           // past the first MiB of what comes out
    uint64_t commit_queue_bytes = 256 << 20;    // requests that wait for their commit
    uint64_t dedup_bytes = 256 << 20;
    uint64_t latency_bytes = 256 << 20;       // latency histograms of the last hours
    uint64_t forward_queue_bytes = 64 << 20;  // per downstream
    uint64_t groups_per_sli = 1000;
    uint64_t alerts = 10'000;                // pending, firing and lately resolved
    uint64_t streams = 1'000'000;            // cumulative metric streams whose last point is known
    uint64_t metric_series = 200'000;        // that SLIs read, once for each use
    uint64_t series = 500'000;               // active time series
    uint64_t label_bytes = 256 << 20;        // of active time series, names and values
    uint64_t disk_reserve_bytes = 64 << 20;  // kept on the disk for when it is full; 0: nothing
    uint64_t series_disk_bytes = 0;  // of what is stored of them; 0: as `retention` says alone
    uint64_t query_memory_bytes = 256 << 20;  // of one PromQL query
    uint64_t query_samples = 1'000'000'000;   // that it reads
    std::chrono::seconds query_timeout{120};
    uint64_t connections = 4096;  // per listener
    uint64_t connections_per_address = 1024;
    uint64_t requests_in_flight = 1024;  // per listener
    std::chrono::seconds header_timeout{10};
    std::chrono::seconds body_timeout{30};
    std::chrono::seconds idle_timeout{60};
    std::chrono::seconds write_timeout{30};
  } limits;

  std::vector<std::string> alertmanagers;  // base URLs
  std::vector<OtlpForwardConfig> otlp;
  std::vector<PrometheusForwardConfig> prometheus;  // at most kPrometheusMax
  static constexpr size_t kPrometheusMax = 16;
};

// What links in alerts lead to; `api` is the address that listen.http got.
std::string ExternalUrl(const Config& config, const net::HostPort& api);

// What reading gave. With any error the config is not to be used.
struct ConfigResult {
  Config config;
  std::vector<std::string> errors;  // "slowburn.yaml:3: what; what to write instead"
  std::vector<std::string> warnings;
};

// ${NAME} is taken from the environment (`lookup`), and an unset one is an error. Paths become
// relative to the folder of `file`.
using EnvironmentLookup = std::optional<std::string> (*)(const std::string& name);
ConfigResult ReadConfigText(std::string_view text, const std::filesystem::path& file,
                            EnvironmentLookup lookup);
ConfigResult ReadConfigFile(const std::filesystem::path& file);

}  // namespace slowburn::app
