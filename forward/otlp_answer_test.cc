// Goal: what an endpoint says is read, and nonsense says nothing. Method: bytes written by hand,
// each cut short too.
#include "forward/otlp_answer.h"

#include <gtest/gtest.h>
#include <protozero/pbf_writer.hpp>

namespace slowburn::forward {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using namespace std::string_view_literals;

std::string RetryStatus(int64_t delay_seconds, int32_t delay_nanos,
                        const std::string& type = "type.googleapis.com/google.rpc.RetryInfo") {
  std::string duration, info, any, status;
  protozero::pbf_writer duration_writer(duration);
  duration_writer.add_int64(1, delay_seconds);
  duration_writer.add_int32(2, delay_nanos);
  protozero::pbf_writer(info).add_message(1, duration);
  protozero::pbf_writer any_writer(any);
  any_writer.add_string(1, type);
  any_writer.add_message(2, info);
  protozero::pbf_writer status_writer(status);
  status_writer.add_int32(1, 14);
  status_writer.add_string(2, "later");
  status_writer.add_message(3, std::string());  // a detail of no type comes first
  status_writer.add_message(3, any);
  return status;
}

TEST(ParseRetryDelayTest, ReadsTheDelay) {
  struct Case {
    std::string status;
    std::optional<nanoseconds> want;
  };
  for (const Case& c :
       {Case{RetryStatus(1, 500'000'000), milliseconds(1500)},
        Case{RetryStatus(0, 0), nanoseconds(0)}, Case{RetryStatus(-5, 0), nanoseconds(0)},
        Case{RetryStatus(0, -1), nanoseconds(0)},
        Case{RetryStatus(INT64_MAX, 0), std::chrono::hours(1)},
        Case{RetryStatus(2, 0, "google.rpc.RetryInfo"), std::chrono::seconds(2)},
        Case{RetryStatus(2, 0, "type.googleapis.com/google.rpc.BadRequest"), {}}, Case{"", {}}}) {
    EXPECT_EQ(ParseRetryDelay(c.status), c.want);
  }
}

TEST(ParseRetryDelayTest, CutBytesAreNoRetryInfo) {
  const std::string whole = RetryStatus(1, 500'000'000);
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(ParseRetryDelay(std::string_view(whole).substr(0, size)), std::nullopt) << size;
  }
}

TEST(ParsePartialSuccessTest, ReadsCountAndMessage) {
  std::string partial, response;
  protozero::pbf_writer partial_writer(partial);
  partial_writer.add_int64(1, 3);
  partial_writer.add_string(2, "no room");
  partial_writer.add_string(9, "a field of the future");
  protozero::pbf_writer(response).add_message(1, partial);
  const std::optional<PartialSuccess> read = ParsePartialSuccess(response);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->rejected, 3);
  EXPECT_EQ(read->message, "no room");
}

TEST(ParsePartialSuccessTest, EmptyIsAWholeSuccess) {
  for (const std::string_view bytes : {""sv, "\x0a\x00"sv}) {
    const std::optional<PartialSuccess> read = ParsePartialSuccess(bytes);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->rejected, 0);
    EXPECT_EQ(read->message, "");
  }
}

TEST(ParsePartialSuccessTest, OtherBytesAreNone) {
  for (const std::string_view bytes :
       {"\x0a\x05\x08"sv, "\xff\xff\xff"sv, "\x0a\x02\x12\x05"sv, "<html>"sv}) {
    EXPECT_EQ(ParsePartialSuccess(bytes), std::nullopt);
  }
}

}  // namespace
}  // namespace slowburn::forward
