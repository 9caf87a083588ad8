// serve/internal/home_page.h: the page at /: where every SLO stands, in plain HTML.
//
// Room     serve
// Uses     net/, serve/
// Threads  handlers run on server threads
// Units    percent, for people
#pragma once

#include <string>
#include <string_view>

#include "net/route_table.h"
#include "serve/internal/slo_filter.h"
#include "serve/queries.h"

namespace slowburn::serve::internal {

inline constexpr size_t kSlosOnPageMax = 1000;
inline constexpr size_t kGroupsPerSloMax = 50;
// With so few SLOs on it, the page shows their alert policies as well.
inline constexpr size_t kPoliciesOnPageMax = 5;

// No script, nothing inline, no request to anywhere else: it works offline and under a strict
// Content-Security-Policy. It reloads itself every 5 s. #service/name leads to an SLO.
std::string HomePage(const SloReading& reading, const ServerReading& server,
                     const SloFilter& filter);

// What /style.css answers.
extern const std::string_view kHomeStyle;

// GET / (with the filters of /api/slo/v1/slos) and /style.css. `queries` must outlive the table.
void AddHomeRoutes(net::RouteTable& table, const Queries& queries);

}  // namespace slowburn::serve::internal
