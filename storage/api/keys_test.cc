// Goal: every key has the bytes that docs/format/keys.md shows, sorts by its numbers, and is read
// back; ranges hold their keys and no others. Method: the page's examples as rows, then neighbours
// on both sides of each range.
#include "storage/api/keys.h"

#include <limits>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace slowburn::storage {
namespace {

using Kind = SliceBlockKey::Kind;

constexpr uint32_t kMax32 = std::numeric_limits<uint32_t>::max();
constexpr uint64_t kMax64 = std::numeric_limits<uint64_t>::max();

std::string Hex(std::string_view bytes) {
  std::string hex;
  for (const char byte : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return hex;
}

struct BytesCase {
  std::string name;
  std::string key;
  std::string want_hex;
};

class KeyBytesTest : public testing::TestWithParam<BytesCase> {};

TEST_P(KeyBytesTest, AreThoseOfTheFormatPage) {
  EXPECT_EQ(Hex(GetParam().key), GetParam().want_hex);
}

INSTANTIATE_TEST_SUITE_P(
    FormatPage, KeyBytesTest,
    testing::ValuesIn<BytesCase>({
        {"Log", LogKey(66051), "0100000000000000010203"},
        {"MetaName", MetaKey("checkpoint_seq"), "010000636865636b706f696e745f736571"},
        {"Exclusion", ExclusionKey("deploy"), "0100006578636c7573696f6e2f6465706c6f79"},
        {"Sli", SliKey(7), "010000736c692f00000007"},
        {"Group", GroupKey(7, 258), "01000067726f75702f0000000700000102"},
        {"State", GroupStateKey(7, 258), "01000073746174652f0000000700000102"},
        {"Epochs", EpochsKey("shop/pay"), "01000065706f6368732f73686f702f706179"},
        {"HourBlock", SliceBlockKey{20778, Kind::kHour, 7, 258, 13}.Encode(),
         "0100000000512a6800000007000001020d"},
        {"DayBlock", SliceBlockKey{20778, Kind::kDay, 7, 258, 0}.Encode(),
         "0100000000512a640000000700000102"},
        {"LatencyHourBlock", SliceBlockKey{20778, Kind::kLatencyHour, 7, 258, 13}.Encode(),
         "0100000000512a6c00000007000001020d"},
        {"LatencyDayBlock", SliceBlockKey{20778, Kind::kLatencyDay, 7, 258, 0}.Encode(),
         "0100000000512a4c0000000700000102"},
        {"Alert", AlertKey(R"({slo="a"})"), "0100007b736c6f3d2261227d"},
        {"DedupBlock", DedupBlockKey(1795219200000000000, 66051),
         "01000018e9e659d5f600000000000000010203"},
        {"DedupTime", DedupTimeKey(1795219200000000000), "01000018e9e659d5f60000"},
        {"DedupBefore1970", DedupTimeKey(-1), "0100000000000000000000"},
        {"Ledger", LedgerKey(), "0100006c6564676572"},
        {"StreamBlock", StreamBlockKey(66051), "01000000010203"},
        {"MetricStream", MetricStreamKey(0x0102030405060708, 0x090a0b0c0d0e0f10),
         "0100006d0102030405060708090a0b0c0d0e0f10"},
        {"MetricSource", MetricSourceKey(7, 0x0102030405060708),
         "01000073000000070102030405060708"},
    }),
    [](const auto& info) { return info.param.name; });

TEST(LogKeyTest, IsReadBackAndSortsBySequence) {
  std::string before;
  for (const uint64_t sequence : {uint64_t{0}, uint64_t{1}, uint64_t{255}, uint64_t{256}, kMax64}) {
    const std::string key = LogKey(sequence);
    EXPECT_EQ(ReadLogKey(key), sequence);
    EXPECT_LT(before, key);
    before = key;
  }
}

TEST(StreamBlockKeyTest, IsReadBackSortsAndRefusesOthers) {
  EXPECT_EQ(ReadStreamBlockKey(StreamBlockKey(0)), 0u);
  EXPECT_EQ(ReadStreamBlockKey(StreamBlockKey(kMax32)), kMax32);
  EXPECT_LT(StreamBlockKey(255), StreamBlockKey(256));
  EXPECT_LT(StreamBlocks().begin, StreamBlockKey(0));
  EXPECT_LT(StreamBlockKey(1'000'000), StreamBlocks().end);
  EXPECT_EQ(StreamBlocks().end, MetricStreamKeys().begin);
  EXPECT_GE(MetricStreamKey(0, 0), MetricStreamKeys().begin);
  EXPECT_LT(MetricStreamKey(~uint64_t{0}, ~uint64_t{0}), MetricStreamKeys().end);
  EXPECT_GE(MetricSourceKey(0, 0), MetricSourceKeys().begin);
  EXPECT_LT(MetricSourceKey(kMax32, ~uint64_t{0}), MetricSourceKeys().end);
  EXPECT_FALSE(ReadStreamBlockKey(""));
  EXPECT_FALSE(ReadStreamBlockKey(LogKey(5)));
  EXPECT_FALSE(ReadStreamBlockKey("\x02" + StreamBlockKey(5).substr(1)));
}

TEST(LogKeyTest, RefusesWhatIsNoLogKey) {
  const std::string key = LogKey(5);
  EXPECT_FALSE(ReadLogKey(""));
  EXPECT_FALSE(ReadLogKey(key.substr(1)));
  EXPECT_FALSE(ReadLogKey(key + "x"));
  std::string format = key;
  format[0] = 2;
  EXPECT_FALSE(ReadLogKey(format));
  std::string tenant = key;
  tenant[2] = 1;
  EXPECT_FALSE(ReadLogKey(tenant));
}

TEST(SliceBlockKeyTest, IsReadBack) {
  for (const SliceBlockKey want :
       {SliceBlockKey{20778, Kind::kHour, 7, 258, 23}, SliceBlockKey{0, Kind::kHour, 0, 0, 0},
        SliceBlockKey{kMax32, Kind::kDay, kMax32, kMax32, 0},
        SliceBlockKey{20778, Kind::kLatencyHour, 7, 258, 23},
        SliceBlockKey{20778, Kind::kLatencyDay, 7, 258, 0}}) {
    const auto got = SliceBlockKey::Decode(want.Encode());
    ASSERT_TRUE(got) << Hex(want.Encode());
    EXPECT_EQ(got->day, want.day);
    EXPECT_EQ(got->kind, want.kind);
    EXPECT_EQ(got->sli, want.sli);
    EXPECT_EQ(got->group, want.group);
    EXPECT_EQ(got->hour, want.hour);
  }
}

TEST(SliceBlockKeyTest, RefusesWhatIsNoBlockKey) {
  const std::string hour = SliceBlockKey{20778, Kind::kHour, 7, 258, 13}.Encode();
  const std::string day = SliceBlockKey{20778, Kind::kDay, 7, 258, 0}.Encode();
  EXPECT_FALSE(SliceBlockKey::Decode(""));
  EXPECT_FALSE(
      SliceBlockKey::Decode(hour.substr(0, hour.size() - 1)));  // an hour block without its hour
  EXPECT_FALSE(SliceBlockKey::Decode(day + '\x01'));
  EXPECT_FALSE(SliceBlockKey::Decode(hour.substr(0, hour.size() - 1) + '\x18'));  // hour 24
  std::string other = hour;
  other[7] = 'm';
  EXPECT_FALSE(SliceBlockKey::Decode(other));
  other = hour;
  other[0] = 2;
  EXPECT_FALSE(SliceBlockKey::Decode(other));
}

struct RangeCase {
  std::string name;
  KeyRange range;
  std::vector<std::string> inside;
  std::vector<std::string> outside;
};

class KeyRangeTest : public testing::TestWithParam<RangeCase> {};

TEST_P(KeyRangeTest, HoldsItsKeysAndNoOthers) {
  const auto& [name, range, inside, outside] = GetParam();
  const auto holds = [&](const std::string& key) { return range.begin <= key && key < range.end; };
  for (const std::string& key : inside) EXPECT_TRUE(holds(key)) << Hex(key);
  for (const std::string& key : outside) EXPECT_FALSE(holds(key)) << Hex(key);
}

INSTANTIATE_TEST_SUITE_P(Ranges, KeyRangeTest,
                         testing::ValuesIn<RangeCase>({
                             {"MetaTable",
                              MetaTable("group/"),
                              {GroupKey(0, 0), GroupKey(kMax32, kMax32)},
                              {SliKey(1), GroupStateKey(0, 0), MetaKey("checkpoint_seq"),
                               MetaKey("group")}},
                             {"WholeFamily",
                              WholeFamily(),
                              {LogKey(0), LogKey(kMax64), AlertKey("{}"), LedgerKey()},
                              {std::string(1, '\0'), "\x02"}},
                             {"BlocksOfGroup",
                              SliceBlocksOfDay(20778, Kind::kHour, 7, 258),
                              {SliceBlockKey{20778, Kind::kHour, 7, 258, 0}.Encode(),
                               SliceBlockKey{20778, Kind::kHour, 7, 258, 23}.Encode()},
                              {SliceBlockKey{20778, Kind::kHour, 7, 257, 23}.Encode(),
                               SliceBlockKey{20778, Kind::kHour, 7, 259, 0}.Encode(),
                               SliceBlockKey{20778, Kind::kDay, 7, 258, 0}.Encode(),
                               SliceBlockKey{20779, Kind::kHour, 7, 258, 0}.Encode()}},
                             {"BlocksOfGreatestGroup",  // the end carries over into the SLI
                              SliceBlocksOfDay(20778, Kind::kHour, 7, kMax32),
                              {SliceBlockKey{20778, Kind::kHour, 7, kMax32, 23}.Encode()},
                              {SliceBlockKey{20778, Kind::kHour, 8, 0, 0}.Encode()}},
                             {"LatenciesOfGroup",
                              SliceBlocksOfDay(20778, Kind::kLatencyHour, 7, 258),
                              {SliceBlockKey{20778, Kind::kLatencyHour, 7, 258, 0}.Encode(),
                               SliceBlockKey{20778, Kind::kLatencyHour, 7, 258, 23}.Encode()},
                              {SliceBlockKey{20778, Kind::kHour, 7, 258, 0}.Encode(),
                               SliceBlockKey{20778, Kind::kLatencyDay, 7, 258, 0}.Encode(),
                               SliceBlockKey{20778, Kind::kLatencyHour, 7, 259, 0}.Encode()}},
                             {"OneDayBlock",
                              SliceBlocksOfDay(20778, Kind::kDay, 7, 258),
                              {SliceBlockKey{20778, Kind::kDay, 7, 258, 0}.Encode()},
                              {SliceBlockKey{20778, Kind::kDay, 7, 259, 0}.Encode()}},
                             {"BlocksOfDay",
                              SliceBlocksOfDay(20778, Kind::kDay),
                              {SliceBlockKey{20778, Kind::kDay, 0, 0, 0}.Encode(),
                               SliceBlockKey{20778, Kind::kDay, kMax32, kMax32, 0}.Encode()},
                              {SliceBlockKey{20778, Kind::kHour, 0, 0, 0}.Encode(),
                               SliceBlockKey{20777, Kind::kDay, 0, 0, 0}.Encode(),
                               SliceBlockKey{20779, Kind::kDay, 0, 0, 0}.Encode()}},
                         }),
                         [](const auto& info) { return info.param.name; });

TEST(DedupKeyTest, OldestComeFirstAndTheTimeKeyDividesThem) {
  EXPECT_LT(DedupBlockKey(1, kMax64), DedupTimeKey(2));
  EXPECT_LE(DedupTimeKey(2), DedupBlockKey(2, 0));
}

TEST(DedupKeyTest, BlocksAreToldFromTheEntriesOfOlderFormats) {
  EXPECT_TRUE(IsDedupBlockKey(DedupBlockKey(1, 2)));
  EXPECT_FALSE(IsDedupBlockKey(DedupBlockKey(1, 2) + std::string(8, 'h')));
  EXPECT_FALSE(IsDedupBlockKey(DedupTimeKey(1)));
}

}  // namespace
}  // namespace slowburn::storage
