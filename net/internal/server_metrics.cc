#include "net/internal/server_metrics.h"

#include <fmt/format.h>

namespace slowburn::net::internal {
namespace {

// In the order of Limit.
constexpr std::array<const char*, kLimits> kLimitNames = {"requests_max", "memory",     "access",
                                                          "header_bytes", "body_bytes", "time"};

prometheus::Counter& AddCounter(prometheus::Registry& registry, const char* name, const char* help,
                                const prometheus::Labels& labels) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add(labels);
}

}  // namespace

ServerMetrics::ServerMetrics(prometheus::Registry& registry, const std::string& listener)
    : connections(prometheus::BuildGauge()
                      .Name("slowburn_net_connections")
                      .Help("Connections that are open now.")
                      .Register(registry)
                      .Add({{"listener", listener}})),
      connections_accepted(AddCounter(registry, "slowburn_net_connections_accepted_total",
                                      "Connections that were served.", {{"listener", listener}})),
      connections_refused(AddCounter(registry, "slowburn_net_connections_refused_total",
                                     "Connections closed at once: too many were open, or no file "
                                     "descriptor was left.",
                                     {{"listener", listener}})),
      connections_evicted(AddCounter(registry, "slowburn_net_connections_evicted_total",
                                     "Connections without a request closed to make room for new "
                                     "ones.",
                                     {{"listener", listener}})),
      accept_errors(AddCounter(registry, "slowburn_net_accept_errors_total",
                               "Times that the system had no connection to give, e.g. for want of "
                               "file descriptors.",
                               {{"listener", listener}})),
      handshakes_failed(AddCounter(registry, "slowburn_net_handshakes_failed_total",
                                   "Connections that ended before TLS was agreed on.",
                                   {{"listener", listener}})),
      request_bytes(AddCounter(registry, "slowburn_net_request_bytes_total",
                               "Bytes read from connections.", {{"listener", listener}})),
      handler_errors(AddCounter(registry, "slowburn_net_handler_errors_total",
                                "Requests whose handler threw or gave an impossible status.",
                                {{"listener", listener}})),
      requests_abandoned(AddCounter(registry, "slowburn_net_requests_abandoned_total",
                                    "Requests that take long whose peer went before the answer.",
                                    {{"listener", listener}})) {
  for (size_t i = 0; i < responses_.size(); ++i) {
    responses_[i] = &AddCounter(registry, "slowburn_net_requests_total",
                                "Requests answered, by class of status code.",
                                {{"listener", listener}, {"code", fmt::format("{}xx", i + 2)}});
  }
  for (size_t i = 0; i < refusals_.size(); ++i) {
    refusals_[i] = &AddCounter(registry, "slowburn_net_requests_refused_total",
                               "Requests refused before their handler, by what refused them.",
                               {{"listener", listener}, {"limit", kLimitNames[i]}});
  }
}

void ServerMetrics::CountResponse(int status) {
  responses_[static_cast<size_t>(status / 100 - 2)]->Increment();
}

}  // namespace slowburn::net::internal
