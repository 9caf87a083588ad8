// model/attribute_text.h: an attribute's value as text, for labels.
//
// Room     model
// Uses     model/
// Threads  pure functions
// Units    bytes
// Source   OpenTelemetry specification, "AnyValue representation for non-OTLP protocols"
#pragma once

#include <string>
#include <string_view>

namespace slowburn::model {

// `any_value` is an encoded AnyValue, as RawAttribute holds it. Text as it is (bytes that are not
// UTF-8 become U+FFFD), true and false, integers in decimal, doubles as a JSON number or NaN,
// Infinity, -Infinity; bytes in base64; arrays and maps as JSON; "" for no value. What is nested
// deeper than 32 levels, or cannot be read, is null.
std::string AttributeText(std::string_view any_value);

// A number as Prometheus writes it in le and quantile: the shortest plain decimal, "0.005", "5",
// "+Inf".
std::string PlainDecimal(double number);

}  // namespace slowburn::model
