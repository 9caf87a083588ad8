// Goal: addresses and URLs are read as written or refused. Method: one row per form.
#include "net/host_port.h"

#include <gtest/gtest.h>

#include "base/status.h"

namespace slowburn::net {
namespace {

struct HostPortCase {
  std::string name;
  std::string text;
  std::string want_host;
  int want_port = 0;
  bool want_loopback = false;
};
class ParseHostPortTest : public testing::TestWithParam<HostPortCase> {};

TEST_P(ParseHostPortTest, ReadsAndWritesBack) {
  const auto parsed = ParseHostPort(GetParam().text);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->host, GetParam().want_host);
  EXPECT_EQ(parsed->port, GetParam().want_port);
  EXPECT_EQ(parsed->IsLoopback(), GetParam().want_loopback);
  EXPECT_EQ(parsed->Text(), GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    Forms, ParseHostPortTest,
    testing::ValuesIn<HostPortCase>({
        {"Ipv4", "127.0.0.1:4317", "127.0.0.1", 4317, true},
        {"AllOf127", "127.9.9.9:1", "127.9.9.9", 1, true},
        {"AnyPort", "127.0.0.1:0", "127.0.0.1", 0, true},
        {"HighestPort", "10.0.0.1:65535", "10.0.0.1", 65535, false},
        {"AllAddresses", "0.0.0.0:80", "0.0.0.0", 80, false},
        {"Ipv6Loopback", "[::1]:7560", "::1", 7560, true},
        {"Ipv6LongLoopback", "[0:0:0:0:0:0:0:1]:1", "0:0:0:0:0:0:0:1", 1, true},
        {"Ipv6Any", "[::]:7560", "::", 7560, false},
        {"Localhost", "localhost:9093", "localhost", 9093, true},
        {"LocalhostFolded", "LocalHost:9093", "LocalHost", 9093, true},
        {"Name", "alertmanager_1.example.org:9093", "alertmanager_1.example.org", 9093, false},
        {"LooksLikeLoopback", "127.0.0.1.example.org:1", "127.0.0.1.example.org", 1, false},
    }),
    [](const auto& info) { return info.param.name; });

struct RefusedCase {
  std::string name;
  std::string text;
};
class ParseHostPortRefusesTest : public testing::TestWithParam<RefusedCase> {};

TEST_P(ParseHostPortRefusesTest, SaysWhatToWrite) {
  const auto parsed = ParseHostPort(GetParam().text);
  ASSERT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
  const std::string_view message = base::Message(parsed.status());
  EXPECT_NE(message.find('"' + GetParam().text + '"'), std::string_view::npos) << message;
  EXPECT_NE(message.find("write host:port"), std::string_view::npos) << message;
}

INSTANTIATE_TEST_SUITE_P(Forms, ParseHostPortRefusesTest,
                         testing::ValuesIn<RefusedCase>({
                             {"Empty", ""},
                             {"NoPort", "127.0.0.1"},
                             {"EmptyPort", "127.0.0.1:"},
                             {"EmptyHost", ":4317"},
                             {"PortTooLarge", "127.0.0.1:65536"},
                             {"NegativePort", "127.0.0.1:-1"},
                             {"PortWithSign", "127.0.0.1:+1"},
                             {"PortWithText", "127.0.0.1:80x"},
                             {"BareIpv6", "::1:7560"},
                             {"OpenBracket", "[::1:7560"},
                             {"BracketedName", "[localhost]:1"},
                             {"NoColonAfterBracket", "[::1]7560"},
                             {"Space", "local host:1"},
                             {"Scheme", "http://localhost:1"},
                         }),
                         [](const auto& info) { return info.param.name; });

struct UrlCase {
  std::string name;
  std::string text;
  bool want_tls = false;
  std::string want_address;
  std::string want_path;
};
class ParseUrlTest : public testing::TestWithParam<UrlCase> {};

TEST_P(ParseUrlTest, TakesApart) {
  const auto url = ParseUrl(GetParam().text);
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(url->tls, GetParam().want_tls);
  EXPECT_EQ(url->address.Text(), GetParam().want_address);
  EXPECT_EQ(url->path, GetParam().want_path);
}

INSTANTIATE_TEST_SUITE_P(
    Forms, ParseUrlTest,
    testing::ValuesIn<UrlCase>({
        {"Plain", "http://127.0.0.1:9093", false, "127.0.0.1:9093", "/"},
        {"Path", "http://a.example:1/api/v1/write", false, "a.example:1", "/api/v1/write"},
        {"QueryStaysEncoded", "http://a:1/q?x=%20&y", false, "a:1", "/q?x=%20&y"},
        {"QueryWithoutPath", "http://a:1?x=1", false, "a:1", "/?x=1"},
        {"DefaultPort", "http://a/", false, "a:80", "/"},
        {"DefaultTlsPort", "https://a/x", true, "a:443", "/x"},
        {"Ipv6", "http://[::1]:9090/x", false, "[::1]:9090", "/x"},
        {"Ipv6DefaultPort", "http://[::1]", false, "[::1]:80", "/"},
        {"SchemeFolded", "HTTP://a:1/", false, "a:1", "/"},
        {"AtInPath", "http://a:1/x@y", false, "a:1", "/x@y"},
    }),
    [](const auto& info) { return info.param.name; });

struct BadUrlCase {
  std::string name;
  std::string text;
  std::string want_error;
};
class ParseUrlRefusesTest : public testing::TestWithParam<BadUrlCase> {};

TEST_P(ParseUrlRefusesTest, SaysWhy) {
  const auto url = ParseUrl(GetParam().text);
  ASSERT_EQ(url.status().code(), absl::StatusCode::kInvalidArgument);
  const std::string_view message = base::Message(url.status());
  EXPECT_NE(message.find(GetParam().want_error), std::string_view::npos) << message;
}

INSTANTIATE_TEST_SUITE_P(Forms, ParseUrlRefusesTest,
                         testing::ValuesIn<BadUrlCase>({
                             {"Empty", "", "http://"},
                             {"NoScheme", "127.0.0.1:9093", "begin with http://"},
                             {"OtherScheme", "ftp://a/", "begin with http://"},
                             {"UserInfo", "http://me:secret@a/", "user or password"},
                             {"Fragment", "http://a/#x", "fragment"},
                             {"NoHost", "http:///x", "host or port"},
                             {"PortZero", "http://a:0/", "host or port"},
                             {"BadPort", "http://a:x/", "host or port"},
                             {"Space", "http://a/x y", "space"},
                             {"LineBreak", "http://a/x\r\nHost: b", "space"},
                         }),
                         [](const auto& info) { return info.param.name; });

TEST(ParseUrlTest, DoesNotRepeatAPassword) {
  for (const char* text :
       {"http://me:secret@a/", "http://me:secret@a/#x", "me:secret@a", "http://me:sec ret@a/",
        "http://me:secret#@a/", "http://me:se/cret@a/"}) {
    const auto url = ParseUrl(text);
    EXPECT_FALSE(url.ok()) << text;
    EXPECT_EQ(base::Message(url.status()).find("cret"), std::string_view::npos) << url.status();
  }
}

}  // namespace
}  // namespace slowburn::net
