// Goal: exactly Prometheus' text format. Method: the text, byte for byte.
#include "serve/internal/exposition.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace slowburn::serve::internal {
namespace {

TEST(ExpositionTest, HeadsEachFamilyOnceAndOnlyWithSamples) {
  Exposition page;
  page.Begin({"a_ratio", "gauge", "Of a."});
  page.Sample("x=\"1\"", 0.5);
  page.Sample("x=\"2\"", -1);
  page.Begin({"silent", "gauge", "Nothing."});
  page.Begin({"b_total", "counter", "Of b."});
  page.Sample("", 7);
  EXPECT_EQ(page.Take(),
            "# HELP a_ratio Of a.\n# TYPE a_ratio gauge\n"
            "a_ratio{x=\"1\"} 0.5\na_ratio{x=\"2\"} -1\n"
            "# HELP b_total Of b.\n# TYPE b_total counter\nb_total 7\n");
}

TEST(ExpositionTest, Numbers) {
  struct Case {
    double value;
    std::string_view want;
  };
  const double infinity = std::numeric_limits<double>::infinity();
  for (const Case& c : {Case{0, "0"}, Case{0.999, "0.999"}, Case{14.4, "14.4"}, Case{1e-7, "1e-07"},
                        Case{9007199254740991.0, "9007199254740991"}, Case{1e21, "1e+21"},
                        Case{0.1 + 0.2, "0.30000000000000004"}, Case{infinity, "+Inf"},
                        Case{-infinity, "-Inf"}, Case{std::nan(""), "NaN"}}) {
    Exposition page;
    page.Begin({"m", "gauge", "h"});
    page.Sample("", c.value);
    EXPECT_EQ(page.Take(), "# HELP m h\n# TYPE m gauge\nm " + std::string(c.want) + "\n");
  }
}

TEST(ExpositionTest, LabelsAreEscaped) {
  std::string labels;
  AppendLabel(labels, "a", "plain");
  AppendLabel(labels, "b", "\"quoted\" back\\slash\nline \xff");
  EXPECT_EQ(labels, "a=\"plain\",b=\"\\\"quoted\\\" back\\\\slash\\nline \xEF\xBF\xBD\"");
}

}  // namespace
}  // namespace slowburn::serve::internal
