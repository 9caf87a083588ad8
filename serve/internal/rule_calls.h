// serve/internal/rule_calls.h: rules and alerts.
//
// Room     serve
// Uses     serve/
// Threads  pure but for what the context reads
// Units    seconds
// Source   Prometheus 3, "HTTP API", "Rules" and "Alerts"
#pragma once

#include "serve/internal/api_context.h"

namespace slowburn::serve::internal {

// type, rule_name[], rule_group[], file[], match[], exclude_alerts, group_limit, group_next_token.
absl::StatusOr<ApiAnswer> RulesCall(const ApiContext& context, const ApiParameters& parameters);
absl::StatusOr<ApiAnswer> AlertsCall(const ApiContext& context, const ApiParameters& parameters);

}  // namespace slowburn::serve::internal
