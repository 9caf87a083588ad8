// What the server's thread spends on a request, from its socket to its handler and back. Bodies of
// 235 KB are 512 spans of OTLP. The client has a thread of its own, which is not counted.
#include <atomic>
#include <ctime>
#include <string>

#include <benchmark/benchmark.h>
#include <prometheus/registry.h>

#include "net/http2_server.h"
#include "net/testing/http2_client.h"

namespace slowburn::net {
namespace {

int64_t ThreadCpuNanos() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

void BM_Http2Server_Request(benchmark::State& state) {
  std::atomic<int64_t> server_nanos{0};
  RouteTable routes([](const HttpRequest&, int status, std::string_view) {
    HttpResponse response;
    response.status = status;
    return response;
  });
  routes.Add({Role::kPublic, "POST", "/sink",
              [&server_nanos](HttpRequest, Reply reply) {
                server_nanos = ThreadCpuNanos();
                std::move(reply)(HttpResponse());
              },
              64 << 20});
  ServerOptions options;
  options.address = {"127.0.0.1", 0};
  options.name = "bench";
  prometheus::Registry registry;
  const auto server = Http2Server::Start(std::move(options), std::move(routes), registry).value();
  Http2Client client(server->address());
  const std::string body(static_cast<size_t>(state.range(0)), 'x');
  const auto outstanding = static_cast<int32_t>(state.range(1));

  const auto ask = [&](int32_t first) {
    for (int32_t i = 0; i < outstanding; ++i) {
      client.SendRequest(first + 2 * i, "POST", "/sink", {}, false);
      client.SendBody(first + 2 * i, body);
    }
    for (int32_t i = 0; i < outstanding; ++i) {
      if (client.Await(first + 2 * i).status != 200) state.SkipWithError("no answer");
    }
  };
  int32_t stream = 1;
  ask(stream);
  const int64_t begin = server_nanos;
  for (auto _ : state) ask(stream += 2 * outstanding);
  const auto requests = static_cast<double>(state.iterations() * outstanding);
  state.counters["server_cpu_us"] = static_cast<double>(server_nanos - begin) / 1e3 / requests;
  state.SetItemsProcessed(state.iterations() * outstanding);
}
BENCHMARK(BM_Http2Server_Request)
    ->ArgNames({"bytes", "outstanding"})
    ->Args({100, 1})
    ->Args({100, 32})
    ->Args({235'000, 1})
    ->Args({235'000, 8});

}  // namespace
}  // namespace slowburn::net
