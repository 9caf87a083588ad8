// Goal: names are found both ways, and slips are answered by the nearest name. Method: all names,
// and a table of slips.
#include "ottl/internal/names.h"

#include <gtest/gtest.h>

#include "ottl/internal/text.h"

namespace slowburn::ottl::internal {
namespace {

TEST(NamesTest, EveryPathIsFoundByItsName) {
  EXPECT_EQ(PathNames().size(), 23u);
  for (const std::string_view name : PathNames()) {
    const PathInfo* info = FindPath(name);
    ASSERT_NE(info, nullptr) << name;
    EXPECT_EQ(&InfoOf(info->path), info) << name;
    EXPECT_EQ(IsOfResource(info->path), name.starts_with("resource.")) << name;
    EXPECT_EQ(IsAttribute(info->path), name.ends_with(".attributes")) << name;
  }
  EXPECT_EQ(FindPath("span"), nullptr);
}

TEST(NamesTest, EnumsCountFromZeroInEachFamily) {
  EXPECT_EQ(FindEnum("SPAN_KIND_UNSPECIFIED"), 0);
  EXPECT_EQ(FindEnum("SPAN_KIND_CONSUMER"), 5);
  EXPECT_EQ(FindEnum("STATUS_CODE_UNSET"), 0);
  EXPECT_EQ(FindEnum("STATUS_CODE_ERROR"), 2);
  EXPECT_EQ(FindEnum("ERROR"), std::nullopt);
  EXPECT_EQ(EnumName(Path::kSpanKind, 5), "SPAN_KIND_CONSUMER");
  EXPECT_EQ(EnumName(Path::kSpanKind, 6), "");
  EXPECT_EQ(EnumName(Path::kSpanStatusCode, 0), "STATUS_CODE_UNSET");
  EXPECT_EQ(EnumName(Path::kSpanStatusCode, -1), "");
  EXPECT_EQ(EnumName(Path::kSpanName, 2), "");
}

TEST(NamesTest, CallsAreFoundBothWays) {
  for (const std::string_view name : {"IsMatch", "HasPrefix", "HasSuffix"}) {
    const auto kind = FindCall(name);
    ASSERT_TRUE(kind.has_value()) << name;
    EXPECT_EQ(CallName(*kind), name);
  }
  EXPECT_FALSE(FindCall("Duration").has_value());
}

TEST(NamesTest, DidYouMeanNamesTheNearest) {
  EXPECT_EQ(DidYouMean("span.naem", PathNames()), "; did you mean span.name?");
  EXPECT_EQ(DidYouMean("SPAN.NAME", PathNames()), "; did you mean span.name?");
  EXPECT_EQ(DidYouMean("hasprefx", FunctionNames()), "; did you mean HasPrefix?");
  EXPECT_EQ(DidYouMean("zzzzzz", PathNames()), "");
  EXPECT_EQ(DidYouMean(std::string(5000, 's'), PathNames()), "");
}

}  // namespace
}  // namespace slowburn::ottl::internal
