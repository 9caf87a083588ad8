// serve/internal/api_json.h: the values of Prometheus' API as JSON text.
//
// Room     serve
// Uses     model/, promql/
// Threads  pure functions
// Units    unix milliseconds in, seconds out
// Source   Prometheus 3, "HTTP API", "Expression query result formats"; Go, strconv.FormatFloat
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/label_set.h"
#include "model/native_histogram.h"
#include "promql/value.h"

namespace slowburn::serve::internal {

// Appended text, because an answer may have millions of points.
void AppendJsonString(std::string& json, std::string_view text);
void AppendJsonStrings(std::string& json, const std::vector<std::string>& texts);
// 1435781451, 1435781451.050
void AppendTimestamp(std::string& json, int64_t time_ms);
// In quotes: "0.25", "1e-07", "NaN", "+Inf".
void AppendSampleValue(std::string& json, double value);
// {"__name__":"up","job":"api"}
void AppendLabels(std::string& json, const model::LabelSet& labels);
// {"count":"3","sum":"4","buckets":[[0,"1","2","3"]]}
void AppendHistogram(std::string& json, const model::NativeHistogram& histogram);

// "0.00001": never an exponent.
std::string GoFixed(double value);
// 1e-05, 123456, 1.5e+06: as Go's %g of the shortest digits, which text formats use.
std::string GoGeneral(double value);
// 1e+00: as Go's %e.
std::string GoScientific(double value);
// 2015-07-01T20:10:51.781Z, as short as its fraction allows.
std::string GoTime(std::chrono::sys_time<std::chrono::nanoseconds> time);

struct ResultLimit {
  uint64_t series = 0;  // 0: all
  bool is_reached = false;
};
// "resultType":"vector","result":[...]; at most `limit.series` of a vector or matrix.
std::string QueryResultJson(const promql::QueryResult& result, ResultLimit& limit);

}  // namespace slowburn::serve::internal
