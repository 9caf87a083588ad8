// Goal: the page shows every figure, is plain HTML under a strict policy, and no name in it can
// become markup. Method: texts that must and must not be in it; every tag that is opened is closed.
#include "serve/internal/home_page.h"

#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "serve/internal/json_error.h"
#include "serve/testing/ask.h"
#include "serve/testing/sample_slos.h"

namespace slowburn::serve::internal {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string Page(const SloReading& reading) {
  return HomePage(reading, FakeQueries::ReadyServer(), SloFilter());
}

size_t Count(const std::string& text, std::string_view what) {
  size_t count = 0;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

// Each element that is opened is closed, in order.
void ExpectBalanced(const std::string& html) {
  const std::set<std::string> empty_elements{"!doctype", "meta", "link", "br", "wbr"};
  std::vector<std::string> open;
  for (size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1)) {
    const bool closes = html[at + 1] == '/';
    const size_t begin = at + (closes ? 2 : 1);
    const std::string name = html.substr(begin, html.find_first_of(" >", begin) - begin);
    if (closes) {
      ASSERT_FALSE(open.empty()) << name;
      ASSERT_EQ(open.back(), name) << html.substr(at, 80);
      open.pop_back();
    } else if (!empty_elements.contains(name)) {
      open.push_back(name);
    }
  }
  EXPECT_TRUE(open.empty()) << open.back();
}

TEST(HomePageTest, SaysWhatIsExcludedNow) {
  SloReading reading = SampleReading();
  EXPECT_THAT(Page(reading), Not(HasSubstr("excluded now")));
  reading.statuses.front().is_excluded = true;
  const std::string page = Page(reading);
  ExpectBalanced(page);
  EXPECT_EQ(Count(page, "excluded now"), 1u);
}

TEST(HomePageTest, MarksWhatIsEstimated) {
  SloReading reading = SampleReading();
  EXPECT_THAT(Page(reading), Not(HasSubstr("≈")));
  reading.statuses.front().metric = slo::MetricStatus{.is_interpolated = true};
  const std::string page = Page(reading);
  ExpectBalanced(page);
  EXPECT_THAT(page, AllOf(HasSubstr("≈ 99.9500%"), HasSubstr("; interpolated, the threshold")));
  // Its groups too.
  EXPECT_EQ(Count(page, "≈"), reading.statuses.front().groups.size());
}

TEST(HomePageTest, ShowsTheFigures) {
  const std::string page = Page(SampleReading());
  ExpectBalanced(page);
  for (const std::string_view want : {"<tbody id=\"checkout/availability\">",
                                      "href=\"/api/slo/v1/slos/checkout/availability\"",
                                      "href=\"https://example.org/runbooks/checkout\"",
                                      "<span class=\"state exhausted\">exhausted",
                                      "99.9%",
                                      "30d",
                                      "99.9500%",
                                      "50 bad of 100000 events",
                                      "value=\"0.5000\"",
                                      "50.0%",
                                      "30d",
                                      "<i>5m</i> <span>0.50</span>",
                                      "<span class=\"firing\">page</span>",
                                      "13s ago",
                                      "<i>http.route</i> /pay",
                                      "<span class=\"hot\">-145.0%</span>",
                                      "<span class=\"hot\">spent</span>",
                                      "<span class=\"state no_data\">no data</span>",
                                      "never",
                                      "1.2.3",
                                      "<span class=\"ready\">ready</span>",
                                      "2 SLOs",
                                      "href=\"/?state=exhausted\">1 exhausted",
                                      "<title>1 exhausted · slowburn</title>",
                                      "<meta http-equiv=\"refresh\" content=\"5\">",
                                      "as of 2023-11-14T22:13:23.000Z"}) {
    EXPECT_THAT(page, HasSubstr(want));
  }
  // Only the windows of the tier that burns are marked: 3d/6h and 1d/2h at 2.45, not 1h/5m.
  EXPECT_THAT(page, AllOf(HasSubstr("<i>3d</i> <span class=\"hot\">2.45"),
                          HasSubstr("<i>1h</i> <span>2.45")));
  EXPECT_THAT(page, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("style=\"")),
                          Not(HasSubstr(" onclick"))));
}

TEST(HomePageTest, ShowsHowBudgetsCount) {
  const std::string page = Page(BudgetsReading());
  ExpectBalanced(page);
  for (const std::string_view want :
       {"2 bad of 40 timeslices; 50 bad of 100000 events", "95.0000%", "timeslices 1m 95%",
        "0.5 bad of 2.5 timeslices", "ratio_timeslices 5m", "month Europe/Paris",
        "title=\"2023-10-31T23:00:00.000Z to 2023-11-30T23:00:00.000Z\">ends in 16d",
        "0.25 bad of 4 weights", "weighted",
        "<i>member</i> <a href=\"#shop/slices\">shop/slices</a> ×3",
        "<i>member</i> <a href=\"#shop/ratios\">shop/ratios</a> ×1"}) {
    EXPECT_THAT(page, HasSubstr(want));
  }
}

TEST(HomePageTest, ShowsTiersThatCannotSay) {
  SloReading reading;
  reading.now = kSampleNow;
  slo::SloSpec spec = SampleSpec("checkout", "availability", {"http.route"});
  spec.policy.unreachable = {{"1m/10s", "page", "it would need <144%> errors"}};
  slo::GroupStatus total = SampleGroup(spec, {}, {.good = 99, .bad = 1});
  slo::GroupStatus pay = SampleGroup(spec, {"/pay"}, {.good = 99, .bad = 1});
  const auto set = [](slo::TierStatus& tier, slo::TierState state, std::string reason) {
    tier.state = state;
    tier.reason = std::move(reason);
  };
  set(total.tiers[0], slo::TierState::kTooCoarse, "points come every 1h");
  set(pay.tiers[0], slo::TierState::kSuppressed, "1 bad is fewer than min_bad 2");
  set(pay.tiers[2], slo::TierState::kWarming, "first event 5m ago");
  set(pay.tiers[3], slo::TierState::kWarming, "first event 5m ago");
  AddSlo(reading, std::move(spec), {total, pay});
  const std::string page = Page(reading);
  ExpectBalanced(page);
  EXPECT_THAT(page,
              AllOf(HasSubstr("<span class=\"tier\" title=\"1h/5m: points come every 1h\">too "
                              "coarse 1h/5m</span>"),
                    HasSubstr("title=\"1m/10s: it would need &lt;144%&gt; errors\">"
                              "unreachable 1m/10s</span>"),
                    HasSubstr(">suppressed 1h/5m</span>"),
                    HasSubstr("title=\"1d/2h: first event 5m ago; 3d/6h: first event 5m "
                              "ago\">warming 1d/2h, 3d/6h</span>")));
  EXPECT_EQ(Count(page, "unreachable 1m/10s"), 1u) << "once, with the SLO";
}

TEST(HomePageTest, ShowsPoliciesWhereFewSlosAre) {
  SloReading reading;
  reading.now = kSampleNow;
  slo::SloSpec spec = SampleSpec("checkout", "availability");
  spec.policy.unreachable = {{"1m/10s", "page", "it would need 144% errors"}};
  slo::AlertTier& tier = spec.policy.tiers[0];
  tier.severity = "<b>";
  tier.hold = std::chrono::minutes(2);
  tier.keep_firing_for = std::chrono::minutes(5);
  spec.policy.tiers[3].disabled = true;
  slo::GroupStatus total = SampleGroup(spec, {}, {.good = 99'950, .bad = 50});
  total.tiers[1].state = slo::TierState::kTooCoarse;
  total.tiers[1].reason = "points come every 1h";
  slo::StateAlert silent;
  silent.kind = slo::StateAlert::Kind::kNoData;
  silent.name = "silent 30m";
  silent.severity = "ticket";
  total.state_alerts = {{silent, true}};
  for (size_t i = 0; i < kPoliciesOnPageMax; ++i) {
    AddSlo(reading, spec, {total});
  }
  const std::string page = Page(reading);
  ExpectBalanced(page);
  for (const std::string_view want :
       {"<td>1h/5m</td><td>&lt;b&gt;</td><td>14.4</td><td>0.5</td><td>0.5</td><td>1, 2</td>"
        "<td>2m, kept 5m</td><td>quiet</td>",
        "<td>6h/30m</td><td>page</td><td>6</td><td>0.5</td><td>0.5</td><td>1, 2</td><td>0s</td>"
        "<td>too_coarse: points come every 1h</td>",
        "<td>1, 1</td><td>nobody is told</td>", "<td>unreachable: it would need 144% errors</td>",
        "<td>SLONoData silent 30m</td><td>ticket</td>", "<td>holds</td>"}) {
    EXPECT_THAT(page, HasSubstr(want));
  }
  AddSlo(reading, spec, {total});
  EXPECT_THAT(Page(reading), Not(HasSubstr("class=\"policy\""))) << "too many";
}

TEST(HomePageTest, NamesAlertsOtherThanBurnRates) {
  SloReading reading = SampleReading();
  reading.alerts = {SampleAlert({{"alertname", "SLONoData"},
                                 {"service", "checkout"},
                                 {"slo", "availability"},
                                 {"severity", "ticket"}},
                                model::AlertState::kFiring)};
  EXPECT_THAT(Page(reading), HasSubstr("<span class=\"firing\">ticket SLONoData</span>"));
}

TEST(HomePageTest, HostileTextStaysText) {
  SloReading reading = HostileReading();
  ServerReading server = FakeQueries::ReadyServer();
  server.version = "<i>1";
  server.ready = false;
  server.not_ready_because = "<img src=x>";
  server.config_ok = false;
  server.config_error = "a.yaml:1: <b>\nb.yaml:2: &";
  const std::string page = HomePage(reading, server, SloFilter());
  ExpectBalanced(page);
  EXPECT_THAT(page, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("<img")), Not(HasSubstr("<b>")),
                          Not(HasSubstr("javascript:")), Not(HasSubstr("\xff"))));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;&quot;&#39;&amp;\\\n\xEF\xBF\xBD"));
  EXPECT_THAT(page, HasSubstr("not ready: &lt;img src=x&gt;"));
  EXPECT_THAT(page, HasSubstr("a.yaml:1: &lt;b&gt;\nb.yaml:2: &amp;"));
}

TEST(HomePageTest, ShowsTheWorstGroupsFirstAndCountsTheRest) {
  SloReading reading;
  reading.now = kSampleNow;
  slo::SloSpec spec = SampleSpec("many", "groups", {"route"});
  std::vector<slo::GroupStatus> groups{SampleGroup(spec, {}, {.good = 100})};
  for (int i = 0; i < 60; ++i) {
    groups.push_back(SampleGroup(spec, {fmt::format("/{}.", i)}, {.good = 100}));
  }
  groups.push_back(SampleGroup(spec, {"/broken."}, {.good = 1, .bad = 99}));
  AddSlo(reading, std::move(spec), std::move(groups));
  const std::string page = Page(reading);
  ExpectBalanced(page);
  EXPECT_LT(page.find("/broken."), page.find("/0."));
  EXPECT_THAT(page, AllOf(HasSubstr("/48."), Not(HasSubstr("/49.")), HasSubstr(">11 more</a>")));
  EXPECT_EQ(Count(page, "<th scope=\"row\">"), 1 + kGroupsPerSloMax);
}

TEST(HomePageTest, ShowsAThousandSlos) {
  SloReading reading;
  reading.now = kSampleNow;
  const slo::SloSpec spec = SampleSpec("a", "b");
  const slo::GroupStatus total = SampleGroup(spec, {}, {.good = 100});
  reading.slos = std::make_shared<const slo::SloSet>(slo::SloSet{spec});
  for (int i = 0; i < 1003; ++i) {
    reading.statuses.push_back({.index = 0, .state = slo::SloState::kOk, .groups = {total}});
  }
  const std::string page = Page(reading);
  EXPECT_EQ(Count(page, "<tbody"), kSlosOnPageMax);
  EXPECT_THAT(page, AllOf(HasSubstr("3 more SLOs"), HasSubstr("1003 SLOs")));
}

class HomeRoutesTest : public testing::Test {
 protected:
  HomeRoutesTest() { AddHomeRoutes(table_, queries_); }

  FakeQueries queries_;
  net::RouteTable table_{[](const net::HttpRequest&, int status, std::string_view message) {
    return ErrorResponse(status, message);
  }};
};

TEST_F(HomeRoutesTest, PageUnderAStrictPolicy) {
  const net::HttpResponse response = Ask(table_, "/");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "text/html; charset=utf-8");
  EXPECT_THAT(std::string(net::FindHeader(response.headers, "Content-Security-Policy")),
              AllOf(HasSubstr("default-src 'none'"), HasSubstr("style-src 'self'"),
                    HasSubstr("frame-ancestors 'none'"), Not(HasSubstr("unsafe"))));
  EXPECT_THAT(Ask(table_, "/style.css").body, HasSubstr("prefers-color-scheme: dark"));
}

TEST_F(HomeRoutesTest, Filters) {
  EXPECT_THAT(Ask(table_, "/?state=no_data").body,
              AllOf(HasSubstr("id=\"search/latency\""), Not(HasSubstr("id=\"checkout/"))));
  EXPECT_THAT(Ask(table_, "/?service=none").body, HasSubstr("No SLO matches."));
  EXPECT_EQ(Ask(table_, "/?state=fine").status, 400);
  queries_.reading = SloReading();
  queries_.reading.slos = std::make_shared<const slo::SloSet>();
  EXPECT_THAT(Ask(table_, "/").body, HasSubstr("No SLO is loaded."));
}

}  // namespace
}  // namespace slowburn::serve::internal
