// app/internal/at_once.h: things that take long, side by side.
//
// Room     app/internal
// Uses     standard library
// Threads  each of the calls runs on a thread of its own; returns when all have
// Units    none
#pragma once

#include <functional>
#include <future>
#include <utility>
#include <vector>

namespace slowburn::app::internal {

// Takes as long as the slowest of them. Where no thread is to be had, one comes after the other.
inline void AtOnce(std::vector<std::function<void()>> calls) {
  std::vector<std::future<void>> running;
  running.reserve(calls.size());
  for (std::function<void()>& call : calls) {
    running.push_back(std::async(std::launch::async | std::launch::deferred, std::move(call)));
  }
  for (std::future<void>& one : running) one.get();
}

}  // namespace slowburn::app::internal
