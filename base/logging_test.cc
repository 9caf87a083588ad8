// Goal: a log line is one line whatever the input, and names its place. Method: format, compare.
#include "base/logging.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slowburn::base {
namespace {

TEST(LoggingTest, WritesLevelPlaceMessageAndFields) {
  const auto where = std::source_location::current();
  EXPECT_EQ(FormatLogLine(LogLevel::kWarning, "budget nearly spent",
                          {{"slo", "checkout"}, {"ratio", 0.5}}, where),
            fmt::format("W base/logging_test.cc:{} budget nearly spent slo=checkout ratio=0.5",
                        where.line()));
}

TEST(LoggingTest, EscapesWhatCouldForgeALine) {
  EXPECT_THAT(FormatLogLine(LogLevel::kError, "refused",
                            {{"input", "a\nE forged \"x\" \x1b[0m"}, {"empty", ""}},
                            std::source_location::current()),
              testing::EndsWith(R"(refused input="a\x0aE forged \"x\" \x1b[0m" empty="")"));
}

}  // namespace
}  // namespace slowburn::base
