// collector/internal/export_reply.h: the AnswerFn of one request: turns the sink's answer into the
// transport's response and counts it.
//
// Room     collector/internal
// Uses     collector/, net/
// Threads  one owner at a time; called from any thread
// Units    none
#pragma once

#include <utility>

#include "collector/ingest_sink.h"
#include "collector/internal/request_metrics.h"
#include "net/route_table.h"

namespace slowburn::collector {

// `Encode` is a copyable callable: net::HttpResponse(const ExportAnswer&). Dropped uncalled, it
// tells the client to come back. Metrics must outlive it.
template <typename Encode>
class ExportReply {
 public:
  ExportReply(net::Reply reply, Encode encode, model::Signal signal, RequestMetrics& metrics)
      : reply_(std::move(reply)), encode_(encode), signal_(signal), metrics_(&metrics) {}
  ExportReply(ExportReply&& from) noexcept
      : reply_(std::move(from.reply_)),
        encode_(from.encode_),
        signal_(from.signal_),
        metrics_(std::exchange(from.metrics_, nullptr)) {}
  ~ExportReply() {
    if (metrics_ == nullptr) return;
    ExportAnswer dropped;
    dropped.outcome = ExportAnswer::Outcome::kUnavailable;
    dropped.message = "the request was not taken; send it again";
    Send(dropped);
  }

  void operator()(ExportAnswer answer) && { Send(answer); }

 private:
  void Send(const ExportAnswer& answer) {
    std::exchange(metrics_, nullptr)->Count(signal_, OutcomeOf(answer));
    std::move(reply_)(encode_(answer));
  }

  net::Reply reply_;
  Encode encode_;
  model::Signal signal_;
  RequestMetrics* metrics_;  // null once answered
};

}  // namespace slowburn::collector
