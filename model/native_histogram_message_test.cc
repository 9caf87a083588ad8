// Goal: the fields of Prometheus' Histogram, whole counts as differences and floating ones as they
// are. Method: field by field with protozero's reader; the official encoding reads whole messages
// in forward/remote_write_message_test.cc and serve/read_messages_test.cc.
#include "model/native_histogram_message.h"

#include <map>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <protozero/pbf_reader.hpp>

namespace slowburn::model {
namespace {

using protozero::pbf_reader;
using testing::ElementsAre;

std::string Written(const NativeHistogram& histogram) {
  std::string bytes;
  protozero::pbf_writer writer(bytes);
  WriteNativeHistogram(writer, -7, histogram);
  return bytes;
}

const NativeHistogram kHistogram{.schema = -1,
                                 .reset_hint = NativeHistogram::ResetHint::kGauge,
                                 .zero_threshold = 0.25,
                                 .zero_count = 2,
                                 .count = 14,
                                 .sum = -1.5,
                                 .positive_spans = {{-2, 2}, {1, 1}},
                                 .negative_spans = {{7, 1}},
                                 .positive_counts = {5, 1, 4},
                                 .negative_counts = {2}};

TEST(NativeHistogramMessageTest, WholeCountsAreDifferences) {
  const std::string bytes = Written(kHistogram);
  std::vector<int> fields;
  std::vector<int64_t> positive;
  std::vector<std::pair<int32_t, uint32_t>> spans;
  for (pbf_reader message(bytes); message.next();) {
    fields.push_back(static_cast<int>(message.tag()));
    switch (message.tag()) {
      case 1:
        EXPECT_EQ(message.get_uint64(), 14u);
        break;
      case 3:
        EXPECT_EQ(message.get_double(), -1.5);
        break;
      case 4:
        EXPECT_EQ(message.get_sint32(), -1);
        break;
      case 6:
        EXPECT_EQ(message.get_uint64(), 2u);
        break;
      case 11: {
        pbf_reader span = message.get_message();
        std::pair<int32_t, uint32_t> read{};
        while (span.next()) {
          if (span.tag() == 1) {
            read.first = span.get_sint32();
          } else {
            read.second = span.get_uint32();
          }
        }
        spans.push_back(read);
        break;
      }
      case 12:
        for (const int64_t delta : message.get_packed_sint64()) positive.push_back(delta);
        break;
      case 14:
        EXPECT_EQ(message.get_enum(), 3);
        break;
      case 15:
        EXPECT_EQ(message.get_int64(), -7);
        break;
      default:
        message.skip();
    }
  }
  EXPECT_THAT(fields, ElementsAre(1, 3, 4, 5, 6, 8, 9, 11, 11, 12, 14, 15));
  EXPECT_THAT(positive, ElementsAre(5, -4, 3));
  EXPECT_THAT(spans, ElementsAre(std::pair(-2, 2u), std::pair(1, 1u)));
}

TEST(NativeHistogramMessageTest, FloatingCountsAndCustomBoundsAreAsTheyAre) {
  NativeHistogram histogram = kHistogram;
  histogram.is_float = true;
  histogram.positive_counts = {0.5, 1, 4};
  histogram.custom_bounds = {0.1, 1};
  const std::string bytes = Written(histogram);
  std::map<int, std::vector<double>> packed;
  for (pbf_reader message(bytes); message.next();) {
    const auto field = static_cast<int>(message.tag());
    EXPECT_NE(field, 1);
    EXPECT_NE(field, 12);
    if (field == 10 || field == 13 || field == 16) {
      for (const double value : message.get_packed_double()) packed[field].push_back(value);
    } else if (field == 2) {
      EXPECT_EQ(message.get_double(), 14);
    } else if (field == 7) {
      EXPECT_EQ(message.get_double(), 2);
    } else {
      message.skip();
    }
  }
  EXPECT_THAT(packed[10], ElementsAre(2));
  EXPECT_THAT(packed[13], ElementsAre(0.5, 1, 4));
  EXPECT_THAT(packed[16], ElementsAre(0.1, 1));
}

}  // namespace
}  // namespace slowburn::model
