// Goal: each answer means what the specification says. Method: one row per answer.
#include "forward/remote_write_answer.h"

#include <gtest/gtest.h>

#include "base/status.h"

namespace slowburn::forward {
namespace {

using Kind = RemoteWriteAnswer::Kind;
using std::chrono::seconds;

constexpr auto kV1 = RemoteWriteProtocol::kV1;
constexpr auto kV2 = RemoteWriteProtocol::kV2;
// 1994-11-06 08:49:00 UTC: 37 s before the date that RFC 9110 writes.
constexpr base::UnixNanos kNow{seconds(784'111'740)};

struct AnswerCase {
  const char* name;
  RemoteWriteProtocol protocol;
  int status;
  const char* samples_written;  // header; null: not there
  const char* exemplars_written;
  Kind want;
  uint64_t want_written;  // of ten
  bool want_error;
};

class ReadRemoteWriteAnswerTest : public testing::TestWithParam<AnswerCase> {};

TEST_P(ReadRemoteWriteAnswerTest, Means) {
  const AnswerCase& row = GetParam();
  net::HttpResult result{.status = row.status, .headers = {}, .body = "says \xFF"};
  if (row.samples_written != nullptr)
    result.headers.push_back({"x-prometheus-remote-write-samples-written", row.samples_written});
  if (row.exemplars_written != nullptr)
    result.headers.push_back(
        {"X-Prometheus-Remote-Write-Exemplars-Written", row.exemplars_written});
  const RemoteWriteAnswer answer = ReadRemoteWriteAnswer(result, row.protocol, 10, kNow);
  EXPECT_EQ(answer.kind, row.want);
  EXPECT_EQ(answer.written, row.want_written);
  EXPECT_EQ(!answer.error.empty(), row.want_error) << answer.error;
}

INSTANTIATE_TEST_SUITE_P(
    Specification, ReadRemoteWriteAnswerTest,
    testing::ValuesIn<AnswerCase>({
        // name              version status samples exemplars want         written error
        {"Taken", kV1, 204, nullptr, nullptr, Kind::kSettled, 10, false},
        {"TakenWithoutWord", kV1, 200, "0", nullptr, Kind::kSettled, 10, false},
        {"Refused", kV1, 400, nullptr, nullptr, Kind::kSettled, 0, true},
        {"NoLogin", kV1, 401, nullptr, nullptr, Kind::kSettled, 0, true},
        {"OtherType", kV1, 415, nullptr, nullptr, Kind::kSettled, 0, true},
        {"Moved", kV1, 308, nullptr, nullptr, Kind::kSettled, 0, true},
        {"TooMany", kV1, 429, nullptr, nullptr, Kind::kRetry, 0, true},
        {"Broken", kV1, 500, nullptr, nullptr, Kind::kRetry, 0, true},
        {"NotReady", kV2, 503, nullptr, nullptr, Kind::kRetry, 0, true},
        {"Version2Taken", kV2, 204, "8", "2", Kind::kSettled, 10, false},
        {"Version2Partly", kV2, 200, "7", nullptr, Kind::kSettled, 7, true},
        {"Version2RefusedPartly", kV2, 400, "6", "1", Kind::kSettled, 7, true},
        {"Version2SaysTooMuch", kV2, 204, "99", nullptr, Kind::kSettled, 10, false},
        {"Version2Refused", kV2, 400, nullptr, nullptr, Kind::kSettled, 0, true},
        {"Version2Unknown", kV2, 415, nullptr, nullptr, Kind::kDowngrade, 0, true},
        {"Version2TakenForVersion1", kV2, 204, nullptr, nullptr, Kind::kDowngrade, 0, true},
        {"Version2NoNumber", kV2, 204, "many", nullptr, Kind::kDowngrade, 0, true},
    }),
    [](const auto& info) { return std::string(info.param.name); });

TEST(RemoteWriteAnswerTest, SilenceIsRetriedAndABrokenCallIsNot) {
  const auto kind = [](const absl::Status& status) {
    return ReadRemoteWriteAnswer(status, kV1, 1, kNow).kind;
  };
  EXPECT_EQ(kind(absl::UnavailableError("refused")), Kind::kRetry);
  EXPECT_EQ(kind(absl::DeadlineExceededError("silent")), Kind::kRetry);
  EXPECT_EQ(kind(absl::InvalidArgumentError("no URL")), Kind::kSettled);
}

TEST(RemoteWriteAnswerTest, RetryAfterIsSecondsOrADate) {
  EXPECT_EQ(ParseRetryAfter("120", kNow), seconds(120));
  EXPECT_EQ(ParseRetryAfter("0", kNow), seconds(0));
  EXPECT_EQ(ParseRetryAfter("99999999999", kNow), seconds(3600));
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:49:37 GMT", kNow), seconds(37));
  EXPECT_EQ(ParseRetryAfter("Sat, 05 Nov 1994 08:49:37 GMT", kNow), seconds(0));
  EXPECT_EQ(ParseRetryAfter("Fri, 31 Dec 9999 23:59:59 GMT", kNow), seconds(3600));
  for (const char* const wrong : {"", "-1", "1.5", "soon", "1e3"}) {
    EXPECT_EQ(ParseRetryAfter(wrong, kNow), std::nullopt) << wrong;
  }
  const net::HttpResult slow{.status = 503, .headers = {{"Retry-After", "7"}}, .body = ""};
  EXPECT_EQ(ReadRemoteWriteAnswer(slow, kV1, 1, kNow).delay, seconds(7));
}

}  // namespace
}  // namespace slowburn::forward
