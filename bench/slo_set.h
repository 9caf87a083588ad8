// bench/slo_set.h: the SLOs that a measurement loads.
//
// Room     bench
// Uses     fmt
// Threads  pure functions
// Units    none
#pragma once

#include <string>

#include <fmt/format.h>

namespace slowburn::bench {

// Two SLOs a service (availability by http.route, latency), services bench-0, bench-1, ...; the
// traffic comes from the first five. One SLO is the availability of bench-0 alone, and so is its
// traffic.
struct SloSet {
  int slos = 1;

  int traffic_services() const { return slos == 1 ? 1 : 5; }
  std::string Applies() const {
    return slos == 1 ? "1 to each span" : "2 to each span, 10 to the traffic of 5 services";
  }
  std::string Yaml() const {
    std::string yaml;
    for (int i = 0; i < slos; ++i) {
      const std::string service = fmt::format("bench-{}", i / 2);
      const bool is_availability = i % 2 == 0;
      yaml += fmt::format(
          "---\napiVersion: slowburn/v1\nkind: SLO\nmetadata: {{name: {}}}\nspec:\n"
          "  service: {}\n  sli:\n    spans:\n"
          "      match: resource.attributes[\"service.name\"] == \"{}\" and span.kind == "
          "SPAN_KIND_SERVER\n      {}\n{}  objective: 99%\n  window: 30d\n",
          is_availability ? "availability" : "latency", service, service,
          is_availability ? "bad: span.status.code == STATUS_CODE_ERROR" : "latency: {max: 995ms}",
          is_availability ? "    group_by: [http.route]\n" : "");
    }
    return yaml;
  }
};

}  // namespace slowburn::bench
