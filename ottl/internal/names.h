// ottl/internal/names.h: every path, enum and function that a condition can name.
//
// Room     ottl, internal
// Uses     ottl/condition.h
// Threads  constants
// Units    none
// Source   OpenTelemetry Collector, contexts ottlspan, ottllog, ottlscope, ottlresource
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "ottl/condition.h"

namespace slowburn::ottl::internal {

// How a context is called: in paths "span", of one item "span", of many "spans".
struct ContextInfo {
  std::string_view prefix;
  std::string_view item;
  std::string_view items;
  std::string_view example;  // a path that is a string
};
const ContextInfo& InfoOf(Context context);

// What a path gives, where that is fixed; an attribute or a body gives anything.
enum class PathType : uint8_t { kAny, kString, kInteger, kBytes, kDuration };

struct PathInfo {
  std::string_view name;  // as people write it; of an attribute the part before [
  Path path;
  PathType type;
};

const PathInfo& InfoOf(Path path);
// nullptr when a condition of this context has no such path.
const PathInfo* FindPath(std::string_view name, Context context);
std::vector<std::string_view> PathNames(Context context);

bool IsAttribute(Path path);
bool IsOfResource(Path path);

// The enums that belong to one path, each named at its number.
struct EnumFamily {
  std::string_view prefix;  // "SPAN_KIND_"
  Path path;
  Context context;
  std::string_view example;
  std::span<const std::string_view> names;
};
std::span<const EnumFamily> EnumFamilies();
// nullptr for a path that has none.
const EnumFamily* EnumsOf(Path path);
// The family and the number of "SPAN_KIND_SERVER".
struct EnumValue {
  const EnumFamily* family;
  int64_t number;
};
std::optional<EnumValue> FindEnum(std::string_view name);
std::vector<std::string_view> EnumNames(Context context);
// "SPAN_KIND_SERVER" for span.kind and 2; empty when the number has no name there.
std::string_view EnumName(Path path, int64_t number);

std::optional<Node::Kind> FindCall(std::string_view name);
std::string_view CallName(Node::Kind kind);
// The calls and Duration.
std::span<const std::string_view> FunctionNames();

}  // namespace slowburn::ottl::internal
