// tests/golden/script_run.h: a script, played on the SLO engine and the alert book.
//
// Room     tests
// Uses     rules/, slo/
// Threads  one owner
// Units    engine time
#pragma once

#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "tests/golden/script.h"

namespace slowburn::golden {

// Plays the whole script. Returns a line for each clause that does not hold, "file:line: ...", in
// the order of the file: empty when all do. An error when the engine itself refuses something.
absl::StatusOr<std::vector<std::string>> RunScript(const Script& script);

}  // namespace slowburn::golden
