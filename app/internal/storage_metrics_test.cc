// Goal: /metrics shows how the store fares, one state of the reserve at a time. Method: conditions
// by hand, and the page that they make.
#include "app/internal/storage_metrics.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

namespace slowburn::app::internal {
namespace {

using Reserve = storage::StoreCondition::Reserve;
using testing::HasSubstr;

class StorageMetricsTest : public testing::Test {
 protected:
  std::string Page(const storage::StoreCondition& condition) {
    metrics_.Show(condition);
    return prometheus::TextSerializer().Serialize(registry_.Collect());
  }

  prometheus::Registry registry_;
  StorageMetrics metrics_{registry_};
};

TEST_F(StorageMetricsTest, OneStateOfTheReserveHolds) {
  const std::vector<std::pair<Reserve, std::string>> states = {{Reserve::kNone, "none"},
                                                               {Reserve::kWhole, "whole"},
                                                               {Reserve::kInUse, "in_use"},
                                                               {Reserve::kNotMade, "not_made"}};
  for (const auto& [reserve, name] : states) {
    const std::string page = Page({.reserve = reserve});
    for (const auto& [other, other_name] : states) {
      EXPECT_THAT(page, HasSubstr("slowburn_storage_reserve_state{state=\"" + other_name + "\"} " +
                                  (other == reserve ? "1" : "0") + "\n"));
    }
  }
}

TEST_F(StorageMetricsTest, BytesAndFilesAreShown) {
  const std::string page = Page({.reserve_wanted_bytes = 64,
                                 .reserve_held_bytes = 32,
                                 .are_writes_stopped = true,
                                 .delayed_write_bytes_per_second = 16,
                                 .unmerged_files = {{"log", 3}, {"series", 21}}});
  for (const char* const line :
       {"slowburn_storage_reserve_wanted_bytes 64\n", "slowburn_storage_reserve_held_bytes 32\n",
        "slowburn_storage_writes_stopped 1\n",
        "slowburn_storage_delayed_write_bytes_per_second 16\n",
        "slowburn_storage_unmerged_files{family=\"log\"} 3\n",
        "slowburn_storage_unmerged_files{family=\"series\"} 21\n"}) {
    EXPECT_THAT(page, HasSubstr(line));
  }
  EXPECT_THAT(Page({.unmerged_files = {{"log", 0}}}),
              HasSubstr("slowburn_storage_unmerged_files{family=\"log\"} 0\n"));
}

}  // namespace
}  // namespace slowburn::app::internal
