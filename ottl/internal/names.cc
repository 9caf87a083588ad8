#include "ottl/internal/names.h"

#include <array>

namespace slowburn::ottl::internal {
namespace {

// In the order of Path: InfoOf indexes it.
constexpr auto kPaths = std::to_array<PathInfo>({
    {"resource.attributes", Path::kResourceAttribute, PathType::kAny},
    {"scope.attributes", Path::kScopeAttribute, PathType::kAny},
    {"span.attributes", Path::kSpanAttribute, PathType::kAny},
    {"resource.dropped_attributes_count", Path::kResourceDroppedAttributesCount,
     PathType::kInteger},
    {"scope.name", Path::kScopeName, PathType::kString},
    {"scope.version", Path::kScopeVersion, PathType::kString},
    {"span.name", Path::kSpanName, PathType::kString},
    {"span.kind", Path::kSpanKind, PathType::kInteger},
    {"span.status.code", Path::kSpanStatusCode, PathType::kInteger},
    {"span.status.message", Path::kSpanStatusMessage, PathType::kString},
    {"span.trace_id", Path::kSpanTraceId, PathType::kBytes},
    {"span.span_id", Path::kSpanSpanId, PathType::kBytes},
    {"span.parent_span_id", Path::kSpanParentSpanId, PathType::kBytes},
    {"span.trace_id.string", Path::kSpanTraceIdString, PathType::kString},
    {"span.span_id.string", Path::kSpanSpanIdString, PathType::kString},
    {"span.parent_span_id.string", Path::kSpanParentSpanIdString, PathType::kString},
    {"span.trace_state", Path::kSpanTraceState, PathType::kString},
    {"span.start_time_unix_nano", Path::kSpanStartTimeUnixNano, PathType::kInteger},
    {"span.end_time_unix_nano", Path::kSpanEndTimeUnixNano, PathType::kInteger},
    {"span.duration", Path::kSpanDuration, PathType::kDuration},
    {"span.dropped_attributes_count", Path::kSpanDroppedAttributesCount, PathType::kInteger},
    {"span.dropped_events_count", Path::kSpanDroppedEventsCount, PathType::kInteger},
    {"span.dropped_links_count", Path::kSpanDroppedLinksCount, PathType::kInteger},
});

constexpr bool IsInOrderOfPath() {
  for (size_t i = 0; i < kPaths.size(); ++i) {
    if (static_cast<size_t>(kPaths[i].path) != i) return false;
  }
  return true;
}
static_assert(IsInOrderOfPath());

constexpr auto kPathNames = [] {
  std::array<std::string_view, kPaths.size()> names;
  for (size_t i = 0; i < kPaths.size(); ++i) names[i] = kPaths[i].name;
  return names;
}();

constexpr std::string_view kKindPrefix = "SPAN_KIND_";
constexpr std::string_view kStatusPrefix = "STATUS_CODE_";
constexpr size_t kKinds = 6;  // The kinds come first in kEnumNames, each family counting from 0.
constexpr auto kEnumNames = std::to_array<std::string_view>({
    "SPAN_KIND_UNSPECIFIED",
    "SPAN_KIND_INTERNAL",
    "SPAN_KIND_SERVER",
    "SPAN_KIND_CLIENT",
    "SPAN_KIND_PRODUCER",
    "SPAN_KIND_CONSUMER",
    "STATUS_CODE_UNSET",
    "STATUS_CODE_OK",
    "STATUS_CODE_ERROR",
});

constexpr auto kFunctionNames =
    std::to_array<std::string_view>({"IsMatch", "HasPrefix", "HasSuffix", "Duration"});
constexpr auto kCallKinds = std::to_array<Node::Kind>(
    {Node::Kind::kIsMatch, Node::Kind::kHasPrefix, Node::Kind::kHasSuffix});

}  // namespace

const PathInfo& InfoOf(Path path) { return kPaths[static_cast<size_t>(path)]; }

const PathInfo* FindPath(std::string_view name) {
  for (const PathInfo& info : kPaths) {
    if (info.name == name) return &info;
  }
  return nullptr;
}

std::span<const std::string_view> PathNames() { return kPathNames; }

bool IsAttribute(Path path) { return InfoOf(path).type == PathType::kAny; }

bool IsOfResource(Path path) { return InfoOf(path).name.starts_with("resource."); }

std::optional<int64_t> FindEnum(std::string_view name) {
  for (size_t i = 0; i < kEnumNames.size(); ++i) {
    if (kEnumNames[i] == name) return static_cast<int64_t>(i < kKinds ? i : i - kKinds);
  }
  return std::nullopt;
}

std::span<const std::string_view> EnumNames() { return kEnumNames; }

std::string_view EnumPrefix(Path path) {
  if (path == Path::kSpanKind) return kKindPrefix;
  if (path == Path::kSpanStatusCode) return kStatusPrefix;
  return "";
}

std::string_view EnumName(Path path, int64_t value) {
  const std::string_view prefix = EnumPrefix(path);
  if (prefix.empty()) return "";
  for (const std::string_view name : kEnumNames) {
    if (name.starts_with(prefix) && FindEnum(name) == value) return name;
  }
  return "";
}

std::optional<Node::Kind> FindCall(std::string_view name) {
  for (size_t i = 0; i < kCallKinds.size(); ++i) {
    if (kFunctionNames[i] == name) return kCallKinds[i];
  }
  return std::nullopt;
}

std::string_view CallName(Node::Kind kind) {
  for (size_t i = 0; i < kCallKinds.size(); ++i) {
    if (kCallKinds[i] == kind) return kFunctionNames[i];
  }
  return "";
}

std::span<const std::string_view> FunctionNames() { return kFunctionNames; }

}  // namespace slowburn::ottl::internal
