// Goal: whatever the bytes, decoding neither crashes nor reads or keeps what is outside the body,
// and its memory has a bound. Method: seeded mutations of valid requests, each against protobuf's
// classes; then bodies made to grow.
#include <gtest/gtest.h>
#include <protozero/pbf_writer.hpp>

#include "base/status.h"
#include "collector/otlp_traces.h"
#include "collector/testing/trace_requests.h"

namespace slowburn::collector {
namespace {

using model::SpanBatch;

size_t CapacityBytes(const SpanBatch& batch) {
  return batch.resources.capacity() * sizeof(model::ResourceEntry) +
         batch.scopes.capacity() * sizeof(model::ScopeEntry) +
         batch.spans.capacity() * sizeof(model::Span) +
         batch.attributes.capacity() * sizeof(model::SlotValue) +
         batch.rejected.capacity() * sizeof(model::RejectedItem);
}

bool AllViewsLieIn(std::string_view body, const SpanBatch& batch) {
  const auto inside = [body](std::string_view view) {
    return view.empty() ||
           (view.data() >= body.data() && view.data() + view.size() <= body.data() + body.size());
  };
  bool all = true;
  for (const model::ScopeEntry& scope : batch.scopes) {
    all &= inside(scope.scope_name) && inside(scope.scope_version);
  }
  for (const model::Span& span : batch.spans) {
    all &= inside(span.trace_id) && inside(span.span_id) && inside(span.parent_span_id) &&
           inside(span.trace_state) && inside(span.name) && inside(span.status_message);
  }
  for (const model::SlotValue& attribute : batch.attributes) {
    const auto kind = attribute.value.kind();
    if (kind == model::AttributeValue::Kind::kString ||
        kind == model::AttributeValue::Kind::kBytes) {
      all &= inside(attribute.value.text());
    }
  }
  return all;
}

void Mutate(std::string& body, Random& random) {
  for (uint64_t flips = random() % 4; flips > 0 && !body.empty(); --flips) {
    body[random() % body.size()] = static_cast<char>(random());
  }
  if (random() % 3 == 0) body.resize(random() % (body.size() + 1));
}

TEST(HostileBytesTest, MutatedRequestsAreSeenAsProtobufSeesThemOrRefused) {
  const model::AttributeProjection projection = TestProjection();
  SpanBatch batch;
  int agreed = 0;
  int refused = 0;
  for (uint64_t seed = 0; seed < 20'000; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Random random(seed);
    std::string mutated = RandomTraces(random).SerializeAsString();
    if (random() % 2 == 0) mutated = Mangle(mutated, random);
    Mutate(mutated, random);
    // On the heap with nothing after it, so that a sanitizer sees a read beyond the end.
    const std::vector<char> exact(mutated.begin(), mutated.end());
    const std::string_view body(exact.data(), exact.size());
    const absl::Status status = DecodeTraces(body, projection, batch);
    refused += status.ok() ? 0 : 1;
    ASSERT_TRUE(status.ok() || absl::IsInvalidArgument(status)) << base::Message(status);
    ASSERT_TRUE(AllViewsLieIn(body, batch));
    TracesData traces;
    if (traces.ParseFromArray(exact.data(), static_cast<int>(exact.size()))) {
      ASSERT_TRUE(status.ok()) << base::Message(status);
      ASSERT_EQ(Describe(batch), Describe(traces, projection));
      ++agreed;
    }
    if (status.ok()) {
      ASSERT_EQ(RawSpans(WithoutSpans(body, batch.rejected)).size(), batch.spans.size());
    }
  }
  // The mutations reach both sides.
  EXPECT_GT(agreed, 2'000);
  EXPECT_GT(refused, 2'000);
}

std::string Framed(uint32_t number, std::string_view content) {
  std::string out;
  protozero::pbf_writer(out).add_bytes(number, content.data(), content.size());
  return out;
}

std::string Repeated(std::string_view bytes, size_t count) {
  std::string repeated;
  repeated.reserve(bytes.size() * count);
  for (size_t i = 0; i < count; ++i) repeated += bytes;
  return repeated;
}

struct AmplificationCase {
  std::string name;
  std::string body;
  bool want_ok;
};

class AmplificationTest : public testing::TestWithParam<AmplificationCase> {};

// The documented bound is 4 x the body or 16 MiB; a vector's capacity may be twice its content.
TEST_P(AmplificationTest, MemoryIsBoundedByTheBody) {
  const std::string& body = GetParam().body;
  SpanBatch batch;
  const absl::Status status = DecodeTraces(body, TestProjection(), batch);
  EXPECT_EQ(status.code(),
            GetParam().want_ok ? absl::StatusCode::kOk : absl::StatusCode::kResourceExhausted)
      << base::Message(status);
  EXPECT_LE(CapacityBytes(batch), 2 * std::max<size_t>(16 << 20, 4 * body.size()));
}

const std::string kIds = Framed(1, std::string(16, '\x11')) + Framed(2, std::string(8, '\x22'));
constexpr size_t kMillion = 1'000'000;

INSTANTIATE_TEST_SUITE_P(
    Bodies, AmplificationTest,
    testing::ValuesIn<AmplificationCase>({
        {"EmptySpans", Framed(1, Framed(2, Repeated(Framed(2, ""), 4 * kMillion))), true},
        {"EmptyScopeSpans", Framed(1, Repeated(Framed(2, ""), 4 * kMillion)), true},
        {"EmptyResourceSpans", Repeated(Framed(1, ""), 4 * kMillion), true},
        {"SmallestSpans", Framed(1, Framed(2, Repeated(Framed(2, kIds), kMillion))), false},
        {"SmallestSpansInOwnResources", Repeated(Framed(1, Framed(2, Framed(2, kIds))), kMillion),
         false},
        {"EmptyAttributesOfOneSpan",
         Framed(1, Framed(2, Framed(2, kIds + Repeated(Framed(9, Framed(1, "k")), 2 * kMillion)))),
         false},
        {"SkippedAttributes",
         Framed(1, Framed(2, Framed(2, kIds + Repeated(Framed(9, ""), kMillion)))), true},
        {"ScatteredResource",
         Framed(1, Repeated(Framed(1, Framed(1, Framed(1, "k"))) + Framed(2, Framed(2, kIds)),
                            400'000)),
         false},
    }),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace slowburn::collector
