// collector/testing/otlp_json_printer.h: OTLP messages as JSON, for tests.
//
// Room     collector/testing
// Uses     protobuf's reflection
// Threads  pure functions
// Units    none
// Source   OTLP specification, "JSON Protobuf Encoding"; proto3 JSON mapping
#pragma once

#include <string>
#include <string_view>

#include <google/protobuf/message.h>

#include "collector/testing/trace_requests.h"

namespace slowburn::collector {

// As SDKs write it: no white space, fields by number, zeros left out, 64-bit integers in strings.
std::string PrintOtlpJson(const google::protobuf::Message& message);

// The same data in any way that a receiver has to take: keys in another order, escaped, unknown or
// null ones between, keys twice; white space; numbers as numbers or strings, with fraction or
// exponent; names of enums; hex in capitals; both alphabets of base64; escapes in text.
std::string PrintOtlpJsonOddly(const google::protobuf::Message& message, Random& random);

// "\"text\"", with the escapes that JSON asks for.
std::string JsonQuoted(std::string_view text);

}  // namespace slowburn::collector
