// slowburn.yaml.
#include "app/config.h"
#include "tests/fuzz/fuzz_target.h"

void Fuzz(std::string_view input) {
  using namespace slowburn;
  const auto lookup = [](const std::string&) -> std::optional<std::string> { return "value"; };
  const app::ConfigResult result = app::ReadConfigText(input, "slowburn.yaml", lookup);
  for (const std::string& error : result.errors) FUZZ_CHECK(error.starts_with("slowburn.yaml"));
  if (!result.errors.empty()) return;
  // A config without errors is one that may run.
  FUZZ_CHECK(result.config.limits.request_bytes <= result.config.limits.in_flight_bytes);
  FUZZ_CHECK(result.config.limits.in_flight_bytes <= result.config.limits.memory_bytes);
  FUZZ_CHECK(result.config.insecure || result.config.tls.has_value() ||
             (result.config.http.IsLoopback() && result.config.otlp_grpc.IsLoopback() &&
              result.config.otlp_http.IsLoopback()));
}
