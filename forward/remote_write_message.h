// forward/remote_write_message.h: samples as the body of a remote write.
//
// Room     forward
// Uses     model/, protozero
// Threads  pure functions
// Units    unix milliseconds; items are samples, histograms and exemplars
// Source   Prometheus remote write 1.0 and 2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include <absl/functional/function_ref.h>

#include "model/label_set.h"
#include "model/outgoing_samples.h"

namespace slowburn::forward {

enum class RemoteWriteProtocol : uint8_t {
  kV1,  // prometheus.WriteRequest
  kV2,  // io.prometheus.write.v2.Request
};

struct RemoteWriteMessage {
  std::string body;          // protobuf, not compressed
  uint64_t items = 0;        // that are in it
  uint64_t unsupported = 0;  // left out: 1.0 has no histograms with custom buckets
};

// Whether metadata of this metric are due. Asked once for each series that is written and has any.
using MetadataIsDue = absl::FunctionRef<bool(const std::string& metric)>;

// All of `batches` in their order. `external_labels` are added where a series lacks them. In 2.0
// every series has its metadata; 1.0 has them beside the series, those that are due.
RemoteWriteMessage EncodeRemoteWrite(
    RemoteWriteProtocol protocol,
    std::span<const std::unique_ptr<const model::OutgoingSamples>> batches,
    const model::LabelSet& external_labels, MetadataIsDue is_due);

}  // namespace slowburn::forward
