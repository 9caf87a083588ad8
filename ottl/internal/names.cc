#include "ottl/internal/names.h"

#include <array>
#include <utility>

namespace slowburn::ottl::internal {
namespace {

// In the order of Context: InfoOf indexes it.
constexpr auto kContexts = std::to_array<ContextInfo>({
    {"span", "span", "spans", "span.name"},
    {"log", "log record", "logs", "log.body"},
});

// In the order of Path: InfoOf indexes it.
constexpr auto kPaths = std::to_array<PathInfo>({
    {"resource.attributes", Path::kResourceAttribute, PathType::kAny},
    {"scope.attributes", Path::kScopeAttribute, PathType::kAny},
    {"span.attributes", Path::kSpanAttribute, PathType::kAny},
    {"log.attributes", Path::kLogAttribute, PathType::kAny},
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
    {"log.body", Path::kLogBody, PathType::kAny},
    {"log.severity_number", Path::kLogSeverityNumber, PathType::kInteger},
    {"log.severity_text", Path::kLogSeverityText, PathType::kString},
    {"log.event_name", Path::kLogEventName, PathType::kString},
    {"log.trace_id", Path::kLogTraceId, PathType::kBytes},
    {"log.span_id", Path::kLogSpanId, PathType::kBytes},
    {"log.trace_id.string", Path::kLogTraceIdString, PathType::kString},
    {"log.span_id.string", Path::kLogSpanIdString, PathType::kString},
    {"log.time_unix_nano", Path::kLogTimeUnixNano, PathType::kInteger},
    {"log.observed_time_unix_nano", Path::kLogObservedTimeUnixNano, PathType::kInteger},
    {"log.flags", Path::kLogFlags, PathType::kInteger},
    {"log.dropped_attributes_count", Path::kLogDroppedAttributesCount, PathType::kInteger},
});

constexpr bool IsInOrderOfPath() {
  for (size_t i = 0; i < kPaths.size(); ++i) {
    if (static_cast<size_t>(kPaths[i].path) != i) return false;
  }
  return true;
}
static_assert(IsInOrderOfPath());

constexpr auto kKinds = std::to_array<std::string_view>({
    "SPAN_KIND_UNSPECIFIED",
    "SPAN_KIND_INTERNAL",
    "SPAN_KIND_SERVER",
    "SPAN_KIND_CLIENT",
    "SPAN_KIND_PRODUCER",
    "SPAN_KIND_CONSUMER",
});
constexpr auto kStatusCodes = std::to_array<std::string_view>({
    "STATUS_CODE_UNSET",
    "STATUS_CODE_OK",
    "STATUS_CODE_ERROR",
});
constexpr auto kSeverities = std::to_array<std::string_view>({
    "SEVERITY_NUMBER_UNSPECIFIED", "SEVERITY_NUMBER_TRACE",  "SEVERITY_NUMBER_TRACE2",
    "SEVERITY_NUMBER_TRACE3",      "SEVERITY_NUMBER_TRACE4", "SEVERITY_NUMBER_DEBUG",
    "SEVERITY_NUMBER_DEBUG2",      "SEVERITY_NUMBER_DEBUG3", "SEVERITY_NUMBER_DEBUG4",
    "SEVERITY_NUMBER_INFO",        "SEVERITY_NUMBER_INFO2",  "SEVERITY_NUMBER_INFO3",
    "SEVERITY_NUMBER_INFO4",       "SEVERITY_NUMBER_WARN",   "SEVERITY_NUMBER_WARN2",
    "SEVERITY_NUMBER_WARN3",       "SEVERITY_NUMBER_WARN4",  "SEVERITY_NUMBER_ERROR",
    "SEVERITY_NUMBER_ERROR2",      "SEVERITY_NUMBER_ERROR3", "SEVERITY_NUMBER_ERROR4",
    "SEVERITY_NUMBER_FATAL",       "SEVERITY_NUMBER_FATAL2", "SEVERITY_NUMBER_FATAL3",
    "SEVERITY_NUMBER_FATAL4",
});
constexpr auto kFamilies = std::to_array<EnumFamily>({
    {"SPAN_KIND_", Path::kSpanKind, Context::kSpan, "SPAN_KIND_SERVER", kKinds},
    {"STATUS_CODE_", Path::kSpanStatusCode, Context::kSpan, "STATUS_CODE_ERROR", kStatusCodes},
    {"SEVERITY_NUMBER_", Path::kLogSeverityNumber, Context::kLog, "SEVERITY_NUMBER_ERROR",
     kSeverities},
});

constexpr auto kFunctionNames =
    std::to_array<std::string_view>({"IsMatch", "HasPrefix", "HasSuffix", "Duration"});
constexpr auto kCallKinds = std::to_array<Node::Kind>(
    {Node::Kind::kIsMatch, Node::Kind::kHasPrefix, Node::Kind::kHasSuffix});

// Of a resource or scope, or of this context's items.
bool IsVisible(const PathInfo& info, Context context) {
  const std::string_view owner = info.name.substr(0, info.name.find('.'));
  return owner == "resource" || owner == "scope" || owner == InfoOf(context).prefix;
}

}  // namespace

const ContextInfo& InfoOf(Context context) { return kContexts[static_cast<size_t>(context)]; }

const PathInfo& InfoOf(Path path) { return kPaths[static_cast<size_t>(path)]; }

const PathInfo* FindPath(std::string_view name, Context context) {
  for (const PathInfo& info : kPaths) {
    if (info.name == name) return IsVisible(info, context) ? &info : nullptr;
  }
  return nullptr;
}

std::vector<std::string_view> PathNames(Context context) {
  std::vector<std::string_view> names;
  for (const PathInfo& info : kPaths) {
    if (IsVisible(info, context)) names.push_back(info.name);
  }
  return names;
}

bool IsAttribute(Path path) { return InfoOf(path).name.ends_with(".attributes"); }

bool IsOfResource(Path path) { return InfoOf(path).name.starts_with("resource."); }

std::span<const EnumFamily> EnumFamilies() { return kFamilies; }

const EnumFamily* EnumsOf(Path path) {
  for (const EnumFamily& family : kFamilies) {
    if (family.path == path) return &family;
  }
  return nullptr;
}

std::optional<EnumValue> FindEnum(std::string_view name) {
  for (const EnumFamily& family : kFamilies) {
    for (size_t i = 0; i < family.names.size(); ++i) {
      if (family.names[i] == name) return EnumValue{&family, static_cast<int64_t>(i)};
    }
  }
  return std::nullopt;
}

std::vector<std::string_view> EnumNames(Context context) {
  std::vector<std::string_view> names;
  for (const EnumFamily& family : kFamilies) {
    if (family.context == context)
      names.insert(names.end(), family.names.begin(), family.names.end());
  }
  return names;
}

std::string_view EnumName(Path path, int64_t number) {
  const EnumFamily* family = EnumsOf(path);
  if (family == nullptr || number < 0 || std::cmp_greater_equal(number, family->names.size())) {
    return "";
  }
  return family->names[static_cast<size_t>(number)];
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
