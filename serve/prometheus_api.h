// serve/prometheus_api.h: Prometheus' HTTP API over our engine and our series.
//
// Room     serve
// Uses     base/, net/, promql/, serve/, storage/api/
// Threads  handlers run on server threads; what reads series runs on threads of its own
// Units    DESIGN section 6, "The HTTP surface"
// Source   Prometheus 3, "HTTP API"; what Grafana, promtool, KEDA and Flagger send
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/label_set.h"
#include "net/route_table.h"
#include "promql/engine.h"
#include "serve/queries.h"
#include "serve/rule_source.h"
#include "storage/api/series_reader.h"

namespace slowburn::serve {

// What the calls read. All of it must outlive the table.
struct PrometheusSources {
  const storage::SeriesReader& series;
  const Queries& queries;
  const RuleSource& rules;
  const base::Clock& clock;
};

struct PrometheusOptions {
  promql::EngineOptions engine;
  // Queries at once, and how many may wait for a turn: more are 503. Rules and SLOs are evaluated
  // elsewhere, so no dashboard delays a page.
  size_t query_threads = 2;
  size_t waiting_queries_max = 256;
  // Why no query is taken now (503); empty: they are. Asked from any thread; null: they always are.
  std::function<std::string_view()> overloaded = nullptr;
  // What does not change while the program runs: of status/config, runtimeinfo, alertmanagers and
  // federate.
  std::string config_yaml;
  std::string retention;  // "30d"
  std::vector<std::string> alertmanagers;
  model::LabelSet external_labels;
};

// /api/v1/query, query_range, query_exemplars, format_query, parse_query, series, labels,
// label/{name}/values, metadata, rules, alerts, targets, alertmanagers, status/*, read, and
// /federate.
// Answers of some size are compressed for who accepts gzip.
void AddPrometheusRoutes(net::RouteTable& table, const PrometheusSources& sources,
                         const PrometheusOptions& options);

}  // namespace slowburn::serve
