// bench/server.h: slowburn on a core of its own, with a data directory of its own.
//
// Room     bench
// Uses     base/testing, tests/kill/program.h
// Threads  one owner
// Units    none
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/testing/temp_dir.h"
#include "tests/kill/program.h"

namespace slowburn::bench {

// What the ledger says of a signal.
struct ItemLedger {
  uint64_t accepted = 0;
  uint64_t duplicate = 0;
  uint64_t rejected = 0;
};

class Server {
 public:
  // Ready when it returns, in mode durable. Throws std::runtime_error with the reason when it does
  // not start.
  // With `tls` every listener has a certificate of the authority in ca().
  Server(const std::string& slos, int core, bool tls = false);

  const kill::Program::Addresses& addresses() const { return addresses_; }
  double CpuSeconds() const;
  ItemLedger Ledger(std::string_view signal) const;  // "traces", "metrics", ...
  const std::string& ca() const { return ca_; }      // PEM; empty without TLS
  pid_t pid() const { return program_.pid(); }
  const std::filesystem::path& directory() const { return directory_.path(); }

 private:
  base::TempDir directory_;
  std::string ca_;
  kill::Program program_;
  kill::Program::Addresses addresses_;
};

}  // namespace slowburn::bench
