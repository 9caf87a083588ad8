// Goal: alerts live as the book's header says, and a plan changes nothing by itself. Method: life
// cycles as text scripts, each run with one book and again with a restart after every step; then
// random histories against a slow model that wipes and counts by the letter.
#include "rules/alert_book.h"

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slowburn::rules {
namespace {

using model::AlertCondition;
using model::AlertState;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using store::v1::AlertRecord;
using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;

constexpr seconds kStart{1'700'000'000};

base::UnixNanos At(int64_t second) { return base::UnixNanos(kStart + seconds(second)); }

int64_t SecondOf(base::UnixNanos time) {
  return std::chrono::floor<seconds>(time.time_since_epoch() - kStart).count();
}

// "page:a" is an alert of incident a, "solo" is on its own; a page outranks a ticket.
AlertCondition Condition(std::string_view alert, std::string_view tier, seconds hold = 0s,
                         seconds keep = 0s) {
  AlertCondition condition;
  condition.labels.Set("alert", alert);
  condition.tier = tier;
  condition.annotations.Set("tier", tier);
  condition.hold = hold;
  condition.keep_firing_for = keep;
  const size_t colon = alert.find(':');
  if (colon != std::string_view::npos) condition.incident = alert.substr(colon + 1);
  condition.rank = alert.starts_with("page") ? 2 : alert.starts_with("ticket") ? 1 : 0;
  return condition;
}

// "page:a=firing(0,10)": active and fired at; resolved has its end too.
std::string Text(const model::Alert& alert) {
  const std::string name(alert.labels.Get("alert"));
  switch (alert.state) {
    case AlertState::kPending:
      return fmt::format("{}=pending({})", name, SecondOf(alert.active_at));
    case AlertState::kFiring:
      return fmt::format("{}=firing({},{})", name, SecondOf(alert.active_at),
                         SecondOf(alert.fired_at));
    case AlertState::kInactive:
      return fmt::format("{}=resolved({},{},{})", name, SecondOf(alert.active_at),
                         SecondOf(alert.fired_at), SecondOf(alert.resolved_at));
  }
  return name;
}

std::string Text(const AlertBook& book) {
  std::string text;
  for (const model::Alert& alert : book.Alerts()) text += (text.empty() ? "" : " ") + Text(alert);
  return text.empty() ? "-" : text;
}

std::vector<std::string> Bytes(const std::vector<AlertRecord>& records) {
  std::vector<std::string> bytes;
  for (const AlertRecord& record : records) bytes.push_back(record.SerializeAsString());
  return bytes;
}

std::vector<std::string> Bytes(const std::vector<AlertBook::Change>& changes) {
  std::vector<std::string> bytes;
  for (const AlertBook::Change& change : changes)
    bytes.push_back(change.record.SerializeAsString());
  return bytes;
}

AlertBook Restarted(const AlertBook& book, AlertBook::Options options) {
  AlertBook restarted(options);
  for (const AlertRecord& record : book.Records()) {
    AlertRecord read;  // As from disk.
    EXPECT_TRUE(read.ParseFromString(record.SerializeAsString()));
    restarted.Apply(read);
  }
  return restarted;
}

// Plans and applies; checks that planning alone changes nothing and that nothing is left to do
// after. Returns the number of changes.
size_t Step(AlertBook& book, const std::vector<AlertCondition>& conditions, int64_t second) {
  const std::vector<std::string> before = Bytes(book.Records());
  const std::vector<AlertBook::Change> plan = book.Plan(conditions, At(second));
  EXPECT_EQ(Bytes(plan), Bytes(book.Plan(conditions, At(second)))) << "planned twice";
  EXPECT_EQ(before, Bytes(book.Records())) << "a plan changed the book";
  for (const AlertBook::Change& change : plan) book.Apply(change.record);
  EXPECT_THAT(Bytes(book.Plan(conditions, At(second))), IsEmpty()) << "planned again once applied";
  return plan.size();
}

// `tier NAME.TIER [hold=SECONDS] [keep=SECONDS] [settle=SECONDS] [silence=1]` says how a tier is
// from here on;
// `SECOND TIERS => ALERTS` evaluates with these true (NAME.TIER? is unknown); `restart SECOND`: the
// program was down until then.
struct ScriptCase {
  std::string name;
  std::string script;
};

void PrintTo(const ScriptCase& row, std::ostream* out) { *out << row.name; }

class AlertBookScriptTest : public testing::TestWithParam<ScriptCase> {
 protected:
  static constexpr AlertBook::Options kOptions{
      .resolved_retention = 100s, .resend = 1s, .alerts_max = 10};

  void Run(bool restart) {
    AlertBook book(kOptions);
    base::UnixNanos watched_since{};
    std::map<std::string, AlertCondition> tiers;
    std::istringstream script(GetParam().script);
    for (std::string line; std::getline(script, line);) {
      std::istringstream words(line);
      std::string word;
      if (!(words >> word)) continue;
      SCOPED_TRACE(line);
      if (word == "tier") {
        Declare(words, tiers);
        continue;
      }
      if (word == "restart") {
        words >> word;
        watched_since = At(std::stoll(word));
        book.set_watched_since(watched_since);
        continue;
      }
      const int64_t second = std::stoll(word);
      std::vector<AlertCondition> conditions;
      while (words >> word && word != "=>") {
        const bool is_unknown = word.ends_with('?');
        if (is_unknown) word.pop_back();
        conditions.push_back(tiers.at(word));
        conditions.back().is_unknown = is_unknown;
      }
      std::string want;
      while (words >> word) want += (want.empty() ? "" : " ") + word;
      Step(book, conditions, second);
      EXPECT_EQ(Text(book), want);
      if (restart) book = Restarted(book, kOptions);
      book.set_watched_since(watched_since);
    }
  }

 private:
  static void Declare(std::istringstream& words, std::map<std::string, AlertCondition>& tiers) {
    std::string name;
    words >> name;
    std::map<std::string, seconds> times;
    for (std::string word; words >> word;) {
      const size_t equals = word.find('=');
      times[word.substr(0, equals)] = seconds(std::stoll(word.substr(equals + 1)));
    }
    const size_t dot = name.find('.');
    AlertCondition condition =
        Condition(name.substr(0, dot), name.substr(dot + 1), times["hold"], times["keep"]);
    condition.settle = times["settle"];
    condition.is_silence = times["silence"] > 0s;
    tiers.insert_or_assign(name, std::move(condition));
  }
};

TEST_P(AlertBookScriptTest, OneBook) { Run(false); }
TEST_P(AlertBookScriptTest, RestartedAfterEveryStep) { Run(true); }

INSTANTIATE_TEST_SUITE_P(LifeCycles, AlertBookScriptTest,
                         testing::ValuesIn<ScriptCase>({
                             {"FiresResolvesAndFiresAnew", R"(
      tier solo.a
      0   solo.a => solo=firing(0,0)
      10  solo.a => solo=firing(0,0)
      20         => solo=resolved(0,0,20)
      30         => solo=resolved(0,0,20)
      40  solo.a => solo=firing(40,40))"},
                             {"Hold", R"(
      tier solo.a hold=30
      0   solo.a => solo=pending(0)
      29  solo.a => solo=pending(0)
      30  solo.a => solo=firing(0,30)
      31         => solo=resolved(0,30,31)
      32  solo.a => solo=pending(32)
      33         => -)"},
                             {"FlappingNeverHolds", R"(
      tier solo.a hold=10
      0   solo.a => solo=pending(0)
      9          => -
      10  solo.a => solo=pending(10)
      19         => -
      20  solo.a => solo=pending(20)
      30  solo.a => solo=firing(20,30))"},
                             {"KeepFiring", R"(
      tier solo.a keep=60
      0   solo.a => solo=firing(0,0)
      10         => solo=firing(0,0)
      69         => solo=firing(0,0)
      70         => solo=resolved(0,0,70))"},
                             {"KeepFiringBeginsAnewWhenTrueAgain", R"(
      tier solo.a keep=60
      0   solo.a => solo=firing(0,0)
      10         => solo=firing(0,0)
      60  solo.a => solo=firing(0,0)
      61         => solo=firing(0,0)
      120        => solo=firing(0,0)
      121        => solo=resolved(0,0,121))"},
                             {"KeepFiringIsNotForPending", R"(
      tier solo.a hold=30 keep=60
      0   solo.a => solo=pending(0)
      10         => -)"},
                             {"TiersHandOver", R"(
      tier solo.a
      tier solo.b
      0   solo.a        => solo=firing(0,0)
      10  solo.a solo.b => solo=firing(0,0)
      20  solo.b        => solo=firing(0,0)
      30                => solo=resolved(0,0,30))"},
                             {"PendingTiersHandOver", R"(
      tier solo.a hold=20
      tier solo.b hold=20
      0   solo.a => solo=pending(0)
      15  solo.b => solo=pending(0)
      34  solo.b => solo=pending(0)
      35  solo.b => solo=firing(0,35))"},
                             {"FiredThenOnlyPendingThenOver", R"(
      tier solo.a
      tier solo.b hold=30
      0   solo.a => solo=firing(0,0)
      10  solo.b => solo=pending(0)
      20         => solo=resolved(0,0,20))"},
                             {"FiredThenOnlyPendingThenFiresOn", R"(
      tier solo.a
      tier solo.b hold=30
      0   solo.a => solo=firing(0,0)
      10  solo.b => solo=pending(0)
      40  solo.b => solo=firing(0,0))"},
                             {"HoldMadeShorterFires", R"(
      tier solo.a hold=30
      0   solo.a => solo=pending(0)
      tier solo.a hold=5
      10  solo.a => solo=firing(0,10))"},
                             {"HoldMadeLongerLeavesFiringAlone", R"(
      tier solo.a
      0   solo.a => solo=firing(0,0)
      tier solo.a hold=600
      10  solo.a => solo=firing(0,0))"},
                             {"KeepFiringMadeLonger", R"(
      tier solo.a
      0   solo.a => solo=firing(0,0)
      tier solo.a keep=20
      10  solo.a => solo=firing(0,0)
      20         => solo=firing(0,0)
      40         => solo=resolved(0,0,40))"},
                             {"PageResolvesTicketWhichReturns", R"(
      tier page:a.fast
      tier ticket:a.slow
      0   ticket:a.slow             => ticket:a=firing(0,0)
      10  ticket:a.slow page:a.fast => page:a=firing(10,10) ticket:a=resolved(0,0,10)
      20  ticket:a.slow page:a.fast => page:a=firing(10,10) ticket:a=resolved(0,0,10)
      30  ticket:a.slow             => page:a=resolved(10,10,30) ticket:a=firing(30,30)
      40                            => page:a=resolved(10,10,30) ticket:a=resolved(30,30,40))"},
                             {"TicketsHoldBeginsWhenThePageEnds", R"(
      tier page:a.fast
      tier ticket:a.slow hold=30
      0   ticket:a.slow             => ticket:a=pending(0)
      10  ticket:a.slow page:a.fast => page:a=firing(10,10)
      40  ticket:a.slow             => page:a=resolved(10,10,40) ticket:a=pending(40)
      70  ticket:a.slow             => page:a=resolved(10,10,40) ticket:a=firing(40,70))"},
                             {"TicketThatFiredAndIsPendingIsResolvedByThePage", R"(
      tier page:a.fast
      tier ticket:a.b
      tier ticket:a.c hold=30
      0   ticket:a.b             => ticket:a=firing(0,0)
      10  ticket:a.c             => ticket:a=pending(0)
      20  ticket:a.c page:a.fast => page:a=firing(20,20) ticket:a=resolved(0,0,20))"},
                             {"PendingPageLetsTheTicketBe", R"(
      tier page:a.fast hold=30
      tier ticket:a.slow
      0   ticket:a.slow page:a.fast => page:a=pending(0) ticket:a=firing(0,0)
      30  ticket:a.slow page:a.fast => page:a=firing(0,30) ticket:a=resolved(0,0,30))"},
                             {"KeptPageStillOutranks", R"(
      tier page:a.fast keep=20
      tier ticket:a.slow
      0   ticket:a.slow page:a.fast => page:a=firing(0,0)
      10  ticket:a.slow             => page:a=firing(0,0)
      29  ticket:a.slow             => page:a=firing(0,0)
      30  ticket:a.slow             => page:a=resolved(0,0,30) ticket:a=firing(30,30))"},
                             {"KeptTicketEndsWithThePage", R"(
      tier page:a.fast
      tier ticket:a.slow keep=60
      0   ticket:a.slow => ticket:a=firing(0,0)
      10  page:a.fast   => page:a=firing(10,10) ticket:a=resolved(0,0,10)
      20                => page:a=resolved(10,10,20) ticket:a=resolved(0,0,10))"},
                             {"OtherIncidentsAreLeftAlone", R"(
      tier page:a.fast
      tier ticket:b.slow
      tier page.x
      tier ticket.x
      0   page:a.fast ticket:b.slow page.x ticket.x => page=firing(0,0) page:a=firing(0,0) ticket=firing(0,0) ticket:b=firing(0,0))"},
                             {"ResolvedIsForgottenAfterRetention", R"(
      tier solo.a
      0   solo.a => solo=firing(0,0)
      10         => solo=resolved(0,0,10)
      110        => solo=resolved(0,0,10)
      111        => -)"},
                             {"OutrankedIsForgottenAfterRetention", R"(
      tier page:a.fast
      tier ticket:a.slow
      0   ticket:a.slow             => ticket:a=firing(0,0)
      10  ticket:a.slow page:a.fast => page:a=firing(10,10) ticket:a=resolved(0,0,10)
      110 ticket:a.slow page:a.fast => page:a=firing(10,10) ticket:a=resolved(0,0,10)
      111 ticket:a.slow page:a.fast => page:a=firing(10,10)
      112 ticket:a.slow             => page:a=resolved(10,10,112) ticket:a=firing(112,112))"},
                             {"WhatFiredBeforeARestartGoesOnUntilItIsWatchedAgain", R"(
      tier solo.a settle=30
      0   solo.a => solo=firing(0,0)
      restart 500
      500        => solo=firing(0,0)
      529        => solo=firing(0,0)
      530        => solo=resolved(0,0,530)
      531 solo.a => solo=firing(531,531)
      532        => solo=resolved(531,531,532))"},
                             {"WhatBeganSinceTheRestartIsInNoDoubt", R"(
      tier solo.a settle=30
      restart 500
      505 solo.a => solo=firing(505,505)
      506        => solo=resolved(505,505,506))"},
                             {"WhatStillBurnsAfterARestartNeverEnded", R"(
      tier solo.a settle=30
      0   solo.a => solo=firing(0,0)
      restart 500
      500        => solo=firing(0,0)
      520 solo.a => solo=firing(0,0)
      600 solo.a => solo=firing(0,0)
      601        => solo=resolved(0,0,601))"},
                             {"EachTierSettlesByItsOwnWindow", R"(
      tier page:a.fast settle=10
      tier ticket:a.slow settle=60
      0   page:a.fast ticket:a.slow => page:a=firing(0,0)
      5   ticket:a.slow             => page:a=resolved(0,0,5) ticket:a=firing(5,5)
      restart 40
      51                            => page:a=resolved(0,0,5) ticket:a=firing(5,5)
      99                            => page:a=resolved(0,0,5) ticket:a=firing(5,5)
      100                           => page:a=resolved(0,0,5) ticket:a=resolved(5,5,100))"},
                             {"KeepFiringBeginsOnceItHasSettled", R"(
      tier solo.a settle=30 keep=20
      0   solo.a => solo=firing(0,0)
      restart 100
      129        => solo=firing(0,0)
      130        => solo=firing(0,0)
      149        => solo=firing(0,0)
      150        => solo=resolved(0,0,150))"},
                             {"WhatWasPendingAtARestartEnds", R"(
      tier solo.a settle=30 hold=60
      0   solo.a => solo=pending(0)
      restart 100
      100        => -)"},
                             {"SilenceIsUnknownUntilItIsWatched", R"(
      tier solo.a settle=30 silence=1
      0   solo.a => solo=firing(0,0)
      restart 500
      500 solo.a => solo=firing(0,0)
      529 solo.a => solo=firing(0,0)
      530 solo.a => solo=firing(0,0)
      531        => solo=resolved(0,0,531)
      restart 600
      600 solo.a => solo=resolved(0,0,531)
      629 solo.a => solo=resolved(0,0,531)
      630 solo.a => solo=firing(630,630))"},
                             {"TheEndOfASilenceNeedsNoWatching", R"(
      tier solo.a settle=30 silence=1
      0   solo.a => solo=firing(0,0)
      restart 500
      505        => solo=resolved(0,0,505))"},
                             {"TheMiddleOfThreeReturnsWhenTheHighestEnds", R"(
      tier page:a.fast
      tier ticket:a.slow
      tier note:a.slower
      0   note:a.slower                           => note:a=firing(0,0)
      1   note:a.slower ticket:a.slow             => note:a=resolved(0,0,1) ticket:a=firing(1,1)
      2   note:a.slower ticket:a.slow page:a.fast => note:a=resolved(0,0,1) page:a=firing(2,2) ticket:a=resolved(1,1,2)
      3   note:a.slower ticket:a.slow             => note:a=resolved(0,0,1) page:a=resolved(2,2,3) ticket:a=firing(3,3)
      4   note:a.slower                           => note:a=firing(4,4) page:a=resolved(2,2,3) ticket:a=resolved(3,3,4))"},
                             {"TheUnknownStaysAsItIs", R"(
      tier solo.a
      tier sole.b hold=30
      tier sine.c keep=10
      0    solo.a sole.b sine.c  => sine=firing(0,0) sole=pending(0) solo=firing(0,0)
      5    solo.a sole.b         => sine=firing(0,0) sole=pending(0) solo=firing(0,0)
      99   solo.a? sole.b? sine.c? => sine=firing(0,0) sole=pending(0) solo=firing(0,0)
      100  sine.c?               => sine=firing(0,0) solo=resolved(0,0,100)
      101                        => sine=resolved(0,0,101) solo=resolved(0,0,100))"},
                             {"TheUnknownBeginsNothing", R"(
      tier page:a.fast
      tier ticket:a.slow
      0   page:a.fast? ticket:a.slow?  => -
      1   page:a.fast ticket:a.slow    => page:a=firing(1,1)
      2   page:a.fast                  => page:a=firing(1,1)
      3   page:a.fast? ticket:a.slow?  => page:a=firing(1,1)
      4   ticket:a.slow                => page:a=resolved(1,1,4) ticket:a=firing(4,4)
      5   page:a.fast? ticket:a.slow?  => page:a=resolved(1,1,4) ticket:a=firing(4,4))"},
                             {"ClockGoesBack", R"(
      tier solo.a hold=30
      tier sole.b keep=30
      100  solo.a sole.b => sole=firing(100,100) solo=pending(100)
      0    solo.a        => sole=firing(100,100) solo=pending(100)
      129  solo.a        => sole=resolved(100,100,129) solo=pending(100)
      130  solo.a        => sole=resolved(100,100,129) solo=firing(100,130)
      0                  => sole=resolved(100,100,129) solo=resolved(100,130,0))"},
                         }),
                         [](const auto& info) { return info.param.name; });

TEST(AlertBookTest, WhatGoesOnIsNoChangeAndAnnotationsFollowOnceAMinute) {
  AlertBook book({});
  AlertCondition condition = Condition("solo", "a");
  const auto changes = [&](int64_t second, std::string_view burn_rate) {
    condition.annotations.Set("burn_rate", burn_rate);
    return Step(book, {condition}, second);
  };
  const auto said = [&] { return std::string(book.Alerts().at(0).annotations.Get("burn_rate")); };
  EXPECT_EQ(changes(0, "1"), 1u);
  EXPECT_EQ(changes(1, "2"), 0u);
  EXPECT_EQ(changes(59, "3"), 0u);
  EXPECT_EQ(said(), "1");
  EXPECT_EQ(changes(60, "4"), 1u);
  EXPECT_EQ(said(), "4");
  EXPECT_EQ(changes(119, "5"), 0u);
  EXPECT_EQ(changes(300, "4"), 0u);  // Due, but the same words.
  book = Restarted(book, {});
  EXPECT_EQ(changes(301, "6"), 1u);
  EXPECT_EQ(said(), "6");

  // Another tier is news, and takes the newest words with it.
  condition.annotations.Set("burn_rate", "7");
  EXPECT_EQ(Step(book, {condition, Condition("solo", "b")}, 302), 1u);
  EXPECT_EQ(said(), "7");
}

TEST(AlertBookTest, TheFirstFiringTierSpeaks) {
  AlertBook book({});
  const auto tier = [&] { return std::string(book.Alerts().at(0).annotations.Get("tier")); };
  const AlertCondition held = Condition("solo", "held", 30s);
  const AlertCondition kept = Condition("solo", "kept", 0s, 60s);
  Step(book, {held}, 0);
  EXPECT_EQ(tier(), "held");
  Step(book, {held, kept}, 1);
  EXPECT_EQ(tier(), "kept");
  Step(book, {held}, 2);  // Fires by the kept tier alone.
  EXPECT_EQ(tier(), "kept");
  Step(book, {held, kept}, 30);
  EXPECT_EQ(tier(), "held");
  Step(book, {}, 31);
  Step(book, {}, 200);
  EXPECT_EQ(book.Alerts().at(0).state, AlertState::kInactive);
  EXPECT_EQ(tier(), "held");
}

TEST(AlertBookTest, AlertsCarryTheirLabelsAndForgottenRecordsOnlyThose) {
  AlertBook book({});
  AlertCondition condition = Condition("solo", "a", 60s);
  condition.labels = {{"alertname", "SLOBurnRate"}, {"http_route", "/\"pay\"\n"}};
  Step(book, {condition}, 0);
  ASSERT_EQ(book.Alerts().size(), 1u);
  EXPECT_EQ(book.Alerts()[0].labels, condition.labels);
  EXPECT_EQ(book.Alerts()[0].fired_at, base::UnixNanos{});
  const auto plan = book.Plan({}, At(1));
  ASSERT_EQ(plan.size(), 1u);
  EXPECT_EQ(plan[0].record.state(), store::v1::ALERT_STATE_UNSPECIFIED);
  EXPECT_EQ(plan[0].record.labels_size(), 2);
  EXPECT_EQ(plan[0].record.tiers_size(), 0);
  book.Apply(plan[0].record);
  EXPECT_THAT(book.Records(), IsEmpty());
}

TEST(AlertBookTest, RecordsSayHowLongAFiringAlertMayBeBelieved) {
  constexpr AlertBook::Options kOptions{.resolved_retention = 3600s, .resend = 60s};
  AlertBook book(kOptions);
  const AlertCondition condition = Condition("solo", "a", 100s);
  size_t changes = 0;
  for (int64_t second = 0; second <= 7200; ++second) {
    changes += Step(book, {condition}, second);
    if (second % 700 == 0) book = Restarted(book, kOptions);
    const model::Alert alert = book.Alerts().at(0);
    if (second < 100) {
      EXPECT_EQ(alert.told_until, base::UnixNanos{}) << "nobody is told of a pending alert";
    } else {
      // What is told now holds for four resends.
      ASSERT_GE(alert.told_until, At(second + 240)) << second;
      ASSERT_LE(alert.told_until, At(second + 3600)) << second << ": kept for longer than usual";
    }
  }
  EXPECT_LE(changes, 12u) << "pending, firing, and a few an hour";
}

TEST(AlertBookTest, AnEndIsKeptAsLongAsAnybodyMayBelieveThatTheAlertFires) {
  constexpr AlertBook::Options kOptions{.resolved_retention = 3600s, .resend = 60s};
  constexpr int64_t kDay = 86'400;
  AlertBook book(kOptions);
  const AlertCondition condition = Condition("solo", "a");
  Step(book, {condition}, kDay);
  Step(book, {condition}, kDay + 100);
  const base::UnixNanos told_until = book.Alerts().at(0).told_until.value();
  ASSERT_GE(told_until, At(kDay + 340));
  // The clock is set back by a day, and the program crashes. Then it ends.
  book = Restarted(book, kOptions);
  book.set_watched_since(At(110));
  Step(book, {condition}, 110);
  Step(book, {}, 120);
  const std::string resolved = fmt::format("solo=resolved({},{},120)", kDay, kDay);
  EXPECT_EQ(Text(book), resolved);
  for (const int64_t second : {int64_t{120 + 3601}, int64_t{20'000}, SecondOf(told_until) - 1}) {
    Step(book, {}, second);
    EXPECT_EQ(Text(book), resolved) << second;
    book = Restarted(book, kOptions);
    EXPECT_EQ(book.Alerts().at(0).told_until, told_until);
  }
  Step(book, {}, SecondOf(told_until));
  EXPECT_EQ(Text(book), "-");
}

TEST(AlertBookTest, BeyondTheLimitNewAlertsAreRefusedAndCounted) {
  AlertBook book({.resolved_retention = 100s, .alerts_max = 2});
  const auto apply = [&](const std::vector<AlertCondition>& conditions, int64_t second) {
    for (const auto& change : book.Plan(conditions, At(second))) book.Apply(change.record);
    return Text(book);
  };
  const AlertCondition a = Condition("a", "x");
  const AlertCondition b = Condition("b", "x");
  const AlertCondition c = Condition("c", "x");
  EXPECT_EQ(apply({a, b}, 0), "a=firing(0,0) b=firing(0,0)");
  EXPECT_EQ(book.refused(), 0u);
  EXPECT_EQ(apply({c, Condition("c", "y"), a, b}, 1), "a=firing(0,0) b=firing(0,0)");
  EXPECT_EQ(book.refused(), 2u);
  // What is over makes room, the one that ended first before the others.
  EXPECT_EQ(apply({a}, 2), "a=firing(0,0) b=resolved(0,0,2)");
  EXPECT_EQ(apply({}, 3), "a=resolved(0,0,3) b=resolved(0,0,2)");
  EXPECT_EQ(apply({c}, 4), "a=resolved(0,0,3) c=firing(4,4)");
  // A page goes before what was asked for earlier.
  EXPECT_EQ(apply({c, b, Condition("page:z", "x")}, 5), "c=firing(4,4) page:z=firing(5,5)");
  EXPECT_EQ(book.refused(), 3u);
}

// The rules by the letter: first every tier moves, then whatever is outranked is wiped, then states
// are read off.
class SlowModel {
 public:
  explicit SlowModel(seconds retention) : retention_(retention.count()) {}

  void Step(const std::vector<AlertCondition>& conditions, int64_t now) {
    for (const AlertCondition& condition : conditions)
      alerts_[std::string(condition.labels.Get("alert"))].about = condition;
    for (auto& [name, alert] : alerts_) MoveTiers(alert, Of(name, conditions), now);
    std::map<std::string, int> highest;
    for (const auto& [name, alert] : alerts_) {
      const int rank = alert.about.rank;
      if (!alert.about.incident.empty() && Fires(alert)) {
        highest[alert.about.incident] = std::max(highest[alert.about.incident], rank);
      }
    }
    for (auto& [name, alert] : alerts_) {
      if (!alert.about.incident.empty() && alert.about.rank < highest[alert.about.incident])
        alert.tiers.clear();
    }
    for (auto at = alerts_.begin(); at != alerts_.end();)
      at = Settle(at->second, now) ? std::next(at) : alerts_.erase(at);
  }

  std::string Text() const {
    std::string text;
    for (const auto& [name, alert] : alerts_) {
      model::Alert shown;
      shown.labels.Set("alert", name);
      shown.state = alert.resolved ? AlertState::kInactive
                    : Fires(alert) ? AlertState::kFiring
                                   : AlertState::kPending;
      shown.active_at = At(alert.active);
      shown.fired_at = At(alert.fired.value_or(0));
      shown.resolved_at = At(alert.resolved.value_or(0));
      text += (text.empty() ? "" : " ") + rules::Text(shown);
    }
    return text.empty() ? "-" : text;
  }

 private:
  struct Tier {
    int64_t since = 0;
    bool fires = false;
    std::optional<int64_t> missing;
    int64_t keep = 0;
  };
  struct Alert {
    AlertCondition about;
    std::map<std::string, Tier> tiers;
    bool is_active = false;
    int64_t active = 0;
    std::optional<int64_t> fired, resolved;
  };

  static std::map<std::string, AlertCondition> Of(const std::string& name,
                                                  const std::vector<AlertCondition>& all) {
    std::map<std::string, AlertCondition> by_tier;
    for (const AlertCondition& condition : all) {
      if (condition.labels.Get("alert") == name) by_tier.emplace(condition.tier, condition);
    }
    return by_tier;
  }
  static bool Fires(const Alert& alert) {
    return std::any_of(alert.tiers.begin(), alert.tiers.end(),
                       [](const auto& entry) { return entry.second.fires; });
  }
  static void MoveTiers(Alert& alert, const std::map<std::string, AlertCondition>& conditions,
                        int64_t now) {
    for (const auto& [name, condition] : conditions) {
      Tier& tier =
          alert.tiers
              .try_emplace(name, Tier{.since = now, .fires = false, .missing = {}, .keep = 0})
              .first->second;
      tier.missing.reset();
      tier.keep = condition.keep_firing_for.count();
      if (std::max<int64_t>(now - tier.since, 0) >= condition.hold.count()) tier.fires = true;
    }
    for (auto& [name, tier] : alert.tiers) {
      if (!conditions.contains(name) && !tier.missing) tier.missing = now;
    }
    std::erase_if(alert.tiers, [now](const auto& entry) {
      const Tier& tier = entry.second;
      return tier.missing &&
             (!tier.fires || std::max<int64_t>(now - *tier.missing, 0) >= tier.keep);
    });
  }
  // False: forgotten.
  bool Settle(Alert& alert, int64_t now) const {
    if (!alert.tiers.empty()) {
      if (!alert.is_active) {
        alert.active = now;
        alert.fired.reset();
        alert.resolved.reset();
        alert.is_active = true;
      }
      if (Fires(alert) && !alert.fired) alert.fired = now;
      return true;
    }
    if (alert.is_active && alert.fired) alert.resolved = now;
    alert.is_active = false;
    return alert.resolved && now - *alert.resolved <= retention_;
  }

  int64_t retention_;
  std::map<std::string, Alert> alerts_;
};

TEST(AlertBookPropertyTest, AgreesWithASlowModel) {
  constexpr AlertBook::Options kOptions{
      .resolved_retention = 120s, .resend = 1s, .alerts_max = 100};
  size_t firing_seen = 0;
  size_t resolved_seen = 0;
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    std::mt19937 random(seed);
    const auto pick = [&random](int from, int to) {
      return std::uniform_int_distribution<int>(from, to)(random);
    };
    std::vector<AlertCondition> all;
    for (const std::string_view alert :
         {"page:a", "ticket:a", "info:a", "page:b", "ticket:b", "solo"}) {
      for (const std::string_view tier : {"1", "2", "3"}) {
        all.push_back(Condition(alert, tier, seconds(pick(0, 2) * 10), seconds(pick(0, 2) * 15)));
      }
    }
    AlertBook book(kOptions);
    SlowModel model(kOptions.resolved_retention);
    std::vector<bool> is_true(all.size());
    int64_t now = 0;
    for (int step = 0; step < 150; ++step) {
      now += pick(0, 19) == 0 ? pick(-30, 100) : pick(0, 8);
      std::vector<AlertCondition> conditions;
      for (size_t i = 0; i < all.size(); ++i) {
        if (pick(0, 5) == 0) is_true[i] = pick(0, 2) == 0;
        if (is_true[i]) conditions.push_back(all[i]);
      }
      Step(book, conditions, now);
      model.Step(conditions, now);
      const std::string text = Text(book);
      ASSERT_EQ(text, model.Text()) << "step " << step << " at " << now;
      firing_seen += text.find("firing") != std::string::npos;
      resolved_seen += text.find("resolved") != std::string::npos;
      if (pick(0, 9) == 0) book = Restarted(book, kOptions);
    }
  }
  EXPECT_GT(firing_seen, 1000u);  // The histories do reach these states.
  EXPECT_GT(resolved_seen, 1000u);
}

}  // namespace
}  // namespace slowburn::rules
