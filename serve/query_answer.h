// serve/query_answer.h: the answer of a query as Prometheus' API writes it, for who asks without a
// server.
//
// Room     serve
// Uses     promql/
// Threads  pure functions
// Units    unix seconds in the text
// Source   Prometheus 3, "HTTP API", "Expression query result formats"
#pragma once

#include <string>

#include "promql/value.h"

namespace slowburn::serve {

// {"status":"success","data":{"resultType":...,"result":[...]},"warnings":[...],"infos":[...]}
std::string QueryAnswerJson(const promql::QueryResult& result);

}  // namespace slowburn::serve
