#include "app/query_view.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "app/table.h"
#include "base/status.h"
#include "base/time_text.h"
#include "model/label_set.h"

namespace slowburn::app {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 8> kBars = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

std::string TextOf(const json::value& value) {
  return value.is_string() ? std::string(value.as_string().c_str()) : json::serialize(value);
}

// up{job="api"}
std::string SeriesName(const json::object& metric) {
  model::LabelSet labels;
  std::string name;
  for (const auto& label : metric) {
    const std::string_view key(label.key().data(), label.key().size());
    if (key == "__name__") {
      name = TextOf(label.value());
    } else {
      labels.Set(key, TextOf(label.value()));
    }
  }
  return labels.empty() && !name.empty() ? name : name + labels.Text();
}

struct Point {
  double time = 0;  // unix seconds
  std::string text;
};

// [1435781451.781,"1"], or a histogram instead of the number.
Point PointOf(const json::value& pair) {
  Point point;
  point.time = pair.at(0).to_number<double>();
  const json::value& value = pair.at(1);
  point.text = value.is_object() ? fmt::format("count {} sum {}", TextOf(value.at("count")),
                                               TextOf(value.at("sum")))
                                 : TextOf(value);
  return point;
}

std::string TimeText(double seconds) {
  const auto ms = std::chrono::milliseconds(std::llround(seconds * 1000));
  return base::FormatRfc3339(base::UnixNanos(ms));
}

struct Series {
  std::string name;
  std::vector<Point> points;
};

// Throws what Boost.JSON throws for another shape.
std::vector<Series> SeriesOf(const json::value& data) {
  const std::string type = TextOf(data.at("resultType"));
  const json::value& result = data.at("result");
  if (type == "scalar" || type == "string") return {{type, {PointOf(result)}}};
  std::vector<Series> all;
  for (const json::value& one : result.as_array()) {
    const json::object& object = one.as_object();
    Series series{SeriesName(object.at("metric").as_object()), {}};
    for (const std::string_view key : {"value", "histogram"}) {
      if (const json::value* point = object.if_contains(json::string_view(key.data(), key.size())))
        series.points.push_back(PointOf(*point));
    }
    for (const std::string_view key : {"values", "histograms"}) {
      const json::value* points = object.if_contains(json::string_view(key.data(), key.size()));
      if (points == nullptr) continue;
      for (const json::value& point : points->as_array()) series.points.push_back(PointOf(point));
    }
    std::ranges::stable_sort(series.points, {}, &Point::time);
    all.push_back(std::move(series));
  }
  return all;
}

absl::StatusOr<std::vector<Series>> ReadSeries(const json::value& data) {
  try {
    return SeriesOf(data);
  } catch (const std::exception& error) {
    return base::InvalidArgument("the answer is none of Prometheus' API ({}); check --server",
                                 error.what());
  }
}

std::optional<double> NumberOf(const std::string& text) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !std::isfinite(number)) return std::nullopt;
  return number;
}

struct Span {
  double begin = std::numeric_limits<double>::infinity();
  double end = -std::numeric_limits<double>::infinity();

  void Add(double value) {
    begin = std::min(begin, value);
    end = std::max(end, value);
  }
  // Which of `count` equal parts holds the value.
  size_t PartOf(double value, size_t count) const {
    if (!(end > begin)) return 0;
    const double share = (value - begin) / (end - begin);
    return std::min(count - 1, static_cast<size_t>(share * static_cast<double>(count)));
  }
};

// The newest number of each of the columns.
std::vector<std::optional<double>> ColumnsOf(const Series& series, const Span& time, size_t width) {
  std::vector<std::optional<double>> columns(width);
  for (const Point& point : series.points) {
    const std::optional<double> number = NumberOf(point.text);
    if (number.has_value()) columns[time.PartOf(point.time, width)] = number;
  }
  return columns;
}

std::string BarsOf(const std::vector<std::optional<double>>& columns, const Span& values) {
  std::string bars;
  for (const std::optional<double>& column : columns) {
    bars += column.has_value() ? kBars[values.PartOf(*column, kBars.size())] : " ";
  }
  return bars;
}

}  // namespace

absl::StatusOr<std::string> QueryTable(const json::value& data) {
  SB_ASSIGN_OR_RETURN(const std::vector<Series> all, ReadSeries(data));
  const bool has_times =
      std::ranges::any_of(all, [](const Series& series) { return series.points.size() > 1; });
  Table table(has_times ? std::vector<std::string>{"SERIES", "TIME", "VALUE"}
                        : std::vector<std::string>{"SERIES", "VALUE"});
  for (const Series& series : all) {
    for (const Point& point : series.points) {
      if (has_times) {
        table.Add({series.name, TimeText(point.time), point.text});
      } else {
        table.Add({series.name, point.text});
      }
    }
  }
  return table.Text();
}

absl::StatusOr<std::string> QueryPlot(const json::value& data, size_t width) {
  SB_ASSIGN_OR_RETURN(const std::vector<Series> all, ReadSeries(data));
  Span time;
  for (const Series& series : all) {
    for (const Point& point : series.points) time.Add(point.time);
  }
  Table table({"SERIES", "LOW", "HIGH", "LAST", "PLOT"});
  for (const Series& series : all) {
    const std::vector<std::optional<double>> columns = ColumnsOf(series, time, width);
    Span values;
    for (const std::optional<double>& column : columns) {
      if (column.has_value()) values.Add(*column);
    }
    const bool has_any = values.end >= values.begin;
    table.Add({series.name, has_any ? fmt::format("{:.5g}", values.begin) : "-",
               has_any ? fmt::format("{:.5g}", values.end) : "-",
               series.points.empty() ? "-" : series.points.back().text, BarsOf(columns, values)});
  }
  std::string text = table.Text();
  if (time.end >= time.begin)
    text += fmt::format("from {} to {}\n", TimeText(time.begin), TimeText(time.end));
  return text;
}

}  // namespace slowburn::app
