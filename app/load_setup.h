// app/load_setup.h: from the words on the command line to everything that a run is made from.
//
// Room     app
// Uses     app/, net/host_port.h
// Threads  values
// Units    in the names; rates in items a second
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "app/load_payload.h"
#include "app/load_plan.h"
#include "app/load_run.h"
#include "app/load_sender.h"
#include "base/clock.h"

namespace slowburn::app {

// As they are written on the command line.
struct LoadArguments {
  std::string to;
  std::string endpoint;
  std::string protocol = "http";
  std::string signal = "traces";
  std::string encoding = "protobuf";
  std::string compression = "none";
  std::string rate = "10000";
  size_t items_per_request = 512;
  size_t services = 10;
  size_t cardinality = 100;
  double error_ratio = 0.01;
  std::string latency = "20,200";
  size_t attributes = 10;
  size_t connections = 4;
  size_t in_flight = 0;  // not given
  std::string duration;
  uint64_t requests = 0;  // not given
  uint64_t seed = 1;
  std::string timeout = "10s";
  std::string retry_for = "30s";
  std::string token_file;
  std::string ca;
  std::string cert;
  std::string key;
  std::string ids;
  bool fail_on_loss = false;
  std::string output = "table";
};

// Everything a run is made from.
struct LoadSetup {
  std::string url;
  LoadTarget target;
  std::vector<std::unique_ptr<LoadPayload>> payloads;
  LoadPlan::Options plan;
  LoadRun::Options run;
  size_t in_flight = 1;
};

// kInvalidArgument for what does not fit together, naming the option and what to write. Files are
// read; nothing is connected. `now` is when cumulative streams begin.
absl::StatusOr<LoadSetup> MakeLoadSetup(const LoadArguments& arguments, base::UnixNanos now);

}  // namespace slowburn::app
