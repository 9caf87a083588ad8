// An SLO file.
#include "rules/spec_file.h"
#include "tests/fuzz/fuzz_target.h"

void Fuzz(std::string_view input) {
  using namespace slowburn;
  const rules::SpecFileResult result = rules::ReadSpecText(input, "slo.yaml");
  for (const std::string& error : result.errors) {
    FUZZ_CHECK(error.starts_with("slo.yaml"));
    FUZZ_CHECK(error.find('\n') == std::string::npos);
  }
}
