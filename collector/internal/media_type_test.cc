// Goal: a Content-Type is read as RFC 9110 writes it. Method: one row per header.
#include "collector/internal/media_type.h"

#include <gtest/gtest.h>

namespace slowburn::collector {
namespace {

struct MediaCase {
  std::string name;
  std::string header;
  std::string want_type;
  std::optional<std::string> want_proto;
};
class MediaTypeTest : public testing::TestWithParam<MediaCase> {};

TEST_P(MediaTypeTest, NameAndParameter) {
  EXPECT_EQ(MediaType(GetParam().header), GetParam().want_type);
  EXPECT_EQ(MediaTypeParameter(GetParam().header, "proto"), GetParam().want_proto);
}

INSTANTIATE_TEST_SUITE_P(
    Headers, MediaTypeTest,
    testing::ValuesIn<MediaCase>({
        {"Empty", "", "", {}},
        {"Bare", "application/x-protobuf", "application/x-protobuf", {}},
        {"Parameter", "application/x-protobuf;proto=a.B", "application/x-protobuf", "a.B"},
        {"Spaces", " Application/X-Protobuf ; Proto= a.B ", "application/x-protobuf", "a.B"},
        {"Quoted", "a/b; proto=\"a.B\"", "a/b", "a.B"},
        {"Second", "a/b; charset=utf-8; proto=c", "a/b", "c"},
        {"FirstOfTwo", "a/b; proto=c; proto=d", "a/b", "c"},
        {"NoValue", "a/b; proto", "a/b", {}},
        {"EmptyValue", "a/b; proto=", "a/b", ""},
        {"Another", "a/b; protocol=c", "a/b", {}},
    }),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace slowburn::collector
