// Goal: what is left is the request without those items and nothing else is changed. Method: random
// requests of each signal, also written in unusual ways; the same removal done with protobuf's
// classes; and the bytes of each item that stays.
#include "collector/without_items.h"

#include <set>

#include <gtest/gtest.h>
#include <protozero/pbf_writer.hpp>

#include "collector/testing/decoders.h"
#include "collector/testing/wire_mangler.h"

namespace slowburn::collector {
namespace {

using model::Signal;

// --- The same with protobuf
// -----------------------------------------------------------------------

// Keeps what `keep` says of the elements of a repeated field; whether any are left.
template <typename Repeated, typename Keep>
bool Filter(Repeated& elements, Keep keep) {
  Repeated kept;
  for (auto& element : elements) {
    if (keep(element)) *kept.Add() = element;
  }
  elements.Swap(&kept);
  return !elements.empty();
}

class ProtobufRemover {
 public:
  explicit ProtobufRemover(const std::set<uint32_t>& ordinals) : ordinals_(ordinals) {}

  void Remove(TracesData& data) {
    Filter(*data.mutable_resource_spans(), [this](auto& resource) {
      return Filter(*resource.mutable_scope_spans(),
                    [this](auto& scope) { return RemoveItems(*scope.mutable_spans()); });
    });
  }
  void Remove(LogsData& data) {
    Filter(*data.mutable_resource_logs(), [this](auto& resource) {
      return Filter(*resource.mutable_scope_logs(),
                    [this](auto& scope) { return RemoveItems(*scope.mutable_log_records()); });
    });
  }
  void Remove(MetricsData& data) {
    Filter(*data.mutable_resource_metrics(), [this](auto& resource) {
      return Filter(*resource.mutable_scope_metrics(), [this](auto& scope) {
        return Filter(*scope.mutable_metrics(), [this](auto& metric) { return Remove(metric); });
      });
    });
  }

 private:
  using Metric = opentelemetry::proto::metrics::v1::Metric;
  bool Remove(Metric& metric) {
    switch (metric.data_case()) {
      case Metric::kGauge:
        return RemoveItems(*metric.mutable_gauge()->mutable_data_points());
      case Metric::kSum:
        return RemoveItems(*metric.mutable_sum()->mutable_data_points());
      case Metric::kHistogram:
        return RemoveItems(*metric.mutable_histogram()->mutable_data_points());
      case Metric::kExponentialHistogram:
        return RemoveItems(*metric.mutable_exponential_histogram()->mutable_data_points());
      case Metric::kSummary:
        return RemoveItems(*metric.mutable_summary()->mutable_data_points());
      case Metric::DATA_NOT_SET:
        return false;
    }
    return false;
  }
  template <typename Items>
  bool RemoveItems(Items& items) {
    return Filter(items, [this](auto&) { return !ordinals_.contains(ordinal_++); });
  }

  const std::set<uint32_t>& ordinals_;
  uint32_t ordinal_ = 0;
};

template <typename Decoding>
class WithoutItemsTest : public testing::Test {
 public:
  using Data = typename Decoding::Data;

  void CheckAgainstProtobuf(const std::string& body, Random& random) {
    const std::vector<std::string> items = RawItems(Decoding::kSignal, body);
    std::vector<model::RejectedItem> rejected;
    std::set<uint32_t> ordinals;
    std::vector<std::string> want_items;
    for (uint32_t ordinal = 0; ordinal < items.size(); ++ordinal) {
      if (random() % 3 == 0) {
        rejected.push_back({ordinal, model::Rejection::kTooNew});
        ordinals.insert(ordinal);
      } else {
        want_items.push_back(items[ordinal]);
      }
    }
    const std::string left = WithoutItems(Decoding::kSignal, body, rejected);

    Data want;
    Data after;
    ASSERT_TRUE(want.ParseFromString(body));
    ASSERT_TRUE(after.ParseFromString(left));
    ProtobufRemover(ordinals).Remove(want);
    ASSERT_EQ(after.SerializeAsString(), want.SerializeAsString());
    ASSERT_EQ(RawItems(Decoding::kSignal, left), want_items);
  }
};

struct SignalNames {
  template <typename Decoding>
  static std::string GetName(int) {
    return std::string(model::SignalName(Decoding::kSignal));
  }
};
using Signals = testing::Types<TraceDecoding, MetricDecoding, LogDecoding>;
TYPED_TEST_SUITE(WithoutItemsTest, Signals, SignalNames);

TYPED_TEST(WithoutItemsTest, SameAsRemovalWithProtobuf) {
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Random random(seed);
    const std::string body = TypeParam::RandomData(random).SerializeAsString();
    this->CheckAgainstProtobuf(body, random);
    if (this->HasFatalFailure()) return;
  }
}

TYPED_TEST(WithoutItemsTest, SameInOtherEncodings) {
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Random random(seed);
    const std::string body = TypeParam::RandomData(random).SerializeAsString();
    this->CheckAgainstProtobuf(Mangle(TypeParam::kSignal, body, random), random);
    if (this->HasFatalFailure()) return;
  }
}

TYPED_TEST(WithoutItemsTest, AllItemsLeaveNothing) {
  Random random(1);
  const std::string body = TypeParam::TypicalData(random).SerializeAsString();
  const std::vector<model::RejectedItem> all = {{0}, {1}, {2}, {3}, {4}};
  EXPECT_EQ(WithoutItems(TypeParam::kSignal, body, all), "");
}

TYPED_TEST(WithoutItemsTest, NoItemsLeaveTheSameBytes) {
  Random random(1);
  const std::string body = TypeParam::TypicalData(random).SerializeAsString();
  EXPECT_EQ(WithoutItems(TypeParam::kSignal, body, {}), body);
}

// --- A metric's data
// ------------------------------------------------------------------------------

std::string Framed(uint32_t number, std::string_view content) {
  std::string out;
  protozero::pbf_writer(out).add_bytes(number, content.data(), content.size());
  return out;
}
std::string OneMetric(std::string_view metric) { return Framed(1, Framed(2, Framed(2, metric))); }

struct DataCase {
  std::string name;
  std::string metric;
  std::vector<model::RejectedItem> rejected;
  std::string want;  // the metric; empty: nothing at all
};

class WithoutPointsTest : public testing::TestWithParam<DataCase> {};

TEST_P(WithoutPointsTest, LeavesTheDataThatCounts) {
  const auto& [name, metric, rejected, want] = GetParam();
  EXPECT_EQ(WithoutItems(Signal::kMetrics, OneMetric(metric), rejected),
            want.empty() ? "" : OneMetric(want));
}

const std::string kA = Framed(1, "a");
const std::string kB = Framed(1, "b");
const std::string kTemporality = "\x10\x02";
INSTANTIATE_TEST_SUITE_P(
    E14Oneof, WithoutPointsTest,
    testing::ValuesIn<DataCase>({
        {"OtherMemberBefore", Framed(5, kA) + Framed(7, kB + kA), {{0}}, Framed(7, kA)},
        {"SameMemberTwice", Framed(7, kA) + Framed(7, kB), {{1}}, Framed(7, kA) + Framed(7, "")},
        {"TemporalityOfAnEmptiedPartStays",
         Framed(7, kA + kTemporality) + Framed(7, kB),
         {{0}},
         Framed(7, kTemporality) + Framed(7, kB)},
        {"MemberThatComesAgain", Framed(5, kA) + Framed(7, kA) + Framed(5, kB), {}, Framed(5, kB)},
        {"LastMemberWithoutPoints", Framed(5, kA) + Framed(7, ""), {}, ""},
        {"NoData", Framed(1, "name"), {}, ""},
        {"NameStays",
         Framed(1, "name") + Framed(5, kA + kB),
         {{1}},
         Framed(1, "name") + Framed(5, kA)},
    }),
    [](const auto& info) { return info.param.name; });

TEST(WithoutItemsEdgeTest, BytesThatNobodyDecodedLeaveNothing) {
  for (const Signal signal : model::kSignals) {
    EXPECT_EQ(WithoutItems(signal, "\x0a\x05x", {}), "");
  }
}

}  // namespace
}  // namespace slowburn::collector
