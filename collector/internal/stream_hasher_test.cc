// Goal: the same stream has the same hash however it is written, and another stream another one.
// Method: encodings by hand, one row each; batches by hand, changed in one thing at a time.
#include "collector/internal/stream_hasher.h"

#include <algorithm>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <protozero/exception.hpp>
#include <protozero/pbf_writer.hpp>
#include <xxhash.h>

#include "base/testing/peak_memory.h"
#include "collector/internal/attribute_reader.h"

namespace slowburn::collector {
namespace {

using model::StreamHash;

// One length-delimited field.
std::string Framed(uint32_t number, std::string_view content) {
  std::string out;
  protozero::pbf_writer(out).add_bytes(number, content.data(), content.size());
  return out;
}
std::string Text(std::string_view text) { return Framed(1, text); }

StreamHash HashOf(std::string_view key, std::string_view any_value) {
  StreamHash set;
  AddAttribute(key, any_value, set);
  return set;
}

// As the decoder does it.
StreamHash HashOfKeyValue(std::string_view key_value) {
  StreamHash set;
  KeyValueParts parts;
  if (SplitUsualKeyValue(key_value, parts)) {
    AddUsualAttribute(key_value, parts.any_value, set);
  } else {
    parts = SplitKeyValue(key_value);
    AddAttribute(parts.key, parts.any_value, set);
  }
  return set;
}

// --- Encodings ----------------------------------------------------------------------------------

struct EncodingCase {
  std::string name;
  std::string any_value;
  std::string canonical;
};

class EncodingTest : public testing::TestWithParam<EncodingCase> {};

TEST_P(EncodingTest, HasTheHashOfTheCanonicalOne) {
  const auto& [name, any_value, canonical] = GetParam();
  const StreamHash want = HashOf("key", canonical);
  EXPECT_EQ(HashOf("key", any_value), want);
  EXPECT_EQ(HashOfKeyValue(Framed(1, "key") + Framed(2, any_value)), want);
  EXPECT_EQ(HashOfKeyValue(Framed(2, any_value) + Framed(1, "key")), want);
  if (!canonical.empty()) {
    EXPECT_NE(HashOf("key", ""), want);
  }
}

using namespace std::string_literals;
const std::string kLong(300, 'x');
INSTANTIATE_TEST_SUITE_P(
    AnyValue, EncodingTest,
    testing::ValuesIn<EncodingCase>({
        {"NoMember", "", ""},
        {"UnknownFieldOnly", "\x78\x01"s, ""},
        {"V12_StringIndex", "\x40\x05"s, ""},
        {"V12_StringIndexAfterText", Text("v") + "\x40\x05", ""},
        {"String", Text("v"), "\x0a\x01v"s},
        {"EmptyString", Text(""), "\x0a\x00"s},
        {"LongString", Text(kLong), "\x0a\xac\x02"s + kLong},
        {"StringWithLongerLength", "\x0a\x81\x00v"s, Text("v")},
        {"StringWithLongerTag", "\x8a\x00\x01v"s, Text("v")},
        {"StringTwice", Text("a") + Text("v"), Text("v")},
        {"StringAfterInt", "\x18\x05"s + Text("v"), Text("v")},
        {"StringAndUnknownField", Text("v") + "\x78\x01", Text("v")},
        {"BoolFalse", "\x10\x00"s, "\x10\x00"s},
        {"BoolOfAnotherNumber", "\x10\x02"s, "\x10\x01"s},
        {"IntZero", "\x18\x00"s, "\x18\x00"s},
        {"IntWithLongerVarint", "\x18\x85\x80\x00"s, "\x18\x05"s},
        {"IntMinusOne", "\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s,
         "\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s},
        {"IntBeyond64Bits", "\x18\x80\x80\x80\x80\x80\x80\x80\x80\x80\x03"s,
         "\x18\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"s},
        {"Double", "\x21\x00\x00\x00\x00\x00\x00\xf0\x3f"s,
         "\x21\x00\x00\x00\x00\x00\x00\xf0\x3f"s},
        {"DoubleTwice", "\x21xxxxxxxx\x21\x00\x00\x00\x00\x00\x00\xf0\x3f"s,
         "\x21\x00\x00\x00\x00\x00\x00\xf0\x3f"s},
        {"Bytes", Framed(7, "v"), "\x3a\x01v"s},
        {"EmptyArray", Framed(5, ""), "\x2a\x00"s},
        {"E14_ArrayInTwoParts", Framed(5, Framed(1, Text("a"))) + Framed(5, Framed(1, Text("b"))),
         Framed(5, Framed(1, Text("a")) + Framed(1, Text("b")))},
        {"ArrayAfterMap", Framed(6, "") + Framed(5, Framed(1, Text("b"))),
         Framed(5, Framed(1, Text("b")))},
        {"LongMap", Framed(6, Framed(1, Framed(1, kLong))), Framed(6, Framed(1, Framed(1, kLong)))},
    }),
    [](const auto& info) { return info.param.name; });

TEST(AddAttributeTest, TextBytesArrayAndNumberDiffer) {
  const std::vector<std::string> values = {
      "",          Text("\x01"), Framed(7, "\x01"), Framed(5, "\x01"), Framed(6, "\x01"),
      "\x10\x01"s, "\x18\x01"s,  "\x18\x00"s,       "\x10\x00"s};
  std::set<std::pair<uint64_t, uint64_t>> seen;
  for (const std::string& value : values) {
    const StreamHash hash = HashOf("key", value);
    EXPECT_TRUE(seen.emplace(hash.high, hash.low).second) << value;
  }
}

TEST(AddAttributeTest, KeyAndValueDoNotRunTogether) {
  EXPECT_NE(HashOf("ab", Text("c")), HashOf("a", Text("bc")));
  EXPECT_NE(HashOf("", Text("c")), HashOf("c", Text("")));
}

TEST(AddAttributeTest, LongKeysAndValuesAreTheSameBothWays) {
  for (const size_t size : {127, 128, 200, 300, 20'000}) {
    const std::string text(size, 'y');
    EXPECT_EQ(HashOfKeyValue(Framed(1, text) + Framed(2, Text("v"))), HashOf(text, Text("v")));
    EXPECT_EQ(HashOfKeyValue(Framed(1, "k") + Framed(2, Text(text))), HashOf("k", Text(text)));
    EXPECT_NE(HashOf("k", Text(text)), HashOf("k", Text(text + "y")));
  }
}

TEST(AddAttributeTest, IsXxh3OfTheCanonicalKeyValue) {
  for (const size_t size : {1, 127, 128, 240, 241, 20'000}) {
    const std::string text(size, 'y');
    const std::string canonical = Framed(1, text) + Framed(2, Framed(5, Framed(1, Text(text))));
    const XXH128_hash_t want = XXH3_128bits(canonical.data(), canonical.size());
    const StreamHash hash = HashOf(text, Framed(5, "") + Framed(5, Framed(1, Text(text))));
    EXPECT_EQ(hash, (StreamHash{want.high64, want.low64})) << size;
  }
}

TEST(AddAttributeTest, ALargeValueTakesNoMemory) {
  const std::string text = Text(std::string(16 << 20, 'x'));
  const std::string array = Framed(5, Framed(1, text)) + Framed(5, Framed(1, text));
  for (const std::string& value : {text, array}) {
    StreamHash set;
    const std::optional<size_t> peak = base::PeakGrowth([&] { AddAttribute("key", value, set); });
    EXPECT_LT(peak.value_or(0), 1u << 20);
  }
}

TEST(AddAttributeTest, KeyLeftOutIsAnEmptyOne) {
  EXPECT_EQ(HashOfKeyValue(Framed(2, Text("v"))), HashOf("", Text("v")));
  EXPECT_EQ(HashOfKeyValue(Framed(1, "") + Framed(2, Text("v"))), HashOf("", Text("v")));
}

TEST(AddAttributeTest, BrokenValueThrows) {
  StreamHash set;
  for (const std::string& broken : {"\x0a"s, "\x0a\x05v"s, "\x18\x80"s, "\x21\x00"s, "\x0f\x00"s}) {
    EXPECT_THROW(AddAttribute("key", broken, set), protozero::exception) << broken;
  }
}

TEST(AddAttributeTest, OrderIsOfNoMatterAndACopyCounts) {
  std::vector<std::pair<std::string, std::string>> attributes;
  for (char c = 'a'; c < 'k'; ++c) attributes.emplace_back(std::string(1, c), Text("v"));
  const auto hash = [&attributes] {
    StreamHash set;
    for (const auto& [key, value] : attributes) AddAttribute(key, value, set);
    return set;
  };
  const StreamHash want = hash();
  std::mt19937_64 random(1);
  for (int i = 0; i < 20; ++i) {
    std::ranges::shuffle(attributes, random);
    EXPECT_EQ(hash(), want);
  }
  attributes.push_back(attributes.front());
  EXPECT_NE(hash(), want);
}

// --- Streams ------------------------------------------------------------------------------------

const std::string kValue = Text("v");
const std::string kOtherValue = Text("w");

// A resource {r: v}, a scope {s: v} and one point of a sum.
struct OnePoint {
  OnePoint() {
    batch.raw_attributes = {{"r", kValue}, {"s", kValue}};
    batch.resources.resize(1);
    batch.resources[0].scope_end = 1;
    batch.resource_raw_attributes = {{0, 1}};
    batch.scopes.resize(1);
    batch.scopes[0].item_end = 1;
    batch.scopes[0].scope_name = "scope";
    batch.scopes[0].scope_version = "1";
    batch.scope_raw_attributes = {{1, 2}};
    batch.metrics.resize(1);
    batch.metrics[0].name = "requests";
    batch.metrics[0].unit = "1";
    batch.metrics[0].type = model::MetricType::kSum;
    batch.metrics[0].temporality = model::Temporality::kCumulative;
    batch.metrics[0].is_monotonic = true;
    batch.metrics[0].point_end = 1;
    batch.points.resize(1);
    AddAttribute("p", kValue, batch.points[0].stream);
  }

  StreamHash Stream() {
    FinishStreamsOfLastResource(batch);
    return batch.points[0].stream;
  }

  model::MetricBatch batch;
};

struct ChangeCase {
  std::string name;
  void (*change)(OnePoint&);
  bool is_other_stream = true;
};

class StreamTest : public testing::TestWithParam<ChangeCase> {};

TEST_P(StreamTest, IsAnotherOneOnlyWhereItShould) {
  OnePoint changed;
  GetParam().change(changed);
  EXPECT_EQ(changed.Stream() != OnePoint().Stream(), GetParam().is_other_stream);
}

INSTANTIATE_TEST_SUITE_P(
    Identity, StreamTest,
    testing::ValuesIn<ChangeCase>({
        {"Nothing", [](OnePoint&) {}, false},
        {"ResourceKey", [](OnePoint& one) { one.batch.raw_attributes[0].key = "R"; }},
        {"ResourceValue", [](OnePoint& one) { one.batch.raw_attributes[0].value = kOtherValue; }},
        {"ScopeAttribute", [](OnePoint& one) { one.batch.raw_attributes[1].value = kOtherValue; }},
        {"AttributesOfResourceAndScopeSwapped",
         [](OnePoint& one) {
           std::swap(one.batch.raw_attributes[0], one.batch.raw_attributes[1]);
         }},
        {"ScopeName", [](OnePoint& one) { one.batch.scopes[0].scope_name = "other"; }},
        {"ScopeVersion", [](OnePoint& one) { one.batch.scopes[0].scope_version = "2"; }},
        {"SchemaUrl", [](OnePoint& one) { one.batch.scopes[0].schema_url = "https://s"; }},
        {"ScopeNameIntoVersion",
         [](OnePoint& one) {
           one.batch.scopes[0].scope_name = "scope1";
           one.batch.scopes[0].scope_version = "";
         }},
        {"MetricName", [](OnePoint& one) { one.batch.metrics[0].name = "request"; }},
        {"Unit", [](OnePoint& one) { one.batch.metrics[0].unit = "s"; }},
        {"MetricNameIntoUnit",
         [](OnePoint& one) {
           one.batch.metrics[0].name = "request";
           one.batch.metrics[0].unit = "s1";
         }},
        {"Type", [](OnePoint& one) { one.batch.metrics[0].type = model::MetricType::kGauge; }},
        {"Temporality",
         [](OnePoint& one) { one.batch.metrics[0].temporality = model::Temporality::kDelta; }},
        {"Monotonic", [](OnePoint& one) { one.batch.metrics[0].is_monotonic = false; }},
        {"PointAttribute",
         [](OnePoint& one) { AddAttribute("q", kValue, one.batch.points[0].stream); }},
        {"Description", [](OnePoint& one) { one.batch.metrics[0].description = "words"; }, false},
        {"DroppedAttributes",
         [](OnePoint& one) { one.batch.resources[0].dropped_attributes_count = 3; }, false},
        {"ValueAndTimes",
         [](OnePoint& one) {
           one.batch.points[0].as_int = 7;
           one.batch.points[0].is_int = true;
           one.batch.points[0].time_unix_nano = 7;
           one.batch.points[0].start_time_unix_nano = 7;
         },
         false},
    }),
    [](const auto& info) { return info.param.name; });

TEST(StreamOfTest, LeavesTheResourcesBeforeAlone) {
  OnePoint one;
  const StreamHash first = one.Stream();
  one.batch.resources.push_back({});
  one.batch.resources[1].scope_begin = one.batch.resources[1].scope_end = 1;
  one.batch.resource_raw_attributes.push_back({0, 1});
  EXPECT_EQ(one.Stream(), first);
}

TEST(StreamOfTest, ManyStreamsAreManyHashes) {
  std::set<std::pair<uint64_t, uint64_t>> seen;
  for (int i = 0; i < 100'000; ++i) {
    StreamHash set;
    AddAttribute("route", Text(std::to_string(i % 100)), set);
    AddAttribute("pod", Text(std::to_string(i / 100)), set);
    seen.emplace(set.high, set.low);
  }
  EXPECT_EQ(seen.size(), 100'000u);
}

}  // namespace
}  // namespace slowburn::collector
