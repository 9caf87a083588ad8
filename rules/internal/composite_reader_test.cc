// Goal: composites are read as written, wherever their members stand, and each mistake is told with
// what to write instead. Method: a row each, through whole documents.
#include "rules/internal/composite_reader.h"

#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/temp_dir.h"
#include "rules/spec_file.h"

namespace slowburn::rules {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

// The document of an SLO, 9 lines with its mark; `more` is a tenth.
std::string Document(std::string_view name, std::string_view sli, std::string_view more = "") {
  return fmt::format(R"(---
apiVersion: slowburn/v1
kind: SLO
metadata: {{name: {}}}
spec:
  service: checkout
  sli: {{{}}}
  objective: 99%
  window: 1d
  {}
)",
                     name, sli, more);
}

std::string Events(std::string_view name) {
  return Document(name, R"(spans: {match: 'resource.attributes["service.name"] == "checkout"', )"
                        R"(bad: 'span.status.code == STATUS_CODE_ERROR'}, group_by: [http.route])");
}

// A composite on lines 1 to 10 and its two members after it.
std::string File(std::string_view composite, std::string_view more = "") {
  return Document("journey", fmt::format("composite: {}", composite), more) +
         Events("availability") + Events("latency");
}

struct ReadCase {
  std::string name;
  std::string composite;
  std::string want;  // SliSpec::CanonicalText
};
void PrintTo(const ReadCase& row, std::ostream* out) { *out << row.name; }

class CompositeReaderTest : public testing::TestWithParam<ReadCase> {};

TEST_P(CompositeReaderTest, Reads) {
  const SpecFileResult result = ReadSpecText(File(GetParam().composite), "a.yaml");
  ASSERT_THAT(result.errors, IsEmpty());
  ASSERT_EQ(result.slos.size(), 3u);
  EXPECT_EQ(result.slos[0].sli.CanonicalText(), GetParam().want);
  EXPECT_EQ(result.slos[0].alerting.scope, slo::AlertScope::kTotal);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, CompositeReaderTest,
    testing::ValuesIn<ReadCase>({
        {"WorstOf", "{worst_of: [checkout/availability, checkout/latency]}",
         "composite worst_of checkout/availability*1 checkout/latency*1"},
        {"Weighted",
         "{weighted: [{slo: checkout/availability, weight: 1000}, {slo: checkout/latency}]}",
         "composite weighted checkout/availability*1000 checkout/latency*1"},
        {"AnyBad", "{any_bad: [checkout/latency, checkout/availability], timeslice: 1m}",
         "composite any_bad timeslice=6 checkout/latency*1 checkout/availability*1"},
    }),
    [](const auto& info) { return info.param.name; });

struct RefusalCase {
  std::string name;
  std::string composite;
  std::string more;
  std::string want;  // how the only error begins, after "a.yaml:"
};
void PrintTo(const RefusalCase& row, std::ostream* out) { *out << row.name; }

class CompositeRefusalTest : public testing::TestWithParam<RefusalCase> {};

TEST_P(CompositeRefusalTest, IsTold) {
  const SpecFileResult result = ReadSpecText(File(GetParam().composite, GetParam().more), "a.yaml");
  EXPECT_THAT(result.errors, ElementsAre(StartsWith("a.yaml:" + GetParam().want)));
  EXPECT_THAT(result.slos, IsEmpty());
}

std::string ManyMembers() {
  std::string list = "{worst_of: [";
  for (int i = 0; i < 26; ++i) list += fmt::format("{}checkout/m{}", i > 0 ? ", " : "", i);
  return list + "]}";
}

constexpr std::string_view kBoth = "{worst_of: [checkout/availability, checkout/latency]}";

INSTANTIATE_TEST_SUITE_P(
    Rows, CompositeRefusalTest,
    testing::ValuesIn<RefusalCase>({
        {"NoMap", "worst_of", "", "7: spec.sli.composite is no map; write one like {worst_of: ["},
        {"NoMethod", "{}", "",
         "7: spec.sli.composite does not say how; write worst_of, weighted or any_bad"},
        {"TwoMethods",
         "{worst_of: [checkout/availability, checkout/latency], any_bad: [checkout/latency, "
         "checkout/availability]}",
         "", "7: spec.sli.composite.any_bad stands beside worst_of, and a composite has one"},
        {"UnknownKey", "{worst_of: [checkout/availability, checkout/latency], best_of: []}", "",
         "7: unknown key \"best_of\""},
        {"NoList", "{worst_of: checkout/latency}", "",
         "7: spec.sli.composite.worst_of is no list; write the ids of 2 to 25 SLOs"},
        {"OneMember", "{worst_of: [checkout/latency]}", "",
         "7: spec.sli.composite.worst_of has 1 member; write 2 to 25"},
        {"ManyMembers", ManyMembers(), "",
         "7: spec.sli.composite.worst_of has 26 members; write 2 to 25"},
        {"TwiceTheSame", "{worst_of: [checkout/latency, checkout/latency]}", "",
         "7: spec.sli.composite.worst_of[1] names \"checkout/latency\" again; leave it out"},
        {"WeightOfZero",
         "{weighted: [{slo: checkout/availability, weight: 0}, {slo: checkout/latency}]}", "",
         "7: spec.sli.composite.weighted[0].weight is \"0\""},
        {"WeightTooGreat",
         "{weighted: [{slo: checkout/availability, weight: 1001}, {slo: checkout/latency}]}", "",
         "7: spec.sli.composite.weighted[0].weight is \"1001\""},
        {"WeightedWithoutMaps", "{weighted: [checkout/availability, {slo: checkout/latency}]}", "",
         "7: spec.sli.composite.weighted[0] is no map; write one like {slo: checkout/latency"},
        {"NoTimeslice", "{any_bad: [checkout/availability, checkout/latency]}", "",
         "7: spec.sli.composite.timeslice is missing"},
        {"BadTimeslice", "{any_bad: [checkout/availability, checkout/latency], timeslice: 7m}", "",
         "7: spec.sli.composite.timeslice is 7m: a timeslice is a multiple of 10s"},
        {"FewTimeslices", "{any_bad: [checkout/availability, checkout/latency], timeslice: 4h}", "",
         "7: spec.sli.composite.timeslice is 4h of a window of 1d; write at most a tenth"},
        {"TimesliceOfWorstOf",
         "{worst_of: [checkout/availability, checkout/latency], timeslice: 1m}", "",
         "7: spec.sli.composite.timeslice belongs to any_bad alone; leave it out"},
        {"GroupBy", std::string(kBoth) + ", group_by: [http.route]", "",
         "7: group_by does not belong to spec.sli; a composite is over the totals"},
        {"GroupByInside",
         "{worst_of: [checkout/availability, checkout/latency], group_by: [http.route]}", "",
         "7: group_by does not belong to spec.sli.composite; a composite is over the totals"},
        {"BesideSpans", std::string(kBoth) + ", spans: {}", "",
         "7: spec.sli.spans stands beside composite, and an SLI has one source"},
        {"Budgeting", std::string(kBoth), "budgeting: occurrences",
         "10: spec.budgeting does not belong to a composite"},
        {"ScopeGroups", std::string(kBoth), "alerting: {scope: groups}",
         "10: spec.alerting.scope is groups, but"},
        {"UnknownMember", "{worst_of: [checkout/availability, checkout/latancy]}", "",
         "7: there is no SLO \"checkout/latancy\" to be a member of checkout/journey; did you mean "
         "\"checkout/latency\"?"},
        {"StrangeMember", "{worst_of: [checkout/availability, x]}", "",
         "7: there is no SLO \"x\" to be a member of checkout/journey; name one of those that are"},
        {"Itself", "{worst_of: [checkout/availability, checkout/journey]}", "",
         "7: \"checkout/journey\" is a member of itself; name other SLOs"},
    }),
    [](const auto& info) { return info.param.name; });

TEST(CompositeMembersTest, ACompositeIsNoMember) {
  const std::string text =
      File(kBoth) + Document("all", "composite: {worst_of: [checkout/latency, checkout/journey]}");
  EXPECT_THAT(ReadSpecText(text, "a.yaml").errors,
              ElementsAre(StartsWith("a.yaml:37: \"checkout/journey\" is a composite itself; name "
                                     "its members instead")));
}

TEST(CompositeMembersTest, MayStandInAnotherFile) {
  const base::TempDir folder;
  const auto write = [&](std::string_view name, const std::string& text) {
    std::ofstream(folder.path() / name) << text;
  };
  write("a.yaml", Document("journey", fmt::format("composite: {}", kBoth)));
  write("b.yaml", Events("availability"));
  const SpecFileResult lacking = ReadSpecFiles({"*.yaml"}, folder.path());
  const std::string file = (folder.path() / "a.yaml").string();
  EXPECT_THAT(lacking.errors, ElementsAre(StartsWith(file + ":7: there is no SLO \"checkout/lat")));
  write("c.yaml", Events("latency"));
  const SpecFileResult whole = ReadSpecFiles({"*.yaml"}, folder.path());
  EXPECT_THAT(whole.errors, IsEmpty());
  EXPECT_EQ(whole.slos.size(), 3u);
}

}  // namespace
}  // namespace slowburn::rules
