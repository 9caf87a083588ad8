// bench/peer.h: a time-series database on a core of its own, as it is asked over HTTP: slowburn,
// Prometheus or VictoriaMetrics.
//
// Room     bench
// Uses     base/testing, net/, tests/kill/program.h
// Threads  one owner
// Units    nanoseconds of processor time, bytes
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/testing/temp_dir.h"
#include "net/http_client.h"
#include "tests/kill/program.h"

namespace slowburn::bench {

enum class PeerKind : uint8_t { kSlowburn, kPrometheus, kVictoriaMetrics };
inline constexpr PeerKind kPeerKinds[] = {PeerKind::kPrometheus, PeerKind::kVictoriaMetrics,
                                          PeerKind::kSlowburn};

std::string_view PeerName(PeerKind kind);
// Whether its program is on this machine.
bool IsInstalled(PeerKind kind);

class Peer {
 public:
  // Ready when it returns. Throws std::runtime_error with the reason when it does not start.
  Peer(PeerKind kind, int core);

  std::string_view name() const { return PeerName(kind_); }

  // HOST:PORT.
  std::string address() const { return url_.substr(url_.find("//") + 2); }

  // A remote write. Throws when it is not taken.
  void Write(std::string body) const;
  // Everything that was written can be read.
  void Flush() const;
  // The body of the answer; throws when it is no success. `times` is "time=..." or
  // "start=...&end=...&step=...". Nothing is answered from a cache of results.
  std::string Query(std::string_view call, std::string_view expression,
                    std::string_view times) const;

  // On a processor, of all threads: ticks of 10 ms would hide a query of 2 ms.
  uint64_t CpuNanos() const;
  uint64_t MemoryBytes(std::string_view field) const;  // "VmRSS:" now, "VmHWM:" the peak
  uint64_t DiskBytes() const;
  // What it needs on disk for what it was given, once it has compacted that as far as it does and
  // was stopped (Prometheus: a snapshot that it makes of blocks and head). The last call.
  uint64_t BytesAtRest();

 private:
  net::HttpResult Call(net::HttpCall call) const;
  void AwaitIdle() const;

  const PeerKind kind_;
  const base::TempDir directory_;
  std::string url_;
  std::optional<kill::Program> program_;
};

}  // namespace slowburn::bench
