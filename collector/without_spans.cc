#include <cstdint>

#include <protozero/buffer_string.hpp>
#include <protozero/varint.hpp>

#include "collector/internal/trace_fields.h"
#include "collector/internal/wire_reader.h"
#include "collector/otlp_traces.h"

namespace slowburn::collector {
namespace {

namespace tags = trace_fields;

// Walks a request in the order in which the decoder gave ordinals, and copies what stays.
class SpanRemover {
 public:
  explicit SpanRemover(const std::vector<model::RejectedItem>& rejected)
      : next_(rejected.begin()), end_(rejected.end()) {}

  void CopyRequest(std::string_view message, std::string& out) {
    WireReader reader(message);
    while (reader.Next()) {
      if (reader.tag() == tags::kRequestResourceSpans) {
        resource_spans_.clear();
        if (CopyResourceSpans(reader.Bytes(), resource_spans_)) {
          AppendMessage(tags::kRequestResourceSpans, resource_spans_, out);
        }
      } else {
        reader.Skip();
        out.append(reader.field());
      }
    }
  }

 private:
  // These return whether a span is left.
  bool CopyResourceSpans(std::string_view message, std::string& out) {
    bool has_spans = false;
    WireReader reader(message);
    while (reader.Next()) {
      if (reader.tag() == tags::kResourceSpansScopeSpans) {
        scope_spans_.clear();
        if (CopyScopeSpans(reader.Bytes(), scope_spans_)) {
          AppendMessage(tags::kResourceSpansScopeSpans, scope_spans_, out);
          has_spans = true;
        }
      } else {
        reader.Skip();
        out.append(reader.field());
      }
    }
    return has_spans;
  }

  bool CopyScopeSpans(std::string_view message, std::string& out) {
    bool has_spans = false;
    WireReader reader(message);
    while (reader.Next()) {
      reader.Skip();
      if (reader.tag() == tags::kScopeSpansSpans) {
        if (IsNextRejected()) continue;
        has_spans = true;
      }
      out.append(reader.field());
    }
    return has_spans;
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

  std::vector<model::RejectedItem>::const_iterator next_;
  std::vector<model::RejectedItem>::const_iterator end_;
  uint32_t ordinal_ = 0;
  std::string resource_spans_;  // the envelopes being framed, inner ones first
  std::string scope_spans_;
};

}  // namespace

std::string WithoutSpans(std::string_view body, const std::vector<model::RejectedItem>& rejected) {
  std::string out;
  out.reserve(body.size());
  SpanRemover remover(rejected);
  try {
    remover.CopyRequest(body, out);
  } catch (const protozero::exception&) {
    out.clear();  // The caller broke the contract: bytes that were never decoded leave nothing to
                  // send.
  }
  return out;
}

}  // namespace slowburn::collector
