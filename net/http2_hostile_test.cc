// Goal: no client can take the server from the others: what it sends too much of ends its
// connection or is refused, memory stays bounded, and a well-behaved connection is answered all the
// while. Method: one proof of concept for each known attack, as raw frames.
#include <array>
#include <fstream>
#include <functional>
#include <random>
#include <thread>

#include <gmock/gmock.h>
#include <malloc.h>
#include <unistd.h>

#include "net/http2_server.h"
#include "net/testing/http2_fixture.h"

namespace slowburn::net {
namespace {

using std::chrono::seconds;

constexpr size_t kMib = 1 << 20;

size_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  size_t total = 0;
  size_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<size_t>(::sysconf(_SC_PAGESIZE));
}

// ASan keeps what was freed for a while, and counts its own: nothing is measured then.
void ExpectGrowthBelow([[maybe_unused]] size_t bytes, [[maybe_unused]] size_t before) {
#ifndef __SANITIZE_ADDRESS__
  EXPECT_LT(ResidentBytes(), before + bytes);
#endif
}

std::string Repeat(std::string_view unit, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += unit;
  return text;
}

std::string Headers(int32_t stream, std::string_view fields, int more_flags = 0) {
  return Http2Frame(NGHTTP2_HEADERS, static_cast<uint8_t>(NGHTTP2_FLAG_END_HEADERS | more_flags),
                    stream, fields);
}

class Http2HostileTest : public Http2Fixture {
 protected:
  static ServerOptions Impatient() {
    ServerOptions options = Defaults();
    options.threads = 1;
    options.header_timeout = seconds(1);
    options.body_timeout = seconds(1);
    options.write_timeout = seconds(1);
    return options;
  }

  void StartWithGoodClient(ServerOptions options = Impatient()) {
    StartHttp2(std::move(options));
    good_ = std::make_unique<Http2Client>(http2_->address());
    ExpectGoodIsServed();
  }
  void ExpectGoodIsServed() {
    EXPECT_EQ(good_->Ask("GET", "/hello").status, 200);
    EXPECT_EQ(Client().Ask("POST", "/echo", {}, "body").body, "body");
  }
  double Floods(const std::string& kind) { return Metric("slowburn_net_http2_floods_total", kind); }

  std::unique_ptr<Http2Client> good_;
};

struct FloodCase {
  const char* name;
  std::function<std::string()> bytes;
  const char* kind;
};

class Http2FloodTest : public Http2HostileTest, public testing::WithParamInterface<FloodCase> {};

TEST_P(Http2FloodTest, EndsItsConnection) {
  StartWithGoodClient();
  const std::string bytes = GetParam().bytes();
  const size_t before = ResidentBytes();
  Http2Client client = Client();
  client.Send(bytes);
  ExpectGoodIsServed();
  EXPECT_EQ(client.AwaitGoaway(), NGHTTP2_ENHANCE_YOUR_CALM);
  ExpectGrowthBelow(4 * kMib, before);
  EXPECT_EQ(Floods(GetParam().kind), 1);
}

// A header whose block goes on in CONTINUATION frames.
std::string OpenHeader() {
  return Http2Frame(NGHTTP2_HEADERS, 0, 1, RequestFields("GET", "/hello"));
}

// One entry of 4 KiB in the table, then 4,000 references of a byte each: 16 MiB.
std::string HpackBomb() {
  std::string fields(1, '\x40');  // A literal that is to be indexed.
  fields += HpackInteger(0, 7, 1) + "x" + HpackInteger(0, 7, 4'000) + std::string(4'000, 'v');
  return Headers(1, RequestFields("GET", "/hello") + fields + std::string(4'000, '\xbe'));
}

INSTANTIATE_TEST_SUITE_P(
    Attacks, Http2FloodTest,
    testing::ValuesIn<FloodCase>({
        // CVE-2023-44487: requests that are given up at once cost no stream, but their handlers.
        {"RapidReset",
         [] {
           std::string bytes;
           for (int32_t stream = 1; stream < 10'000; stream += 2) {
             bytes += Headers(stream, RequestFields("GET", "/late"), NGHTTP2_FLAG_END_STREAM);
             bytes += Http2Frame(NGHTTP2_RST_STREAM, 0, stream, Uint32(NGHTTP2_CANCEL));
           }
           return bytes;
         },
         "resets"},
        // CVE-2025-8671: the same, but it is the server who is made to reset them.
        {"ResetsByWindowOverflow",
         [] {
           std::string bytes;
           for (int32_t stream = 1; stream < 10'000; stream += 2) {
             bytes += Headers(stream, RequestFields("POST", "/echo"));
             bytes += Http2Frame(NGHTTP2_WINDOW_UPDATE, 0, stream, Uint32(0x7fffffff));
           }
           return bytes;
         },
         "resets"},
        {"ResetsByMalformedRequests",
         [] {
           std::string bytes;
           for (int32_t stream = 1; stream < 10'000; stream += 2) {
             bytes += Headers(stream, HpackField(":method", "GET"), NGHTTP2_FLAG_END_STREAM);
           }
           return bytes;
         },
         "resets"},
        // CVE-2024-27316 and its like: a header block that never ends.
        {"Continuations",
         [] {
           const std::string more = HpackField("x", "y");
           return OpenHeader() + Repeat(Http2Frame(NGHTTP2_CONTINUATION, 0, 1, more), 10'000);
         },
         "continuations"},
        {"EmptyContinuations",
         [] { return OpenHeader() + Repeat(Http2Frame(NGHTTP2_CONTINUATION, 0, 1, ""), 10'000); },
         "continuations"},
        {"LargeContinuations",
         [] {
           const std::string more = HpackField("x", std::string(16'000, 'y'));
           return OpenHeader() + Repeat(Http2Frame(NGHTTP2_CONTINUATION, 0, 1, more), 8);
         },
         "header_bytes"},
        {"HpackBomb", HpackBomb, "header_bytes"},
        // Table size updates carry no field.
        {"HeaderOfNothing",
         [] {
           const std::string updates(16'000, '\x20');
           return Http2Frame(NGHTTP2_HEADERS, 0, 1, updates) +
                  Repeat(Http2Frame(NGHTTP2_CONTINUATION, 0, 1, updates), 8);
         },
         "header_bytes"},
        // CVE-2019-9512, 9515, 9518.
        {"Pings", [] { return Repeat(Http2Frame(NGHTTP2_PING, 0, 0, "12345678"), 100'000); },
         "pings"},
        {"Settings", [] { return Repeat(Http2Frame(NGHTTP2_SETTINGS, 0, 0, ""), 100'000); },
         "settings"},
        {"EmptyData",
         [] {
           return Headers(1, RequestFields("POST", "/size")) +
                  Repeat(Http2Frame(NGHTTP2_DATA, 0, 1, ""), 100'000);
         },
         "empty_frames"},
        {"DataOfPadding",
         [] {
           const std::string padding = "\5" + std::string(5, '\0');
           return Headers(1, RequestFields("POST", "/size")) +
                  Repeat(Http2Frame(NGHTTP2_DATA, NGHTTP2_FLAG_PADDED, 1, padding), 100'000);
         },
         "empty_frames"},
        {"Priorities",
         [] {
           std::string bytes;
           for (int32_t stream = 1; stream < 100'000; stream += 2) {
             bytes += Http2Frame(NGHTTP2_PRIORITY, 0, stream + 2, Uint32(1) + "\x10");
           }
           return bytes;
         },
         "empty_frames"},
        {"WindowUpdates",
         [] { return Repeat(Http2Frame(NGHTTP2_WINDOW_UPDATE, 0, 0, Uint32(1)), 100'000); },
         "empty_frames"},
        {"UnknownFrames", [] { return Repeat(Http2Frame(0xbe, 0, 0, "what"), 100'000); },
         "empty_frames"},
    }),
    [](const auto& info) { return info.param.name; });

struct BrokenCase {
  const char* name;
  std::function<std::string()> bytes;
  uint32_t want_code;
};

class Http2BrokenTest : public Http2HostileTest, public testing::WithParamInterface<BrokenCase> {};

TEST_P(Http2BrokenTest, EndsItsConnection) {
  StartWithGoodClient();
  const size_t before = ResidentBytes();
  Http2Client client = Client();
  client.Send(GetParam().bytes());
  ExpectGoodIsServed();
  EXPECT_EQ(client.AwaitGoaway(), GetParam().want_code);
  ExpectGrowthBelow(4 * kMib, before);
}

std::string GiantFrame(uint8_t type) { return Http2Frame(type, 0, 1, "", 0xffffff); }

INSTANTIATE_TEST_SUITE_P(
    Attacks, Http2BrokenTest,
    testing::ValuesIn<BrokenCase>({
        {"HpackIntegerWithoutEnd",
         [] {
           std::string fields("\0\x7f", 2);
           return Headers(1, fields + std::string(10'000, '\x80'));
         },
         NGHTTP2_COMPRESSION_ERROR},
        {"HpackIndexWithoutEnd", [] { return Headers(1, "\xff" + std::string(10'000, '\x80')); },
         NGHTTP2_COMPRESSION_ERROR},
        {"HpackStringOf4Gib",
         [] { return Headers(1, std::string(1, '\0') + HpackInteger(0, 7, 0xffffffff) + "x"); },
         NGHTTP2_COMPRESSION_ERROR},
        {"HpackTableOf4Gib", [] { return Headers(1, HpackInteger(0x20, 5, 0xffffffff)); },
         NGHTTP2_COMPRESSION_ERROR},
        {"HpackUnknownIndex", [] { return Headers(1, "\xfe"); }, NGHTTP2_COMPRESSION_ERROR},
        {"GiantData",
         [] { return Headers(1, RequestFields("POST", "/size")) + GiantFrame(NGHTTP2_DATA); },
         NGHTTP2_FRAME_SIZE_ERROR},
        {"GiantSettings", [] { return GiantFrame(NGHTTP2_SETTINGS); }, NGHTTP2_FRAME_SIZE_ERROR},
        {"GiantUnknown", [] { return GiantFrame(0xbe); }, NGHTTP2_FRAME_SIZE_ERROR},
        {"GiantHeaders", [] { return GiantFrame(NGHTTP2_HEADERS); }, NGHTTP2_ENHANCE_YOUR_CALM},
        {"GiantContinuation", [] { return OpenHeader() + GiantFrame(NGHTTP2_CONTINUATION); },
         NGHTTP2_ENHANCE_YOUR_CALM},
        {"WindowOfConnectionOverflows",
         [] { return Http2Frame(NGHTTP2_WINDOW_UPDATE, 0, 0, Uint32(0x7fffffff)); },
         NGHTTP2_FLOW_CONTROL_ERROR},
        {"WindowOfSettingsOverflows",
         [] {
           return Http2Frame(NGHTTP2_SETTINGS, 0, 0,
                             Setting(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0x80000000));
         },
         NGHTTP2_FLOW_CONTROL_ERROR},
        {"DataOnStreamThatIsNotOpen", [] { return Http2Frame(NGHTTP2_DATA, 0, 1, "x"); },
         NGHTTP2_PROTOCOL_ERROR},
        {"DataAfterTheEnd",
         [] {
           return Headers(1, RequestFields("GET", "/late"), NGHTTP2_FLAG_END_STREAM) +
                  Http2Frame(NGHTTP2_DATA, 0, 1, "x");
         },
         NGHTTP2_STREAM_CLOSED},
        {"StreamZero", [] { return Headers(0, RequestFields("GET", "/hello")); },
         NGHTTP2_PROTOCOL_ERROR},
        {"EvenStream", [] { return Headers(2, RequestFields("GET", "/hello")); },
         NGHTTP2_PROTOCOL_ERROR},
        {"HeaderBlockInterrupted",
         [] { return OpenHeader() + Http2Frame(NGHTTP2_PING, 0, 0, "12345678"); },
         NGHTTP2_PROTOCOL_ERROR},
        {"PushPromise",
         [] { return Http2Frame(NGHTTP2_PUSH_PROMISE, NGHTTP2_FLAG_END_HEADERS, 1, Uint32(2)); },
         NGHTTP2_PROTOCOL_ERROR},
        {"MoreSettingsThanThereAre",
         [] { return Http2Frame(NGHTTP2_SETTINGS, 0, 0, Repeat(Setting(0xbeef, 1), 2'000)); },
         NGHTTP2_ENHANCE_YOUR_CALM},
    }),
    [](const auto& info) { return info.param.name; });

struct MalformedCase {
  const char* name;
  std::string fields;
};

class Http2MalformedTest : public Http2HostileTest,
                           public testing::WithParamInterface<MalformedCase> {};

TEST_P(Http2MalformedTest, ResetsTheStreamAlone) {
  StartWithGoodClient();
  Http2Client client = Client();
  client.Send(Headers(1, GetParam().fields, NGHTTP2_FLAG_END_STREAM));
  EXPECT_EQ(client.Await(1).reset_code, NGHTTP2_PROTOCOL_ERROR);
  EXPECT_EQ(client.reply(1).status, 0);
  EXPECT_EQ(client.Ask("GET", "/hello").status, 200);
  ExpectGoodIsServed();
}

const std::string& Method() {
  static const std::string field = HpackField(":method", "GET");
  return field;
}
const std::string& Rest() {
  static const std::string fields = HpackField(":scheme", "http") + HpackField(":path", "/hello");
  return fields;
}

INSTANTIATE_TEST_SUITE_P(
    Requests, Http2MalformedTest,
    testing::ValuesIn<MalformedCase>({
        {"NoMethod", Rest()},
        {"NoPath", Method() + HpackField(":scheme", "http")},
        {"EmptyPath", Method() + HpackField(":scheme", "http") + HpackField(":path", "")},
        {"TwoMethods", Method() + Method() + Rest()},
        {"TwoPaths", Method() + Rest() + HpackField(":path", "/late")},
        {"UnknownPseudoField", Method() + Rest() + HpackField(":proto", "x")},
        {"StatusInRequest", Method() + Rest() + HpackField(":status", "200")},
        {"PseudoFieldAfterOthers", HpackField("x", "y") + Method() + Rest()},
        {"UpperCaseName", Method() + Rest() + HpackField("X-Upper", "y")},
        {"EmptyName", Method() + Rest() + HpackField("", "y")},
        {"NameWithColon", Method() + Rest() + HpackField("x:y", "z")},
        {"ValueWithLineBreak", Method() + Rest() + HpackField("x", "y\r\nz: 1")},
        {"ValueWithNul", Method() + Rest() + HpackField("x", std::string_view("y\0", 2))},
        {"PathWithSpace", Method() + HpackField(":scheme", "http") + HpackField(":path", "/ x")},
        {"Connection", Method() + Rest() + HpackField("connection", "keep-alive")},
        {"KeepAlive", Method() + Rest() + HpackField("keep-alive", "5")},
        {"Upgrade", Method() + Rest() + HpackField("upgrade", "websocket")},
        {"TransferEncoding", Method() + Rest() + HpackField("transfer-encoding", "chunked")},
        {"TeOtherThanTrailers", Method() + Rest() + HpackField("te", "gzip")},
        {"ContentLengthOfMore", Method() + Rest() + HpackField("content-length", "1")},
        {"ContentLengthTwice",
         Method() + Rest() + HpackField("content-length", "0") + HpackField("content-length", "0")},
        {"ContentLengthNoNumber", Method() + Rest() + HpackField("content-length", "x")},
    }),
    [](const auto& info) { return info.param.name; });

TEST_F(Http2HostileTest, ContentLengthOfLessThanComes) {
  StartWithGoodClient();
  Http2Client client = Client();
  client.SendRequest(1, "POST", "/echo", {{"content-length", "3"}}, false);
  client.SendBody(1, "four", true);
  EXPECT_EQ(client.Await(1).reset_code, NGHTTP2_PROTOCOL_ERROR);
  ExpectGoodIsServed();
}

TEST_F(Http2HostileTest, WindowOfStreamOverflows) {
  StartWithGoodClient();
  Http2Client client = Client();
  client.SendRequest(1, "GET", "/late");
  client.SendFrame(NGHTTP2_WINDOW_UPDATE, 0, 1, Uint32(0x7fffffff));
  EXPECT_EQ(client.Await(1).reset_code, NGHTTP2_FLOW_CONTROL_ERROR);
  ExpectGoodIsServed();
}

TEST_F(Http2HostileTest, DataOnClosedStreamGoesNowhere) {
  StartWithGoodClient();
  Http2Client client = Client();
  for (int32_t stream = 1; stream < 13; stream += 2) {
    client.SendRequest(stream, "GET", "/hello");
    EXPECT_EQ(client.Await(stream).status, 200);
    client.SendBody(stream, std::string(kMib, 'x'), false);  // Of 4 MiB for all.
  }
  EXPECT_EQ(client.Ask("POST", "/size", {}, std::string(kMib, 'x')).body, "1048576");
  ExpectGoodIsServed();
}

// Before the client has said that it knows the limit.
TEST_F(Http2HostileTest, Stream101IsRefused) {
  StartWithGoodClient();
  Http2Client client = Client();
  std::string bytes;
  for (int32_t stream = 1; stream <= 201; stream += 2) {
    bytes += Headers(stream, RequestFields("POST", "/echo"));
  }
  client.Send(bytes);
  EXPECT_EQ(client.Await(201).reset_code, NGHTTP2_REFUSED_STREAM);
  EXPECT_FALSE(client.reply(199).is_over());
  ExpectGoodIsServed();
}

TEST_F(Http2HostileTest, Stream101EndsTheConnectionOfWhoKnows) {
  StartWithGoodClient();
  Http2Client client = Client();
  EXPECT_EQ(client.Ask("GET", "/hello").status, 200);  // Has read our settings and agreed.
  for (int32_t i = 0; i < 101; ++i) {
    client.SendRequest(1'101 + 2 * i, "POST", "/echo", {}, false);
  }
  EXPECT_EQ(client.AwaitGoaway(), NGHTTP2_PROTOCOL_ERROR);
  ExpectGoodIsServed();
}

// Streams that were reset leave room for others, their handlers do not.
TEST_F(Http2HostileTest, ResetsBuyNoHandlers) {
  StartWithGoodClient();
  Http2Client client = Client();
  std::vector<Reply> replies;
  for (int32_t i = 0; i < 100; ++i) {
    client.SendRequest(2 * i + 1, "GET", "/late");
    replies.push_back(kept_->Take());
    client.SendFrame(NGHTTP2_RST_STREAM, 0, 2 * i + 1, Uint32(NGHTTP2_CANCEL));
  }
  EXPECT_EQ(client.Ask("GET", "/hello").reset_code, NGHTTP2_REFUSED_STREAM);
  ExpectGoodIsServed();
  std::move(replies.back())(TextResponse("late"));
  EXPECT_EQ(client.Ask("GET", "/hello").status, 200);
}

struct SilentCase {
  const char* name;
  std::string bytes;  // then silence
};

class Http2SilentTest : public Http2HostileTest, public testing::WithParamInterface<SilentCase> {};

TEST_P(Http2SilentTest, IsClosed) {
  StartWithGoodClient();
  Http2Client client = Client({.sends_preface = false});
  client.Send(GetParam().bytes);
  ExpectGoodIsServed();
  EXPECT_TRUE(client.AwaitClose());
  ExpectGoodIsServed();
}

const std::string& Begun() {
  static const std::string bytes =
      std::string(kHttp2Preface) + Http2Frame(NGHTTP2_SETTINGS, 0, 0, "");
  return bytes;
}

INSTANTIATE_TEST_SUITE_P(
    Slowloris, Http2SilentTest,
    testing::ValuesIn<SilentCase>({
        {"Nothing", ""},
        {"HalfAPreface", std::string(kHttp2Preface.substr(0, 10))},
        {"HalfAFrameHeader", Begun() + std::string("\0\0\5\1", 4)},
        {"HalfAHeader",
         Begun() + Http2Frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, "", 100)},
        {"HeaderWithoutEnd", Begun() + OpenHeader()},
        {"HeaderWithEmptyContinuation",
         Begun() + OpenHeader() + Http2Frame(NGHTTP2_CONTINUATION, 0, 1, "")},
        {"HalfAPing", Begun() + Http2Frame(NGHTTP2_PING, 0, 0, "1234", 8)},
        {"HalfADataFrame", Begun() + Headers(1, RequestFields("POST", "/size")) +
                               Http2Frame(NGHTTP2_DATA, 0, 1, "some", 100)},
    }),
    [](const auto& info) { return info.param.name; });

// It lets no answer out, and asks for more: none of them is kept for long.
TEST_F(Http2HostileTest, ZeroWindowEnds) {
  StartWithGoodClient();
  Http2Client client = Client({.settings = Setting(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0)});
  for (int32_t stream = 1; stream < 201; stream += 2) client.SendRequest(stream, "GET", "/hello");
  ExpectGoodIsServed();
  EXPECT_EQ(client.AwaitGoaway(), NGHTTP2_ENHANCE_YOUR_CALM);
  EXPECT_EQ(Floods("unread_answers"), 1);
  EXPECT_EQ(client.reply(1).body, "");
}

// It asks and asks, and never reads from its socket.
TEST_F(Http2HostileTest, ClosedEarsEnd) {
  StartWithGoodClient();
  const size_t before = ResidentBytes();
  Http2Client client =
      Client({.settings = Setting(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0x7fffffff)});
  client.SendFrame(NGHTTP2_WINDOW_UPDATE, 0, 0, Uint32(0x70000000));
  const std::string data(16'384, 'x');
  // 40 MiB, as the sockets' own buffers swallow some.
  for (int32_t stream = 1; stream < 81; stream += 2) {
    client.SendRequest(stream, "POST", "/mirror", {}, false);
    for (int i = 0; i < 64; ++i) {
      client.SendFrame(NGHTTP2_DATA, i == 63 ? NGHTTP2_FLAG_END_STREAM : 0, stream, data);
    }
  }
  ExpectGoodIsServed();
  EXPECT_TRUE(MetricReaches("slowburn_net_connections", 1));
  ExpectGrowthBelow(64 * kMib, before);
}

// Each PING comes with data, so that it may; but nobody reads what they ask for.
TEST_F(Http2HostileTest, UnreadAcknowledgementsEnd) {
  StartWithGoodClient();
  Http2Client client = Client();
  client.SendRequest(1, "POST", "/size", {}, false);
  const std::string units = Repeat(
      Http2Frame(NGHTTP2_DATA, 0, 1, "x") + Http2Frame(NGHTTP2_PING, 0, 0, "12345678"), 1'000'000);
  const size_t before = ResidentBytes();
  EXPECT_FALSE(client.Send(units));
  ExpectGoodIsServed();
  EXPECT_EQ(Floods("unread_answers"), 1);
  ExpectGrowthBelow(8 * kMib, before);
}

// Bodies that never end, of as many streams as there may be, in as many connections as it takes.
TEST_F(Http2HostileTest, UnfinishedBodiesAreBoundedByTheBudget) {
  base::MemoryBudget& budget = Budget(16 * kMib);
  ServerOptions options = Impatient();
  options.budget = &budget;
  StartWithGoodClient(options);
  const size_t before = ResidentBytes();
  std::vector<std::unique_ptr<Http2Client>> clients;
  int refused = 0;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(std::make_unique<Http2Client>(http2_->address()));
    for (int32_t stream = 1; stream < 21; stream += 2) {
      clients.back()->SendRequest(stream, "POST", "/size", {}, false);
      clients.back()->SendBody(stream, std::string(kMib / 2, 'x'), false);
      EXPECT_LE(budget.used(), budget.bytes_max());
    }
  }
  for (const auto& client : clients) {
    for (int32_t stream = 1; stream < 21; stream += 2) {
      client->Await(stream);
      refused += client->reply(stream).status == 503 ? 1 : 0;
    }
  }
  EXPECT_GT(refused, 50) << "50 MiB do not go into 16";
  EXPECT_EQ(budget.used(), 0) << "the others were too slow";
  ExpectGrowthBelow(64 * kMib, before);
  ExpectGoodIsServed();
}

// The prefix of a gRPC message says how much room to look for, and no more than that.
TEST_F(Http2HostileTest, LengthsOfGrpcMessagesMayBeWrong) {
  StartWithGoodClient();
  for (const uint32_t length : {0u, 1u, 70'000u, 0x7fffffffu, 0xffffffffu}) {
    const std::string body = std::string(1, '\0') + Uint32(length) + std::string(60'000, 'x');
    EXPECT_EQ(Client().Ask("POST", "/size", {{"content-type", "application/grpc"}}, body).body,
              "60005");
  }
  ExpectGoodIsServed();
}

TEST_F(Http2HostileTest, BodiesThatOnlySayThatTheyAreLongCostWhatCame) {
  base::MemoryBudget& budget = Budget(16 * kMib);
  ServerOptions options = Impatient();
  options.budget = &budget;
  options.body_timeout = seconds(60);
  StartWithGoodClient(options);
  const size_t before = ResidentBytes();
  Http2Client client = Client();
  constexpr int32_t kStreams = 90;
  for (int32_t stream = 1; stream < 2 * kStreams; stream += 2) {
    client.SendRequest(stream, "POST", "/size", {{"content-type", "application/grpc"}}, false);
    client.SendBody(stream, std::string(1, '\0') + Uint32(512 * 1024), false);
  }
  client.SendRequest(2 * kStreams + 1, "GET", "/hello");
  ASSERT_EQ(client.Await(2 * kStreams + 1).status, 200);  // so all before it were read
  EXPECT_LT(budget.used(), kStreams * 4096);
  ExpectGrowthBelow(4 * kMib, before);
  ExpectGoodIsServed();
  http2_.reset();  // what it holds is charged to the budget
}

// Fields are charged too: 100 streams of 16 KiB each would be 1.6 MiB a connection.
TEST_F(Http2HostileTest, UnfinishedHeadersAreBoundedByTheBudget) {
  base::MemoryBudget& budget = Budget(kMib);
  ServerOptions options = Impatient();
  options.budget = &budget;
  StartWithGoodClient(options);
  Http2Client client = Client();
  const std::vector<HttpHeader> fields = {{"x", std::string(15'000, 'x')}};
  for (int32_t stream = 1; stream < 201; stream += 2) {
    client.SendRequest(stream, "POST", "/echo", fields, false);
  }
  EXPECT_EQ(client.Await(199).status, 503);
  EXPECT_LE(budget.used(), budget.bytes_max());
  EXPECT_EQ(client.Await(1).status, 408);
  ExpectGoodIsServed();
}

// What no list of attacks has: frames of every kind in any order, most of them right in themselves.
TEST_F(Http2HostileTest, AnyFramesInAnyOrder) {
  constexpr uint32_t kSeed = 20'231'010;
  SCOPED_TRACE(fmt::format("seed {}", kSeed));
  std::mt19937 random(kSeed);
  const auto below = [&random](size_t end) { return static_cast<uint32_t>(random() % end); };
  constexpr std::array<const char*, 5> kPaths = {"/hello", "/late", "/size", "/throws", "/nowhere"};

  base::MemoryBudget& budget = Budget(16 * kMib);
  ServerOptions options = Impatient();
  options.budget = &budget;
  StartWithGoodClient(options);
  for (int connection = 0; connection < 300; ++connection) {
    std::string bytes;
    for (int i = 0; i < 60; ++i) {
      const auto type = static_cast<uint8_t>(below(11));
      auto flags = static_cast<uint8_t>(below(4) == 0 ? random() : below(2));
      const auto stream = static_cast<int32_t>(below(8) == 0 ? below(3) : 2 * below(20) + 1);
      std::string payload(below(64), static_cast<char>(random()));
      if (type == NGHTTP2_HEADERS && below(8) != 0) {
        flags = static_cast<uint8_t>(NGHTTP2_FLAG_END_HEADERS | below(2));
        payload = RequestFields(below(2) == 0 ? "GET" : "POST", kPaths[below(kPaths.size())]);
      }
      const bool has_number = type == NGHTTP2_WINDOW_UPDATE || type == NGHTTP2_RST_STREAM;
      if (has_number && below(8) != 0) payload = Uint32(below(1'000));
      if (type == NGHTTP2_PING) payload.resize(8);
      if (type == NGHTTP2_SETTINGS && below(8) != 0) {
        flags = 0;
        payload = Setting(static_cast<uint16_t>(below(8)), below(70'000));
      }
      if (type == NGHTTP2_GOAWAY || type == NGHTTP2_CONTINUATION) continue;  // They end it soon.
      bytes += Http2Frame(type, flags,
                          type == NGHTTP2_SETTINGS || type == NGHTTP2_PING ? 0 : stream, payload);
    }
    Http2Client client = Client();
    client.Send(std::string_view(bytes).substr(0, bytes.size() - below(20)));
    if (below(2) == 0) {
      EXPECT_TRUE(client.AwaitFrame(NGHTTP2_SETTINGS));
    }
  }
  ExpectGoodIsServed();
  EXPECT_TRUE(MetricReaches("slowburn_net_connections", 1));
  EXPECT_EQ(budget.used(), 0);
  kept_ = std::make_unique<KeptReplies>();  // Those that were kept are dropped, to nobody.
  ExpectGoodIsServed();
}

// Connections may be many, as long as they are small: the buffers of busy times are given back.
TEST_F(Http2HostileTest, IdleConnectionsAreSmall) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "malloc is ASan's, of which mallinfo2 knows nothing";
#endif
  constexpr size_t kConnections = 200;
  StartWithGoodClient(Defaults());
  std::vector<std::unique_ptr<Http2Client>> clients;
  const size_t before = ::mallinfo2().uordblks;
  for (size_t i = 0; i < kConnections; ++i) {
    clients.push_back(std::make_unique<Http2Client>(http2_->address(),
                                                    Http2Client::Options{.opens_windows = false}));
    // Twice: what a client says of the server's settings comes after its first answer.
    EXPECT_EQ(clients.back()->Ask("GET", "/hello").status, 200);
    EXPECT_EQ(clients.back()->Ask("POST", "/size", {}, std::string(kMib, 'x')).status, 200);
  }
  size_t each = (::mallinfo2().uordblks - before) / kConnections;
  EXPECT_GT(each, 64 << 10) << "or this test shows nothing";
  for (int i = 0; i < 1'000; ++i) {
    each = (::mallinfo2().uordblks - before) / kConnections;
    if (each < 40 << 10) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_LT(each, 40 << 10) << "with the client's own";
  RecordProperty("bytes", std::to_string(each));
  ExpectGoodIsServed();
  for (const auto& client : clients) EXPECT_EQ(client->Ask("GET", "/hello").status, 200);
}

}  // namespace
}  // namespace slowburn::net
