// Goal: a cursor shows exactly the attributes of where it stands. Method: walk a batch built by
// hand.
#include "model/span_cursor.h"

#include <gtest/gtest.h>

namespace slowburn::model {
namespace {

class SpanCursorTest : public testing::Test {
 protected:
  SpanCursorTest() {
    service_ = projection_.Add(AttributeScope::kResource, "service.name");
    route_ = projection_.Add(AttributeScope::kItem, "http.route");
    version_ = projection_.Add(AttributeScope::kItem, "version");
    batch_.attributes = {{0, AttributeValue::String("checkout")},
                         {static_cast<uint32_t>(route_), AttributeValue::String("/pay")},
                         {static_cast<uint32_t>(route_), AttributeValue::String("/cart")}};
    batch_.resources = {{.attributes = {0, 1}, .scope_end = 1}};
    batch_.scopes = {{.item_end = 2}};
    batch_.spans.resize(2);
    batch_.spans[0].attributes = {1, 3};
    batch_.spans[1].attributes = {3, 3};
  }
  AttributeProjection projection_;
  int service_ = 0, route_ = 0, version_ = 0;
  SpanBatch batch_;
};

TEST_F(SpanCursorTest, LastOfARepeatedKeyCountsAndNothingLeaksToTheNextSpan) {
  SpanCursor cursor(projection_);
  cursor.EnterResource(batch_, batch_.resources[0]);
  cursor.EnterScope(batch_, batch_.scopes[0]);
  cursor.EnterSpan(batch_, batch_.spans[0]);
  EXPECT_EQ(cursor.Attribute(AttributeScope::kItem, route_).text(), "/cart");
  EXPECT_TRUE(cursor.Attribute(AttributeScope::kItem, version_).is_nil());
  cursor.EnterSpan(batch_, batch_.spans[1]);
  EXPECT_TRUE(cursor.Attribute(AttributeScope::kItem, route_).is_nil());
  EXPECT_EQ(cursor.Attribute(AttributeScope::kResource, service_).text(), "checkout");
}

TEST_F(SpanCursorTest, EnteringAResourceForgetsTheSpanBefore) {
  SpanCursor cursor(projection_);
  cursor.EnterResource(batch_, batch_.resources[0]);
  cursor.EnterScope(batch_, batch_.scopes[0]);
  cursor.EnterSpan(batch_, batch_.spans[0]);
  cursor.EnterResource(batch_, batch_.resources[0]);
  EXPECT_TRUE(cursor.Attribute(AttributeScope::kItem, route_).is_nil());
}

}  // namespace
}  // namespace slowburn::model
