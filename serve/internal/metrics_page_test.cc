// Goal: the series of DESIGN section 6, each family once, parsable by Prometheus whatever clients
// call their routes. Method: the page is read back by a small parser, and by promtool where it is
// installed.
#include "serve/internal/metrics_page.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/counter.h>

#include "base/testing/temp_dir.h"
#include "serve/internal/compat_text.h"
#include "serve/internal/json_error.h"
#include "serve/testing/ask.h"
#include "serve/testing/sample_slos.h"
#include "slo/burn_rate.h"
#include "slo/compat_series.h"

namespace slowburn::serve::internal {
namespace {

using testing::Contains;
using testing::DoubleEq;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

// A sample's text without its value, e.g. `m{a="b"}` -> value. Fails on a line that is neither a
// comment nor a sample, a family whose samples do not follow its head, and a series twice.
class ParsedPage {
 public:
  explicit ParsedPage(const std::string& text) {
    size_t begin = 0;
    while (begin < text.size()) {
      const size_t end = text.find('\n', begin);
      EXPECT_NE(end, std::string::npos) << "the last line has no end";
      if (end == std::string::npos) return;
      Line(text.substr(begin, end - begin));
      begin = end + 1;
    }
  }
  const std::map<std::string, double>& samples() const { return samples_; }
  double At(const std::string& series) const {
    const auto found = samples_.find(series);
    if (found != samples_.end()) return found->second;
    ADD_FAILURE() << "no series " << series;
    return 0;
  }
  size_t CountOf(const std::string& name) const {
    size_t count = 0;
    for (const auto& [series, value] : samples_) count += series.starts_with(name + "{") ? 1 : 0;
    return count;
  }

 private:
  void Line(const std::string& line) {
    if (line.starts_with("# HELP ")) return;
    if (line.starts_with("# TYPE ")) {
      family_ = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_TRUE(families_.insert(family_).second) << "twice: " << line;
      return;
    }
    size_t at = line.find_first_of("{ ");
    ASSERT_NE(at, std::string::npos) << line;
    EXPECT_EQ(line.substr(0, at), family_) << line;
    if (line[at] == '{') at = LabelsEnd(line, at + 1);
    ASSERT_LT(at, line.size()) << "labels do not end: " << line;
    ASSERT_EQ(line[at], ' ') << line;
    char* end = nullptr;
    const double value = std::strtod(line.c_str() + at + 1, &end);
    EXPECT_EQ(*end, '\0') << line;
    EXPECT_TRUE(samples_.emplace(line.substr(0, at), value).second) << "twice: " << line;
  }
  static size_t LabelsEnd(const std::string& line, size_t at) {
    for (bool quoted = false; at < line.size(); ++at) {
      if (quoted && line[at] == '\\') {
        ++at;
        EXPECT_THAT(std::string("\\\"n"), HasSubstr(line.substr(at, 1)));
      } else if (line[at] == '"') {
        quoted = !quoted;
      } else if (!quoted && line[at] == '}') {
        return at + 1;
      }
    }
    return at;
  }

  std::string family_;
  std::set<std::string> families_;
  std::map<std::string, double> samples_;
};

constexpr std::string_view kNoPromtool =
    "promtool is not installed; apt-get install prometheus has it";
bool HasPromtool() { return std::system("promtool --version > /dev/null 2>&1") == 0; }

// A line each; none where it is content.
std::vector<std::string> PromtoolsComplaints(const std::string& page) {
  const base::TempDir folder;
  const std::string file = folder.path() / "metrics.txt";
  std::ofstream(file) << page;
  const std::string said = folder.path() / "said.txt";
  const int status =
      std::system(fmt::format("promtool check metrics < {} > {} 2>&1", file, said).c_str());
  std::vector<std::string> lines;
  std::ifstream text(said);
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  EXPECT_EQ(status == 0, lines.empty()) << fmt::format("{}", fmt::join(lines, "\n"));
  return lines;
}

// checkout/availability asks for the series of both; 40 of its 100,000 events are bad.
SloReading CompatReading() {
  SloReading reading;
  reading.now = kSampleNow;
  slo::SloSpec spec = SampleSpec("checkout", "availability");
  spec.compat = {.sloth = true, .pyrra = true};
  const slo::SliCounts counts{.good = 99'960, .bad = 40};
  slo::GroupStatus total = SampleGroup(spec, {}, counts);
  for (const std::chrono::seconds window : slo::CompatWindows(spec))
    total.compat_windows.push_back({window, counts, counts, slo::BurnRate(counts, spec.objective)});
  AddSlo(reading, std::move(spec), {std::move(total)});
  return reading;
}

TEST(CompatSeriesTextTest, HasBothProgramsFamilies) {
  const std::string text = CompatSeriesText(CompatReading());
  const ParsedPage page(text);
  const std::string sloth =
      "sloth_id=\"checkout-availability\",sloth_service=\"checkout\",sloth_slo=\"availability\"";
  EXPECT_DOUBLE_EQ(
      page.At("slo:sli_error:ratio_rate1h{" + sloth + ",sloth_window=\"1h\",team=\"payments\"}"),
      0.0004);
  EXPECT_DOUBLE_EQ(page.At("slo:period_error_budget_remaining:ratio{" + sloth +
                           ",sloth_window=\"30d\",team=\"payments\"}"),
                   0.6);
  EXPECT_EQ(page.At("slo:time_period:days{" + sloth + ",team=\"payments\"}"), 30);
  const std::string pyrra = "{service=\"checkout\",slo=\"availability\",team=\"payments\"}";
  EXPECT_DOUBLE_EQ(page.At("pyrra_availability" + pyrra), 0.9996);
  // kSampleNow is 3 s into its slice.
  EXPECT_DOUBLE_EQ(page.At("pyrra_requests:rate5m" + pyrra), 100'000.0 / 303);
  EXPECT_EQ(page.At("pyrra_errors_total" + pyrra), 80);
  EXPECT_THAT(text, HasSubstr("# TYPE pyrra_errors_total counter\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE slo:objective:ratio gauge\n"));
  EXPECT_EQ(page.samples().size(), 22u);
  EXPECT_EQ(CompatSeriesText(SampleReading()), "");
}

TEST(SloSeriesTest, ExclusionsByTheirSourceAndWhetherTheyCoverNow) {
  SloReading reading = SampleReading();
  const auto at = [&](const std::string& series) {
    return ParsedPage(SloSeriesText(reading)).At("slowburn_slo_" + series);
  };
  EXPECT_EQ(at("exclusions{source=\"api\"}"), 0);
  EXPECT_EQ(at("excluded{service=\"checkout\",slo=\"availability\"}"), 0);
  slo::Exclusion filed = SampleExclusion();
  filed.source = "x.yaml:3";
  reading.exclusions =
      std::make_shared<const slo::ExclusionSet>(slo::ExclusionSet{filed, filed, SampleExclusion()});
  reading.statuses.front().is_excluded = true;
  EXPECT_EQ(at("exclusions{source=\"api\"}"), 1);
  EXPECT_EQ(at("exclusions{source=\"file\"}"), 2);
  EXPECT_EQ(at("excluded{service=\"checkout\",slo=\"availability\"}"), 1);
  EXPECT_EQ(at("excluded{service=\"search\",slo=\"latency\"}"), 0);
}

TEST(MetricsPageTest, SeriesOfTheTotal) {
  const ParsedPage page(SloSeriesText(SampleReading()));
  const std::string id = "service=\"checkout\",slo=\"availability\"";
  EXPECT_DOUBLE_EQ(page.At("slowburn_slo_objective_ratio{" + id + "}"), 0.999);
  EXPECT_DOUBLE_EQ(page.At("slowburn_slo_sli_ratio{" + id + ",window=\"5m\"}"), 0.9995);
  EXPECT_DOUBLE_EQ(page.At("slowburn_slo_sli_ratio{" + id + ",window=\"30d\"}"), 0.9995);
  EXPECT_NEAR(page.At("slowburn_slo_burn_rate{" + id + ",window=\"1h\"}"), 0.5, 1e-9);
  EXPECT_NEAR(page.At("slowburn_slo_error_budget_remaining_ratio{" + id + "}"), 0.5, 1e-9);
  EXPECT_EQ(page.At("slowburn_slo_events_total{" + id + ",outcome=\"good\"}"), 2 * 99950);
  EXPECT_EQ(page.At("slowburn_slo_events_total{" + id + ",outcome=\"bad\"}"), 2 * 50);
  EXPECT_NEAR(page.At("slowburn_slo_exhaustion_seconds{" + id + "}"), 30 * 86400, 1);
  EXPECT_EQ(page.CountOf("slowburn_slo_sli_ratio"), 8u);  // seven windows, and the SLO's own
  EXPECT_EQ(page.CountOf("slowburn_slo_burn_rate"), 7u);
}

TEST(MetricsPageTest, ThresholdsOfTheTiersThatTellSomebody) {
  SloReading reading = SampleReading();
  const std::string id = "service=\"checkout\",slo=\"availability\"";
  const auto tier = [&](std::string_view severity, std::string_view window,
                        std::string_view short_window) {
    return fmt::format(
        "slowburn_slo_burn_rate_threshold{{{0},severity=\"{1}\",short_window=\"{3}\","
        "tier=\"{2}/{3}\",window=\"{2}\"}}",
        id, severity, window, short_window);
  };
  const ParsedPage page(SloSeriesText(reading));
  EXPECT_DOUBLE_EQ(page.At(tier("page", "1h", "5m")), 14.4);
  EXPECT_DOUBLE_EQ(page.At(tier("page", "6h", "30m")), 6);
  EXPECT_DOUBLE_EQ(page.At(tier("ticket", "3d", "6h")), 1);
  slo::SloSet slos = *reading.slos;
  ASSERT_EQ(slos.front().policy.tiers.front().name, "1h/5m");
  slos.front().policy.tiers.front().disabled = true;
  reading.slos = std::make_shared<const slo::SloSet>(std::move(slos));
  EXPECT_FALSE(ParsedPage(SloSeriesText(reading)).samples().contains(tier("page", "1h", "5m")));
}

TEST(MetricsPageTest, SeriesOfGroups) {
  const ParsedPage page(SloSeriesText(SampleReading()));
  const std::string id = "service=\"checkout\",slo=\"availability\",http_route=\"/pay\"";
  EXPECT_DOUBLE_EQ(page.At("slowburn_slo_group_objective_ratio{" + id + "}"), 0.999);
  EXPECT_DOUBLE_EQ(page.At("slowburn_slo_group_sli_ratio{" + id + ",window=\"3d\"}"),
                   19951.0 / 20000);
  EXPECT_NEAR(page.At("slowburn_slo_group_burn_rate{" + id + ",window=\"1h\"}"), 2.45, 1e-9);
  EXPECT_NEAR(page.At("slowburn_slo_group_error_budget_remaining_ratio{" + id + "}"), -1.45, 1e-9);
  EXPECT_EQ(page.At("slowburn_slo_group_events_total{" + id + ",outcome=\"bad\"}"), 98);
  EXPECT_EQ(page.At("slowburn_slo_group_exhaustion_seconds{" + id + "}"), 0);
  EXPECT_EQ(page.At("slowburn_serve_groups_omitted"), 0);
  EXPECT_EQ(page.CountOf("slowburn_slo_group_objective_ratio"), 2u);
}

TEST(MetricsPageTest, RatiosFollowTheBudget) {
  const ParsedPage page(SloSeriesText(BudgetsReading()));
  const auto ratio = [&](std::string_view id, std::string_view window) {
    return page.At(fmt::format("slowburn_slo_sli_ratio{{{},window=\"{}\"}}", id, window));
  };
  const std::string slices = "service=\"shop\",slo=\"slices\"";
  EXPECT_DOUBLE_EQ(ratio(slices, "5m"), 0.95);
  EXPECT_DOUBLE_EQ(ratio(slices, "30d"), 0.95);
  // A month is not its nominal 30 days.
  EXPECT_DOUBLE_EQ(ratio("service=\"shop\",slo=\"ratios\"", "month Europe/Paris"), 0.8);
  // A composite has every series that another SLO has.
  const std::string journey = "service=\"web\",slo=\"journey\"";
  EXPECT_DOUBLE_EQ(ratio(journey, "1h"), 0.9375);
  for (const std::string_view family :
       {"objective_ratio", "error_budget_remaining_ratio", "exhaustion_seconds"}) {
    EXPECT_TRUE(page.samples().contains(fmt::format("slowburn_slo_{}{{{}}}", family, journey)))
        << family;
  }
  EXPECT_EQ(page.At("slowburn_slo_events_total{" + journey + ",outcome=\"bad\"}"), 100);
  EXPECT_EQ(page.CountOf("slowburn_slo_burn_rate"), 21u);
}

TEST(MetricsPageTest, SilenceIsAbsent) {
  const ParsedPage page(SloSeriesText(SampleReading()));
  const std::string id = "service=\"search\",slo=\"latency\"";
  EXPECT_DOUBLE_EQ(page.At("slowburn_slo_objective_ratio{" + id + "}"), 0.999);
  EXPECT_EQ(page.At("slowburn_slo_events_total{" + id + ",outcome=\"good\"}"), 0);
  for (const auto& [series, value] : page.samples()) {
    if (series.find("service=\"search\"") == std::string::npos) continue;
    EXPECT_TRUE(series.starts_with("slowburn_slo_objective_ratio") ||
                series.starts_with("slowburn_slo_events_total") ||
                series.starts_with("slowburn_slo_burn_rate_threshold{") ||
                series.starts_with("slowburn_slo_excluded{"))
        << series;
  }
}

TEST(MetricsPageTest, OmitsGroupsBeyondItsLimit) {
  SloReading reading = SampleReading();
  slo::SloSpec spec = SampleSpec("many", "groups", {"route"});
  std::vector<slo::GroupStatus> groups{SampleGroup(spec, {}, {.good = 5})};
  for (int i = 0; i < 2005; ++i) {
    groups.push_back(SampleGroup(spec, {fmt::format("/{}", i)}, {.good = 5}));
  }
  AddSlo(reading, std::move(spec), std::move(groups));
  const ParsedPage page(SloSeriesText(reading));
  EXPECT_EQ(page.At("slowburn_serve_groups_omitted"), 7);  // The first SLO has two.
  EXPECT_EQ(page.CountOf("slowburn_slo_group_objective_ratio"), kGroupsOnPageMax);
  EXPECT_EQ(page.CountOf("slowburn_slo_objective_ratio"), 3u);
}

TEST(MetricsPageTest, HostileNamesAreEscaped) {
  const ParsedPage page(SloSeriesText(HostileReading()));
  EXPECT_DOUBLE_EQ(page.At("slowburn_slo_group_objective_ratio{service=\"checkout\","
                           "slo=\"availability\",http_route_b_=\"<script>\\\"'&\\\\\\n"
                           "\xEF\xBF\xBD\"}"),
                   0.999);
}

class MetricsRouteTest : public testing::Test {
 protected:
  MetricsRouteTest() {
    prometheus::BuildCounter()
        .Name("slowburn_net_requests_total")
        .Help("Requests answered.")
        .Register(registry_)
        .Add({{"code", "2xx"}})
        .Increment(3);
    queries_.reading = HostileReading();
    AddMetricsRoute(table_, queries_, registry_);
  }

  FakeQueries queries_;
  prometheus::Registry registry_;
  net::RouteTable table_{[](const net::HttpRequest&, int status, std::string_view message) {
    return ErrorResponse(status, message);
  }};
};

TEST_F(MetricsRouteTest, HasOurOwnMetricsAndTheSlos) {
  const net::HttpResponse response = Ask(table_, "/metrics");
  EXPECT_EQ(response.content_type, "text/plain; version=0.0.4; charset=utf-8");
  const ParsedPage page(response.body);
  EXPECT_EQ(page.At("slowburn_net_requests_total{code=\"2xx\"}"), 3);
  EXPECT_EQ(page.CountOf("slowburn_slo_objective_ratio"), 1u);
}

TEST_F(MetricsRouteTest, HasTheRecentPercentilesOfSlosWithALatency) {
  slo::SloSet slos = *queries_.reading.slos;
  std::get<slo::EventSli>(slos.front().sli.source).latency_max = std::chrono::milliseconds(300);
  queries_.reading.slos = std::make_shared<const slo::SloSet>(std::move(slos));
  queries_.reading.now = std::chrono::sys_seconds(std::chrono::seconds(1'700'000'123));
  slo::LatencyPercentiles recent{.count = 10};
  recent.seconds = {0.1, 0.2, 0.25, 0.4, 0.5};
  queries_.percentiles = std::vector<slo::LatencyPercentiles>{recent};
  const std::string id = "service=\"checkout\",slo=\"availability\"";
  const ParsedPage page(Ask(table_, "/metrics").body);
  EXPECT_EQ(page.At("slowburn_slo_latency_seconds{" + id + ",quantile=\"0.5\"}"), 0.1);
  EXPECT_EQ(page.At("slowburn_slo_latency_seconds{" + id + ",quantile=\"0.999\"}"), 0.5);
  EXPECT_EQ(page.At("slowburn_slo_latency_threshold_seconds{" + id + "}"), 0.3);
  EXPECT_EQ(queries_.asked.id, "checkout/availability");
  EXPECT_EQ(queries_.asked.start.time_since_epoch().count(), 1'699'999'800);
  EXPECT_EQ(queries_.asked.end.time_since_epoch().count(), 1'700'000'400);
  // Silence is no latency of 0.
  queries_.percentiles = std::vector<slo::LatencyPercentiles>(1);
  EXPECT_EQ(ParsedPage(Ask(table_, "/metrics").body).CountOf("slowburn_slo_latency_seconds"), 0u);
}

TEST_F(MetricsRouteTest, HasTheLedger) {
  queries_.ledger.signals["traces"] = {
      .decoded = 10, .accepted = 5, .duplicate = 1, .rejected = {{"too_new", 4}}};
  queries_.ledger.signals["logs"] = {};
  queries_.ledger.downstreams["jaeger \"eu\""] = {
      .routed = 9, .delivered = 5, .pending = 1, .dropped = {{"queue_full", 1}}};
  queries_.ledger.refused_requests = {{"too_large", 3}};
  const ParsedPage page(Ask(table_, "/metrics").body);
  const std::string jaeger = "downstream=\"jaeger \\\"eu\\\"\"";
  EXPECT_EQ(page.At("slowburn_ledger_decoded_items_total{signal=\"traces\"}"), 10);
  EXPECT_EQ(page.At("slowburn_ledger_items_total{signal=\"traces\",outcome=\"accepted\"}"), 5);
  EXPECT_EQ(page.At("slowburn_ledger_items_total{signal=\"traces\",outcome=\"duplicate\"}"), 1);
  EXPECT_EQ(page.At("slowburn_ledger_items_total{signal=\"traces\",outcome=\"rejected\","
                    "reason=\"too_new\"}"),
            4);
  EXPECT_EQ(page.At("slowburn_ledger_items_total{signal=\"logs\",outcome=\"accepted\"}"), 0);
  EXPECT_EQ(page.At("slowburn_ledger_refused_requests_total{reason=\"too_large\"}"), 3);
  EXPECT_EQ(page.At("slowburn_ledger_routed_items_total{" + jaeger + "}"), 9);
  EXPECT_EQ(page.At("slowburn_ledger_forwarded_items_total{" + jaeger + ",outcome=\"delivered\"}"),
            5);
  EXPECT_EQ(page.At("slowburn_ledger_forwarded_items_total{" + jaeger +
                    ",outcome=\"dropped\",reason=\"queue_full\"}"),
            1);
  EXPECT_EQ(page.At("slowburn_ledger_pending_items{" + jaeger + "}"), 1);
  EXPECT_EQ(page.At("slowburn_ledger_imbalance{signal=\"traces\"}"), 0);
  EXPECT_EQ(page.At("slowburn_ledger_imbalance{" + jaeger + "}"), 2);
}

TEST_F(MetricsRouteTest, PromtoolAcceptsThePage) {
  queries_.ledger.signals["traces"] = {.decoded = 4, .rejected = {{"too_new", 4}}};
  queries_.ledger.downstreams["jaeger"] = {.routed = 1, .dropped = {{"queue_full", 1}}};
  queries_.ledger.refused_requests = {{"too_large", 3}};
  if (!HasPromtool()) GTEST_SKIP() << kNoPromtool;
  EXPECT_THAT(PromtoolsComplaints(Ask(table_, "/metrics").body), IsEmpty());
}

// Names with colons are not for what is scraped, says promtool: these are others' names.
TEST_F(MetricsRouteTest, PromtoolMindsOnlyTheColonsInNamesOfOtherPrograms) {
  queries_.reading = CompatReading();
  if (!HasPromtool()) GTEST_SKIP() << kNoPromtool;
  const std::vector<std::string> complaints = PromtoolsComplaints(Ask(table_, "/metrics").body);
  EXPECT_EQ(complaints.size(), 16u);
  EXPECT_THAT(complaints,
              testing::Each(testing::MatchesRegex(
                  "(slo|pyrra_errors|pyrra_requests):.*metric names should not contain ':'")));
}

}  // namespace
}  // namespace slowburn::serve::internal
