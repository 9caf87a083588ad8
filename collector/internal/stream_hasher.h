// collector/internal/stream_hasher.h: which timeseries a data point belongs to, in 128 bits.
//
// Room     collector/internal
// Uses     model/, collector/internal, xxHash (inside)
// Threads  pure functions
// Units    none
// Source   metrics data model, "Timeseries model"; XXH3
#pragma once

#include <string_view>

#include "collector/internal/attribute_reader.h"
#include "model/metric_batch.h"

// What is hashed is the canonical protobuf encoding: of a KeyValue both fields, key first; of an
// AnyValue the member that counts, with varints as short as they can be. That is how all writers we
// know encode them, so the bytes of the wire serve as they are; what is encoded otherwise (longer
// varints, a member twice, unknown fields) is encoded anew first. Not so inside arrays and maps:
// there another encoding, or another order of a map's keys, is another stream.
//
// The hashes of attributes are summed, so their order is of no matter; a key that is there twice
// counts twice. XXH3 is no cryptographic hash: who may send points under another's resource needs
// no collision to harm it.

namespace slowburn::collector {

// Adds one attribute to the hash of a set; the set's begins as {}. `any_value` is an encoded
// AnyValue; without a member, and without bytes, it is the same. Throws protozero::exception where
// it is none.
void AddAttribute(std::string_view key, std::string_view any_value, model::StreamHash& set);
// The same where SplitUsualKeyValue took `any_value` out of `key_value`: faster, above all for
// text.
inline void AddUsualAttribute(std::string_view key_value, std::string_view any_value,
                              model::StreamHash& set);

// Makes the streams of the last resource's points out of the hashes of their attributes, which
// MetricPoint::stream has until then. To be called when the resource and its scopes are complete:
// on the wire and in JSON they may stand behind their metrics.
void FinishStreamsOfLastResource(model::MetricBatch& batch);

namespace stream_hasher {
// `key_value` is canonical.
void AddCanonical(std::string_view key_value, model::StreamHash& set);
// It is canonical if `any_value`, its end, is.
void AddOther(std::string_view key_value, std::string_view any_value, model::StreamHash& set);
}  // namespace stream_hasher

inline void AddUsualAttribute(std::string_view key_value, std::string_view any_value,
                              model::StreamHash& set) {
  if (IsShortText(any_value)) {
    stream_hasher::AddCanonical(key_value, set);
  } else {
    stream_hasher::AddOther(key_value, any_value, set);
  }
}

}  // namespace slowburn::collector
