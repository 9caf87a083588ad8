#include "rules/internal/composite_reader.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "rules/internal/sli_reader.h"
#include "rules/internal/spec_values.h"

namespace slowburn::rules {
namespace {

using base::YamlNode;

constexpr std::array<slo::CompositeMethod, 3> kMethods = {
    slo::CompositeMethod::kWorstOf, slo::CompositeMethod::kWeighted, slo::CompositeMethod::kAnyBad};

// The one method that is written.
std::optional<slo::CompositeMethod> FindMethod(const YamlNode& node) {
  std::optional<slo::CompositeMethod> found;
  if (!node.IsMap()) {
    node.Error(
        fmt::format("{} is no map; write one like {{worst_of: [checkout/availability, "
                    "checkout/latency]}}",
                    node.path()));
    return found;
  }
  for (const slo::CompositeMethod method : kMethods) {
    const YamlNode written = node.Optional(slo::CompositeMethodName(method));
    if (!written.IsPresent()) continue;
    if (found.has_value()) {
      written.Error(
          fmt::format("{} stands beside {}, and a composite has one method; leave one out",
                      written.path(), slo::CompositeMethodName(*found)));
      return std::nullopt;
    }
    found = method;
  }
  if (!found.has_value())
    node.Error(
        fmt::format("{} does not say how; write worst_of, weighted or any_bad", node.path()));
  return found;
}

std::optional<slo::CompositeSli::Member> ReadMember(const YamlNode& item, bool weighted) {
  if (!weighted) {
    if (!item.IsPresent())
      item.Error(fmt::format("{} is empty; write an SLO's id, like checkout/latency", item.path()));
    const std::optional<std::string> id = item.String();
    if (!id.has_value()) return std::nullopt;
    return slo::CompositeSli::Member{.slo = *id};
  }
  if (!item.IsMap()) {
    item.Error(fmt::format("{} is no map; write one like {{slo: checkout/latency, weight: 3}}",
                           item.path()));
    return std::nullopt;
  }
  item.AllowKeys({"slo", "weight"});
  const std::optional<std::string> id = item.Required("slo").String();
  const YamlNode weight_node = item.Optional("weight");
  const std::optional<int64_t> weight =
      weight_node.IsPresent() ? weight_node.Integer(1, static_cast<int64_t>(slo::kWeightMax)) : 1;
  if (!id.has_value() || !weight.has_value()) return std::nullopt;
  return slo::CompositeSli::Member{.slo = *id, .weight = static_cast<uint64_t>(*weight)};
}

// False where one is wrong.
bool ReadMembers(const YamlNode& list, slo::CompositeSli& composite, std::vector<int>& lines) {
  if (!list.IsSequence()) {
    list.Error(
        fmt::format("{} is no list; write the ids of 2 to {} SLOs", list.path(), slo::kMembersMax));
    return false;
  }
  const std::vector<YamlNode> items = list.Items();
  if (items.size() < 2 || items.size() > slo::kMembersMax) {
    list.Error(fmt::format("{} has {} {}; write 2 to {}", list.path(), items.size(),
                           items.size() == 1 ? "member" : "members", slo::kMembersMax));
    return false;
  }
  const bool weighted = composite.method == slo::CompositeMethod::kWeighted;
  bool good = true;
  for (const YamlNode& item : items) {
    std::optional<slo::CompositeSli::Member> member = ReadMember(item, weighted);
    good &= member.has_value();
    if (!member.has_value()) continue;
    const bool known = std::any_of(composite.members.begin(), composite.members.end(),
                                   [&](const auto& other) { return other.slo == member->slo; });
    if (known) {
      item.Error(fmt::format("{} names \"{}\" again; leave it out{}", item.path(),
                             Shown(member->slo), weighted ? ", or give it a greater weight" : ""));
      good = false;
    }
    composite.members.push_back(*std::move(member));
    lines.push_back(item.line());
  }
  return good;
}

}  // namespace

std::optional<slo::CompositeSli> ReadComposite(const YamlNode& node,
                                               const std::optional<SpecWindow>& window,
                                               std::vector<int>& member_lines) {
  if (node.IsMap()) node.AllowKeys({"worst_of", "weighted", "any_bad", "timeslice", "group_by"});
  RefuseGroupBy(node, "a composite is over the totals of its members; leave it out");
  const std::optional<slo::CompositeMethod> method = FindMethod(node);
  if (!method.has_value()) return std::nullopt;
  slo::CompositeSli composite{.method = *method, .members = {}};
  bool good =
      ReadMembers(node.Optional(slo::CompositeMethodName(*method)), composite, member_lines);
  if (*method != slo::CompositeMethod::kAnyBad) {
    const YamlNode timeslice = node.Optional("timeslice");
    if (timeslice.IsPresent())
      timeslice.Error(fmt::format("{} belongs to any_bad alone; leave it out", timeslice.path()));
    good &= !timeslice.IsPresent();
  } else if (const std::optional<uint32_t> length =
                 ReadTimeslice(node.Required("timeslice"), window)) {
    composite.timeslice = *length;
  } else {
    good = false;
  }
  if (!good) return std::nullopt;
  return composite;
}

std::vector<std::string> CheckMembers(const WrittenComposite& composite,
                                      const std::map<std::string, bool>& known) {
  std::vector<std::string> errors;
  const auto add = [&](size_t at, const std::string& text) {
    errors.push_back(fmt::format("{}:{}: {}", composite.file, composite.lines[at], text));
  };
  for (size_t i = 0; i < composite.members.size(); ++i) {
    const std::string& id = composite.members[i];
    const auto found = known.find(id);
    if (id == composite.slo) {
      add(i, fmt::format("\"{}\" is a member of itself; name other SLOs", id));
    } else if (found == known.end()) {
      std::vector<std::string_view> names;
      for (const auto& [name, is_composite] : known) {
        if (!is_composite) names.push_back(name);
      }
      const std::optional<std::string_view> nearest = base::NearestName(id, names);
      add(i,
          nearest.has_value()
              ? fmt::format("there is no SLO \"{}\" to be a member of {}; did you mean \"{}\"?",
                            Shown(id), composite.slo, *nearest)
              : fmt::format("there is no SLO \"{}\" to be a member of {}; name one of those that "
                            "are loaded, like checkout/availability",
                            Shown(id), composite.slo));
    } else if (found->second) {
      add(i, fmt::format("\"{}\" is a composite itself; name its members instead", id));
    }
  }
  return errors;
}

}  // namespace slowburn::rules
