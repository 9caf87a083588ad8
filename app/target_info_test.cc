// Goal: target_info has the labels and times of the mapping tables. Method: rows of resources; rows
// of times.
#include "app/target_info.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slowburn::app {
namespace {

using testing::ElementsAre;

struct Case {
  const char* name;
  std::vector<std::pair<std::string, std::string>> attributes;
  const char* want;
};

// A string as an AnyValue.
std::string Encoded(const std::string& text) {
  return "\x0a" + std::string(1, static_cast<char>(text.size())) + text;
}

class TargetInfoTest : public testing::TestWithParam<Case> {};

TEST_P(TargetInfoTest, HasTheLabels) {
  std::vector<std::string> values;
  values.reserve(GetParam().attributes.size());
  model::MetricBatch batch;
  for (const auto& [key, value] : GetParam().attributes) {
    values.push_back(Encoded(value));
    batch.raw_attributes.push_back({key, values.back()});
  }
  batch.resource_raw_attributes.push_back({0, static_cast<uint32_t>(values.size())});
  uint64_t dropped = 0;
  EXPECT_EQ(TargetInfoLabels(batch, 0, dropped).Text(), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Resources, TargetInfoTest,
    testing::ValuesIn<Case>({
        {"All",
         {{"service.namespace", "shop"},
          {"service.name", "cart"},
          {"service.instance.id", "c-1"},
          {"host.name", "h"}},
         R"({host_name="h", instance="c-1", job="shop/cart"})"},
        {"NameAlone", {{"service.name", "cart"}, {"a", "b"}}, R"({a="b", job="cart"})"},
        {"InstanceAlone", {{"service.instance.id", "i"}, {"a", "b"}}, R"({a="b", instance="i"})"},
        {"NoTarget", {{"service.namespace", "shop"}, {"a", "b"}}, "{}"},
        {"NothingElse", {{"service.name", "cart"}}, "{}"},
        {"NothingThatIsALabel", {{"service.name", "cart"}, {"__", "x"}}, "{}"},
        {"Empty", {}, "{}"},
        {"JobIsOurs", {{"service.name", "cart"}, {"job", "x"}}, R"({job="cart"})"},
    }),
    [](const auto& info) { return info.param.name; });

std::vector<int64_t> Times(int64_t earliest, int64_t latest) {
  std::vector<int64_t> times;
  VisitTargetInfoTimes(earliest, latest, [&](int64_t at) { times.push_back(at); });
  return times;
}

TEST(TargetInfoTimesTest, AreCloserThanALookback) {
  EXPECT_THAT(Times(1000, 1000), ElementsAre(1000));
  EXPECT_THAT(Times(1000, 2000), ElementsAre(1000, 2000));
  EXPECT_THAT(Times(0, 400'000), ElementsAre(0, 150'000, 300'000, 400'000));
  EXPECT_THAT(Times(0, 300'000), ElementsAre(0, 150'000, 300'000));
  EXPECT_EQ(Times(0, 1'700'000'000'000).size(), 25u);  // an hour of them, whatever is claimed
}

}  // namespace
}  // namespace slowburn::app
