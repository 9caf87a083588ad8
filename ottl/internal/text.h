// ottl/internal/text.h: how conditions and their errors are written.
//
// Room     ottl, internal
// Uses     base/
// Threads  pure functions
// Units    a column counts characters (not bytes) from 1
#pragma once

#include <span>
#include <string>
#include <string_view>

#include <absl/status/status.h>

namespace slowburn::ottl::internal {

// kInvalidArgument "column 12: message", the place being a byte offset into the condition.
absl::Status ErrorAt(std::string_view condition, size_t offset, std::string_view message);

// "text" as a string literal that reads back: quoted and escaped.
std::string QuoteString(std::string_view text);

// For a message: at most 60 bytes of it, then "...".
std::string Shorten(std::string_view text);
// The same, quoted.
std::string Excerpt(std::string_view text);

// Lower-case hex, two digits a byte, without 0x.
std::string HexText(std::string_view bytes);

std::string UpperCase(std::string_view text);
std::string LowerCase(std::string_view text);

// "; did you mean span.name?" for the candidate nearest to `name`, else nothing: a third of the
// name may differ.
std::string DidYouMean(std::string_view name, std::span<const std::string_view> candidates);

}  // namespace slowburn::ottl::internal
