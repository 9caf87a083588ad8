#include "ottl/condition.h"

#include <algorithm>

#include "base/status.h"
#include "ottl/internal/canonical.h"
#include "ottl/internal/names.h"
#include "ottl/internal/parser.h"
#include "ottl/internal/text.h"

namespace slowburn::ottl {
namespace {

bool ReadsResourceOnly(const Node& node) {
  const auto reads_resource = [](const Node::Operand& operand) {
    return operand.kind != Node::Operand::Kind::kPath || internal::IsOfResource(operand.path);
  };
  return reads_resource(node.left) && reads_resource(node.right) &&
         std::all_of(node.children.begin(), node.children.end(), ReadsResourceOnly);
}

}  // namespace

absl::StatusOr<Condition> Condition::Parse(std::string_view text, Context context) {
  SB_ASSIGN_OR_RETURN(Node root, internal::ParseTree(text, context));
  Condition condition(context, std::make_shared<const Node>(std::move(root)), std::string(text));
  // The canonical text must read back, and it may be the longer one: enums by name, line breaks
  // escaped.
  if (const size_t size = condition.CanonicalText().size(); size > internal::kTextBytesMax) {
    return internal::ErrorAt(text, 0,
                             fmt::format("the condition has {} bytes with enums and escapes "
                                         "written out, at most {}; write a shorter one",
                                         size, internal::kTextBytesMax));
  }
  return condition;
}

std::string Condition::CanonicalText() const { return internal::WriteTree(*root_); }

std::vector<Condition> Condition::Conjuncts() const {
  if (root_->kind != Node::Kind::kAnd) return {*this};
  std::vector<Condition> conjuncts;
  for (const Node& child : root_->children) {
    conjuncts.push_back(Condition(context_, std::shared_ptr<const Node>(root_, &child),
                                  internal::WriteTree(child)));
  }
  return conjuncts;
}

bool Condition::ReadsOnlyResource() const { return ReadsResourceOnly(*root_); }

std::optional<std::string> Condition::PinnedResourceAttribute(std::string_view key) const {
  // Parsing has put the path to the left.
  const Node& node = *root_;
  if (node.kind != Node::Kind::kCompare || node.op != Node::Op::kEqual ||
      node.left.path != Path::kResourceAttribute || node.left.text != key ||
      node.right.kind != Node::Operand::Kind::kString) {
    return std::nullopt;
  }
  return node.right.text;
}

}  // namespace slowburn::ottl
