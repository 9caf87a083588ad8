// Goal: queries and percent-encoding read as browsers and Grafana write them. Method: one row per
// form.
#include "net/http_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slowburn::net {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct QueryCase {
  std::string name;
  std::string query;
  Pairs want;
};
class ParseQueryTest : public testing::TestWithParam<QueryCase> {};

TEST_P(ParseQueryTest, Pairs) { EXPECT_EQ(ParseQuery(GetParam().query), GetParam().want); }

INSTANTIATE_TEST_SUITE_P(
    Forms, ParseQueryTest,
    testing::ValuesIn<QueryCase>({
        {"Empty", "", {}},
        {"One", "a=1", {{"a", "1"}}},
        {"RepeatedInOrder",
         "match[]=a&x=&match[]=b",
         {{"match[]", "a"}, {"x", ""}, {"match[]", "b"}}},
        {"NoEquals", "debug&a=1", {{"debug", ""}, {"a", "1"}}},
        {"EmptyPieces", "&&a=1&", {{"a", "1"}}},
        {"PlusIsSpace", "query=a+b%2Bc", {{"query", "a b+c"}}},
        {"EncodedName", "match%5B%5D=%7Bjob%3D%22x%22%7D", {{"match[]", "{job=\"x\"}"}}},
        {"EqualsInValue", "query=a=b", {{"query", "a=b"}}},
        {"EncodedSeparators", "a=1%262%3D3", {{"a", "1&2=3"}}},
    }),
    [](const auto& info) { return info.param.name; });

struct DecodeCase {
  std::string name;
  std::string text;
  std::string want;
};
class PercentDecodeTest : public testing::TestWithParam<DecodeCase> {};

TEST_P(PercentDecodeTest, Decodes) { EXPECT_EQ(PercentDecode(GetParam().text), GetParam().want); }

INSTANTIATE_TEST_SUITE_P(Forms, PercentDecodeTest,
                         testing::ValuesIn<DecodeCase>({
                             {"Plain", "abc", "abc"},
                             {"Slash", "a%2Fb%2fc", "a/b/c"},
                             {"Utf8", "caf%C3%A9", "caf\xc3\xa9"},
                             {"NulByte", "a%00b", std::string("a\0b", 3)},
                             {"LonePercent", "100%", "100%"},
                             {"OneDigit", "%4", "%4"},
                             {"NotHex", "%zz%41", "%zzA"},
                             {"PlusStays", "a+b", "a+b"},
                             {"DecodedOnce", "%2541", "%41"},
                         }),
                         [](const auto& info) { return info.param.name; });

TEST(PercentEncodeTest, EncodesAllButUnreservedAndComesBack) {
  EXPECT_EQ(PercentEncode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(PercentEncode("a/b c+\xc3"), "a%2Fb%20c%2B%C3");
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  EXPECT_EQ(PercentDecode(PercentEncode(all)), all);
}

TEST(HttpRequestTest, FindsHeadersAndParameters) {
  HttpRequest request;
  request.headers = {{"Content-Type", "text/plain"}, {"content-type", "second"}};
  request.query = "a=1&a=2";
  request.path_parameters = {{"service", "checkout"}};
  EXPECT_EQ(request.Header("CONTENT-TYPE"), "text/plain");
  EXPECT_EQ(request.Header("Content"), "");
  EXPECT_EQ(QueryParameter(request, "a"), "1");
  EXPECT_EQ(QueryParameter(request, "b"), std::nullopt);
  EXPECT_EQ(request.PathParameter("service"), "checkout");
  EXPECT_EQ(request.PathParameter("name"), "");
}

TEST(StatusTextTest, NamesWhatTheRfcNames) {
  EXPECT_EQ(StatusText(404), "Not Found");
  EXPECT_EQ(StatusText(431), "Request Header Fields Too Large");
  EXPECT_EQ(StatusText(299), "");
}

}  // namespace
}  // namespace slowburn::net
