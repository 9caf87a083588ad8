// ottl/internal/names.h: every path, enum and function that a condition can name.
//
// Room     ottl, internal
// Uses     ottl/condition.h
// Threads  constants
// Units    none
// Source   OpenTelemetry Collector, contexts ottlspan, ottlscope, ottlresource
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ottl/condition.h"

namespace slowburn::ottl::internal {

// What a path gives, where that is fixed; an attribute gives anything.
enum class PathType : uint8_t { kAny, kString, kInteger, kBytes, kDuration };

struct PathInfo {
  std::string_view name;  // as people write it; of an attribute the part before [
  Path path;
  PathType type;
};

const PathInfo& InfoOf(Path path);
// nullptr when there is no such path.
const PathInfo* FindPath(std::string_view name);
std::span<const std::string_view> PathNames();

bool IsAttribute(Path path);
bool IsOfResource(Path path);

std::optional<int64_t> FindEnum(std::string_view name);
std::span<const std::string_view> EnumNames();
// "SPAN_KIND_" for span.kind, "STATUS_CODE_" for span.status.code, else empty.
std::string_view EnumPrefix(Path path);
// "SPAN_KIND_SERVER" for span.kind and 2; empty when the number has no name there.
std::string_view EnumName(Path path, int64_t value);

std::optional<Node::Kind> FindCall(std::string_view name);
std::string_view CallName(Node::Kind kind);
// The calls and Duration.
std::span<const std::string_view> FunctionNames();

}  // namespace slowburn::ottl::internal
