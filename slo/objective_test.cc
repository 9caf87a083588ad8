// Goal: an objective is read exactly, and each slip gets told what to write. Method: rows.
#include "slo/objective.h"

#include <gtest/gtest.h>

#include "base/status.h"

namespace slowburn::slo {
namespace {

TEST(ObjectiveTest, ReadsPercentAndRatioExactly) {
  struct Case {
    std::string_view text;
    uint64_t budget_units;
    std::string_view printed;
  };
  for (const Case& c : {Case{"99.9%", 100'000, "99.9%"}, Case{"0.999", 100'000, "99.9%"},
                        Case{"99.999999%", 1, "99.999999%"},
                        Case{"0.00000001", 99'999'999, "0.000001%"}, Case{"50%", 50'000'000, "50%"},
                        Case{"99.90000000 %", 100'000, "99.9%"}, Case{".5", 50'000'000, "50%"}}) {
    const auto got = Objective::Parse(c.text);
    ASSERT_TRUE(got.ok()) << c.text << ": " << got.status();
    EXPECT_EQ(got->budget_units(), c.budget_units) << c.text;
    EXPECT_EQ(got->Text(), c.printed);
  }
  EXPECT_DOUBLE_EQ(Objective::Parse("99.9%")->ratio(), 0.999);
  EXPECT_DOUBLE_EQ(Objective::Parse("99.9%")->error_budget(), 0.001);
}

TEST(ObjectiveTest, RefusesWithWhatToWrite) {
  struct Case {
    std::string_view text, want;
  };
  for (const Case& c :
       {Case{"99.9", "write 0.999, or \"99.9%\""}, Case{"100%", "leaves no budget"},
        Case{"1", "leaves no budget"}, Case{"0", "every service meets"},
        Case{"0%", "every service meets"}, Case{"101%", "between 0 and 1"},
        Case{"99.9999999%", "six decimals"}, Case{"0.999999999", "six decimals"},
        Case{"", "not a number"}, Case{"%", "not a number"}, Case{"high", "not a number"},
        Case{"-1%", "not a number"}, Case{"9.9.9", "not a number"}, Case{"1e-3", "not a number"},
        // 184467440738 x 10^8 is 0.9 x 10^8 modulo 2^64.
        Case{"99999999999999999999999", "not a number"}, Case{"184467440738", "not a number"}}) {
    const auto got = Objective::Parse(c.text);
    ASSERT_FALSE(got.ok()) << c.text;
    EXPECT_NE(base::Message(got.status()).find(c.want), std::string_view::npos)
        << c.text << ": " << got.status();
  }
}

}  // namespace
}  // namespace slowburn::slo
