// serve/internal/status_calls.h: what the program says of itself: status/*, targets, alertmanagers.
//
// Room     serve
// Uses     serve/
// Threads  pure but for what the context reads
// Units    as Prometheus' API
// Source   Prometheus 3, "HTTP API", "Status"
#pragma once

#include "serve/internal/api_context.h"

namespace slowburn::serve::internal {

absl::StatusOr<ApiAnswer> BuildInfoCall(const ApiContext&, const ApiParameters&);
absl::StatusOr<ApiAnswer> RuntimeInfoCall(const ApiContext&, const ApiParameters&);
absl::StatusOr<ApiAnswer> ConfigCall(const ApiContext&, const ApiParameters&);
// The flags of Prometheus that mean something here, with the values in force.
absl::StatusOr<ApiAnswer> FlagsCall(const ApiContext&, const ApiParameters&);
absl::StatusOr<ApiAnswer> TsdbCall(const ApiContext&, const ApiParameters&);
absl::StatusOr<ApiAnswer> WalReplayCall(const ApiContext&, const ApiParameters&);
// Nothing is scraped: no targets.
absl::StatusOr<ApiAnswer> TargetsCall(const ApiContext&, const ApiParameters&);
absl::StatusOr<ApiAnswer> TargetsMetadataCall(const ApiContext&, const ApiParameters&);
absl::StatusOr<ApiAnswer> AlertmanagersCall(const ApiContext&, const ApiParameters&);

}  // namespace slowburn::serve::internal
