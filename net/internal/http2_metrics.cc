#include "net/internal/http2_metrics.h"

namespace slowburn::net::internal {

Http2Metrics::Http2Metrics(prometheus::Registry& registry, const std::string& listener) {
  auto& family = prometheus::BuildCounter()
                     .Name("slowburn_net_http2_floods_total")
                     .Help(
                         "Connections ended because their client sent too much of a kind, or did "
                         "not read what it asked for.")
                     .Register(registry);
  for (size_t i = 0; i < floods_.size(); ++i) {
    const std::string kind(FloodName(static_cast<Flood>(i)));
    floods_[i] = &family.Add({{"listener", listener}, {"kind", kind}});
  }
}

}  // namespace slowburn::net::internal
