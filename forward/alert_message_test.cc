// Goal: the body is what Alertmanager's API v2 reads. Method: encode, parse, compare field by
// field.
#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "forward/alertmanager.h"

namespace slowburn::forward {
namespace {

using base::UnixNanos;
using model::Alert;
using model::AlertState;
using std::chrono::milliseconds;
using std::chrono::seconds;

const UnixNanos kNow{milliseconds(1'700'000'000'250)};  // 2023-11-14T22:13:20.250Z

Alert Firing() {
  Alert alert;
  alert.labels = {{"alertname", "SLOBurnRate"}, {"service", "checkout"}, {"severity", "page"}};
  alert.annotations = {{"summary", "checkout burns"}};
  alert.state = AlertState::kFiring;
  alert.active_at = kNow - seconds(90);
  alert.fired_at = kNow - seconds(30);
  return alert;
}

AlertmanagerMessageOptions Options() {
  return {.external_url = "http://slo.example:7560", .external_labels = {}, .resend = seconds(60)};
}

boost::json::object EncodeOne(const Alert& alert, const AlertmanagerMessageOptions& options) {
  const boost::json::value parsed = boost::json::parse(EncodeAlerts({&alert}, options, kNow));
  EXPECT_EQ(parsed.as_array().size(), 1u);
  return parsed.as_array().at(0).as_object();
}

TEST(EncodeAlertsTest, WritesAFiringAlert) {
  const boost::json::value want = boost::json::parse(R"({
    "labels": {"alertname": "SLOBurnRate", "service": "checkout", "severity": "page"},
    "annotations": {"summary": "checkout burns"},
    "startsAt": "2023-11-14T22:12:50.250Z",
    "endsAt": "2023-11-14T22:17:20.250Z",
    "generatorURL": "http://slo.example:7560/"})");
  EXPECT_EQ(boost::json::value(EncodeOne(Firing(), Options())), want);
}

TEST(EncodeAlertsTest, EndsWhenResolvedOrWhenWeFallSilent) {
  struct Case {
    seconds resend;
    bool resolved;
    std::string_view want;
  };
  for (const Case& c : {Case{seconds(60), false, "2023-11-14T22:17:20.250Z"},
                        Case{seconds(300), false, "2023-11-14T22:33:20.250Z"},
                        Case{seconds(0), false, "2023-11-14T22:13:24.250Z"},
                        Case{seconds(60), true, "2023-11-14T22:13:15.250Z"}}) {
    Alert alert = Firing();
    if (c.resolved) {
      alert.state = AlertState::kInactive;
      alert.resolved_at = kNow - seconds(5);
    }
    AlertmanagerMessageOptions options = Options();
    options.resend = c.resend;
    const auto json = EncodeOne(alert, options);
    EXPECT_EQ(json.at("endsAt").as_string(), c.want);
    EXPECT_EQ(json.at("startsAt").as_string(), "2023-11-14T22:12:50.250Z");
  }
}

TEST(EncodeAlertsTest, AddsExternalLabelsOnlyWhereTheAlertLacksThem) {
  AlertmanagerMessageOptions options = Options();
  options.external_labels = {{"cluster", "eu-1"}, {"severity", "none"}};
  const auto json = EncodeOne(Firing(), options);
  EXPECT_EQ(json.at("labels"),
            boost::json::parse(R"({"alertname": "SLOBurnRate", "service": "checkout",
                                                       "severity": "page", "cluster": "eu-1"})"));
}

TEST(EncodeAlertsTest, GeneratorUrlIsTheLinkOrTheProgram) {
  struct Case {
    std::string_view external_url, link, want;
  };
  for (const Case& c :
       {Case{"http://x:1", "", "http://x:1/"}, Case{"http://x:1/slo//", "", "http://x:1/slo/"},
        Case{"http://x:1", "https://g/d?a=%2Fpay#x", "https://g/d?a=%2Fpay#x"},
        Case{"http://x:1", "javascript:alert(1)", "http://x:1/"},
        Case{"http://x:1", "http://g/a b", "http://x:1/"},
        Case{"http://x:1", "http://g/%2", "http://x:1/"},
        Case{"http://x:1", "http://g/%zz", "http://x:1/"},
        Case{"http://x:1", "http://g/\n", "http://x:1/"}}) {
    Alert alert = Firing();
    alert.annotations.Set("link", c.link);
    AlertmanagerMessageOptions options = Options();
    options.external_url = c.external_url;
    EXPECT_EQ(EncodeOne(alert, options).at("generatorURL").as_string(), c.want) << c.link;
  }
}

TEST(EncodeAlertsTest, AnyTextSurvivesAndIsUtf8) {
  Alert alert = Firing();
  alert.labels.Set("http_route", "/a\"b\\c\n\x01/\xC3\xA9");
  alert.annotations.Set("description", "broken \xFF byte");
  const auto json = EncodeOne(alert, Options());
  EXPECT_EQ(json.at("labels").at("http_route").as_string(), "/a\"b\\c\n\x01/\xC3\xA9");
  EXPECT_EQ(json.at("annotations").at("description").as_string(), "broken \xEF\xBF\xBD byte");
}

TEST(EncodeAlertsTest, KeepsTheOrderAndAnEmptyListIsAList) {
  Alert second = Firing();
  second.labels.Set("service", "cart");
  const Alert first = Firing();
  const auto json = boost::json::parse(EncodeAlerts({&first, &second}, Options(), kNow)).as_array();
  ASSERT_EQ(json.size(), 2u);
  EXPECT_EQ(json[0].at("labels").at("service").as_string(), "checkout");
  EXPECT_EQ(json[1].at("labels").at("service").as_string(), "cart");
  EXPECT_EQ(EncodeAlerts({}, Options(), kNow), "[]");
}

}  // namespace
}  // namespace slowburn::forward
