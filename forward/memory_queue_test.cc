// Goal: a bounded queue that loses the oldest first and counts every item. Method: small cases, and
// threads whose sums must agree.
#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "forward/send_queue.h"

namespace slowburn::forward {
namespace {

using Steady = std::chrono::steady_clock;

Payload Make(size_t bytes, uint32_t items) {
  return {std::make_shared<const std::string>(bytes, 'x'), model::Signal::kLogs, items,
          Steady::now()};
}

uint64_t Items(const std::vector<Payload>& payloads) {
  uint64_t items = 0;
  for (const Payload& payload : payloads) {
    EXPECT_EQ(payload.signal, model::Signal::kLogs);
    items += payload.items;
  }
  return items;
}

std::optional<Payload> PopNow(SendQueue& queue) { return queue.Pop({}); }

TEST(MemoryQueueTest, GivesInOrderAndCountsUntilDone) {
  const auto queue = MakeMemoryQueue(100);
  EXPECT_EQ(Items(queue->Push(Make(10, 1))), 0u);
  EXPECT_EQ(Items(queue->Push(Make(20, 2))), 0u);
  const auto first = PopNow(*queue);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->items, 1u);
  EXPECT_EQ(queue->pending_items(), 3u);
  EXPECT_EQ(queue->pending_bytes(), 30u);
  queue->Done(*first);
  EXPECT_EQ(queue->pending_items(), 2u);
  EXPECT_EQ(queue->pending_bytes(), 20u);
}

TEST(MemoryQueueTest, FullDropsTheOldestWaiting) {
  const auto queue = MakeMemoryQueue(100);
  queue->Push(Make(40, 1));
  queue->Push(Make(40, 2));
  queue->Push(Make(20, 4));
  EXPECT_EQ(Items(queue->Push(Make(50, 8))), 3u) << "the two of 40 bytes";
  EXPECT_EQ(queue->pending_items(), 12u);
  EXPECT_EQ(PopNow(*queue)->items, 4u);
  EXPECT_EQ(PopNow(*queue)->items, 8u);
}

TEST(MemoryQueueTest, WhatCannotFitCostsOnlyItself) {
  const auto queue = MakeMemoryQueue(100);
  queue->Push(Make(60, 1));
  EXPECT_EQ(Items(queue->Push(Make(101, 7))), 7u) << "larger than the queue";
  const auto popped = PopNow(*queue);
  queue->Push(Make(30, 2));
  EXPECT_EQ(Items(queue->Push(Make(41, 7))), 7u) << "does not fit beside the popped one";
  EXPECT_EQ(Items(queue->Push(Make(40, 4))), 2u) << "fits beside it, in place of the waiting one";
  queue->Done(*popped);
  EXPECT_EQ(queue->pending_items(), 4u);
  EXPECT_EQ(queue->pending_bytes(), 40u);
}

TEST(MemoryQueueTest, PopReturnsNothingAtTheDeadline) {
  const auto queue = MakeMemoryQueue(100);
  const auto deadline = Steady::now() + std::chrono::milliseconds(5);
  EXPECT_FALSE(queue->Pop(deadline).has_value());
  EXPECT_GE(Steady::now(), deadline);
}

TEST(MemoryQueueTest, PushWakesPop) {
  const auto queue = MakeMemoryQueue(100);
  std::jthread pusher([&] { queue->Push(Make(1, 5)); });
  const auto popped = queue->Pop(Steady::now() + std::chrono::seconds(30));
  ASSERT_TRUE(popped.has_value());
  EXPECT_EQ(popped->items, 5u);
}

TEST(MemoryQueueTest, CloseWakesPopAndTakesNothingMore) {
  const auto queue = MakeMemoryQueue(100);
  std::jthread closer([&] { queue->Close(); });
  EXPECT_FALSE(queue->Pop(Steady::now() + std::chrono::seconds(30)).has_value());
  closer.join();
  EXPECT_EQ(Items(queue->Push(Make(1, 3))), 3u);
  EXPECT_EQ(queue->pending_items(), 0u);
}

TEST(MemoryQueueTest, ThreadsLoseNoItem) {
  const auto queue = MakeMemoryQueue(200);
  constexpr uint64_t kThreads = 2;
  constexpr uint64_t kEach = 2000;
  std::atomic<uint64_t> dropped = 0;
  uint64_t popped_items = 0;
  {
    std::vector<std::jthread> pushers;
    for (uint64_t i = 0; i < kThreads; ++i) {
      pushers.emplace_back([&] {
        for (uint64_t n = 0; n < kEach; ++n) dropped += Items(queue->Push(Make(7, 3)));
      });
    }
    for (int n = 0; n < 500; ++n) {
      if (const auto payload = PopNow(*queue)) {
        popped_items += payload->items;
        queue->Done(*payload);
      }
      EXPECT_LE(queue->pending_bytes(), 200u);
    }
  }
  EXPECT_EQ(popped_items + dropped + queue->pending_items(), kThreads * kEach * 3);
}

}  // namespace
}  // namespace slowburn::forward
