// Goal: what is left is the request without those spans and nothing else is changed. Method: random
// requests, also written in unusual ways; the same removal done with protobuf's classes; and the
// bytes of each span that stays.
#include <set>

#include <gtest/gtest.h>

#include "base/status.h"
#include "collector/otlp_traces.h"
#include "collector/testing/trace_requests.h"

namespace slowburn::collector {
namespace {

// Keeps what `keep` says of the elements of a repeated field.
template <typename Repeated, typename Keep>
void Filter(Repeated& elements, Keep keep) {
  Repeated kept;
  for (auto& element : elements) {
    if (keep(element)) *kept.Add() = element;
  }
  elements.Swap(&kept);
}

TracesData Removed(TracesData traces, const std::set<uint32_t>& ordinals) {
  uint32_t ordinal = 0;
  Filter(*traces.mutable_resource_spans(), [&](auto& resource_spans) {
    Filter(*resource_spans.mutable_scope_spans(), [&](auto& scope_spans) {
      Filter(*scope_spans.mutable_spans(), [&](auto&) { return !ordinals.contains(ordinal++); });
      return scope_spans.spans_size() > 0;
    });
    return resource_spans.scope_spans_size() > 0;
  });
  return traces;
}

class WithoutSpansTest : public testing::TestWithParam<bool> {};

TEST_P(WithoutSpansTest, SameAsRemovalWithProtobuf) {
  const model::AttributeProjection projection = TestProjection();
  model::SpanBatch batch;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Random random(seed);
    std::string body = RandomTraces(random).SerializeAsString();
    if (GetParam()) body = Mangle(body, random);
    ASSERT_TRUE(DecodeTraces(body, projection, batch).ok());
    std::vector<model::RejectedItem> rejected;
    std::set<uint32_t> ordinals;
    for (uint32_t ordinal = 0; ordinal < batch.decoded(); ++ordinal) {
      if (random() % 3 != 0) continue;
      rejected.push_back({ordinal, model::Rejection::kTooNew});
      ordinals.insert(ordinal);
    }
    const std::string left = WithoutSpans(body, rejected);

    TracesData before;
    TracesData after;
    ASSERT_TRUE(before.ParseFromString(body));
    ASSERT_TRUE(after.ParseFromString(left));
    ASSERT_EQ(after.SerializeAsString(), Removed(before, ordinals).SerializeAsString());

    std::vector<std::string> want_spans;
    uint32_t ordinal = 0;
    for (std::string& span : RawSpans(body)) {
      if (!ordinals.contains(ordinal++)) want_spans.push_back(std::move(span));
    }
    ASSERT_EQ(RawSpans(left), want_spans);
  }
}

INSTANTIATE_TEST_SUITE_P(Wire, WithoutSpansTest, testing::Bool(), [](const auto& info) {
  return info.param ? "FieldsInAnyOrderWithUnknownOnes" : "AsProtobufWrites";
});

TEST(WithoutSpansEdgeTest, AllSpansLeaveNothing) {
  Random random(1);
  const std::string body = TypicalTraces(3, random).SerializeAsString();
  const std::vector<model::RejectedItem> all = {{0}, {1}, {2}};
  EXPECT_EQ(WithoutSpans(body, all), "");
}

TEST(WithoutSpansEdgeTest, NoSpansLeaveTheSameBytes) {
  Random random(1);
  const std::string body = TypicalTraces(3, random).SerializeAsString();
  EXPECT_EQ(WithoutSpans(body, {}), body);
}

}  // namespace
}  // namespace slowburn::collector
