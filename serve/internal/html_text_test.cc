// Goal: no text can become markup, and figures read well without lying. Method: rows.
#include "serve/internal/html_text.h"

#include <gtest/gtest.h>

namespace slowburn::serve::internal {
namespace {

using namespace std::chrono_literals;

TEST(HtmlTextTest, Escapes) {
  EXPECT_EQ(EscapeHtml("<a href=\"x\">'&'</a>\xff"),
            "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;\xEF\xBF\xBD");
  EXPECT_EQ(EscapeHtml("/pay é"), "/pay é");
}

TEST(HtmlTextTest, Durations) {
  struct Case {
    std::chrono::seconds duration;
    std::string_view want;
  };
  for (const Case& c :
       {Case{0s, "0s"}, Case{-5s, "0s"}, Case{12s, "12s"}, Case{60s, "1m"}, Case{125s, "2m 5s"},
        Case{2h + 14min + 59s, "2h 14m"}, Case{76h, "3d 4h"}, Case{24h + 59min, "1d"}}) {
    EXPECT_EQ(RoughDuration(c.duration), c.want);
  }
}

TEST(HtmlTextTest, Percents) {
  struct Case {
    double ratio;
    int decimals;
    std::string_view want;
  };
  for (const Case& c :
       {Case{0.9995, 4, "99.9500%"}, Case{1, 4, "100.0000%"}, Case{0.99999999, 4, "99.9999%"},
        Case{0.632, 1, "63.2%"}, Case{-0.5, 1, "-50.0%"}, Case{0, 1, "0.0%"}}) {
    EXPECT_EQ(PercentText(c.ratio, c.decimals), c.want);
  }
}

}  // namespace
}  // namespace slowburn::serve::internal
