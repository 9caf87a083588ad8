// collector/testing/write_requests.h: remote writes of both versions for tests, and what is in them
// as text.
//
// Room     collector/testing
// Uses     collector/, model/, the generated classes of remote write
// Threads  one generator, one thread
// Units    unix milliseconds
#pragma once

#include <random>
#include <string>
#include <vector>

#include "model/series_batch.h"
#include "slowburn/remote_write/v1/write_request.pb.h"
#include "slowburn/remote_write/v2/request.pb.h"

namespace slowburn::collector {

namespace write1 = slowburn::remote_write::v1;
namespace write2 = slowburn::remote_write::v2;

// Every kind of sample, stale markers and numbers at their ends, series without any; labels out of
// order, twice, without a name or a value.
write1::WriteRequest RandomWrite(std::mt19937_64& random);

// As Prometheus sends it: `series` series of a few hundred bytes of labels, each with `samples`
// samples 15 s apart.
write1::WriteRequest TypicalWrite(int series, int samples, std::mt19937_64& random);

// The same series in 2.0: each label's texts are symbols, each once. Metadata are of the series
// whose name is theirs. `is_sorted`: labels are brought in order, as 2.0 asks.
write2::Request AsV2(const write1::WriteRequest& request, bool is_sorted = true);

// One line per series with all that a batch keeps of it.
std::vector<std::string> Describe(const write1::WriteRequest& request);
std::vector<std::string> Describe(const write2::Request& request);
std::vector<std::string> Describe(const model::SeriesBatch& batch);

}  // namespace slowburn::collector
