// Goal: another SLI is another epoch, the old ones stay to be seen and read, over reloads and
// restarts, and their number is bounded. Method: SLO files of changing conditions on a core with a
// real store, reopened with and without checkpoints, asked as the HTTP API asks.
#include "app/slo_epochs.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "app/readings.h"
#include "app/testing/core_fixture.h"
#include "base/status.h"
#include "base/testing/manual_clock.h"

namespace slowburn::app {
namespace {

using std::chrono::sys_seconds;
using testing::HasSubstr;
using namespace std::chrono_literals;

const std::string kId = "checkout/availability";

slo::SloSet WithBad(std::string_view bad, std::string_view group_by = "http.route",
                    std::string_view objective = "99.9%") {
  rules::SpecFileResult read = rules::ReadSpecText(fmt::format(R"(
apiVersion: slowburn/v1
kind: SLO
metadata: {{name: availability}}
spec:
  service: checkout
  sli: {{spans: {{match: span.kind == SPAN_KIND_SERVER, bad: {}}}, group_by: [{}]}}
  objective: {}
  window: 30d
)",
                                                               bad, group_by, objective),
                                                   "test.yaml");
  EXPECT_TRUE(read.errors.empty()) << read.errors.front();
  return std::move(read.slos);
}
const std::string kErrors = "span.status.code == STATUS_CODE_ERROR";
const std::string kStrict = "span.status.code != STATUS_CODE_OK";

class SloEpochsTest : public CoreFixture {
 protected:
  SloEpochsTest() { Reload(WithBad(kErrors), kStart + 10s); }

  void Reload(slo::SloSet slos, base::UnixNanos now) {
    slos_ = std::move(slos);
    const store::v1::LogRecord record = core_->PlanInstall(slos_, now);
    if (record.time_unix_nano() != 0) Commit(record);
    ASSERT_TRUE(core_->Install(std::make_shared<const slo::SloSet>(slos_), now).ok());
    clock_.JumpTo(now);
  }
  void Count(uint64_t id, std::string_view value, base::UnixNanos at, int good, int bad) {
    CountedRequest request;
    std::string key;
    slo::AppendGroupValue(key, value);
    const uint32_t entry =
        request.delta.Append(core_->engine().sli_of(0), slo::SliceOf(base::FloorSeconds(at)), key);
    for (int i = 0; i < good; ++i) request.delta.Count(entry, true, 0);
    for (int i = 0; i < bad; ++i) request.delta.Count(entry, false, 0);
    request.hash = {id, ~id};
    request.items = static_cast<uint32_t>(good + bad);
    Commit(request, at);
  }
  // As GET /api/slo/v1/slos/{id} has them.
  std::vector<serve::EpochReading> Epochs() { return With().OneSlo(kId, {}).value().epochs; }
  absl::StatusOr<slo::SliCounts> Counts(std::optional<uint32_t> epoch,
                                        const serve::GroupSelector& group = {}) {
    const sys_seconds start = base::FloorSeconds(kStart);
    SB_ASSIGN_OR_RETURN(const serve::CountsReading reading,
                        With().Counts(kId, group, epoch, start, start + 1h));
    return reading.counts;
  }
  Readings With() {
    loop_ = std::make_unique<CommitLoop>(CommitLoop::Options{}, *core_, *store_,
                                         CommitLoop::Downstreams{}, clock_, registry_);
    return {*loop_, *store_, clock_, [](serve::ServerReading&) {}};
  }

  base::ManualClock clock_{kStart};
  prometheus::Registry registry_;
  std::unique_ptr<CommitLoop> loop_;  // not started: only read through
};

TEST_F(SloEpochsTest, TheFirstSliIsTheFirstEpoch) {
  // The fixture installed another SLI of this name before.
  const std::vector<serve::EpochReading> epochs = Epochs();
  ASSERT_EQ(epochs.size(), 2u);
  EXPECT_EQ(epochs[0].epoch, 1u);
  EXPECT_EQ(epochs[0].since, base::FloorSeconds(kStart));
  EXPECT_EQ(epochs[0].until, base::FloorSeconds(kStart + 10s));
  EXPECT_EQ(epochs[0].sli, TwoSlos()[0].sli.CanonicalText());
  EXPECT_EQ(epochs[1].epoch, 2u);
  EXPECT_EQ(epochs[1].until, std::nullopt);
  EXPECT_EQ(epochs[1].sli, slos_[0].sli.CanonicalText());
}

TEST_F(SloEpochsTest, WhatCountsTheSameIsNoNewEpoch) {
  Reload(WithBad(kErrors, "http.route", "99.5%"), kStart + 20s);
  Reload(WithBad("(" + kErrors + ")"), kStart + 30s);
  Reload({}, kStart + 40s);  // removed
  Reload(WithBad(kErrors), kStart + 50s);
  EXPECT_EQ(Epochs().size(), 2u);
  EXPECT_EQ(core_->PlanInstall(slos_, kStart + 60s).time_unix_nano(), 0);
}

TEST_F(SloEpochsTest, OldCountsStayAndGoOnOverReloadsAndRestarts) {
  for (const bool checkpointed : {false, true}) {
    SCOPED_TRACE(checkpointed);
    const int64_t at = checkpointed ? 1000 : 20;
    const auto now = [&](int64_t after) { return kStart + std::chrono::seconds(at + after); };
    const uint64_t id = checkpointed ? 100 : 1;
    const auto before = static_cast<uint32_t>(Epochs().size());  // the newest: errors
    const slo::SliCounts errors = *Counts(before);
    Count(id, "/pay", now(0), 9, 1);
    Reload(WithBad(kStrict, "http.request.method"), now(10));
    const slo::SliCounts strict = *Counts(std::nullopt);
    Count(id + 1, "GET", now(10), 5, 5);
    if (checkpointed) Checkpoint(now(20));
    Open(now(30));
    clock_.JumpTo(now(30));
    slo::SliCounts want = errors;
    want += {9, 1};
    EXPECT_EQ(*Counts(before), want);
    slo::SliCounts want_strict = strict;
    want_strict += {5, 5};
    EXPECT_EQ(*Counts(before + 1), want_strict);
    EXPECT_EQ(*Counts(std::nullopt), want_strict);
    // Groups are those of the epoch's own group_by.
    EXPECT_EQ(*Counts(before, {{"http.route", "/pay"}}), want);
    EXPECT_TRUE(absl::IsInvalidArgument(Counts(before, {{"http.request.method", "GET"}}).status()));
    EXPECT_EQ(*Counts(std::nullopt, {{"http.request.method", "GET"}}), want_strict);
    // Back to the old SLI: its counts go on, in a further epoch.
    Reload(WithBad(kErrors), now(40));
    Count(id + 2, "/pay", now(40), 1, 0);
    if (checkpointed) Checkpoint(now(40));
    Open(now(50));
    clock_.JumpTo(now(50));
    want += {1, 0};
    const std::vector<serve::EpochReading> epochs = Epochs();
    ASSERT_EQ(epochs.size(), before + 2);
    EXPECT_EQ(epochs[before].until, epochs[before + 1].since);
    EXPECT_EQ(epochs[before - 1].sli, epochs[before + 1].sli);
    EXPECT_EQ(epochs[before + 1].lifetime, want);
    EXPECT_EQ(epochs[before].lifetime, want_strict);
    EXPECT_EQ(*Counts(before + 2), want);
    EXPECT_EQ(*Counts(before), want) << "one SLI has one count";
  }
}

TEST_F(SloEpochsTest, AHistoryReadsTheOldSli) {
  Count(1, "/pay", kStart + 10s, 9, 1);
  Reload(WithBad(kStrict), kStart + 20s);
  const sys_seconds start = base::FloorSeconds(kStart);
  const auto old = With().History(kId, {}, 2, start, start + 1h, 30min);
  ASSERT_TRUE(old.ok()) << old.status();
  EXPECT_EQ(old->at(0).counts, (slo::SliCounts{9, 1}));
  const auto present = With().History(kId, {}, std::nullopt, start, start + 1h, 30min);
  ASSERT_TRUE(present.ok()) << present.status();
  EXPECT_EQ(present->at(0).counts, slo::SliCounts{});
}

TEST_F(SloEpochsTest, AnUnknownEpochIsAnsweredWithThoseThereAre) {
  for (const uint32_t epoch : {0u, 3u, UINT32_MAX}) {
    const absl::Status status = Counts(epoch).status();
    EXPECT_TRUE(absl::IsNotFound(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("it has 1 to 2"));
  }
}

TEST_F(SloEpochsTest, OnlyTheNewestTwentyAreKeptAndKeepTheirNumbers) {
  for (int i = 0; i < 30; ++i)
    Reload(WithBad(i % 2 == 0 ? kStrict : kErrors), kStart + std::chrono::seconds(20 + i));
  for (const bool reopened : {false, true}) {
    const std::vector<serve::EpochReading> epochs = Epochs();
    ASSERT_EQ(epochs.size(), SloEpochs::kEpochsMax);
    EXPECT_EQ(epochs.front().epoch, 13u);
    EXPECT_EQ(epochs.back().epoch, 32u);
    EXPECT_THAT(std::string(Counts(12).status().message()), HasSubstr("it has 13 to 32"));
    EXPECT_TRUE(Counts(13).ok());
    if (reopened) break;
    Checkpoint(kStart + 60s);
    Open(kStart + 60s);
  }
}

TEST_F(SloEpochsTest, ACompositeHasNone) {
  slo::SloSpec composite = slos_[0];
  composite.name = "journey";
  composite.sli = {.source = slo::CompositeSli{.method = slo::CompositeMethod::kWorstOf,
                                               .members = {{.slo = kId, .weight = 1}},
                                               .timeslice = 0},
                   .group_by = {}};
  slo::SloSet slos = {slos_[0], composite};
  Reload(slos, kStart + 20s);
  EXPECT_EQ(core_->epochs().Find("checkout/journey"), nullptr);
  const auto counts = With().Counts("checkout/journey", {}, std::nullopt,
                                    base::FloorSeconds(kStart), base::FloorSeconds(kStart) + 10s);
  EXPECT_TRUE(absl::IsInvalidArgument(counts.status())) << counts.status();
}

}  // namespace
}  // namespace slowburn::app
