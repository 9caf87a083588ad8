// Goal: queries run at once up to the threads, wait up to the maximum, and end with the pool.
// Method: work that is held by the test; latches, no sleeps.
#include "serve/internal/query_pool.h"

#include <condition_variable>
#include <latch>

#include <gtest/gtest.h>

#include "serve/testing/ask.h"

namespace slowburn::serve::internal {
namespace {

net::HttpResponse Status(int status) {
  net::HttpResponse response;
  response.status = status;
  return response;
}

TEST(QueryPoolTest, AnswersInTurnAndRefusesWhatIsTooMuch) {
  std::latch begun(1), go(1);
  QueryPool pool({.threads = 1, .waiting_max = 1}, base::SystemClock());
  Answer first, second, third;
  net::Reply to_first = first.reply(), to_second = second.reply(), to_third = third.reply();
  ASSERT_TRUE(pool.Push(
      [&](const QueryPool::Turn&) {
        begun.count_down();
        go.wait();
        return Status(201);
      },
      to_first));
  begun.wait();
  ASSERT_TRUE(pool.Push([](const QueryPool::Turn&) { return Status(202); }, to_second));
  ASSERT_FALSE(pool.Push([](const QueryPool::Turn&) { return Status(203); }, to_third));
  std::move(to_third)(Status(503));
  EXPECT_EQ(third.Wait().status, 503);
  EXPECT_FALSE(second.IsThere());
  go.count_down();
  EXPECT_EQ(first.Wait().status, 201);
  EXPECT_EQ(second.Wait().status, 202);
}

TEST(QueryPoolTest, NeverRefusesWhatGoesOn) {
  std::latch begun(1), go(1), done(2);
  QueryPool pool({.threads = 1, .waiting_max = 1}, base::SystemClock());
  Answer first, second, third;
  net::Reply to_first = first.reply(), to_second = second.reply(), to_third = third.reply();
  ASSERT_TRUE(pool.Push(
      [&](const QueryPool::Turn&) {
        begun.count_down();
        go.wait();
        return Status(201);
      },
      to_first));
  begun.wait();
  ASSERT_TRUE(pool.Push([](const QueryPool::Turn&) { return Status(202); }, to_second));
  for (int i = 0; i < 2; ++i) {
    pool.GoOn([&](const QueryPool::Turn&) {
      EXPECT_TRUE(second.IsThere());  // its turn came before
      done.count_down();
    });
  }
  EXPECT_FALSE(pool.Push([](const QueryPool::Turn&) { return Status(203); }, to_third));
  go.count_down();
  done.wait();
}

TEST(QueryPoolTest, ItsEndCancelsWhatRunsAndDropsWhatWaits) {
  Answer running, waiting;
  {
    std::latch begun(1);
    QueryPool pool({.threads = 1, .waiting_max = 4}, base::SystemClock());
    net::Reply to_running = running.reply(), to_waiting = waiting.reply();
    ASSERT_TRUE(pool.Push(
        [&begun](const QueryPool::Turn& turn) {
          begun.count_down();
          std::mutex mutex;
          std::unique_lock lock(mutex);
          std::condition_variable_any().wait(lock, turn.stop, [] { return false; });
          return Status(499);
        },
        to_running));
    begun.wait();
    ASSERT_TRUE(pool.Push([](const QueryPool::Turn&) { return Status(200); }, to_waiting));
  }
  EXPECT_EQ(running.Wait().status, 499);
  EXPECT_EQ(waiting.Wait().status, 0);
}

TEST(QueryPoolTest, CancelsWhatNobodyWants) {
  QueryPool pool({.threads = 1, .waiting_max = 1}, base::SystemClock());
  std::latch begun(1);
  std::stop_source first_gone, second_gone;
  Answer running, waiting, next;
  net::Reply to_running = running.reply(), to_waiting = waiting.reply(), to_next = next.reply();
  ASSERT_TRUE(pool.Push(
      [&begun](const QueryPool::Turn& turn) {
        begun.count_down();
        std::mutex mutex;
        std::unique_lock lock(mutex);
        std::condition_variable_any().wait(lock, turn.stop, [] { return false; });
        return Status(499);
      },
      to_running, first_gone.get_token()));
  begun.wait();
  ASSERT_TRUE(pool.Push([](const QueryPool::Turn&) { return Status(200); }, to_waiting,
                        second_gone.get_token()));
  second_gone.request_stop();
  // It takes the place of the one that is not wanted.
  ASSERT_TRUE(pool.Push([](const QueryPool::Turn&) { return Status(200); }, to_next));
  EXPECT_EQ(waiting.Wait().status, 0);
  EXPECT_FALSE(running.IsThere());
  first_gone.request_stop();
  EXPECT_EQ(running.Wait().status, 499);
  EXPECT_EQ(next.Wait().status, 200);
}

TEST(QueryPoolTest, DoesNotBeginWhatNobodyWants) {
  std::latch begun(1), go(1);
  std::stop_source gone;
  Answer first, second;
  bool has_run = false;
  {
    QueryPool pool({.threads = 1, .waiting_max = 4}, base::SystemClock());
    net::Reply to_first = first.reply(), to_second = second.reply();
    ASSERT_TRUE(pool.Push(
        [&](const QueryPool::Turn&) {
          begun.count_down();
          go.wait();
          return Status(200);
        },
        to_first));
    begun.wait();
    ASSERT_TRUE(pool.Push(
        [&](const QueryPool::Turn&) {
          has_run = true;
          return Status(200);
        },
        to_second, gone.get_token()));
    gone.request_stop();
    go.count_down();
    EXPECT_EQ(second.Wait().status, 0);
  }
  EXPECT_FALSE(has_run);
}

}  // namespace
}  // namespace slowburn::serve::internal
