#include "collector/without_items.h"

#include <cstdint>

#include <protozero/buffer_string.hpp>
#include <protozero/varint.hpp>

#include "collector/internal/otlp_fields.h"
#include "collector/internal/wire_reader.h"

namespace slowburn::collector {
namespace {

bool IsMetricData(uint32_t tag) {
  return tag == tags::kMetricGauge || tag == tags::kMetricSum || tag == tags::kMetricHistogram ||
         tag == tags::kMetricExponentialHistogram || tag == tags::kMetricSummary;
}

// Where the data that counts begins: `data` is a oneof, so a member ends what another one had,
// while one that is repeated goes on.
const char* BeginOfLastData(std::string_view metric) {
  const char* begin = metric.data() + metric.size();
  uint32_t last = 0;
  WireReader reader(metric);
  while (reader.Next()) {
    reader.Skip();
    if (!IsMetricData(reader.tag()) || reader.tag() == last) continue;
    last = reader.tag();
    begin = reader.field().data();
  }
  return begin;
}

// Walks a request in the order in which the decoder gave ordinals, and copies what stays.
class ItemRemover {
 public:
  ItemRemover(model::Signal signal, const std::vector<model::RejectedItem>& rejected)
      : is_metrics_(signal == model::Signal::kMetrics),
        next_(rejected.begin()),
        end_(rejected.end()) {}

  void CopyRequest(std::string_view message, std::string& out) {
    WireReader reader(message);
    while (reader.Next()) {
      if (reader.tag() == tags::kRequestResourceItems) {
        resource_items_.clear();
        if (CopyResourceItems(reader.Bytes(), resource_items_)) {
          AppendMessage(reader.tag(), resource_items_, out);
        }
      } else {
        reader.Skip();
        out.append(reader.field());
      }
    }
  }

 private:
  // These return whether an item is left.
  bool CopyResourceItems(std::string_view message, std::string& out) {
    bool has_items = false;
    WireReader reader(message);
    while (reader.Next()) {
      if (reader.tag() == tags::kResourceItemsScopeItems) {
        scope_items_.clear();
        if (CopyScopeItems(reader.Bytes(), scope_items_)) {
          AppendMessage(reader.tag(), scope_items_, out);
          has_items = true;
        }
      } else {
        reader.Skip();
        out.append(reader.field());
      }
    }
    return has_items;
  }

  bool CopyScopeItems(std::string_view message, std::string& out) {
    bool has_items = false;
    WireReader reader(message);
    while (reader.Next()) {
      if (is_metrics_ && reader.tag() == tags::kScopeItemsItems) {
        metric_.clear();
        if (CopyMetric(reader.Bytes(), metric_)) {
          AppendMessage(reader.tag(), metric_, out);
          has_items = true;
        }
        continue;
      }
      reader.Skip();
      if (reader.tag() == tags::kScopeItemsItems) {
        if (IsNextRejected()) continue;
        has_items = true;
      }
      out.append(reader.field());
    }
    return has_items;
  }

  bool CopyMetric(std::string_view message, std::string& out) {
    const char* const begin = BeginOfLastData(message);
    bool has_points = false;
    WireReader reader(message);
    while (reader.Next()) {
      if (!IsMetricData(reader.tag())) {
        reader.Skip();
        out.append(reader.field());
        continue;
      }
      const std::string_view data = reader.Bytes();
      if (reader.field().data() < begin) continue;
      data_.clear();
      has_points |= CopyData(data, data_);
      // Also without points: its other fields belong to the points of its repetitions.
      AppendMessage(reader.tag(), data_, out);
    }
    return has_points;
  }

  bool CopyData(std::string_view message, std::string& out) {
    bool has_points = false;
    WireReader reader(message);
    while (reader.Next()) {
      reader.Skip();
      if (reader.tag() == tags::kDataPoints) {
        if (IsNextRejected()) continue;
        has_points = true;
      }
      out.append(reader.field());
    }
    return has_points;
  }

  bool IsNextRejected() {
    const uint32_t ordinal = ordinal_++;
    if (next_ == end_ || next_->ordinal != ordinal) return false;
    ++next_;
    return true;
  }

  static void AppendMessage(uint32_t tag, std::string_view message, std::string& out) {
    protozero::add_varint_to_buffer(&out, tag);
    protozero::add_varint_to_buffer(&out, message.size());
    out.append(message);
  }

  const bool is_metrics_;
  std::vector<model::RejectedItem>::const_iterator next_;
  std::vector<model::RejectedItem>::const_iterator end_;
  uint32_t ordinal_ = 0;
  std::string resource_items_;  // the envelopes being framed, inner ones first
  std::string scope_items_;
  std::string metric_;
  std::string data_;
};

}  // namespace

std::string WithoutItems(model::Signal signal, std::string_view body,
                         const std::vector<model::RejectedItem>& rejected) {
  std::string out;
  out.reserve(body.size());
  ItemRemover remover(signal, rejected);
  try {
    remover.CopyRequest(body, out);
  } catch (const protozero::exception&) {
    out.clear();  // The caller broke the contract: bytes that were never decoded leave nothing to
                  // send.
  }
  return out;
}

}  // namespace slowburn::collector
