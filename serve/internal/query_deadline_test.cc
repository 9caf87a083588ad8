// Goal: a deadline stops what looks at its token, and says whether it was the time. Method: both
// ways to be stopped, awaited.
#include "serve/internal/query_deadline.h"

#include <functional>
#include <future>

#include <gtest/gtest.h>

namespace slowburn::serve::internal {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

// Ready once `token` is asked to stop.
class Stopped {
 public:
  explicit Stopped(const std::stop_token& token)
      : callback_(token, [this] { done_.set_value(); }) {}
  void Await() { done_.get_future().wait(); }

 private:
  std::promise<void> done_;
  std::stop_callback<std::function<void()>> callback_;
};

TEST(QueryDeadlineTest, StopsWhenTheTimeIsOver) {
  const std::stop_source unwanted;
  const QueryDeadline deadline(1ms, unwanted.get_token());
  Stopped(deadline.stop()).Await();
  EXPECT_TRUE(deadline.has_passed());
}

TEST(QueryDeadlineTest, WhatIsUnwantedIsNotLate) {
  std::stop_source unwanted;
  const QueryDeadline deadline(milliseconds::max(), unwanted.get_token());
  EXPECT_FALSE(deadline.stop().stop_requested());
  unwanted.request_stop();
  EXPECT_TRUE(deadline.stop().stop_requested());
  EXPECT_FALSE(deadline.has_passed());
}

TEST(QueryDeadlineTest, EndsWithTheWork) {
  const std::stop_source unwanted;
  std::stop_token stop;
  {
    const QueryDeadline deadline(milliseconds::max(), unwanted.get_token());
    stop = deadline.stop();
  }
  EXPECT_FALSE(stop.stop_requested());
}

}  // namespace
}  // namespace slowburn::serve::internal
