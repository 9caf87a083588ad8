#include "bench/server.h"

#include <fstream>
#include <stdexcept>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/files.h"
#include "bench/cpu.h"
#include "net/http_client.h"
#include "net/testing/certificates.h"

namespace slowburn::bench {
namespace {

namespace json = boost::json;

constexpr std::chrono::milliseconds kReadyTimeout{120'000};

template <typename T>
T ValueOrThrow(absl::StatusOr<T> result) {
  if (!result.ok()) throw std::runtime_error(result.status().ToString());
  return *std::move(result);
}

// The authority's certificate, PEM.
std::string MakeCertificates(const std::filesystem::path& directory) {
  const net::TestAuthority authority(directory);
  (void)authority.Issue();
  return ValueOrThrow(base::ReadFile(authority.certificate(), 1 << 20));
}

kill::Program Spawn(const std::filesystem::path& directory, const std::string& slos, int core,
                    bool tls) {
  std::ofstream(directory / "slos.yaml") << slos;
  std::ofstream(directory / "slowburn.yaml") << fmt::format(
      "data_dir: data\n"
      "listen: {{http: 127.0.0.1:0, otlp_grpc: 127.0.0.1:0, otlp_http: 127.0.0.1:0{}}}\n"
      "slos: [slos.yaml]\n"
      "commit: {{mode: durable}}\n",
      tls ? ", tls: {cert: server.pem, key: server.key}" : "");
  return ValueOrThrow(kill::Program::Spawn(
      {.arguments = {"serve", "--config", (directory / "slowburn.yaml").string()},
       .log = directory / "slowburn.log",
       .core = core}));
}

}  // namespace

Server::Server(const std::string& slos, int core, bool tls)
    : ca_(tls ? MakeCertificates(directory_.path()) : ""),
      program_(Spawn(directory_.path(), slos, core, tls)),
      addresses_(ValueOrThrow(program_.AwaitReady(kReadyTimeout))) {}

double Server::CpuSeconds() const { return ProcessCpuSeconds(program_.pid()); }

ItemLedger Server::Ledger(std::string_view signal) const {
  const auto result =
      ValueOrThrow(net::Call({.url = fmt::format("{}://{}/api/slo/v1/ledger",
                                                 ca_.empty() ? "http" : "https", addresses_.http),
                              .tls = {.ca = ca_.empty() ? "" : directory_.path() / "ca.pem"}}));
  const json::value ledger = json::parse(result.body);
  const json::object& of_signal =
      ledger.at("signals").at(json::string_view(signal.data(), signal.size())).as_object();
  ItemLedger items{.accepted = of_signal.at("accepted").to_number<uint64_t>(),
                   .duplicate = of_signal.at("duplicate").to_number<uint64_t>()};
  for (const auto& [reason, count] : of_signal.at("rejected").as_object())
    items.rejected += count.to_number<uint64_t>();
  return items;
}

}  // namespace slowburn::bench
