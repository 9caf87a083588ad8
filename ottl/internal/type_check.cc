#include "ottl/internal/type_check.h"

#include <fmt/format.h>

#include "ottl/internal/names.h"
#include "ottl/internal/text.h"

namespace slowburn::ottl::internal {
namespace {

using Kind = Node::Operand::Kind;

bool IsOrdering(Node::Op op) { return op != Node::Op::kEqual && op != Node::Op::kNotEqual; }

PathType TypeOf(const Node::Operand& operand) {
  switch (operand.kind) {
    case Kind::kPath:
      return InfoOf(operand.path).type;
    case Kind::kString:
      return PathType::kString;
    case Kind::kInt:
    case Kind::kDouble:
      return PathType::kInteger;
    case Kind::kBytes:
      return PathType::kBytes;
    case Kind::kDuration:
      return PathType::kDuration;
    case Kind::kBool:
    case Kind::kNil:
      return PathType::kAny;  // Decided before types are compared.
  }
  return PathType::kAny;
}

std::string_view TypeName(PathType type) {
  switch (type) {
    case PathType::kAny:
      return "of any type";
    case PathType::kString:
      return "a string";
    case PathType::kInteger:
      return "an integer";
    case PathType::kBytes:
      return "bytes";
    case PathType::kDuration:
      return "a duration";
  }
  return "";
}

// What to write where `path` meets something of another type.
std::string Advice(const Node::Operand& path, const Node::Operand& other) {
  const PathInfo& info = InfoOf(path.path);
  switch (info.type) {
    case PathType::kString:
      return "write a string in double quotes";
    case PathType::kBytes:
      return fmt::format("write bytes like 0x0a1b, or compare {}.string", info.name);
    case PathType::kDuration:
      return "write a duration like 300ms";
    case PathType::kAny:
    case PathType::kInteger:
      break;
  }
  const EnumFamily* family = EnumsOf(info.path);
  if (family == nullptr) return "write an integer";
  if (other.kind == Kind::kString) {
    const std::string upper = UpperCase(other.text);
    const std::string name =
        upper.starts_with(family->prefix) ? upper : fmt::format("{}{}", family->prefix, upper);
    if (FindEnum(name)) return fmt::format("write {}", name);
  }
  return fmt::format("write an enum like {}", family->example);
}

// A duration beside a path that is none.
std::string NoDuration(Context context, const Node::Operand& path, const Node::Operand& duration) {
  const PathInfo& info = InfoOf(path.path);
  const std::string advice = info.type == PathType::kAny
                                 ? fmt::format("write a number in {} own unit",
                                               IsAttribute(info.path) ? "the attribute's" : "its")
                                 : Advice(path, duration);
  if (context == Context::kSpan) {
    return fmt::format("a duration compares with span.duration only, {} is {}; {}", info.name,
                       TypeName(info.type), advice);
  }
  return fmt::format("a {} has no duration to compare with, {} is {}; {}", InfoOf(context).item,
                     info.name, TypeName(info.type), advice);
}

// SPAN_KIND_SERVER and STATUS_CODE_ERROR are both 2: mixed up, they would match silently.
std::optional<std::string> WrongEnum(const Node::Operand& path, std::string_view spelling) {
  const EnumFamily* family = EnumsOf(path.path);
  const auto found = FindEnum(spelling);
  if (family == nullptr || !found || found->family == family) return std::nullopt;
  return fmt::format("{} is not a value of {}; write one of {}...", spelling,
                     InfoOf(path.path).name, family->prefix);
}

}  // namespace

std::optional<std::string> ComparisonProblem(Context context, const Node::Operand& left,
                                             Node::Op op, const Node::Operand& right,
                                             std::string_view spelling) {
  const PathInfo& info = InfoOf(left.path);
  const bool is_value = right.kind != Kind::kPath;
  if (info.type == PathType::kDuration && TypeOf(right) != PathType::kDuration) {
    return fmt::format("{} compares with durations only; write a duration like 300ms", info.name);
  }
  if (info.type != PathType::kDuration && TypeOf(right) == PathType::kDuration) {
    return NoDuration(context, left, right);
  }
  if (right.kind == Kind::kNil) {
    if (!IsOrdering(op)) return std::nullopt;
    return "an ordering with nil is never true; write == nil or != nil";
  }
  if (right.kind == Kind::kBool) {
    if (IsOrdering(op)) return "true and false have no order; write == or !=";
    if (info.type == PathType::kAny) return std::nullopt;
    return fmt::format("{} is {}, not true or false; {}", info.name, TypeName(info.type),
                       Advice(left, right));
  }
  if (is_value) {
    if (auto wrong = WrongEnum(left, spelling)) return wrong;
  }
  const PathType other = TypeOf(right);
  if (info.type == PathType::kAny || other == PathType::kAny || info.type == other) {
    return std::nullopt;
  }
  return fmt::format("{} is {} and cannot compare with {}; {}", info.name, TypeName(info.type),
                     TypeName(other), Advice(left, right));
}

std::optional<std::string> TextArgumentProblem(std::string_view call, const Node::Operand& path) {
  const PathInfo& info = InfoOf(path.path);
  if (info.type == PathType::kAny || info.type == PathType::kString) return std::nullopt;
  if (info.type == PathType::kBytes) {
    return fmt::format("{0} reads strings, {1} is bytes; write {1}.string", call, info.name);
  }
  return fmt::format("{} reads strings, {} is {}; compare it with ==", call, info.name,
                     TypeName(info.type));
}

}  // namespace slowburn::ottl::internal
