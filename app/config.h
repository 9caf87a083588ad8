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
#include <string>
#include <string_view>
#include <vector>

#include "model/label_set.h"
#include "net/host_port.h"

namespace slowburn::app {

struct OtlpForwardConfig {
  std::string name;
  net::HostPort endpoint;  // OTLP/gRPC, plaintext; traces
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
  bool insecure = false;  // may bind beyond loopback

  std::vector<std::string> slos;         // patterns, relative to base_directory
  std::filesystem::path base_directory;  // of the file; "." without one

  CommitMode commit_mode = CommitMode::kDurable;
  std::chrono::milliseconds commit_interval{1000};
  std::chrono::seconds retention{400 * 24 * 3600};
  std::chrono::seconds max_late{24 * 3600};

  std::string external_url;  // empty: http:// and the address that listen.http got
  model::LabelSet external_labels;
  std::chrono::seconds resend{60};
  bool dead_man = true;  // an alert that always fires, to prove that alerts arrive

  struct Limits {
    uint64_t request_bytes = 64 << 20;
    uint64_t groups_per_sli = 1000;
    uint64_t dedup_bytes = 256 << 20;
    uint64_t commit_queue_bytes = 256 << 20;  // requests that wait for their commit
    uint64_t forward_queue_bytes = 64 << 20;  // per downstream
  } limits;

  std::vector<std::string> alertmanagers;  // base URLs
  std::vector<OtlpForwardConfig> otlp;
};

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
