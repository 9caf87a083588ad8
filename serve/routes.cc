#include "serve/routes.h"

#include "serve/internal/exclusion_routes.h"
#include "serve/internal/health_routes.h"
#include "serve/internal/home_page.h"
#include "serve/internal/json_error.h"
#include "serve/internal/metrics_page.h"
#include "serve/internal/slo_routes.h"
#include "serve/internal/status_routes.h"

namespace slowburn::serve {

net::RouteTable ApiRoutes(const Queries& queries, Commands& commands,
                          prometheus::Registry& registry) {
  net::RouteTable table([](const net::HttpRequest&, int status, std::string_view message) {
    return internal::ErrorResponse(status, message);
  });
  internal::AddSloRoutes(table, queries);
  internal::AddStatusRoutes(table, queries);
  internal::AddExclusionRoutes(table, queries, commands);
  internal::AddHealthRoutes(table, queries, commands);
  internal::AddMetricsRoute(table, queries, registry);
  internal::AddHomeRoutes(table, queries);
  return table;
}

}  // namespace slowburn::serve
