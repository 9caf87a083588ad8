// Goal: an SLO that asks for Sloth's or Pyrra's series has all of them, under the names and labels
// that those programs record, with the values of their formulas over exact counts. Method: counts
// by hand through an engine.
#include "slo/compat_series.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "slo/testing/build_slo.h"
#include "slo/testing/engine_rig.h"

namespace slowburn::slo {
namespace {

using std::chrono::sys_seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Key;
using testing::Not;
using testing::UnorderedElementsAre;
using namespace std::chrono_literals;

constexpr sys_seconds kNow{1'702'080'000s};  // a midnight
constexpr std::string_view kId = "checkout/availability";

struct Series {
  model::LabelSet labels;
  std::optional<double> value;
};

SloSpec Spec(Compat compat, SloArgs args = {}) {
  SloSpec spec = BuildSlo(args);
  spec.compat = compat;
  spec.labels = {{"owner", "payments"}};
  return spec;
}

// By metric, of the only SLO.
std::map<std::string, Series> SeriesOf(const EngineRig& rig, const Engine& engine) {
  const SloSpec& spec = engine.slos()->front();
  const GroupStatus total = rig.Status(spec.id());
  std::map<std::string, Series> all;
  for (const CompatSeries& series : CompatSeriesOf(spec)) {
    const auto value = CompatValue(series.figure, series.window, spec,
                                   {.budget = total.budget,
                                    .lifetime = total.lifetime,
                                    .windows = total.compat_windows,
                                    .now = engine.now()});
    const bool is_new = all.emplace(series.metric, Series{series.labels, value}).second;
    EXPECT_TRUE(is_new) << series.metric;
  }
  return all;
}

// One in each of Sloth's windows that is not in the one before.
struct Deed {
  std::chrono::seconds ago;
  SliCounts counts;
};
constexpr Deed kDeeds[] = {{4min, {96, 4}},     {20min, {898, 2}},      {50min, {1000, 0}},
                           {90min, {990, 10}},  {5h, {5000, 0}},        {20h, {9980, 20}},
                           {60h, {19'990, 10}}, {20 * 24h, {60'000, 4}}};

class CompatSeriesTest : public testing::Test {
 protected:
  void Install(SloSpec spec) { rig_.Install({std::move(spec)}, kNow - 40 * 24h); }
  void CountAll() {
    for (auto deed = std::rbegin(kDeeds); deed != std::rend(kDeeds); ++deed) {
      rig_.engine().Step(kNow - deed->ago);
      rig_.Count(kId, kNow - deed->ago, deed->counts);
    }
    rig_.engine().Step(kNow);
  }
  std::map<std::string, Series> All() { return SeriesOf(rig_, rig_.engine()); }
  double Value(const std::string& metric) {
    const auto all = All();
    const auto found = all.find(metric);
    EXPECT_TRUE(found != all.end() && found->second.value.has_value()) << metric;
    return found == all.end() ? 0 : found->second.value.value_or(0);
  }

  EngineRig rig_;
};

TEST_F(CompatSeriesTest, NobodyHasThemUnasked) {
  Install(Spec({}));
  EXPECT_THAT(All(), IsEmpty());
  EXPECT_THAT(rig_.Status(kId).compat_windows, IsEmpty());
}

TEST_F(CompatSeriesTest, SlothsValuesAreThoseOfItsFormulas) {
  Install(Spec({.sloth = true}));
  CountAll();
  // bad / total, each window with those before.
  EXPECT_DOUBLE_EQ(Value("slo:sli_error:ratio_rate5m"), 4.0 / 100);
  EXPECT_DOUBLE_EQ(Value("slo:sli_error:ratio_rate30m"), 6.0 / 1000);
  EXPECT_DOUBLE_EQ(Value("slo:sli_error:ratio_rate1h"), 6.0 / 2000);
  EXPECT_DOUBLE_EQ(Value("slo:sli_error:ratio_rate2h"), 16.0 / 3000);
  EXPECT_DOUBLE_EQ(Value("slo:sli_error:ratio_rate6h"), 16.0 / 8000);
  EXPECT_DOUBLE_EQ(Value("slo:sli_error:ratio_rate1d"), 36.0 / 18'000);
  EXPECT_DOUBLE_EQ(Value("slo:sli_error:ratio_rate3d"), 46.0 / 38'000);
  EXPECT_DOUBLE_EQ(Value("slo:sli_error:ratio_rate30d"), 50.0 / 98'004);
  EXPECT_EQ(Value("slo:objective:ratio"), 0.999);
  EXPECT_EQ(Value("slo:error_budget:ratio"), 0.001);
  EXPECT_EQ(Value("slo:time_period:days"), 30);
  EXPECT_DOUBLE_EQ(Value("slo:current_burn_rate:ratio"), 0.04 / 0.001);
  EXPECT_DOUBLE_EQ(Value("slo:period_burn_rate:ratio"), 50.0 / 98'004 / 0.001);
  EXPECT_DOUBLE_EQ(Value("slo:period_error_budget_remaining:ratio"), 1 - 50.0 / 98'004 / 0.001);
  EXPECT_EQ(Value("sloth_slo_info"), 1);
  EXPECT_EQ(All().size(), 15u);
}

TEST_F(CompatSeriesTest, SlothsLabelsAreItsOwnAndTheOwners) {
  Install(Spec({.sloth = true}));
  const auto all = All();
  const model::LabelSet ids{{"owner", "payments"},
                            {"sloth_id", "checkout-availability"},
                            {"sloth_service", "checkout"},
                            {"sloth_slo", "availability"}};
  for (const auto& [metric, series] : all) {
    model::LabelSet want = ids;
    if (metric.starts_with("slo:sli_error:ratio_rate"))
      want.Set("sloth_window", metric.substr(std::string_view("slo:sli_error:ratio_rate").size()));
    if (metric == "slo:current_burn_rate:ratio") want.Set("sloth_window", "5m");
    if (metric.starts_with("slo:period_")) want.Set("sloth_window", "30d");
    if (metric == "sloth_slo_info") {
      want.Set("sloth_mode", "serve");
      want.Set("sloth_objective", "99.9");
      want.Set("sloth_spec", "slowburn/v1");
      want.Set("sloth_version", "slowburn");
    }
    EXPECT_EQ(series.labels, want) << metric;
  }
}

TEST_F(CompatSeriesTest, WithoutEventsThereAreNoRatios) {
  Install(Spec({.sloth = true, .pyrra = true}));
  rig_.engine().Step(kNow);
  std::vector<std::string> known;
  for (const auto& [metric, series] : All()) {
    if (series.value.has_value()) known.push_back(metric);
  }
  EXPECT_THAT(known,
              UnorderedElementsAre("slo:objective:ratio", "slo:error_budget:ratio",
                                   "slo:time_period:days", "sloth_slo_info", "pyrra_objective",
                                   "pyrra_window", "pyrra_requests:rate5m", "pyrra_errors:rate5m",
                                   "pyrra_requests_total", "pyrra_errors_total"));
}

// Sloth names the period as Prometheus writes it: whole weeks collapse.
TEST_F(CompatSeriesTest, ThePeriodIsNamedByItsLength) {
  for (const auto& [window, text, days] :
       {std::tuple(28 * 24h, "4w", 28.0), {7 * 24h, "1w", 7.0}, {90 * 24h, "90d", 90.0}}) {
    EngineRig rig;
    rig.Install({Spec({.sloth = true}, {.window = window})}, kNow);
    rig.Count(kId, kNow, {3, 1});
    auto all = SeriesOf(rig, rig.engine());
    const Series& ratio = all[std::string("slo:sli_error:ratio_rate") + text];
    EXPECT_EQ(ratio.value, 0.25) << text;
    EXPECT_EQ(ratio.labels.Get("sloth_window"), text);
    EXPECT_EQ(all["slo:time_period:days"].value, days);
    EXPECT_EQ(all["slo:period_burn_rate:ratio"].labels.Get("sloth_window"), text);
  }
}

// A window of its own that Sloth's alerts have too is one series, not two.
TEST_F(CompatSeriesTest, AWindowThatIsAmongTheOthersIsThereOnce) {
  Install(Spec({.sloth = true}, {.window = 24h}));
  CountAll();
  EXPECT_DOUBLE_EQ(Value("slo:sli_error:ratio_rate1d"), 36.0 / 18'000);
  EXPECT_EQ(All().size(), 14u);
}

// The windows are Sloth's, not those of the policy.
TEST_F(CompatSeriesTest, AnyPolicyHasSlothsWindows) {
  Install(Spec({.sloth = true}, {.window = 28 * 24h, .policy = "pyrra"}));
  CountAll();
  EXPECT_DOUBLE_EQ(Value("slo:sli_error:ratio_rate2h"), 16.0 / 3000);
  EXPECT_DOUBLE_EQ(Value("slo:sli_error:ratio_rate3d"), 46.0 / 38'000);
  // Those of the policy stay what burn rates are told of.
  std::vector<std::chrono::seconds> told;
  for (const WindowBurn& burn : rig_.Status(kId).burn_rates) told.push_back(burn.window);
  EXPECT_THAT(told, ElementsAre(5min, 30min, 1h, 2h, 6h, 24h, 96h));
}

TEST_F(CompatSeriesTest, PyrrasValuesAreThoseOfItsGenericRules) {
  Install(Spec({.pyrra = true}));
  CountAll();
  EXPECT_EQ(Value("pyrra_objective"), 0.999);
  EXPECT_EQ(Value("pyrra_window"), 30 * 86'400);
  EXPECT_DOUBLE_EQ(Value("pyrra_availability"), 1 - 50.0 / 98'004);
  EXPECT_DOUBLE_EQ(Value("pyrra_requests:rate5m"), 100.0 / 300);
  EXPECT_DOUBLE_EQ(Value("pyrra_errors:rate5m"), 4.0 / 300);
  EXPECT_EQ(Value("pyrra_requests_total"), 98'004);
  EXPECT_EQ(Value("pyrra_errors_total"), 50);
  EXPECT_EQ(All().size(), 7u);
  // Half a slice later the window is that much longer.
  rig_.engine().Step(kNow + 5s);
  EXPECT_DOUBLE_EQ(Value("pyrra_requests:rate5m"), 100.0 / 305);
}

TEST_F(CompatSeriesTest, PyrrasLabelsTellServicesApart) {
  Install(Spec({.pyrra = true}));
  for (const auto& [metric, series] : All()) {
    EXPECT_EQ(
        series.labels,
        (model::LabelSet{{"owner", "payments"}, {"service", "checkout"}, {"slo", "availability"}}))
        << metric;
  }
  for (const CompatSeries& series : CompatSeriesOf(rig_.engine().slos()->front()))
    EXPECT_EQ(series.is_counter, series.metric.ends_with("_total")) << series.metric;
}

// An owner's label does not make one SLO look like another.
TEST_F(CompatSeriesTest, OwnersCannotRenameAnSlo) {
  SloSpec spec = Spec({.sloth = true});
  spec.labels = {{"sloth_slo", "other"}, {"sloth_window", "1y"}};
  Install(std::move(spec));
  const auto all = All();
  for (const auto& [metric, series] : all)
    EXPECT_EQ(series.labels.Get("sloth_slo"), "availability") << metric;
  EXPECT_EQ(all.at("slo:sli_error:ratio_rate5m").labels.Get("sloth_window"), "5m");
}

TEST_F(CompatSeriesTest, TimeslicesAreCountedAsTheBudgetCountsThem) {
  Install(Spec({.sloth = true, .pyrra = true},
               {.budgeting = {.method = BudgetingMethod::kTimeslices,
                              .timeslice = 6,
                              .target_units = Objective::kOne / 100 * 95}}));
  CountAll();
  // Eight minutes had events; those of 4 %, 1 %, 0.2 %, ... bad are all good.
  EXPECT_EQ(Value("slo:sli_error:ratio_rate30d"), 0);
  EXPECT_EQ(Value("pyrra_availability"), 1);
  // Five minutes are too few timeslices: events.
  EXPECT_DOUBLE_EQ(Value("slo:sli_error:ratio_rate5m"), 0.04);
  EXPECT_EQ(Value("pyrra_requests_total"), 98'004);
}

}  // namespace
}  // namespace slowburn::slo
