// Goal: what a careful client sends is never a flood; each kind of flood is one, at the frame that
// exceeds its limit, and time makes room again. Method: a FloodGuard is given frame headers at
// times of the test's choice.
#include "net/internal/flood_guard.h"

#include <gtest/gtest.h>

#include "net/internal/frame_scanner.h"

namespace slowburn::net::internal {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr size_t kBlockMax = 64 << 10;

nghttp2_frame_hd Frame(uint8_t type, size_t length = 0, uint8_t flags = 0) {
  nghttp2_frame_hd frame{};
  frame.type = type;
  frame.length = length;
  frame.flags = flags;
  return frame;
}

class FloodGuardTest : public testing::Test {
 protected:
  // How many of `count` frames passed before the first that was too much.
  int Passed(const nghttp2_frame_hd& frame, int count) {
    for (int i = 0; i < count; ++i) {
      flood_ = guard_.Received(frame, now_);
      if (flood_) return i;
    }
    return count;
  }

  FloodGuard::Time now_{};
  FloodGuard guard_{kBlockMax, now_};
  std::optional<Flood> flood_;
};

struct LimitCase {
  const char* name;
  nghttp2_frame_hd frame;
  int burst;
  int per_second;
  Flood flood;
};

class FloodLimitTest : public FloodGuardTest, public testing::WithParamInterface<LimitCase> {};

TEST_P(FloodLimitTest, TakesBurstThenRate) {
  const LimitCase& limit = GetParam();
  EXPECT_EQ(Passed(limit.frame, 10'000), limit.burst);
  EXPECT_EQ(flood_, limit.flood);
  now_ += seconds(1);
  EXPECT_EQ(Passed(limit.frame, 10'000), limit.per_second);
  now_ += seconds(1'000);
  EXPECT_EQ(Passed(limit.frame, 10'000), limit.burst) << "a rest saves no more than a burst";
}

INSTANTIATE_TEST_SUITE_P(
    Frames, FloodLimitTest,
    testing::ValuesIn<LimitCase>({
        {"Resets", Frame(NGHTTP2_RST_STREAM, 4), 200, 50, Flood::kResets},
        {"Pings", Frame(NGHTTP2_PING, 8), 20, 2, Flood::kPings},
        {"Settings", Frame(NGHTTP2_SETTINGS, 6), 50, 5, Flood::kSettings},
        {"SettingsAcks", Frame(NGHTTP2_SETTINGS, 0, NGHTTP2_FLAG_ACK), 50, 5, Flood::kSettings},
        {"EmptyData", Frame(NGHTTP2_DATA), 1'000, 100, Flood::kEmptyFrames},
        {"DataOfPadding", Frame(NGHTTP2_DATA, 256, NGHTTP2_FLAG_PADDED), 1'000, 100,
         Flood::kEmptyFrames},
        {"Priority", Frame(NGHTTP2_PRIORITY, 5), 1'000, 100, Flood::kEmptyFrames},
        {"WindowUpdate", Frame(NGHTTP2_WINDOW_UPDATE, 4), 1'000, 100, Flood::kEmptyFrames},
        {"Unknown", Frame(0xfa, 100), 1'000, 100, Flood::kEmptyFrames},
    }),
    [](const auto& info) { return info.param.name; });

TEST_F(FloodGuardTest, ResetsThatWeAreMadeToSendCountToo) {
  for (int i = 0; i < 100; ++i) ASSERT_EQ(guard_.SentReset(now_), std::nullopt);
  EXPECT_EQ(Passed(Frame(NGHTTP2_RST_STREAM, 4), 200), 100);
  EXPECT_EQ(guard_.SentReset(now_), Flood::kResets);
}

TEST_F(FloodGuardTest, DataAndEndsOfStreamsPass) {
  EXPECT_EQ(Passed(Frame(NGHTTP2_DATA, 1), 10'000), 10'000);
  EXPECT_EQ(Passed(Frame(NGHTTP2_DATA, 257, NGHTTP2_FLAG_PADDED), 10'000), 10'000);
  EXPECT_EQ(Passed(Frame(NGHTTP2_DATA, 0, NGHTTP2_FLAG_END_STREAM), 10'000), 10'000);
}

// What gRPC clients do to learn of the path.
TEST_F(FloodGuardTest, OnePingPasses) {
  const nghttp2_frame_hd ping = Frame(NGHTTP2_PING, 8);
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_EQ(guard_.Received(Frame(NGHTTP2_DATA, 100), now_), std::nullopt);
    ASSERT_EQ(guard_.Received(ping, now_), std::nullopt) << "for each DATA that came, " << i;
  }
  for (int i = 0; i < 1'000; ++i) {
    guard_.SentData(100);
    ASSERT_EQ(guard_.Received(ping, now_), std::nullopt) << "for each DATA that went, " << i;
  }
  EXPECT_EQ(Passed(ping, 100), 20) << "the second one for the same is counted";
}

TEST_F(FloodGuardTest, WindowUpdatesPassForRequestsAndAnswers) {
  const nghttp2_frame_hd update = Frame(NGHTTP2_WINDOW_UPDATE, 4);
  ASSERT_EQ(Passed(update, 1'000), 1'000);
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_EQ(guard_.Received(Frame(NGHTTP2_HEADERS, 100), now_), std::nullopt);
    ASSERT_EQ(Passed(update, 4), 4) << "of request " << i;
  }
  guard_.SentData(40 << 20);
  EXPECT_EQ(Passed(update, 2 * (40 << 20) / 4096), 2 * (40 << 20) / 4096)
      << "two for each 4 KiB of an answer, also all at once";
}

TEST_F(FloodGuardTest, HeaderBlockMayHaveEightContinuations) {
  for (int request = 0; request < 100; ++request) {
    ASSERT_EQ(guard_.Received(Frame(NGHTTP2_HEADERS, 100), now_), std::nullopt);
    ASSERT_EQ(Passed(Frame(NGHTTP2_CONTINUATION, 10), 8), 8);
  }
  EXPECT_EQ(Passed(Frame(NGHTTP2_CONTINUATION, 10), 1), 0);
  EXPECT_EQ(flood_, Flood::kContinuations);
}

TEST_F(FloodGuardTest, HeaderBlockIsLimitedByBytes) {
  EXPECT_EQ(Passed(Frame(NGHTTP2_HEADERS, kBlockMax), 10), 10);
  EXPECT_EQ(Passed(Frame(NGHTTP2_CONTINUATION, 1), 1), 0);
  EXPECT_EQ(flood_, Flood::kHeaderBytes);
  EXPECT_EQ(Passed(Frame(NGHTTP2_HEADERS, kBlockMax + 1), 1), 0);
  EXPECT_EQ(flood_, Flood::kHeaderBytes);
}

TEST_F(FloodGuardTest, EmptyContinuationsAreEmptyFrames) {
  ASSERT_EQ(Passed(Frame(NGHTTP2_PRIORITY, 5), 1'000), 1'000);
  ASSERT_EQ(guard_.Received(Frame(NGHTTP2_HEADERS, 1), now_), std::nullopt);
  EXPECT_EQ(Passed(Frame(NGHTTP2_CONTINUATION), 8), 4) << "what one request is good for";
  EXPECT_EQ(flood_, Flood::kEmptyFrames);
}

TEST_F(FloodGuardTest, TimeMayStandStill) {
  now_ += milliseconds(1);
  ASSERT_EQ(Passed(Frame(NGHTTP2_PING, 8), 20), 20);
  EXPECT_EQ(Passed(Frame(NGHTTP2_PING, 8), 1), 0);
}

// Cut anywhere, a stream of frames is the same frames.
TEST(FrameScannerTest, FindsFramesInPiecesOfEachSize) {
  constexpr std::string_view kFrames(
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
      "\0\0\0\4\0\0\0\0\0"       // SETTINGS
      "\0\0\3\1\1\0\0\0\1abc"    // HEADERS, its block goes on
      "\0\0\2\11\4\0\0\0\1de"    // CONTINUATION, the end of it
      "\0\0\5\0\1\0\0\0\1hello"  // DATA
      "\0\0\4\10\0\200\0\0\0\0\0\0\1",
      24 + 9 + 12 + 11 + 14 + 13);  // WINDOW_UPDATE, reserved bit
  for (size_t piece = 1; piece <= kFrames.size(); ++piece) {
    FrameScanner scanner;
    std::string types;
    for (size_t at = 0; at < kFrames.size(); at += piece) {
      std::string_view bytes = kFrames.substr(at, piece);
      while (const auto frame = scanner.Next(bytes)) {
        types += static_cast<char>('0' + frame->type);
        EXPECT_EQ(frame->stream_id, frame->type == 4 || frame->type == 8 ? 0 : 1);
      }
      EXPECT_TRUE(bytes.empty());
      const size_t end = std::min(at + piece, kFrames.size());
      const bool is_between = end == 24 || end == 33 || end == 56 || end == 70 || end == 83;
      EXPECT_EQ(scanner.is_between(), is_between) << "after " << end;
      EXPECT_EQ(scanner.in_data(), end >= 65 && end < 70) << "after " << end;
    }
    EXPECT_EQ(types, "41908");
    EXPECT_EQ(scanner.frames(), 4);
    EXPECT_TRUE(scanner.is_http2());
  }
}

TEST(FrameScannerTest, FindsWrongPreface) {
  for (const size_t right : {0, 1, 23}) {
    FrameScanner scanner;
    std::string text("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    text[right] = '?';
    std::string_view first = std::string_view(text).substr(0, right);
    EXPECT_FALSE(scanner.Next(first));
    EXPECT_TRUE(scanner.is_http2());
    std::string_view rest = std::string_view(text).substr(right);
    EXPECT_FALSE(scanner.Next(rest));
    EXPECT_FALSE(scanner.is_http2());
    EXPECT_FALSE(scanner.has_preface());
  }
}

}  // namespace
}  // namespace slowburn::net::internal
