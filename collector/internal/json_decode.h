// collector/internal/json_decode.h: runs a reader over one JSON request and says how that went.
//
// Room     collector/internal
// Uses     collector/internal, model/
// Threads  as the reader given
// Units    bytes
#pragma once

#include <functional>
#include <string>

#include <absl/status/status.h>

#include "base/memory_budget.h"
#include "collector/internal/decode_cost.h"
#include "collector/internal/json_reader.h"
#include "collector/internal/json_text_reader.h"
#include "model/byte_arena.h"

namespace slowburn::collector {

// Calls `read` with a reader of `body` that makes text in `arena`, and asks that it reads all of
// it. What `read` throws becomes a status: kInvalidArgument for broken JSON, kResourceExhausted
// when it would cost more than `body` may, which includes the memory for its tokens.
absl::Status ReadJson(std::string& body, model::ByteArena& arena, base::MemoryLease* lease,
                      const std::function<void(JsonReader& reader, DecodeCost& cost)>& read);

// The same with the faster reader. False when `body` is not as that wants it, or is broken, or
// costs too much: ReadJson, which does the whole work once more, knows which. The lease holds no
// more than before then.
bool ReadUsualJson(std::string& body, model::ByteArena& arena, base::MemoryLease* lease,
                   const std::function<void(JsonTextReader& reader, DecodeCost& cost)>& read);

}  // namespace slowburn::collector
