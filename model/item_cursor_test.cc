// Goal: a cursor shows exactly the attributes of where it stands, whatever the items are. Method:
// walk a batch built by hand, of spans and of log records.
#include "model/item_cursor.h"

#include <gtest/gtest.h>

namespace slowburn::model {
namespace {

template <typename Item>
class ItemCursorTest : public testing::Test {
 protected:
  ItemCursorTest() {
    service_ = projection_.Add(AttributeScope::kResource, "service.name");
    library_ = projection_.Add(AttributeScope::kScope, "library");
    route_ = projection_.Add(AttributeScope::kItem, "http.route");
    version_ = projection_.Add(AttributeScope::kItem, "version");
    batch_.attributes = {{0, AttributeValue::String("checkout")},
                         {static_cast<uint32_t>(route_), AttributeValue::String("/pay")},
                         {static_cast<uint32_t>(route_), AttributeValue::String("/cart")},
                         {0, AttributeValue::String("http")}};
    batch_.resources = {{.attributes = {0, 1}, .scope_end = 1}};
    batch_.scopes = {{.attributes = {3, 4}, .item_end = 2}};
    items_[0].attributes = {1, 3};
    items_[1].attributes = {3, 3};
  }
  void EnterFirstItem(ItemCursor<Item>& cursor) {
    cursor.EnterResource(batch_, batch_.resources[0]);
    cursor.EnterScope(batch_, batch_.scopes[0]);
    cursor.EnterItem(batch_, items_[0]);
  }

  AttributeProjection projection_;
  int service_ = 0, library_ = 0, route_ = 0, version_ = 0;
  SignalBatch batch_;
  Item items_[2];
};

using Items = testing::Types<Span, LogRecord>;
TYPED_TEST_SUITE(ItemCursorTest, Items);

TYPED_TEST(ItemCursorTest, LastOfARepeatedKeyCountsAndNothingLeaksToTheNextItem) {
  ItemCursor<TypeParam> cursor(this->projection_);
  this->EnterFirstItem(cursor);
  EXPECT_EQ(cursor.Attribute(AttributeScope::kItem, this->route_).text(), "/cart");
  EXPECT_TRUE(cursor.Attribute(AttributeScope::kItem, this->version_).is_nil());
  cursor.EnterItem(this->batch_, this->items_[1]);
  EXPECT_EQ(&cursor.item(), &this->items_[1]);
  EXPECT_TRUE(cursor.Attribute(AttributeScope::kItem, this->route_).is_nil());
  EXPECT_EQ(cursor.Attribute(AttributeScope::kScope, this->library_).text(), "http");
  EXPECT_EQ(cursor.Attribute(AttributeScope::kResource, this->service_).text(), "checkout");
}

TYPED_TEST(ItemCursorTest, EnteringAResourceForgetsTheScopeAndTheItemBefore) {
  ItemCursor<TypeParam> cursor(this->projection_);
  this->EnterFirstItem(cursor);
  cursor.EnterResource(this->batch_, this->batch_.resources[0]);
  EXPECT_TRUE(cursor.Attribute(AttributeScope::kItem, this->route_).is_nil());
  EXPECT_TRUE(cursor.Attribute(AttributeScope::kScope, this->library_).is_nil());
}

}  // namespace
}  // namespace slowburn::model
