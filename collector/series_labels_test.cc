// Goal: labels of both versions are read alike, and what cannot be is said. Method: one row per
// set of labels, written for each version that it can be written in.
#include "collector/series_labels.h"

#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <protozero/pbf_writer.hpp>

#include "collector/remote_write.h"
#include "collector/remote_write_v2.h"

namespace slowburn::collector {
namespace {

using model::LabelSet;
using protozero::pbf_writer;
using testing::HasSubstr;

using Labels = std::vector<model::Label>;

void AddLabels(pbf_writer& to, const Labels& labels) {
  for (const model::Label& label : labels) {
    pbf_writer message(to, 1);
    message.add_string(1, label.name);
    message.add_string(2, label.value);
  }
}

// One series with these labels, and an exemplar with them. A writer ends its message where it ends
// itself.
void AddSeries(pbf_writer request, const Labels& labels) {
  pbf_writer series(request, 1);
  AddLabels(series, labels);
  pbf_writer exemplar(series, 3);
  AddLabels(exemplar, labels);
  exemplar.add_double(2, 1);
}

std::string InVersion1(const Labels& labels) {
  std::string body;
  AddSeries(pbf_writer(body), labels);
  return body;
}

void AddSeries(pbf_writer request, const std::vector<uint32_t>& refs) {
  pbf_writer series(request, 5);
  series.add_packed_uint32(1, refs.begin(), refs.end());
  pbf_writer exemplar(series, 4);
  exemplar.add_packed_uint32(1, refs.begin(), refs.end());
  exemplar.add_double(2, 1);
}

std::string WithRefs(const std::vector<std::string>& symbols, const std::vector<uint32_t>& refs) {
  std::string body;
  for (const std::string& symbol : symbols) pbf_writer(body).add_string(4, symbol);
  AddSeries(pbf_writer(body), refs);
  return body;
}

std::string InVersion2(const Labels& labels) {
  std::vector<std::string> symbols = {""};
  std::vector<uint32_t> refs;
  for (const model::Label& label : labels) {
    for (const std::string& text : {label.name, label.value}) {
      refs.push_back(static_cast<uint32_t>(symbols.size()));
      symbols.push_back(text);
    }
  }
  return WithRefs(symbols, refs);
}

// Reads the series' and the exemplar's, which must be the same.
std::string Read(const model::SeriesBatch& batch, LabelSet& labels) {
  EXPECT_EQ(batch.series.size(), 1u);
  EXPECT_EQ(batch.exemplars.size(), 1u);
  LabelSet of_exemplar;
  const std::string_view fault = ReadSeriesLabels(batch, batch.series[0], labels);
  EXPECT_EQ(ReadExemplarLabels(batch, batch.exemplars[0], of_exemplar), fault);
  EXPECT_EQ(of_exemplar, labels);
  return std::string(fault);
}

struct LabelsCase {
  std::string name;
  Labels labels;
  LabelSet want;
  std::string fault;
  std::optional<std::string> fault_2;  // where 2.0 is stricter
};
class SeriesLabelsTest : public testing::TestWithParam<LabelsCase> {};

TEST_P(SeriesLabelsTest, AreReadOrRefused) {
  const LabelsCase& row = GetParam();
  model::SeriesBatch batch;
  LabelSet labels{{"before", "x"}};
  const std::string first = InVersion1(row.labels);
  ASSERT_TRUE(DecodeRemoteWrite(first, batch).ok());
  EXPECT_EQ(Read(batch, labels), row.fault);
  EXPECT_EQ(labels, row.want);
  const std::string second = InVersion2(row.labels);
  ASSERT_TRUE(DecodeRemoteWriteV2(second, batch).ok());
  EXPECT_EQ(Read(batch, labels), row.fault_2.value_or(row.fault));
  EXPECT_EQ(labels, row.fault_2 ? LabelSet() : row.want);
}

Labels Many(int count) {
  Labels labels;
  for (int i = 0; i < count; ++i) labels.push_back({fmt::format("l{:03}", i), "x"});
  return labels;
}
LabelSet SetOf(const Labels& labels) {
  LabelSet set;
  for (const model::Label& label : labels) set.Set(label.name, label.value);
  return set;
}

INSTANTIATE_TEST_SUITE_P(
    Labels, SeriesLabelsTest,
    testing::ValuesIn<LabelsCase>({
        {"None", {}, {}, "", {}},
        {"Sorted", {{"a", "1"}, {"b", "1"}}, {{"a", "1"}, {"b", "1"}}, "", {}},
        {"Unsorted", {{"b", "1"}, {"a", "2"}}, {{"a", "2"}, {"b", "1"}}, "", "labels out of order"},
        {"EmptyValue", {{"a", ""}, {"b", "1"}}, {{"b", "1"}}, "", {}},
        {"EmptyName", {{"", "1"}, {"a", "1"}}, {}, "a label without a name", {}},
        {"Twice", {{"a", "1"}, {"a", "2"}}, {}, "a label name that comes twice", {}},
        {"TwiceAndEmpty", {{"a", ""}, {"a", "2"}}, {}, "a label name that comes twice", {}},
        {"TwiceApart",
         {{"a", "1"}, {"b", "1"}, {"a", "1"}},
         {},
         "a label name that comes twice",
         "labels out of order"},
        {"AsManyAsAreRead", Many(256), SetOf(Many(256)), "", {}},
        {"TooMany", Many(257), {}, "more than 256 labels", {}},
    }),
    [](const auto& info) { return info.param.name; });

struct RefsCase {
  std::string name;
  std::vector<uint32_t> refs;
  std::string fault;
};
class SeriesLabelRefsTest : public testing::TestWithParam<RefsCase> {};

TEST_P(SeriesLabelRefsTest, AreFollowedOrRefused) {
  const std::string body = WithRefs({"", "a", "1", "b"}, GetParam().refs);
  model::SeriesBatch batch;
  ASSERT_TRUE(DecodeRemoteWriteV2(body, batch).ok());
  LabelSet labels;
  EXPECT_EQ(Read(batch, labels), GetParam().fault);
}

INSTANTIATE_TEST_SUITE_P(
    References, SeriesLabelRefsTest,
    testing::ValuesIn<RefsCase>({
        {"Pairs", {1, 2, 3, 2}, ""},
        {"Odd", {1, 2, 3}, "a label reference without its pair"},
        {"NameBeyond", {4, 2}, "a label reference beyond the symbols"},
        {"ValueBeyond", {1, 4'000'000'000}, "a label reference beyond the symbols"},
        {"EmptyName", {0, 2}, "a label without a name"},
    }),
    [](const auto& info) { return info.param.name; });

TEST(SeriesLabelsTest, BytesThatAreNoLabelAreSaid) {
  std::string body;
  {
    pbf_writer request(body);
    pbf_writer series(request, 1);
    series.add_string(1,
                      "\x0a\x09"
                      "a");
  }
  model::SeriesBatch batch;
  ASSERT_TRUE(DecodeRemoteWrite(body, batch).ok());
  LabelSet labels;
  EXPECT_EQ(ReadSeriesLabels(batch, batch.series[0], labels), "a label that is cut off");
}

}  // namespace
}  // namespace slowburn::collector
