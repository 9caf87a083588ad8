// Goal: the labels of a point are those that Prometheus gives it. Method: rows of attribute names;
// sets of attributes, resources and scopes against label sets.
#include "model/prometheus_labels.h"

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace slowburn::model {
namespace {

// Attributes with text values, and what keeps their bytes.
class Attributes {
 public:
  using Pair = std::pair<std::string_view, std::string_view>;
  Attributes(std::initializer_list<Pair> pairs) : Attributes(std::vector<Pair>(pairs)) {}
  explicit Attributes(const std::vector<Pair>& pairs) {
    for (const auto& [key, text] : pairs) {
      values_.push_back(std::string{0x0A, static_cast<char>(text.size())} + std::string(text));
      attributes_.push_back({key, values_.back()});
    }
  }
  std::span<const RawAttribute> span() const { return attributes_; }

 private:
  std::deque<std::string> values_;
  std::vector<RawAttribute> attributes_;
};

TEST(PrometheusLabelNameTest, FollowsTheSpecification) {
  const std::pair<const char*, const char*> rows[] = {
      {"http.route", "http_route"},
      {"job", "job"},
      {"a..b", "a_b"},
      {"a__b", "a_b"},
      {"a.b.", "a_b_"},
      {"5xx", "key_5xx"},
      {"_x", "key_x"},
      {".x", "key_x"},
      {"__x__", "__x__"},
      {"__x", "key_x"},
      {"", ""},
      {"_", ""},
      {"...", ""},
      {"a\u00e9b", "a_b"},
      {"____", ""},
      {"_____", ""},
  };
  for (const auto& [attribute, want] : rows)
    EXPECT_EQ(PrometheusLabelName(attribute), want) << attribute;
}

TEST(PrometheusLabelsTest, JoinsNamesThatBecomeOne) {
  uint64_t dropped = 0;
  EXPECT_EQ(PrometheusLabels(Attributes({{"a_b", "2"}, {"a.b", "1"}}).span(), dropped),
            LabelSet({{"a_b", "1;2"}}));
  EXPECT_EQ(PrometheusLabels(Attributes({{"a_b", "2"}, {"a.b", ""}}).span(), dropped),
            LabelSet({{"a_b", ";2"}}));
  EXPECT_EQ(dropped, 0u);
}

TEST(PrometheusLabelsTest, TakesTheLastOfAKeyAndNoEmptyValue) {
  uint64_t dropped = 0;
  EXPECT_EQ(PrometheusLabels(Attributes({{"a", "1"}, {"a", "2"}, {"b", ""}}).span(), dropped),
            LabelSet({{"a", "2"}}));
}

// However many come, and however often: what is made of them is bounded.
TEST(PrometheusLabelsTest, LeavesOutAndCountsWhatNoSeriesCouldHave) {
  std::vector<std::string> keys;
  for (size_t i = 0; i < kLabelAttributesMax + 500; ++i) keys.push_back(fmt::format("k{:04}", i));
  std::vector<Attributes::Pair> many;
  for (const std::string& key : keys) many.emplace_back(key, "first");
  many.emplace_back("k0000", "last");
  uint64_t dropped = 0;
  const LabelSet labels = PrometheusLabels(Attributes(many).span(), dropped);
  EXPECT_EQ(labels.size(), kLabelAttributesMax);
  EXPECT_EQ(labels.Get("k0000"), "last");
  EXPECT_EQ(labels.Get(keys[kLabelAttributesMax - 1]), "first");
  EXPECT_FALSE(labels.Has(keys[kLabelAttributesMax]));
  EXPECT_EQ(dropped, 500u);
}

TEST(PrometheusLabelsTest, DropsAndCountsWhatHasNoName) {
  uint64_t dropped = 0;
  EXPECT_EQ(
      PrometheusLabels(Attributes({{"__name__", "x"}, {"...", "y"}, {"a", "1"}}).span(), dropped),
      LabelSet({{"a", "1"}}));
  EXPECT_EQ(dropped, 2u);
}

TEST(PrometheusJobTest, IsNamespaceAndName) {
  EXPECT_EQ(PrometheusJob(Attributes({{"service.name", "pay"}}).span()), "pay");
  EXPECT_EQ(
      PrometheusJob(Attributes({{"service.namespace", "shop"}, {"service.name", "pay"}}).span()),
      "shop/pay");
  EXPECT_EQ(PrometheusJob(Attributes({{"service.namespace", ""}, {"service.name", "pay"}}).span()),
            "pay");
  EXPECT_EQ(PrometheusJob(Attributes({{"service.namespace", "shop"}}).span()), "");
}

TEST(SeriesLabelsTest, LaysResourceAndScopeOverThePoint) {
  const Attributes resource = {
      {"service.name", "pay"}, {"service.instance.id", "i1"}, {"k8s.pod.name", "pod"}};
  const Attributes scope = {{"team", "x"}, {"name", "other"}, {"schema.url", "other"}};
  const Attributes point = {{"job", "mine"}, {"code", "200"}, {"otel_scope_name", "mine"}};
  uint64_t dropped = 0;
  EXPECT_EQ(SeriesLabels({.resource = resource.span(),
                          .scope = scope.span(),
                          .point = point.span(),
                          .scope_name = "lib",
                          .scope_version = "1.2",
                          .schema_url = "https://opentelemetry.io/schemas/1.26.0"},
                         dropped),
            LabelSet({{"code", "200"},
                      {"instance", "i1"},
                      {"job", "pay"},
                      {"otel_scope_name", "lib"},
                      {"otel_scope_schema_url", "https://opentelemetry.io/schemas/1.26.0"},
                      {"otel_scope_team", "x"},
                      {"otel_scope_version", "1.2"}}));
  EXPECT_EQ(dropped, 2u);
}

TEST(SeriesLabelsTest, AnAttributeIsNotTakenForTheScopesOwnWhereThatIsEmpty) {
  const Attributes scope = {{"name", "n"}, {"version", "v"}, {"schema_url", "s"}, {"names", "x"}};
  uint64_t dropped = 0;
  EXPECT_EQ(SeriesLabels({.scope = scope.span()}, dropped), LabelSet({{"otel_scope_names", "x"}}));
  EXPECT_EQ(dropped, 3u);
}

// "otel_scope_" stands before a key, so a digit or '_' that it begins with is none that a name
// begins with.
TEST(SeriesLabelsTest, AScopesAttributeHasThePrefixAndItsKeyForAName) {
  const Attributes scope = {{"5xx", "1"},      {"_x", "2"}, {"a.b", "4"}, {"a_b", "3"},
                            {"__name__", "5"}, {"..", "6"}, {"", "7"}};
  uint64_t dropped = 0;
  EXPECT_EQ(SeriesLabels({.scope = scope.span()}, dropped),
            LabelSet({{"otel_scope_5xx", "1"}, {"otel_scope_x", "2"}, {"otel_scope_a_b", "4;3"}}));
  EXPECT_EQ(dropped, 3u);
}

TEST(SeriesLabelsTest, KeepsThePointsOwnJobWithoutAService) {
  const Attributes point = {{"job", "mine"}};
  uint64_t dropped = 0;
  EXPECT_EQ(SeriesLabels({.resource = {},
                          .scope = {},
                          .point = point.span(),
                          .scope_name = "",
                          .scope_version = ""},
                         dropped),
            LabelSet({{"job", "mine"}}));
}

}  // namespace
}  // namespace slowburn::model
