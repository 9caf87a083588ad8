// app/demo_shop.h: a small shop's traffic, sent as real OTLP over HTTP, with an incident after a
// minute.
//
// Room     app
// Uses     net/, proto (OTLP)
// Threads  one thread of its own
// Units    none
#pragma once

#include <chrono>
#include <string>
#include <thread>

namespace slowburn::app {

class DemoShop {
 public:
  // Sends to `traces_url` each second until destroyed. From 60 s on for four minutes, a third of
  // the payments fail and the rest are slow.
  explicit DemoShop(std::string traces_url);
  ~DemoShop();

  static constexpr std::chrono::seconds kIncidentAfter{60};
  static constexpr std::chrono::seconds kIncidentLength{240};

 private:
  void Run(const std::stop_token& stop) const;

  const std::string traces_url_;
  std::jthread thread_;
};

}  // namespace slowburn::app
