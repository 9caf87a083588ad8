// Goal: each HTTP status of an answer has the code that docs/otlp.md gives it (G13, H20). Method: a
// row for each, both ways where there are two.
#include "collector/internal/rpc_code.h"

#include <string>

#include <gtest/gtest.h>

namespace slowburn::collector {
namespace {

struct CodeCase {
  std::string name;
  int status;
  absl::StatusCode want;
};

class RpcCodeTest : public testing::TestWithParam<CodeCase> {};

TEST_P(RpcCodeTest, IsWhatTheTableSays) {
  EXPECT_EQ(RpcCode(GetParam().status), GetParam().want) << RpcCode(GetParam().status);
}

INSTANTIATE_TEST_SUITE_P(Statuses, RpcCodeTest,
                         testing::ValuesIn<CodeCase>({
                             {"BadRequest", 400, absl::StatusCode::kInvalidArgument},
                             {"Unauthorized", 401, absl::StatusCode::kUnauthenticated},
                             {"Forbidden", 403, absl::StatusCode::kPermissionDenied},
                             {"NotFound", 404, absl::StatusCode::kUnimplemented},
                             {"OtherMethod", 405, absl::StatusCode::kUnimplemented},
                             {"TooSlow", 408, absl::StatusCode::kDeadlineExceeded},
                             {"TooLarge", 413, absl::StatusCode::kResourceExhausted},
                             {"OtherMediaType", 415, absl::StatusCode::kUnimplemented},
                             {"TooManyLogins", 429, absl::StatusCode::kResourceExhausted},
                             {"HeaderTooLarge", 431, absl::StatusCode::kResourceExhausted},
                             {"OurBug", 500, absl::StatusCode::kInternal},
                             {"Overload", 503, absl::StatusCode::kUnavailable},
                             {"OtherOfTheirs", 418, absl::StatusCode::kInvalidArgument},
                             {"OtherOfOurs", 599, absl::StatusCode::kInternal},
                         }),
                         [](const auto& info) { return info.param.name; });

TEST(HttpStatusTest, WhatMayPassIs503AndABugIs500) {
  EXPECT_EQ(HttpStatus(absl::InvalidArgumentError("")), 400);
  EXPECT_EQ(HttpStatus(absl::ResourceExhaustedError("")), 413);
  EXPECT_EQ(HttpStatus(absl::UnavailableError("")), 503);
  EXPECT_EQ(HttpStatus(absl::InternalError("")), 500);
  EXPECT_EQ(HttpStatus(absl::UnknownError("")), 500);
}

}  // namespace
}  // namespace slowburn::collector
