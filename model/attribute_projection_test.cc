// Goal: every added name is found, no other is. Method: many names that share their ends, against a
// plain map.
#include "model/attribute_projection.h"

#include <map>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace slowburn::model {
namespace {

TEST(AttributeProjectionTest, SlotsAreDenseAndStable) {
  AttributeProjection projection;
  EXPECT_EQ(projection.Add(AttributeScope::kItem, "http.route"), 0);
  EXPECT_EQ(projection.Add(AttributeScope::kItem, ""), 1);
  EXPECT_EQ(projection.Add(AttributeScope::kItem, "http.route"), 0);
  EXPECT_EQ(projection.size(AttributeScope::kItem), 2);
  EXPECT_EQ(projection.Find(AttributeScope::kResource, "http.route"), AttributeProjection::kNone);
  EXPECT_EQ(projection.name(AttributeScope::kItem, 0), "http.route");
}

TEST(AttributeProjectionTest, FindsAmongThousandsThatLookAlike) {
  AttributeProjection projection;
  std::map<std::string, int> want;
  for (int i = 0; i < 3000; ++i) {
    const std::string name = fmt::format("same.beginning.{:04}.same.ending", i);
    want[name] = projection.Add(AttributeScope::kItem, name);
  }
  for (const auto& [name, slot] : want)
    EXPECT_EQ(projection.Find(AttributeScope::kItem, name), slot);
  EXPECT_EQ(projection.Find(AttributeScope::kItem, "same.beginning.3000.same.ending"),
            AttributeProjection::kNone);
  EXPECT_EQ(projection.Find(AttributeScope::kItem, "x"), AttributeProjection::kNone);
}

}  // namespace
}  // namespace slowburn::model
