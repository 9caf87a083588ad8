// Goal: a data directory of every released format opens with all that it had: counts, alerts,
// dedup, streams, exclusions, time series, ledger. Method: directories that programs of their time
// left (tests/golden/directories), copied and opened; the figures are stated here, from the story
// in directories/README.md, and not computed by what wrote them.
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "app/testing/sample_write.h"
#include "base/files.h"
#include "base/status.h"
#include "base/testing/temp_dir.h"
#include "slo/range_sum.h"
#include "storage/rocksdb/data_directory.h"
#include "tests/golden/golden_core.h"

namespace slowburn::golden {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr base::UnixNanos kEnd = kMonday + 5 * 24h + 14h + 1min;  // a minute after the last commit
constexpr slo::SliId kSli{1};
constexpr slo::GroupId kPay{1};
constexpr slo::GroupId kCart{2};

struct GoldenCase {
  const char* name;  // the folder
  uint32_t format;
};

class GoldenDirectoryTest : public testing::TestWithParam<GoldenCase> {
 protected:
  GoldenDirectoryTest() {
    fs::copy(fs::path(SLOWBURN_GOLDEN_DIRECTORIES) / GetParam().name, path(),
             fs::copy_options::recursive);
  }
  fs::path path() const { return dir_.path() / "data"; }
  std::string Format() const { return base::ReadFile(path() / "FORMAT", 1000).value(); }

  static slo::SliCounts Sum(GoldenCore& golden, slo::GroupId group, base::UnixNanos from,
                            base::UnixNanos to) {
    const slo::RangeReader reader(golden.core().engine().table().counts(kSli, group).view(),
                                  golden.core().blocks());
    const auto sum =
        reader.Sum(slo::SliceOf(base::FloorSeconds(from)), slo::SliceOf(base::FloorSeconds(to)));
    EXPECT_TRUE(sum.ok()) << sum.status();
    return sum.value_or(slo::SliCounts());
  }

  static void ExpectStory(GoldenCore& golden) {
    EXPECT_FALSE(golden.registered()) << "its SLI is another one to this program";
    // Monday is five-minute sums by now, Saturday's last hour is in the log.
    EXPECT_EQ(Sum(golden, kPay, kMonday, kMonday + 24h), (slo::SliCounts{190, 10}));
    EXPECT_EQ(Sum(golden, kPay, kMonday + 10h, kMonday + 10h + 5min), (slo::SliCounts{90, 10}));
    EXPECT_EQ(Sum(golden, kCart, kMonday, kMonday + 24h), (slo::SliCounts{40, 0}));
    EXPECT_EQ(Sum(golden, kPay, kMonday + 5 * 24h + 12h, kMonday + 5 * 24h + 12h + 10s),
              (slo::SliCounts{1000, 0}));
    const uint64_t more = GetParam().format >= 7 ? 7 : 0;
    EXPECT_EQ(Sum(golden, kCart, kMonday + 5 * 24h, kMonday + 6 * 24h), (slo::SliCounts{more, 0}));
    EXPECT_EQ(Sum(golden, slo::kTotalGroup, kMonday, kMonday + 6 * 24h),
              (slo::SliCounts{1230 + more, 110}));
    const slo::GroupStatus total = golden.core().engine().StatusOf(0, slo::kTotalGroup);
    EXPECT_EQ(total.lifetime, (slo::SliCounts{1230 + more, 110}));
    // Without the excluded minute.
    EXPECT_EQ(total.in_window, (slo::SliCounts{1100 + more, 100}));
    ASSERT_EQ(golden.core().engine().exclusions()->size(), 1u);
    EXPECT_EQ(golden.core().engine().exclusions()->front().id, "disks");

    int pages = 0;
    for (const model::Alert& alert : golden.core().alerts().Alerts()) {
      if (alert.labels.Get("alertname") != "SLOBurnRate" ||
          alert.labels.Get("severity") != "page") {
        continue;
      }
      ++pages;
      EXPECT_EQ(alert.labels.Get("service"), "checkout");
      EXPECT_EQ(alert.labels.Get("slo"), "availability");
      EXPECT_EQ(alert.state, model::AlertState::kFiring);
      EXPECT_EQ(alert.fired_at, kMonday + 5 * 24h + 14h + 10s);
    }
    EXPECT_EQ(pages, 1);

    const auto ms = [](std::chrono::seconds after_monday) {
      return std::chrono::floor<std::chrono::milliseconds>(
                 (kMonday + after_monday).time_since_epoch())
          .count();
    };
    app::StoredSamples want{
        {"up",
         {{ms(10h), 1}, {ms(10h + 15s), 0.5}, {ms(5 * 24h + 12h), 2}, {ms(5 * 24h + 14h), -3}}}};
    if (GetParam().format >= 6) {
      for (int i = 0; i < 200; ++i) {
        want["thirds"].emplace(ms(9h + i * 15s), i / 3.0);
        want["thirds"].emplace(ms(5 * 24h + 11h + i * 15s), (1000 + i) / 3.0);
      }
    }
    EXPECT_EQ(app::ReadAllSamples(golden.core()), want);

    const serve::LedgerReading ledger = golden.core().ledger().Reading();
    EXPECT_EQ(ledger.signals.at("traces").decoded, 1340 + more);
    EXPECT_EQ(ledger.signals.at("traces").accepted, 1340 + more);
    EXPECT_EQ(ledger.signals.at("metrics").accepted, 1u);
    EXPECT_EQ(ledger.signals.at("remote_write").accepted, GetParam().format >= 6 ? 404u : 4u);
    EXPECT_EQ(ledger.imbalance(), 0u);
  }

  base::TempDir dir_;
};

TEST_P(GoldenDirectoryTest, OpensWithAllThatItHad) {
  EXPECT_EQ(Format(), fmt::format("slowburn data directory\nwriter {0}\nmin_reader {0}\n",
                                  GetParam().format));
  {
    const auto golden = GoldenCore::Open(path(), kEnd);
    ASSERT_TRUE(golden.ok()) << golden.status();
    // Spans, a sample and the alert of Saturday afternoon.
    EXPECT_EQ((*golden)->store().last_sequence() - (*golden)->store().checkpoint_sequence(), 3u);
    ExpectStory(**golden);
    ASSERT_TRUE((*golden)->Checkpoint(kEnd).ok());
  }
  EXPECT_EQ(Format(), fmt::format("slowburn data directory\nwriter {0}\nmin_reader {0}\n",
                                  storage::kDataFormat));
  const auto again = GoldenCore::Open(path(), kEnd);
  ASSERT_TRUE(again.ok()) << again.status();
  ExpectStory(**again);
}

TEST_P(GoldenDirectoryTest, KnowsWhatItWasSent) {
  const auto golden = GoldenCore::Open(path(), kEnd);
  ASSERT_TRUE(golden.ok()) << golden.status();
  const base::UnixNanos outage = kMonday + 5 * 24h + 14h;
  const auto resent = (*golden)->Commit(Spans(6, "/pay", outage, 0, 100), kEnd);
  ASSERT_TRUE(resent.ok()) << resent.status();
  EXPECT_TRUE(resent->is_resent);
  const bool has_a_block = GetParam().format >= 7;
  const auto of_block = (*golden)->Commit(Spans(8, "/cart", outage - 5min, 7, 0), kEnd);
  ASSERT_TRUE(of_block.ok()) << of_block.status();
  EXPECT_EQ(of_block->is_resent, has_a_block);
  // In a request of its own, but the same point of the stream.
  const auto point = (*golden)->Commit(Point(99, 77, kMonday + 5 * 24h + 12h, 4711), kEnd);
  ASSERT_TRUE(point.ok()) << point.status();
  EXPECT_FALSE(point->is_resent);
  EXPECT_EQ(point->accepted, 0u);
  const auto more = (*golden)->Commit(Spans(7, "/pay", outage, 5, 0), kEnd);
  ASSERT_TRUE(more.ok()) << more.status();
  EXPECT_EQ((*golden)->core().engine().StatusOf(0, slo::kTotalGroup).lifetime,
            (slo::SliCounts{1242, 110}));
}

// Before a program raises the format it has put a directory of its own here.
TEST(GoldenDirectoriesTest, ThereIsOneOfTodaysFormat) {
  EXPECT_TRUE(fs::exists(fs::path(SLOWBURN_GOLDEN_DIRECTORIES) /
                         fmt::format("format_{}", storage::kDataFormat) / "FORMAT"));
}

TEST(GoldenDirectoriesTest, ALaterFormatIsRefusedAndNotTouched) {
  const base::TempDir dir;
  const fs::path path = dir.path() / "data";
  fs::copy(fs::path(SLOWBURN_GOLDEN_DIRECTORIES) / fmt::format("format_{}", storage::kDataFormat),
           path, fs::copy_options::recursive);
  const uint32_t later = storage::kDataFormat + 1;
  const std::string format =
      fmt::format("slowburn data directory\nwriter {0}\nmin_reader {0}\n", later);
  std::ofstream(path / "FORMAT") << format;
  const auto refused = GoldenCore::Open(path, kEnd);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(base::Message(refused.status()),
            fmt::format("'{}' was written by format {} and needs a slowburn that reads format {}; "
                        "this one reads up to {}: install a newer slowburn",
                        (path / "FORMAT").string(), later, later, storage::kDataFormat));
  EXPECT_EQ(base::ReadFile(path / "FORMAT", 1000).value(), format);
}

INSTANTIATE_TEST_SUITE_P(
    Formats, GoldenDirectoryTest,
    testing::ValuesIn<GoldenCase>({{"format_5", 5}, {"format_6", 6}, {"format_7", 7}}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace slowburn::golden
