#include "forward/otlp_answer.h"

#include <algorithm>

#include <protozero/exception.hpp>
#include <protozero/pbf_reader.hpp>

namespace slowburn::forward {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr std::chrono::hours kDelayMax{1};  // a mistaken delay must not silence us for good

std::string_view View(protozero::data_view view) { return {view.data(), view.size()}; }

nanoseconds ReadDuration(protozero::pbf_reader duration) {
  int64_t whole = 0;
  int64_t nanos = 0;
  while (duration.next()) {
    if (duration.tag_and_type() == protozero::tag_and_type(1, protozero::pbf_wire_type::varint)) {
      whole = duration.get_int64();
    } else if (duration.tag_and_type() ==
               protozero::tag_and_type(2, protozero::pbf_wire_type::varint)) {
      nanos = duration.get_int32();
    } else {
      duration.skip();
    }
  }
  const seconds bounded = std::clamp(seconds(whole), seconds(0), seconds(kDelayMax));
  return bounded + nanoseconds(std::clamp<int64_t>(nanos, 0, 999'999'999));
}

nanoseconds ReadRetryInfo(protozero::pbf_reader info) {
  nanoseconds delay{0};
  while (info.next(1, protozero::pbf_wire_type::length_delimited)) {
    delay = ReadDuration(info.get_message());
  }
  return delay;
}

// google.protobuf.Any: a type's URL and its bytes.
std::optional<nanoseconds> ReadDetail(protozero::pbf_reader any) {
  std::string_view type;
  std::string_view value;
  while (any.next()) {
    if (any.wire_type() == protozero::pbf_wire_type::length_delimited && any.tag() == 1) {
      type = View(any.get_view());
    } else if (any.wire_type() == protozero::pbf_wire_type::length_delimited && any.tag() == 2) {
      value = View(any.get_view());
    } else {
      any.skip();
    }
  }
  if (type.substr(type.rfind('/') + 1) != "google.rpc.RetryInfo") return std::nullopt;
  return ReadRetryInfo(protozero::pbf_reader(value.data(), value.size()));
}

PartialSuccess ReadPartialSuccess(protozero::pbf_reader partial) {
  PartialSuccess read;
  while (partial.next()) {
    if (partial.wire_type() == protozero::pbf_wire_type::varint && partial.tag() == 1) {
      read.rejected = partial.get_int64();
    } else if (partial.wire_type() == protozero::pbf_wire_type::length_delimited &&
               partial.tag() == 2) {
      read.message = partial.get_string();
    } else {
      partial.skip();
    }
  }
  return read;
}

}  // namespace

std::optional<PartialSuccess> ParsePartialSuccess(std::string_view response) {
  PartialSuccess partial;
  try {
    protozero::pbf_reader reader(response.data(), response.size());
    while (reader.next(1, protozero::pbf_wire_type::length_delimited)) {
      partial = ReadPartialSuccess(reader.get_message());
    }
  } catch (const protozero::exception&) {
    return std::nullopt;
  }
  return partial;
}

std::optional<nanoseconds> ParseRetryDelay(std::string_view status_details) {
  constexpr protozero::pbf_tag_type kDetails = 3;
  try {
    protozero::pbf_reader status(status_details.data(), status_details.size());
    while (status.next(kDetails, protozero::pbf_wire_type::length_delimited)) {
      if (const auto delay = ReadDetail(status.get_message())) return delay;
    }
  } catch (const protozero::exception&) {
    return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace slowburn::forward
