// Goal: every call of Prometheus' API answers what its clients expect, byte for byte, and errors
// have Prometheus' words and codes. Method: rows of requests and answers over series in memory;
// among them what Grafana, KEDA, Flagger and promtool were seen to send.
#include "serve/prometheus_api.h"

#include <optional>
#include <tuple>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/memory_budget.h"
#include "base/testing/manual_clock.h"
#include "model/sample.h"
#include "net/content_coding.h"
#include "promql/testing/memory_series.h"
#include "serve/testing/ask.h"
#include "serve/testing/sample_slos.h"

namespace slowburn::serve {
namespace {

using testing::HasSubstr;

constexpr int64_t kNowMs = 1'435'781'451'781;

// Series in memory, with metadata and exemplars.
class ApiSeries : public promql::testing::MemorySeries {
 public:
  std::unique_ptr<storage::SeriesSnapshot> TakeSnapshot(const storage::ReadLimits& limits,
                                                        std::stop_token stop) const override {
    return std::make_unique<Snapshot>(*this, MemorySeries::TakeSnapshot(limits, std::move(stop)));
  }

  std::vector<storage::MetricMetadata> metadata;
  model::LabelSet exemplar_series;
  std::vector<storage::SeriesExemplar> exemplars;

 private:
  class Snapshot : public storage::SeriesSnapshot {
   public:
    Snapshot(const ApiSeries& of, std::unique_ptr<storage::SeriesSnapshot> base)
        : of_(of), base_(std::move(base)) {}

    absl::StatusOr<std::vector<storage::SelectedSeries>> Select(
        const storage::Matchers& matchers, storage::TimeRange range) const override {
      return base_->Select(matchers, range);
    }
    absl::Status ReadSamples(uint64_t id, storage::TimeRange range,
                             storage::SampleColumns& samples) const override {
      return base_->ReadSamples(id, range, samples);
    }
    absl::StatusOr<std::vector<std::string>> LabelNames(const storage::Matchers& matchers,
                                                        storage::TimeRange range,
                                                        uint64_t limit) const override {
      return base_->LabelNames(matchers, range, limit);
    }
    absl::StatusOr<std::vector<std::string>> LabelValues(std::string_view name,
                                                         const storage::Matchers& matchers,
                                                         storage::TimeRange range,
                                                         uint64_t limit) const override {
      return base_->LabelValues(name, matchers, range, limit);
    }
    absl::StatusOr<std::vector<storage::MetricMetadata>> Metadata(
        std::string_view metric) const override {
      std::vector<storage::MetricMetadata> found;
      for (const storage::MetricMetadata& one : of_.metadata) {
        if (metric.empty() || one.metric == metric) found.push_back(one);
      }
      return found;
    }
    absl::StatusOr<std::vector<storage::SeriesExemplars>> Exemplars(
        const storage::Matchers& matchers, storage::TimeRange) const override {
      for (const model::LabelMatcher& matcher : matchers) {
        if (!matcher.Matches(of_.exemplar_series.Get(matcher.name())))
          return std::vector<storage::SeriesExemplars>{};
      }
      return std::vector<storage::SeriesExemplars>{{&of_.exemplar_series, of_.exemplars}};
    }
    absl::StatusOr<storage::SeriesStatistics> Statistics(uint64_t) const override {
      return storage::SeriesStatistics{.series = 2,
                                       .chunks = 3,
                                       .min_time_ms = 1000,
                                       .max_time_ms = 2000,
                                       .series_by_metric = {{"up", 2}},
                                       .values_by_label = {{"job", 2}, {"__name__", 1}},
                                       .bytes_by_label = {{"job", 64}},
                                       .series_by_label_value = {{"job=api", 1}}};
    }

   private:
    const ApiSeries& of_;
    const std::unique_ptr<storage::SeriesSnapshot> base_;
  };
};

class FixedRules : public RuleSource {
 public:
  std::vector<RuleGroupReading> groups;
  std::vector<RuleGroupReading> RuleGroups() const override { return groups; }
};

class PrometheusApiTest : public testing::Test {
 protected:
  PrometheusApiTest() : clock_(base::UnixNanos(std::chrono::milliseconds(kNowMs))) {
    for (const auto& [instance, job, value] :
         {std::tuple{"a:1", "api", 1.0}, std::tuple{"b:1", "web", 0.0}}) {
      const model::LabelSet labels{{"__name__", "up"}, {"instance", instance}, {"job", job}};
      series_.Append(labels, kNowMs - 15'000, value);
      series_.Append(labels, kNowMs, value);
    }
    series_.Append({{"__name__", "load"}, {"path", "C:\\\"x\"\n"}}, kNowMs - 1'000, 1.5e-7);
    series_.Append({{"__name__", "gone"}}, kNowMs - 1'000, model::StaleMarker());
    series_.Append({{"__name__", "sizes"}}, kNowMs,
                   model::NativeHistogram{
                       .count = 3, .sum = 4, .positive_spans = {{0, 1}}, .positive_counts = {3}});
    series_.metadata = {{"load", "gauge", "How \"busy\".", ""},
                        {"up", "gauge", "Whether it is up.", ""},
                        {"up", "counter", "Ups.", "things"}};
    series_.exemplar_series = {{"__name__", "load"}};
    series_.exemplars = {{{{"trace_id", "abc"}}, 1'600'096'945'479, 6}};
    rules_.groups = {SampleGroup("b.yaml", "two"), SampleGroup("a.yaml", "one")};
    options_.config_yaml = "http: :7560\n";
    options_.retention = "30d";
    options_.alertmanagers = {"http://127.0.0.1:9093/api/v2/alerts"};
    options_.external_labels = {{"cluster", "x"}};
    Bind();
  }

  static RuleGroupReading SampleGroup(std::string file, std::string name) {
    const base::UnixNanos at{std::chrono::seconds(1'435'781'451)};
    RuleReading alerting{.name = "Down",
                         .query = "up == 0",
                         .duration = std::chrono::minutes(1),
                         .labels = {{"severity", "page"}},
                         .annotations = {{"summary", "down"}},
                         .last_evaluation = at};
    alerting.alerts.push_back({.labels = {{"alertname", "Down"}},
                               .annotations = {},
                               .state = model::AlertState::kFiring,
                               .active_at = at,
                               .value = 1});
    const RuleReading recording{.is_alerting = false,
                                .name = "job:up",
                                .query = "sum by (job) (up)",
                                .last_evaluation = at};
    return {.name = std::move(name),
            .file = std::move(file),
            .interval = std::chrono::seconds(30),
            .last_evaluation = at,
            .rules = {alerting, recording}};
  }

  void Bind() {
    table_.emplace([](const net::HttpRequest&, int status, std::string_view) {
      net::HttpResponse response;
      response.status = status;
      return response;
    });
    AddPrometheusRoutes(*table_, {series_, queries_, rules_, clock_}, options_);
  }

  net::HttpResponse Get(std::string_view target) const { return Ask(*table_, target); }

  net::HttpResponse Send(std::string_view path, net::HttpRequest request) const {
    net::RouteTable::Match match = table_->Find(request.method, path);
    Answer answer;
    request.path = path;
    request.path_parameters = match.path_parameters;
    match.route->handler(std::move(request), answer.reply());
    return answer.Wait();
  }

  net::HttpResponse Post(std::string_view path, std::string form) const {
    net::HttpRequest request;
    request.method = "POST";
    request.body = std::move(form);
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
    return Send(path, std::move(request));
  }

  base::ManualClock clock_;
  ApiSeries series_;
  FakeQueries queries_;
  FixedRules rules_;
  PrometheusOptions options_;
  std::optional<net::RouteTable> table_;
};

struct Row {
  std::string_view target;
  std::string_view data;
};

TEST_F(PrometheusApiTest, AnswersInPrometheusForm) {
  const std::string_view up_a = R"({"__name__":"up","instance":"a:1","job":"api"})";
  const std::string_view up_b = R"({"__name__":"up","instance":"b:1","job":"web"})";
  const std::vector<std::pair<std::string, std::string>> rows = {
      // Grafana's "Save & test", Flagger's online check, KEDA's time.
      {"/api/v1/query?query=1%2B1&time=4", R"({"resultType":"scalar","result":[4,"2"]})"},
      {"/api/v1/query?query=vector(1)",
       R"({"resultType":"vector","result":[{"metric":{},"value":[1435781451.781,"1"]}]})"},
      {"/api/v1/query?query=up{job=\"api\"}&time=2015-07-01T20:10:52Z&namespace=x",
       fmt::format(
           R"({{"resultType":"vector","result":[{{"metric":{},"value":[1435781452,"1"]}}]}})",
           up_a)},
      {"/api/v1/query?query=nothing", R"({"resultType":"vector","result":[]})"},
      {"/api/v1/query?query=\"a\"&time=1.5", R"({"resultType":"string","result":[1.5,"a"]})"},
      {"/api/v1/query?query=1e-7&time=0", R"({"resultType":"scalar","result":[0,"0.0000001"]})"},
      {"/api/v1/query?query=load",
       R"({"resultType":"vector","result":[{"metric":{"__name__":"load","path":"C:\\\"x\"\n"},"value":[1435781451.781,"1.5e-07"]}]})"},
      {"/api/v1/query?query=sizes",
       R"({"resultType":"vector","result":[{"metric":{"__name__":"sizes"},"histogram":[1435781451.781,{"count":"3","sum":"4","buckets":[[0,"0.5","1","3"]]}]}]})"},
      {"/api/v1/query?query=up{job=\"web\"}[1m]",
       fmt::format(
           R"({{"resultType":"matrix","result":[{{"metric":{},"values":[[1435781436.781,"0"],[1435781451.781,"0"]]}}]}})",
           up_b)},
      {"/api/v1/query?query=up&lookback_delta=1s&time=1435781440",
       R"({"resultType":"vector","result":[]})"},
      {"/api/v1/query_range?query=sum(up)&start=1435781440&end=1435781470&step=15",
       R"({"resultType":"matrix","result":[{"metric":{},"values":[[1435781440,"1"],[1435781455,"1"],[1435781470,"1"]]}]})"},
      {"/api/v1/query_range?query=sizes&start=1435781452&end=1435781452&step=1m0s",
       R"({"resultType":"matrix","result":[{"metric":{"__name__":"sizes"},"histograms":[[1435781452,{"count":"3","sum":"4","buckets":[[0,"0.5","1","3"]]}]]}]})"},
      {"/api/v1/query_range?query=nothing&start=0&end=1&step=1",
       R"({"resultType":"matrix","result":[]})"},
      // Grafana asks this once, in milliseconds.
      {"/api/v1/query_exemplars?query=test&start=1600000000000&end=1600000060000", "[]"},
      {"/api/v1/query_exemplars?query=rate(load[5m])%2Bload&start=1&end=2e9",
       R"([{"seriesLabels":{"__name__":"load"},"exemplars":[{"labels":{"trace_id":"abc"},"value":"6","timestamp":1600096945.479}]}])"},
      {"/api/v1/format_query?query=sum(up)by(job)", R"J("sum by (job) (up)")J"},
      {"/api/v1/series?match[]=up", fmt::format("[{},{}]", up_a, up_b)},
      {"/api/v1/series?match[]=up&match[]={job=\"api\"}", fmt::format("[{},{}]", up_a, up_b)},
      {"/api/v1/series?match[]=up&end=1", "[]"},
      {"/api/v1/labels", R"(["__name__","instance","job","path"])"},
      {"/api/v1/labels?match[]=load&match[]=sizes", R"(["__name__","path"])"},
      {"/api/v1/labels?match[]=nothing", "[]"},
      {"/api/v1/label/job/values", R"(["api","web"])"},
      {"/api/v1/label/__name__/values?start=1435781400&end=1435781460&limit=40000",
       R"(["gone","load","sizes","up"])"},
      {"/api/v1/label/U__http_2e_method/values", "[]"},
      {"/api/v1/metadata",
       R"({"load":[{"type":"gauge","help":"How \"busy\".","unit":""}],"up":[{"type":"gauge","help":"Whether it is up.","unit":""},{"type":"counter","help":"Ups.","unit":"things"}]})"},
      {"/api/v1/metadata?limit=1",
       R"({"load":[{"type":"gauge","help":"How \"busy\".","unit":""}]})"},
      {"/api/v1/metadata?metric=up&limit_per_metric=1",
       R"({"up":[{"type":"gauge","help":"Whether it is up.","unit":""}]})"},
      {"/api/v1/metadata?metric=none", "{}"},
      {"/api/v1/alerts",
       R"({"alerts":[{"labels":{"alertname":"Down"},"annotations":{},"state":"firing","activeAt":"2015-07-01T20:10:51Z","value":"1e+00"},{"labels":{"alertname":"Down"},"annotations":{},"state":"firing","activeAt":"2015-07-01T20:10:51Z","value":"1e+00"}]})"},
      {"/api/v1/rules?type=record&group_limit=1",
       R"J({"groups":[{"name":"one","file":"a.yaml","rules":[{"name":"job:up","query":"sum by (job) (up)","health":"ok","evaluationTime":0,"lastEvaluation":"2015-07-01T20:10:51Z","type":"recording"}],"interval":30,"limit":0,"evaluationTime":0,"lastEvaluation":"2015-07-01T20:10:51Z"}],"groupNextToken":"b.yaml;two"})J"},
      {"/api/v1/rules?type=alert&exclude_alerts=true&file[]=b.yaml",
       R"({"groups":[{"name":"two","file":"b.yaml","rules":[{"state":"firing","name":"Down","query":"up == 0","duration":60,"keepFiringFor":0,"labels":{"severity":"page"},"annotations":{"summary":"down"},"alerts":null,"health":"ok","evaluationTime":0,"lastEvaluation":"2015-07-01T20:10:51Z","type":"alerting"}],"interval":30,"limit":0,"evaluationTime":0,"lastEvaluation":"2015-07-01T20:10:51Z"}]})"},
      {"/api/v1/rules?rule_name[]=none", R"({"groups":[]})"},
      {"/api/v1/rules?match[]={severity=\"none\"}", R"({"groups":[]})"},
      {"/api/v1/targets", R"({"activeTargets":[],"droppedTargets":[],"droppedTargetCounts":{}})"},
      {"/api/v1/targets/metadata", "[]"},
      {"/api/v1/alertmanagers",
       R"({"activeAlertmanagers":[{"url":"http://127.0.0.1:9093/api/v2/alerts"}],"droppedAlertmanagers":[]})"},
      {"/api/v1/status/config", R"({"yaml":"http: :7560\n"})"},
      {"/api/v1/status/walreplay", R"({"min":0,"max":0,"current":0})"},
      {"/api/v1/status/tsdb",
       R"({"headStats":{"numSeries":2,"numLabelPairs":3,"chunkCount":3,"minTime":1000,"maxTime":2000},"seriesCountByMetricName":[{"name":"up","value":2}],"labelValueCountByLabelName":[{"name":"job","value":2},{"name":"__name__","value":1}],"memoryInBytesByLabelName":[{"name":"job","value":64}],"seriesCountByLabelValuePair":[{"name":"job=api","value":1}]})"},
  };
  for (const auto& [target, data] : rows) {
    const net::HttpResponse got = Get(target);
    EXPECT_EQ(got.status, 200) << target;
    EXPECT_EQ(got.content_type, "application/json") << target;
    EXPECT_EQ(got.body, fmt::format(R"({{"status":"success","data":{}}})", data)) << target;
  }
}

TEST_F(PrometheusApiTest, RefusesInPrometheusWords) {
  struct Case {
    std::string_view target;
    int status;
    std::string_view type, error;
  };
  for (
      const Case& c : std::vector<Case>{
          {"query", 400, "bad_data",
           R"(invalid parameter \"query\": unknown position: parse error: no expression found in input)"},
          {"query?query=sum(", 400, "bad_data",
           R"(invalid parameter \"query\": 1:5: parse error: unclosed left parenthesis)"},
          {"query?query=1&time=abc", 400, "bad_data",
           R"(invalid parameter \"time\": Invalid time value for 'time': cannot parse \"abc\" to a valid timestamp)"},
          {"query?query=1&timeout=x", 400, "bad_data",
           R"(invalid parameter \"timeout\": cannot parse \"x\" to a valid duration)"},
          {"query?query=1&limit=-1", 400, "bad_data",
           R"(invalid parameter \"limit\": limit must be non-negative)"},
          {"query?query=1&limit=x", 400, "bad_data",
           R"(invalid parameter \"limit\": strconv.Atoi: parsing \"x\": invalid syntax)"},
          {"query?query=1&lookback_delta=x", 400, "bad_data",
           R"(error parsing lookback delta duration: cannot parse \"x\" to a valid duration)"},
          {"query?query=up&timeout=0", 503, "timeout", "query timed out in query execution"},
          {"series?match[]=up&timeout=0", 503, "timeout", "query timed out in query execution"},
          {"labels?timeout=0", 503, "timeout", "query timed out in query execution"},
          {"label/job/values?timeout=0", 503, "timeout", "query timed out in query execution"},
          {"labels?timeout=x", 400, "bad_data",
           R"(invalid parameter \"timeout\": cannot parse \"x\" to a valid duration)"},
          {"query_range?query=1&end=10&step=1", 400, "bad_data",
           R"(invalid parameter \"start\": cannot parse \"\" to a valid timestamp)"},
          {"query_range?query=1&start=10&end=0&step=1", 400, "bad_data",
           R"(invalid parameter \"end\": end timestamp must not be before start time)"},
          {"query_range?query=1&start=0&end=10&step=0", 400, "bad_data",
           R"(invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try a positive integer)"},
          {"query_range?query=1&start=0&end=10&step=x", 400, "bad_data",
           R"(invalid parameter \"step\": cannot parse \"x\" to a valid duration)"},
          {"query_range?query=1&start=0&end=11001&step=1", 400, "bad_data",
           "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query "
           "resolution (?step=XX)"},
          {"query_range?query=up[5m]&start=0&end=10&step=1", 400, "bad_data",
           R"(invalid parameter \"query\": invalid expression type \"range vector\" for range query, must be Scalar or instant Vector)"},
          {"query_exemplars?query=(", 400, "bad_data",
           "1:2: parse error: unclosed left parenthesis"},
          {"query_exemplars?query=up&start=2&end=1", 400, "bad_data",
           "end timestamp must not be before start timestamp"},
          {"series?match[]=up%20offset%205m", 400, "bad_data",
           R"(invalid parameter \"match[]\": 1:1: parse error: a series selector has no offset and no @)"},
          {"series", 400, "bad_data", "no match[] parameter provided"},
          {"series?match[]={a=\"\"}", 400, "bad_data",
           R"(invalid parameter \"match[]\": match[] must contain at least one non-empty matcher)"},
          {"labels?start=x", 400, "bad_data",
           R"(invalid parameter \"start\": Invalid time value for 'start': cannot parse \"x\" to a valid timestamp)"},
          {"metadata?limit=x", 400, "bad_data", "limit must be a number"},
          {"rules?type=x", 400, "bad_data",
           R"(invalid parameter \"type\": not supported value \"x\")"},
          {"status/tsdb?limit=0", 400, "bad_data", "limit must be a positive number"},
      }) {
    const net::HttpResponse got = Get(fmt::format("/api/v1/{}", c.target));
    EXPECT_EQ(got.status, c.status) << c.target;
    EXPECT_EQ(got.body,
              fmt::format(R"({{"status":"error","errorType":"{}","error":"{}"}})", c.type, c.error))
        << c.target;
  }
}

TEST_F(PrometheusApiTest, SaysWhatCannotBeEvaluated) {
  series_.Append({{"__name__", "up"}, {"instance", "c:1"}, {"job", "api"}}, kNowMs, 1);
  const net::HttpResponse got = Get("/api/v1/query?query=up-on(job)up");
  EXPECT_EQ(got.status, 422);
  EXPECT_THAT(got.body, HasSubstr(R"("errorType":"execution","error":"found duplicate series)"));
}

TEST_F(PrometheusApiTest, CutsAtTheLimitAndSaysSo) {
  const std::string_view note = R"(,"warnings":["results truncated due to limit"]})";
  for (
      const Row& row : std::vector<Row>{
          {"/api/v1/label/job/values?limit=1", R"(["api"])"},
          {"/api/v1/labels?limit=2", R"(["__name__","instance"])"},
          {"/api/v1/series?match[]=up&limit=1",
           R"([{"__name__":"up","instance":"a:1","job":"api"}])"},
          {"/api/v1/query?query=sort_desc(up)&limit=1",
           R"({"resultType":"vector","result":[{"metric":{"__name__":"up","instance":"a:1","job":"api"},"value":[1435781451.781,"1"]}]})"},
      }) {
    EXPECT_EQ(Get(row.target).body,
              fmt::format(R"({{"status":"success","data":{}{})", row.data, note));
  }
  EXPECT_THAT(Get("/api/v1/label/job/values?limit=2").body, Not(HasSubstr("warnings")));
}

TEST_F(PrometheusApiTest, NotesComeWithTheirKind) {
  EXPECT_THAT(Get("/api/v1/query?query=rate(up[1m])").body,
              HasSubstr(R"("infos":["PromQL info: metric might not be a counter)"));
  std::string many;
  for (int i = 0; i < 12; ++i)
    many += fmt::format("{}quantile(2,up{})", i == 0 ? "" : " or ", fmt::format("*{}", i));
  const net::HttpResponse got = Post("/api/v1/query", "query=" + net::PercentEncode(many));
  EXPECT_THAT(got.body, HasSubstr("\"2 more warning annotations omitted\"]"));
}

TEST_F(PrometheusApiTest, TakesForms) {
  EXPECT_EQ(Post("/api/v1/query", "query=1%2B1&time=4").body,
            R"({"status":"success","data":{"resultType":"scalar","result":[4,"2"]}})");
  EXPECT_EQ(Post("/api/v1/labels", "match%5B%5D=load&match%5B%5D=up&start=0&end=2e9").body,
            R"({"status":"success","data":["__name__","instance","job","path"]})");
  EXPECT_EQ(Post("/api/v1/series", "match%5B%5D=load&limit=40000").status, 200);
  EXPECT_EQ(Post("/api/v1/query_range", "query=up&start=0&end=10&step=5").status, 200);
  EXPECT_EQ(table_->Find("POST", "/api/v1/label/job/values").status, 405);
}

TEST_F(PrometheusApiTest, AnswersNothingWithoutSelectors) {
  const net::HttpResponse got = Get("/api/v1/query_exemplars?query=1");
  EXPECT_EQ(got.status, 204);
  EXPECT_EQ(got.body, "");
}

// Two series have two samples each, and one of them holds both at the end.
TEST_F(PrometheusApiTest, GivesTimingsAndSamplesWhenAsked) {
  const std::string timings =
      R"("timings":{"evalTotalTime":0,"resultSortTime":0,"queryPreparationTime":0,"innerEvalTime":0,"execQueueTime":0,"execTotalTime":0})";
  EXPECT_EQ(Get("/api/v1/query?query=1&time=0&stats=true").body,
            R"({"status":"success","data":{"resultType":"scalar","result":[0,"1"],"stats":{)" +
                timings +
                R"(,"samples":{"totalQueryableSamples":0,"samplesRead":0,"peakSamples":0}}}})");
  const std::string range =
      "/api/v1/query_range?query=count(last_over_time(up[30s]))&start=1435781436.781&end="
      "1435781451.781&step=15";
  EXPECT_THAT(
      Get(range + "&stats=all").body,
      testing::EndsWith(
          ",\"stats\":{" + timings +
          R"(,"samples":{"totalQueryableSamplesPerStep":[[1435781436.781,2],[1435781451.781,4]],"totalQueryableSamples":6,"samplesReadPerStep":[[1435781436.781,2],[1435781451.781,2]],"samplesRead":4,"peakSamples":6}}}})"));
  EXPECT_THAT(Get(range).body, testing::Not(HasSubstr("stats")));
}

TEST_F(PrometheusApiTest, WarnsOfOtherWordsForStats) {
  const std::string body = Get("/api/v1/query?query=up&stats=1").body;
  EXPECT_THAT(body, HasSubstr(R"("totalQueryableSamples":2,)"));
  EXPECT_THAT(
      body,
      HasSubstr(
          R"("warnings":["value \"1\" for parameter \"stats\" is deprecated and will be rejected in the next major release, use \"true\" or \"all\""])"));
}

TEST_F(PrometheusApiTest, IsTakenForPrometheus) {
  const boost::json::value info = AskJson(*table_, "/api/v1/status/buildinfo").at("data");
  EXPECT_EQ(info.as_object().if_contains("features"), nullptr);
  EXPECT_THAT(std::string(info.at("version").as_string()), testing::StartsWith("3."));
  const boost::json::value runtime = AskJson(*table_, "/api/v1/status/runtimeinfo").at("data");
  EXPECT_EQ(runtime.at("storageRetention"), "30d");
  EXPECT_EQ(runtime.at("serverTime"), "2015-07-01T20:10:51.781Z");
  const boost::json::value flags = AskJson(*table_, "/api/v1/status/flags").at("data");
  EXPECT_EQ(flags.at("query.lookback-delta"), "5m");
  for (const auto& flag : flags.as_object()) EXPECT_TRUE(flag.value().is_string());
}

TEST_F(PrometheusApiTest, DrawsTheTree) {
  EXPECT_EQ(
      Get("/api/v1/parse_query?query=-foo{a=~\"b\"}%20offset%205m").body,
      R"({"status":"success","data":{"expr":{"anchored":false,"matchers":[{"name":"a","type":"=~","value":"b"},{"name":"__name__","type":"=","value":"foo"}],"name":"foo","smoothed":false,"offset":300000,"startOrEnd":null,"timestamp":null,"type":"vectorSelector"},"op":"-","type":"unaryExpr"}})");
  for (const std::string_view query :
       {"sum by (a) (rate(x[5m]))", "a * on (b) group_left (c) d",
        "max_over_time(x[1h:5m] @ end())", "topk(2, (x @ 3)) > bool 1", "\"text\""}) {
    const net::HttpResponse got = Get("/api/v1/parse_query?query=" + net::PercentEncode(query));
    EXPECT_EQ(got.status, 200) << query;
    EXPECT_TRUE(boost::json::parse(got.body).at("data").as_object().contains("type")) << query;
  }
}

TEST_F(PrometheusApiTest, Federates) {
  const net::HttpResponse got = Get("/federate?match[]=up&match[]={__name__=~\"load|gone|sizes\"}");
  EXPECT_EQ(got.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(got.body,
            "# TYPE load untyped\n"
            "load{path=\"C:\\\\\\\"x\\\"\\n\",cluster=\"x\",instance=\"\"} 1.5e-07 1435781450781\n"
            "# TYPE up untyped\n"
            "up{instance=\"a:1\",job=\"api\",cluster=\"x\"} 1 1435781451781\n"
            "up{instance=\"b:1\",job=\"web\",cluster=\"x\"} 0 1435781451781\n");
  series_.Append({{"__name__", "zero"}}, kNowMs, -0.0);
  EXPECT_THAT(Get("/federate?match[]=zero").body, HasSubstr("} 0 1435781451781\n"));
  const net::HttpResponse bad = Get("/federate?match[]={");
  EXPECT_EQ(bad.status, 400);
  EXPECT_THAT(bad.content_type, testing::StartsWith("text/plain"));
  EXPECT_THAT(bad.body, HasSubstr("parse error"));
}

TEST_F(PrometheusApiTest, CompressesForWhoAsks) {
  for (int i = 0; i < 100; ++i)
    series_.Append({{"__name__", "many"}, {"i", fmt::format("{}", i)}}, kNowMs, 1);
  const std::string target = "match%5B%5D=many";
  const std::string plain = Get("/api/v1/series?" + target).body;
  for (const auto& [accepted, zipped] :
       {std::pair{"gzip", true}, std::pair{"deflate, gzip;q=0.5", true}, std::pair{"br", false},
        std::pair{"gzip;q=0", false}, std::pair{"", false}}) {
    net::HttpRequest request;
    request.method = "GET";
    request.query = target;
    request.headers = {{"Accept-Encoding", accepted}};
    const net::HttpResponse got = Send("/api/v1/series", std::move(request));
    EXPECT_EQ(net::FindHeader(got.headers, "Content-Encoding") == "gzip", zipped) << accepted;
    std::string body = got.body;
    if (zipped) {
      base::MemoryLease lease;
      ASSERT_TRUE(net::DecodeContent(net::ContentCoding::kGzip, got.body, {}, lease, body).ok());
      EXPECT_LT(got.body.size(), plain.size());
    }
    EXPECT_EQ(body, plain);
  }
}

TEST_F(PrometheusApiTest, SaysWhenTooManyWait) {
  options_.waiting_queries_max = 0;
  Bind();
  const net::HttpResponse got = Get("/api/v1/query?query=1");
  EXPECT_EQ(got.status, 503);
  EXPECT_THAT(got.body, HasSubstr(R"("errorType":"unavailable")"));
  EXPECT_EQ(Get("/api/v1/status/buildinfo").status, 200);
}

TEST_F(PrometheusApiTest, SaysWhenMemoryIsShort) {
  std::string_view why = "the server is short of memory";
  options_.overloaded = [&] { return why; };
  Bind();
  const net::HttpResponse got = Get("/api/v1/query?query=1");
  EXPECT_EQ(got.status, 503);
  EXPECT_THAT(got.body, HasSubstr(R"("errorType":"unavailable","error":"the server is short)"));
  EXPECT_EQ(Get("/federate?match[]=up").status, 503);
  EXPECT_EQ(Get("/api/v1/rules").status, 200);
  why = "";
  EXPECT_EQ(Get("/api/v1/query?query=1").status, 200);
}

TEST_F(PrometheusApiTest, EveryRouteIsForReaders) {
  for (const net::Route& route : table_->routes())
    EXPECT_EQ(static_cast<net::Role>(route.role), net::Role::kRead);
}

}  // namespace
}  // namespace slowburn::serve
