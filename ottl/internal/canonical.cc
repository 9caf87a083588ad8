#include "ottl/internal/canonical.h"

#include <chrono>

#include <fmt/format.h>

#include "base/duration_text.h"
#include "ottl/internal/names.h"
#include "ottl/internal/text.h"

namespace slowburn::ottl::internal {
namespace {

std::string_view OpText(Node::Op op) {
  switch (op) {
    case Node::Op::kEqual:
      return "==";
    case Node::Op::kNotEqual:
      return "!=";
    case Node::Op::kLess:
      return "<";
    case Node::Op::kLessOrEqual:
      return "<=";
    case Node::Op::kGreater:
      return ">";
    case Node::Op::kGreaterOrEqual:
      return ">=";
  }
  return "";
}

std::string PathText(const Node::Operand& operand) {
  const PathInfo& info = InfoOf(operand.path);
  if (!IsAttribute(operand.path)) return std::string(info.name);
  return fmt::format("{}[{}]", info.name, QuoteString(operand.text));
}

// `beside` is the path it compares with.
std::string OperandText(const Node::Operand& operand, Path beside) {
  using Kind = Node::Operand::Kind;
  switch (operand.kind) {
    case Kind::kPath:
      return PathText(operand);
    case Kind::kString:
      return QuoteString(operand.text);
    case Kind::kInt: {
      const std::string_view name = EnumName(beside, operand.integer);
      return name.empty() ? fmt::format("{}", operand.integer) : std::string(name);
    }
    case Kind::kDouble:
      return fmt::format("{}", operand.number);  // The shortest that reads back.
    case Kind::kBool:
      return operand.integer != 0 ? "true" : "false";
    case Kind::kNil:
      return "nil";
    case Kind::kBytes:
      return "0x" + HexText(operand.text);
    case Kind::kDuration:
      return base::FormatDuration(std::chrono::nanoseconds(operand.integer));
  }
  return "";
}

bool NeedsParentheses(Node::Kind parent, Node::Kind child) {
  if (parent == Node::Kind::kAnd) return child == Node::Kind::kOr;
  return parent == Node::Kind::kNot &&
         (child == Node::Kind::kOr || child == Node::Kind::kAnd || child == Node::Kind::kNot);
}

void Write(const Node& node, std::string& out) {
  const auto write_child = [&](const Node& child) {
    const bool wrap = NeedsParentheses(node.kind, child.kind);
    if (wrap) out += "(";
    Write(child, out);
    if (wrap) out += ")";
  };
  switch (node.kind) {
    case Node::Kind::kTrue:
      out += "true";
      return;
    case Node::Kind::kFalse:
      out += "false";
      return;
    case Node::Kind::kNot:
      out += "not ";
      write_child(node.children.front());
      return;
    case Node::Kind::kAnd:
    case Node::Kind::kOr:
      for (size_t i = 0; i < node.children.size(); ++i) {
        if (i > 0) out += node.kind == Node::Kind::kAnd ? " and " : " or ";
        write_child(node.children[i]);
      }
      return;
    case Node::Kind::kCompare:
      out += fmt::format("{} {} {}", PathText(node.left), OpText(node.op),
                         OperandText(node.right, node.left.path));
      return;
    case Node::Kind::kIsMatch:
    case Node::Kind::kHasPrefix:
    case Node::Kind::kHasSuffix:
      out += fmt::format("{}({}, {})", CallName(node.kind), PathText(node.left),
                         QuoteString(node.right.text));
      return;
  }
}

}  // namespace

std::string WriteTree(const Node& node) {
  std::string text;
  Write(node, text);
  return text;
}

}  // namespace slowburn::ottl::internal
