// Goal: every added name is found, no other is. Method: many names that share their ends, against a
// plain map.
#include "model/span_projection.h"

#include <map>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace slowburn::model {
namespace {

TEST(SpanProjectionTest, SlotsAreDenseAndStable) {
  SpanProjection projection;
  EXPECT_EQ(projection.Add(AttributeScope::kSpan, "http.route"), 0);
  EXPECT_EQ(projection.Add(AttributeScope::kSpan, ""), 1);
  EXPECT_EQ(projection.Add(AttributeScope::kSpan, "http.route"), 0);
  EXPECT_EQ(projection.size(AttributeScope::kSpan), 2);
  EXPECT_EQ(projection.Find(AttributeScope::kResource, "http.route"), SpanProjection::kNone);
  EXPECT_EQ(projection.name(AttributeScope::kSpan, 0), "http.route");
}

TEST(SpanProjectionTest, FindsAmongThousandsThatLookAlike) {
  SpanProjection projection;
  std::map<std::string, int> want;
  for (int i = 0; i < 3000; ++i) {
    const std::string name = fmt::format("same.beginning.{:04}.same.ending", i);
    want[name] = projection.Add(AttributeScope::kSpan, name);
  }
  for (const auto& [name, slot] : want)
    EXPECT_EQ(projection.Find(AttributeScope::kSpan, name), slot);
  EXPECT_EQ(projection.Find(AttributeScope::kSpan, "same.beginning.3000.same.ending"),
            SpanProjection::kNone);
  EXPECT_EQ(projection.Find(AttributeScope::kSpan, "x"), SpanProjection::kNone);
}

}  // namespace
}  // namespace slowburn::model
