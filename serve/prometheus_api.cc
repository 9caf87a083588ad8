#include "serve/prometheus_api.h"

#include <array>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "serve/internal/api_context.h"
#include "serve/internal/query_calls.h"
#include "serve/internal/query_deadline.h"
#include "serve/internal/query_pool.h"
#include "serve/internal/read_call.h"
#include "serve/internal/rule_calls.h"
#include "serve/internal/series_calls.h"
#include "serve/internal/status_calls.h"

namespace slowburn::serve {
namespace {

using internal::ApiCall;

enum class Methods : uint8_t { kGet, kPost, kGetAndPost };
// Who may take long, because it reads series, waits for its turn. The engine looks at the time
// itself; what else reads series is stopped.
enum class Runs : uint8_t { kAtOnce, kInTurn, kInTurnAndStopped };
enum class Form : uint8_t { kJson, kText };

struct Call {
  std::string_view pattern;
  Methods methods;
  Runs runs;
  ApiCall call;
  Form form = Form::kJson;
};

constexpr auto kCalls = std::to_array<Call>({
    {"/api/v1/query", Methods::kGetAndPost, Runs::kInTurn, internal::QueryCall},
    {"/api/v1/query_range", Methods::kGetAndPost, Runs::kInTurn, internal::QueryRangeCall},
    {"/api/v1/query_exemplars", Methods::kGetAndPost, Runs::kInTurnAndStopped,
     internal::QueryExemplarsCall},
    {"/api/v1/format_query", Methods::kGetAndPost, Runs::kInTurn, internal::FormatQueryCall},
    {"/api/v1/parse_query", Methods::kGetAndPost, Runs::kInTurn, internal::ParseQueryCall},
    {"/api/v1/series", Methods::kGetAndPost, Runs::kInTurnAndStopped, internal::SeriesCall},
    {"/api/v1/labels", Methods::kGetAndPost, Runs::kInTurnAndStopped, internal::LabelsCall},
    {"/api/v1/label/{name}/values", Methods::kGet, Runs::kInTurnAndStopped,
     internal::LabelValuesCall},
    {"/api/v1/metadata", Methods::kGet, Runs::kInTurn, internal::MetadataCall},
    {"/api/v1/rules", Methods::kGet, Runs::kAtOnce, internal::RulesCall},
    {"/api/v1/alerts", Methods::kGet, Runs::kAtOnce, internal::AlertsCall},
    {"/api/v1/targets", Methods::kGet, Runs::kAtOnce, internal::TargetsCall},
    {"/api/v1/targets/metadata", Methods::kGet, Runs::kAtOnce, internal::TargetsMetadataCall},
    {"/api/v1/alertmanagers", Methods::kGet, Runs::kAtOnce, internal::AlertmanagersCall},
    {"/api/v1/status/buildinfo", Methods::kGet, Runs::kAtOnce, internal::BuildInfoCall},
    {"/api/v1/status/runtimeinfo", Methods::kGet, Runs::kAtOnce, internal::RuntimeInfoCall},
    {"/api/v1/status/config", Methods::kGet, Runs::kAtOnce, internal::ConfigCall},
    {"/api/v1/status/flags", Methods::kGet, Runs::kAtOnce, internal::FlagsCall},
    {"/api/v1/status/tsdb", Methods::kGet, Runs::kInTurn, internal::TsdbCall},
    {"/api/v1/status/walreplay", Methods::kGet, Runs::kAtOnce, internal::WalReplayCall},
    {"/federate", Methods::kGet, Runs::kInTurnAndStopped, internal::FederateCall, Form::kText},
});

// What all handlers share; it ends with the last copy of the table.
class PrometheusApi {
 public:
  PrometheusApi(const PrometheusSources& sources, const PrometheusOptions& options)
      : sources_(sources),
        options_(options),
        pool_({.threads = options.query_threads, .waiting_max = options.waiting_queries_max},
              sources.clock) {}

  void Handle(const Call& call, net::HttpRequest request, net::Reply reply) {
    if (call.runs == Runs::kAtOnce) {
      const auto now = sources_.clock.Monotonic();
      std::move(reply)(Answer(call, request, {.asked = now, .stop = {}}));
      return;
    }
    if (const std::string_view why = Overloaded(); !why.empty()) {
      std::move(reply)(Respond(call, request, AskLater(why)));
      return;
    }
    // Shared, because what a std::function holds must be copyable.
    const auto kept = std::make_shared<net::HttpRequest>(std::move(request));
    auto work = [this, &call, kept](const internal::QueryPool::Turn& turn) {
      return Answer(call, *kept, turn);
    };
    if (pool_.Push(std::move(work), reply, kept->gone)) return;
    std::move(reply)(Respond(call, *kept, TooManyWait()));
  }

  void Read(net::HttpRequest request, net::StreamReply reply) {
    if (const std::string_view why = Overloaded(); !why.empty()) {
      std::move(reply)({internal::TextOf(AskLater(why))});
      return;
    }
    const auto kept = std::make_shared<net::HttpRequest>(std::move(request));
    auto work = [this, kept](const internal::QueryPool::Turn& turn) {
      return internal::ReadCall(ContextOf(turn), *kept, [this](internal::QueryPool::Job job) {
        pool_.GoOn(std::move(job));
      });
    };
    if (pool_.Push(std::move(work), reply, kept->gone)) return;
    std::move(reply)({internal::TextOf(TooManyWait())});
  }

 private:
  std::string_view Overloaded() const { return options_.overloaded ? options_.overloaded() : ""; }

  static absl::Status AskLater(std::string_view why) {
    return base::Unavailable("{}; ask again later", why);
  }

  absl::Status TooManyWait() const {
    return base::Unavailable("{} queries wait already; ask again when some of them are answered",
                             options_.waiting_queries_max);
  }

  internal::ApiContext ContextOf(const internal::QueryPool::Turn& turn) const {
    return {.sources = sources_,
            .options = options_,
            .stop = turn.stop,
            .asked = turn.asked,
            .begun = sources_.clock.Monotonic()};
  }

  static net::HttpResponse Respond(const Call& call, const net::HttpRequest& request,
                                   absl::StatusOr<internal::ApiAnswer> answer) {
    net::HttpResponse response = call.form == Form::kJson ? internal::EnvelopeOf(std::move(answer))
                                                          : internal::TextOf(std::move(answer));
    internal::CompressFor(request.Header("Accept-Encoding"), response);
    return response;
  }

  net::HttpResponse Answer(const Call& call, net::HttpRequest& request,
                           const internal::QueryPool::Turn& turn) const {
    const internal::ApiParameters parameters(request);
    return Respond(call, request,
                   call.runs == Runs::kInTurnAndStopped ? AnswerInTime(call, parameters, turn)
                                                        : call.call(ContextOf(turn), parameters));
  }

  absl::StatusOr<internal::ApiAnswer> AnswerInTime(const Call& call,
                                                   const internal::ApiParameters& parameters,
                                                   const internal::QueryPool::Turn& turn) const {
    internal::ApiContext context = ContextOf(turn);
    SB_ASSIGN_OR_RETURN(const std::chrono::milliseconds left,
                        internal::TimeLeft(context, parameters));
    const internal::QueryDeadline deadline(left, turn.stop);
    context.stop = deadline.stop();
    absl::StatusOr<internal::ApiAnswer> answer = call.call(context, parameters);
    if (absl::IsCancelled(answer.status()) && deadline.has_passed())
      return absl::DeadlineExceededError("query timed out in query execution");
    return answer;
  }

  const PrometheusSources sources_;
  const PrometheusOptions options_;
  internal::QueryPool pool_;  // Last: its threads use all of the above.
};

}  // namespace

void AddPrometheusRoutes(net::RouteTable& table, const PrometheusSources& sources,
                         const PrometheusOptions& options) {
  const auto api = std::make_shared<PrometheusApi>(sources, options);
  for (const Call& call : kCalls) {
    const net::Handler handler = [api, &call](net::HttpRequest request, net::Reply reply) {
      api->Handle(call, std::move(request), std::move(reply));
    };
    for (const char* const method : {"GET", "POST"}) {
      const Methods other = std::string_view(method) == "POST" ? Methods::kGet : Methods::kPost;
      if (call.methods == other) continue;
      net::Route route{.role = net::Role::kRead,
                       .method = method,
                       .pattern = std::string(call.pattern),
                       .handler = handler,
                       .watches_peer = call.runs != Runs::kAtOnce};
      table.Add(std::move(route));
    }
  }
  table.Add({.role = net::Role::kRead,
             .method = "POST",
             .pattern = "/api/v1/read",
             .handler = nullptr,
             .body_bytes_max = internal::kReadRequestBytesMax,
             .watches_peer = true,
             .stream_handler = [api](net::HttpRequest request, net::StreamReply reply) {
               api->Read(std::move(request), std::move(reply));
             }});
}

}  // namespace slowburn::serve
