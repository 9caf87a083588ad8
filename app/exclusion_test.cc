// Goal: an exclusion of the API leaves its time out of budgets at once, past time too, gives it
// back when it is removed, and is there after every restart. Method: a core on a real store,
// reopened with and without checkpoints; an exclusion's effect is compared with what was counted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/testing/core_fixture.h"
#include "base/status.h"
#include "base/time_text.h"

namespace slowburn::app {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

class ExclusionTest : public CoreFixture {
 protected:
  static std::chrono::sys_seconds Second(std::chrono::seconds after) {
    return base::FloorSeconds(kStart) + after;
  }
  static store::v1::ExclusionChange Change(std::string id, std::chrono::seconds from,
                                           std::string_view length) {
    store::v1::ExclusionChange change;
    change.set_id(std::move(id));
    change.set_document(fmt::format(R"({{"start":"{}","duration":"{}"}})",
                                    base::FormatRfc3339(Second(from)), length));
    return change;
  }
  static store::v1::ExclusionChange Removal(std::string id) {
    store::v1::ExclusionChange change;
    change.set_id(std::move(id));
    change.set_removed(true);
    return change;
  }
  // As the commit loop does.
  absl::Status Exclude(const store::v1::ExclusionChange& change, base::UnixNanos now) {
    const auto record = core_->PlanExclusion(change, now);
    if (!record.ok()) return record.status();
    Commit(*record);
    return core_->Install(core_->engine().slos(), now);
  }
  absl::Status UseFiles(const std::string& text, base::UnixNanos now) {
    rules::SpecFileResult read = rules::ReadSpecText(text, "x.yaml");
    EXPECT_TRUE(read.errors.empty()) << read.errors.front();
    return core_->Install(core_->engine().slos(),
                          std::make_shared<const slo::ExclusionSet>(std::move(read.exclusions)),
                          now);
  }
  static std::string File(std::string_view name) {
    return fmt::format(
        "{{apiVersion: slowburn/v1, kind: Exclusion, metadata: {{name: {}}}, spec: {{start: "
        "'2023-11-14T22:13:20Z', duration: 1m}}}}",
        name);
  }
  size_t InForce() const { return core_->engine().exclusions()->size(); }
  std::string Words(const absl::Status& status) { return std::string(base::Message(status)); }

  void CountAnHour() {
    const CountedRequest outage = Request(1, "/pay", Second(0s), 90, 10);
    const CountedRequest fine = Request(2, "/pay", Second(120s), 100, 0);
    Commit({&outage, &fine}, kStart + 1h);
    core_->Step(kStart + 1h);
  }
};

TEST_F(ExclusionTest, APastOneGivesTheBudgetBackAndItsRemovalTakesItAgain) {
  CountAnHour();
  ASSERT_LT(*Total().budget_remaining_ratio, 0);
  const slo::GroupStatus before = Total();
  ASSERT_TRUE(Exclude(Change("disks", 0s, "1m"), kStart + 1h).ok());
  EXPECT_EQ(Total().in_window, (slo::SliCounts{100, 0}));
  EXPECT_EQ(Total().budget_remaining_ratio, 1);
  EXPECT_EQ(Total().excluded, 60s);
  EXPECT_EQ(Total().lifetime, before.lifetime);
  EXPECT_FALSE(core_->engine().Status(0).is_excluded);
  ASSERT_TRUE(Exclude(Removal("disks"), kStart + 1h).ok());
  EXPECT_EQ(Total().in_window, before.in_window);
  EXPECT_EQ(Total().budget_remaining_ratio, before.budget_remaining_ratio);
  EXPECT_EQ(Total().excluded, 0s);
}

TEST_F(ExclusionTest, WhatHappensInOneCountsForNothing) {
  ASSERT_TRUE(Exclude(Change("now", 0s, "2h"), kStart).ok());
  CountAnHour();
  EXPECT_EQ(Total().in_window.total(), 0u);
  EXPECT_EQ(Total().lifetime, (slo::SliCounts{190, 10}));
  const auto is_excluded = [&](base::UnixNanos at) {
    core_->Step(at);
    return core_->engine().Status(0).is_excluded;
  };
  EXPECT_TRUE(is_excluded(kStart + 1h));
  EXPECT_FALSE(is_excluded(kStart + 2h + 10s));
}

TEST_F(ExclusionTest, EveryMixOfCheckpointAndLogComesToTheSame) {
  CountAnHour();
  const base::UnixNanos now = kStart + 1h;
  for (const bool checkpoint_before : {false, true}) {
    for (const bool checkpoint_after : {false, true}) {
      if (checkpoint_before) Checkpoint(now);
      ASSERT_TRUE(Exclude(Change("disks", 0s, "1m"), now).ok());
      if (checkpoint_after) Checkpoint(now);
      Open(now);
      ASSERT_EQ(InForce(), 1u);
      ASSERT_EQ(Total().in_window, (slo::SliCounts{100, 0}));
      // What is counted after a restart, within and without.
      const uint64_t id = 100 + 4 * checkpoint_before + 2 * checkpoint_after;
      const CountedRequest within = Request(id, "/pay", Second(30s), 0, 7);
      Commit({&within}, now);
      ASSERT_EQ(Total().in_window, (slo::SliCounts{100, 0}));
      Open(now);
      ASSERT_EQ(Total().in_window, (slo::SliCounts{100, 0}));
      const uint64_t bad = core_->engine().StatusOf(0, slo::kTotalGroup).lifetime.bad;
      ASSERT_TRUE(Exclude(Removal("disks"), now).ok());
      if (checkpoint_after) Checkpoint(now);
      Open(now);
      ASSERT_EQ(InForce(), 0u);
      ASSERT_EQ(Total().in_window, (slo::SliCounts{190, bad}));
    }
  }
}

TEST_F(ExclusionTest, AReloadKeepsThoseOfTheApiAndReplacesThoseOfFiles) {
  ASSERT_TRUE(Exclude(Change("mine", 0s, "1m"), kStart).ok());
  ASSERT_TRUE(UseFiles(File("one") + "\n---\n" + File("two"), kStart).ok());
  EXPECT_EQ(InForce(), 3u);
  ASSERT_TRUE(UseFiles(File("three"), kStart).ok());
  EXPECT_EQ(InForce(), 2u);
  const absl::Status refused = UseFiles(File("mine"), kStart);
  EXPECT_TRUE(absl::IsInvalidArgument(refused));
  EXPECT_THAT(Words(refused),
              HasSubstr("x.yaml:1: exclusion \"mine\" was already made by the API"));
  EXPECT_EQ(InForce(), 2u);
  EXPECT_EQ(core_->engine().exclusions()->front().id, "three");
}

TEST_F(ExclusionTest, RefusalsSayWhyAndChangeNothing) {
  ASSERT_TRUE(UseFiles(File("filed"), kStart).ok());
  ASSERT_TRUE(Exclude(Change("made", 0s, "1m"), kStart).ok());
  const uint64_t records = store_->last_sequence();
  struct {
    store::v1::ExclusionChange change;
    absl::StatusCode code;
    std::string_view words;
  } const rows[] = {
      {Change("made", 0s, "2m"), absl::StatusCode::kAlreadyExists, "\"made\" already, from api"},
      {Change("filed", 0s, "2m"), absl::StatusCode::kAlreadyExists, "already, from x.yaml:1"},
      {Change("new", 0s, "0s"), absl::StatusCode::kInvalidArgument, "exclusion.duration is 0"},
      {Removal("none"), absl::StatusCode::kNotFound, "there is no exclusion \"none\""},
      {Removal("filed"), absl::StatusCode::kFailedPrecondition, "comes from x.yaml:1; remove it"},
  };
  for (const auto& row : rows) {
    const absl::Status refused = Exclude(row.change, kStart);
    EXPECT_EQ(refused.code(), row.code) << row.words;
    EXPECT_THAT(Words(refused), HasSubstr(std::string(row.words)));
  }
  EXPECT_EQ(InForce(), 2u);
  EXPECT_EQ(store_->last_sequence(), records);
}

TEST_F(ExclusionTest, ThereAreAtMostAThousand) {
  std::string text = File("f0");
  for (size_t i = 1; i < slo::kExclusionsMax - 1; ++i)
    text += fmt::format("\n---\n{}", File(fmt::format("f{}", i)));
  ASSERT_TRUE(UseFiles(text, kStart).ok());
  ASSERT_TRUE(Exclude(Change("last", 0s, "1m"), kStart).ok());
  const absl::Status refused = Exclude(Change("over", 0s, "1m"), kStart);
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Words(refused), HasSubstr("1000 exclusions are in force already"));
  EXPECT_TRUE(absl::IsInvalidArgument(UseFiles(text + "\n---\n" + File("more"), kStart)));
  EXPECT_EQ(InForce(), slo::kExclusionsMax);
}

TEST_F(ExclusionTest, MoreThanAMaskHoldsIsRefusedBeforeAnythingChanges) {
  // Each makes an occurrence a day, none touches another: 400 days of 300 are above 100,000.
  std::string text;
  for (int i = 0; i < 300; ++i) {
    text += fmt::format(
        "---\n{{apiVersion: slowburn/v1, kind: Exclusion, metadata: {{name: d{}}}, spec: {{start: "
        "'2020-01-01T{:02}:{:02}:00Z', duration: 10s, rrule: FREQ=DAILY}}}}\n",
        i, i / 60 * 2, i % 60);
  }
  CountAnHour();
  ASSERT_TRUE(Exclude(Change("mine", 0s, "1m"), kStart + 1h).ok());
  const absl::Status refused = UseFiles(text, kStart + 1h);
  EXPECT_TRUE(absl::IsInvalidArgument(refused)) << refused;
  EXPECT_THAT(Words(refused), HasSubstr("exclusions of checkout/availability"));
  EXPECT_EQ(InForce(), 1u);
  EXPECT_EQ(Total().in_window, (slo::SliCounts{100, 0}));
}

TEST_F(ExclusionTest, RecordsHaveTheBytesOfTheFormatPage) {
  store::v1::ExclusionChange made;
  made.set_id("disks");
  made.set_document(R"({"start":"2023-11-14T22:00:00Z","duration":"1h"})");
  const auto record = core_->PlanExclusion(made, kStart);
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(record->SerializeAsString(),
            std::string("\x08\x80\x80\xa8\xb1\xe3\x9f\xe7\xcb\x17\x52\x39\x0a\x05") + "disks" +
                "\x12\x30" + made.document());
  Commit(*record);
  const auto removal = core_->PlanExclusion(Removal("disks"), kStart);
  ASSERT_TRUE(removal.ok()) << removal.status();
  EXPECT_EQ(removal->SerializeAsString().substr(10),
            "\x52\x09\x0a\x05"
            "disks\x18\x01");
}

TEST_F(ExclusionTest, ADocumentThatCannotBeReadAnyMoreStopsTheStart) {
  store::v1::LogRecord record;
  *record.add_exclusions() = Change("odd", 0s, "1x");
  ASSERT_TRUE(store_->AppendLog(record.SerializeAsString(), storage::Durability::kBuffered).ok());
  core_ = std::make_unique<Core>(options_, *store_);
  const absl::Status recovered = core_->Recover(kStart);
  EXPECT_TRUE(absl::IsDataLoss(recovered));
  EXPECT_THAT(Words(recovered), HasSubstr("exclusion \"odd\" of the store cannot be read"));
}

}  // namespace
}  // namespace slowburn::app
