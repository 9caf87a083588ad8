// net/snappy_block.h: snappy's block format, opened under limits: what Prometheus' remote write and
// read send.
//
// Room     net
// Uses     base/, net/, snappy
// Threads  pure functions
// Units    bytes
// Source   snappy, format_description.txt; faults 25
//
// No content coding of net/content_coding.h: HTTP's "snappy" is the framed format for some, and
// this one for Prometheus.
#pragma once

#include <string>
#include <string_view>

#include <absl/status/status.h>

#include "base/memory_budget.h"
#include "net/content_coding.h"

namespace slowburn::net {

// Replaces `out` by the content. A block begins with how long its content is: that is held against
// the limits, and against what so many bytes can become at most (22 times), and charged to `lease`
// on top of what it holds, all before memory is taken.
//
// kInvalidArgument for bytes that are no whole block, kResourceExhausted past a limit (naming it),
// kUnavailable when the lease cannot grow; then `out` is empty and the lease holds what it held.
absl::Status DecodeSnappyBlock(std::string_view compressed, const DecodeLimits& limits,
                               base::MemoryLease& lease, std::string& out);

std::string EncodeSnappyBlock(std::string_view content);

}  // namespace slowburn::net
