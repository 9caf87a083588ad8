// model/attribute_slots.h: the attributes of an export that somebody reads.
//
// Room     model
// Uses     model/
// Threads  values
// Units    none
#pragma once

#include <cstdint>

#include "model/attribute_value.h"

namespace slowburn::model {

// One attribute that the projection has a slot for. A key that the wire repeats stands here again:
// the last one counts.
struct SlotValue {
  uint32_t slot = 0;
  AttributeValue value;
};

// [begin, end) of SignalBatch::attributes.
struct AttributeRange {
  uint32_t begin = 0;
  uint32_t end = 0;
};

}  // namespace slowburn::model
