// Goal: what does not fit together is refused before anything is sent, with what to write instead.
// Method: a row per combination; the accepted ones are read back.
#include "app/load_setup.h"

#include <fstream>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "base/testing/temp_dir.h"

namespace slowburn::app {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using namespace std::chrono_literals;

constexpr base::UnixNanos kNow{seconds(1'790'000'000)};

LoadArguments Arguments(const std::function<void(LoadArguments&)>& change) {
  LoadArguments arguments;
  arguments.to = "http://127.0.0.1:4318";
  arguments.items_per_request = 8;
  change(arguments);
  return arguments;
}

struct Refused {
  std::string name;
  std::function<void(LoadArguments&)> change;
  std::string want;
};
class LoadSetupRefusesTest : public testing::TestWithParam<Refused> {};

TEST_P(LoadSetupRefusesTest, SaysWhatToWrite) {
  const auto setup = MakeLoadSetup(Arguments(GetParam().change), kNow);
  ASSERT_FALSE(setup.ok());
  EXPECT_THAT(std::string(base::Message(setup.status())), HasSubstr(GetParam().want));
}

INSTANTIATE_TEST_SUITE_P(
    Options, LoadSetupRefusesTest,
    testing::ValuesIn<Refused>({
        {"NoUrl", [](auto& a) { a.to = "127.0.0.1:4318"; }, "http://127.0.0.1:4318 or grpc://"},
        {"NoUrlOfGrpc", [](auto& a) { a.to = "grpc.example.org:4317"; },
         "\"grpc.example.org:4317\" is no OTLP endpoint"},
        {"AnotherScheme", [](auto& a) { a.to = "ftp://a:1"; }, "https://, grpc:// or grpcs://"},
        {"GrpcWithPath", [](auto& a) { a.to = "grpc://a:1/x"; }, "write grpc://a:1"},
        {"GrpcJson",
         [](auto& a) {
           a.to = "grpc://a:1";
           a.encoding = "json";
         },
         "leave --encoding away"},
        {"GrpcZstd",
         [](auto& a) {
           a.to = "grpc://a:1";
           a.compression = "zstd";
         },
         "write --compression gzip"},
        {"HttpInFlight", [](auto& a) { a.in_flight = 2; }, "raise --connections"},
        {"CertWithoutKey", [](auto& a) { a.cert = "c.pem"; }, "--cert and --key go together"},
        {"AuthorityWithoutTls", [](auto& a) { a.ca = "ca.pem"; },
         "--ca is for TLS, and http://127.0.0.1:4318 is plaintext; write https:// or grpcs://"},
        {"CertWithoutTls",
         [](auto& a) {
           a.to = "grpc://a:1";
           a.cert = "c.pem";
           a.key = "c.key";
         },
         "--cert is for TLS, and grpc://a:1 is plaintext"},
        {"NoTokenFile", [](auto& a) { a.token_file = "/no/such/file"; }, "/no/such/file"},
        {"Rate", [](auto& a) { a.rate = "fast"; }, "write one like 50000, 50k or 2M, or max"},
        {"RateOfNothing", [](auto& a) { a.rate = "0"; }, "--rate"},
        {"NegativeRate", [](auto& a) { a.rate = "-5k"; }, "--rate"},
        {"NanRate", [](auto& a) { a.rate = "nan"; }, "--rate"},
        {"OnlyASuffix", [](auto& a) { a.rate = "k"; }, "--rate"},
        {"Duration", [](auto& a) { a.duration = "soon"; }, "--duration"},
        {"NoDuration", [](auto& a) { a.duration = "0s"; }, "below 1ms"},
        {"Timeout", [](auto& a) { a.timeout = "1"; }, "--timeout"},
        {"RetryFor", [](auto& a) { a.retry_for = ""; }, "--retry-for"},
        {"Latency", [](auto& a) { a.latency = "20"; }, "P50,P99"},
        {"FewMetrics",
         [](auto& a) {
           a.signal = "all";
           a.items_per_request = 3;
         },
         "write 4 or more"},
        {"LargeRequest",
         [](auto& a) {
           a.encoding = "json";
           a.items_per_request = 100'000;
         },
         "lower --items-per-request"},
    }),
    [](const auto& info) { return info.param.name; });

struct Accepted {
  std::string name;
  std::string to;
  std::string endpoint;
  std::string protocol;
  LoadProtocol want_protocol;
  bool want_tls;
  std::string want_address;
  std::string want_path;
};
class LoadTargetTest : public testing::TestWithParam<Accepted> {};

TEST_P(LoadTargetTest, IsReadFromTheUrl) {
  const Accepted& row = GetParam();
  const auto setup = MakeLoadSetup(Arguments([&](LoadArguments& arguments) {
                                     arguments.to = row.to;
                                     arguments.endpoint = row.endpoint;
                                     arguments.protocol = row.protocol;
                                   }),
                                   kNow);
  ASSERT_TRUE(setup.ok()) << setup.status();
  EXPECT_EQ(setup->target.protocol, row.want_protocol);
  EXPECT_EQ(setup->target.tls, row.want_tls);
  EXPECT_EQ(setup->target.address.Text(), row.want_address);
  EXPECT_EQ(setup->target.path, row.want_path);
  EXPECT_EQ(setup->in_flight, row.want_protocol == LoadProtocol::kGrpc ? 2u : 1u);
}

INSTANTIATE_TEST_SUITE_P(
    Urls, LoadTargetTest,
    testing::ValuesIn<Accepted>({
        {"Http", "http://a:4318", "", "http", LoadProtocol::kHttp, false, "a:4318", ""},
        {"Slash", "http://a:4318/", "", "http", LoadProtocol::kHttp, false, "a:4318", ""},
        {"Path", "https://a/otlp/", "", "http", LoadProtocol::kHttp, true, "a:443", "/otlp"},
        {"Grpc", "grpc://[::1]:4317", "", "http", LoadProtocol::kGrpc, false, "[::1]:4317", ""},
        {"GrpcTls", "grpcs://a:4317", "", "http", LoadProtocol::kGrpc, true, "a:4317", ""},
        {"GrpcEndpoint", "", "http://a:4317", "grpc", LoadProtocol::kGrpc, false, "a:4317", ""},
        {"GrpcTlsEndpoint", "", "https://a:4317", "grpc", LoadProtocol::kGrpc, true, "a:4317", ""},
        {"HttpEndpoint", "", "https://a:4318", "http", LoadProtocol::kHttp, true, "a:4318", ""},
    }),
    [](const auto& info) { return info.param.name; });

struct Rate {
  std::string name;
  std::string text;
  std::optional<double> want;
};
class LoadRateTest : public testing::TestWithParam<Rate> {};

TEST_P(LoadRateTest, IsRead) {
  const auto setup =
      MakeLoadSetup(Arguments([](LoadArguments& a) { a.rate = GetParam().text; }), kNow);
  ASSERT_TRUE(setup.ok()) << setup.status();
  EXPECT_EQ(setup->plan.items_per_second, GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(Texts, LoadRateTest,
                         testing::ValuesIn<Rate>({{"Plain", "50000", 5e4},
                                                  {"Thousands", "50k", 5e4},
                                                  {"Millions", "1.5M", 1.5e6},
                                                  {"Slow", "0.5", 0.5},
                                                  {"Max", "max", {}}}),
                         [](const auto& info) { return info.param.name; });

TEST(LoadSetupTest, AllSignalsTakeTurns) {
  const auto setup = MakeLoadSetup(Arguments([](LoadArguments& a) {
                                     a.signal = "all";
                                     a.items_per_request = 512;
                                   }),
                                   kNow);
  ASSERT_TRUE(setup.ok()) << setup.status();
  ASSERT_EQ(setup->plan.streams.size(), 3u);
  EXPECT_EQ(setup->plan.streams[0].items, 512u);
  EXPECT_EQ(setup->plan.streams[1].signal, model::Signal::kMetrics);
  EXPECT_EQ(setup->plan.streams[1].items, 400u);  // 100 routes of 4 points
  EXPECT_EQ(setup->payloads.size(), 3u);
  EXPECT_EQ(setup->plan.duration, 30s);
  EXPECT_FALSE(setup->plan.requests.has_value());
}

TEST(LoadSetupTest, RequestsInsteadOfADuration) {
  const auto setup = MakeLoadSetup(Arguments([](LoadArguments& a) { a.requests = 7; }), kNow);
  ASSERT_TRUE(setup.ok()) << setup.status();
  EXPECT_EQ(setup->plan.requests, 7u);
  EXPECT_FALSE(setup->plan.duration.has_value());
}

struct Token {
  std::string name;
  std::string content;
  std::optional<std::string> want;  // nothing: refused
};
class LoadTokenTest : public testing::TestWithParam<Token> {};

// A line break would add a header of its own.
TEST_P(LoadTokenTest, IsOneLine) {
  const base::TempDir folder;
  const std::string path = folder.path() / "token";
  std::ofstream(path) << GetParam().content;
  const auto setup = MakeLoadSetup(Arguments([&](LoadArguments& a) { a.token_file = path; }), kNow);
  ASSERT_EQ(setup.ok(), GetParam().want.has_value()) << setup.status();
  EXPECT_TRUE(!setup.ok() || setup->target.token == GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(Files, LoadTokenTest,
                         testing::ValuesIn<Token>({{"Bare", "abc.d-e", "abc.d-e"},
                                                   {"WithLineEnd", "abc\r\n", "abc"},
                                                   {"Empty", "", {}},
                                                   {"TwoLines", "abc\nX: y\n", {}},
                                                   {"Spaces", "abc def", {}}}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace slowburn::app
