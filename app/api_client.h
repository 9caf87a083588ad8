// app/api_client.h: how the commands ask a running server.
//
// Room     app
// Uses     net/, Boost.JSON, CLI11
// Threads  main thread
// Units    none
#pragma once

#include <string>

#include <CLI/CLI.hpp>
#include <absl/functional/function_ref.h>
#include <absl/status/statusor.h>
#include <boost/json.hpp>

#include "net/tls_context.h"

namespace slowburn::app {

struct ApiOptions {
  std::string server = "http://127.0.0.1:7560";
  std::string token_file;  // a bearer token; empty: none is sent
  net::TlsClientOptions tls;
};

// --server, --token-file, --ca, --cert, --key.
void AddApiOptions(CLI::App& command, ApiOptions& options);

// The JSON of the answer, or what went wrong in words for a person.
absl::StatusOr<std::string> GetFromApi(const ApiOptions& options, const std::string& path);

// The same for any method; `body` is JSON, or empty. 201 is as good as 200.
absl::StatusOr<std::string> CallApi(const ApiOptions& options, const std::string& method,
                                    const std::string& path, std::string body);

// The JSON of an answer as `print` shows it, or, with `output` json, as it came. Returns the exit
// code: 1, and why on stderr, when there is no answer or it is not what `print` reads.
int PrintAnswer(const ApiOptions& options, const std::string& output,
                const absl::StatusOr<std::string>& answer,
                absl::FunctionRef<void(const boost::json::value&)> print);

// The token in `file`, without the line end.
absl::StatusOr<std::string> ReadToken(const std::string& file);

}  // namespace slowburn::app
