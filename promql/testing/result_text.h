// promql/testing/result_text.h: an answer as lines of text, to compare in tests.
//
// Room     promql/testing: tests only
// Uses     promql/
// Threads  pure functions
// Units    none
#pragma once

#include <string>

#include "promql/value.h"

namespace slowburn::promql::testing {

// `{a="b"} 1 _ 3`, a line for each series in its order; _ is no point, a histogram as
// {count:..., sum:...}. A range vector has 1@60000 with its times; a scalar is "3", a text itself.
std::string ResultText(const QueryResult& result);

}  // namespace slowburn::promql::testing
