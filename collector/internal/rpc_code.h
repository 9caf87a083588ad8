// collector/internal/rpc_code.h: HTTP statuses as the codes of google.rpc and gRPC, and what they
// are counted as.
//
// Room     collector/internal
// Uses     Abseil, collector/
// Threads  pure functions
// Units    none
// Source   google/rpc/code.proto; the status table of docs/otlp.md
#pragma once

#include <absl/status/status.h>

#include "collector/ingest_sink.h"

namespace slowburn::collector {

// The codes have absl::StatusCode's numbers.
inline absl::StatusCode RpcCode(int http_status) {
  switch (http_status) {
    case 400:
    case 417:
      return absl::StatusCode::kInvalidArgument;
    case 401:
      return absl::StatusCode::kUnauthenticated;
    case 403:
      return absl::StatusCode::kPermissionDenied;
    case 404:
    case 405:
    case 415:
      return absl::StatusCode::kUnimplemented;
    case 408:
      return absl::StatusCode::kDeadlineExceeded;
    case 413:
    case 429:
    case 431:
      return absl::StatusCode::kResourceExhausted;
    case 503:
      return absl::StatusCode::kUnavailable;
    default:
      return http_status < 500 ? absl::StatusCode::kInvalidArgument : absl::StatusCode::kInternal;
  }
}

// Of an error that the listener itself answers.
inline RequestRefusal RefusalOf(int http_status) {
  switch (http_status) {
    case 401:
    case 403:
    case 429:
      return RequestRefusal::kUnauthorized;
    case 404:
    case 405:
    case 415:
      return RequestRefusal::kUnsupported;
    case 408:
      return RequestRefusal::kTooSlow;
    case 413:
    case 431:
      return RequestRefusal::kTooLarge;
    case 503:
      return RequestRefusal::kOverloaded;
    default:
      return RequestRefusal::kUndecodable;
  }
}

// Of a status that Ingest returned.
inline int HttpStatus(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
      return 400;
    case absl::StatusCode::kResourceExhausted:
      return 413;
    case absl::StatusCode::kUnavailable:
      return 503;
    default:
      return 500;
  }
}

}  // namespace slowburn::collector
