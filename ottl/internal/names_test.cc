// Goal: names are found both ways, and slips are answered by the nearest name. Method: all names,
// and a table of slips.
#include "ottl/internal/names.h"

#include <gtest/gtest.h>

#include "ottl/internal/text.h"

namespace slowburn::ottl::internal {
namespace {

TEST(NamesTest, EveryPathIsFoundByItsName) {
  EXPECT_EQ(PathNames(Context::kSpan).size(), 23u);
  EXPECT_EQ(PathNames(Context::kLog).size(), 18u);
  for (const Context context : {Context::kSpan, Context::kLog}) {
    for (const std::string_view name : PathNames(context)) {
      const PathInfo* info = FindPath(name, context);
      ASSERT_NE(info, nullptr) << name;
      EXPECT_EQ(&InfoOf(info->path), info) << name;
      EXPECT_EQ(IsOfResource(info->path), name.starts_with("resource.")) << name;
      EXPECT_EQ(IsAttribute(info->path), name.ends_with(".attributes")) << name;
    }
    EXPECT_EQ(FindPath(InfoOf(context).prefix, context), nullptr);
    EXPECT_NE(FindPath(InfoOf(context).example, context), nullptr);
  }
}

TEST(NamesTest, AContextSeesItsOwnPathsAlone) {
  EXPECT_EQ(FindPath("log.body", Context::kSpan), nullptr);
  EXPECT_EQ(FindPath("span.name", Context::kLog), nullptr);
  EXPECT_EQ(FindPath("scope.name", Context::kLog), FindPath("scope.name", Context::kSpan));
}

TEST(NamesTest, EnumsCountFromZeroInEachFamily) {
  EXPECT_EQ(FindEnum("SPAN_KIND_UNSPECIFIED").value().number, 0);
  EXPECT_EQ(FindEnum("SPAN_KIND_CONSUMER").value().number, 5);
  EXPECT_EQ(FindEnum("STATUS_CODE_UNSET").value().number, 0);
  EXPECT_EQ(FindEnum("STATUS_CODE_ERROR").value().number, 2);
  EXPECT_EQ(FindEnum("SEVERITY_NUMBER_FATAL4").value().number, 24);
  EXPECT_FALSE(FindEnum("ERROR").has_value());
  EXPECT_EQ(EnumNames(Context::kSpan).size(), 9u);
  EXPECT_EQ(EnumNames(Context::kLog).size(), 25u);
  EXPECT_EQ(EnumName(Path::kSpanKind, 5), "SPAN_KIND_CONSUMER");
  EXPECT_EQ(EnumName(Path::kSpanKind, 6), "");
  EXPECT_EQ(EnumName(Path::kSpanStatusCode, 0), "STATUS_CODE_UNSET");
  EXPECT_EQ(EnumName(Path::kSpanStatusCode, -1), "");
  EXPECT_EQ(EnumName(Path::kSpanName, 2), "");
  EXPECT_EQ(EnumName(Path::kLogSeverityNumber, 17), "SEVERITY_NUMBER_ERROR");
  EXPECT_EQ(EnumName(Path::kLogSeverityNumber, 25), "");
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
  EXPECT_EQ(DidYouMean("span.naem", PathNames(Context::kSpan)), "; did you mean span.name?");
  EXPECT_EQ(DidYouMean("SPAN.NAME", PathNames(Context::kSpan)), "; did you mean span.name?");
  EXPECT_EQ(DidYouMean("hasprefx", FunctionNames()), "; did you mean HasPrefix?");
  EXPECT_EQ(DidYouMean("zzzzzz", PathNames(Context::kSpan)), "");
  EXPECT_EQ(DidYouMean(std::string(5000, 's'), PathNames(Context::kSpan)), "");
}

}  // namespace
}  // namespace slowburn::ottl::internal
