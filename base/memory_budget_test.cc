// Goal: a budget is never exceeded and everything comes back. Method: leases by hand, then many
// threads at the ceiling.
#include "base/memory_budget.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace slowburn::base {
namespace {

TEST(MemoryBudgetTest, RefusesWhatDoesNotFitAndCountsIt) {
  MemoryBudget budget(100);
  EXPECT_TRUE(budget.TryTake(60));
  EXPECT_FALSE(budget.TryTake(41));
  EXPECT_FALSE(budget.TryTake(UINT64_MAX));
  EXPECT_EQ(budget.used(), 60u);
  EXPECT_EQ(budget.refusals(), 2u);
  budget.Give(60);
  EXPECT_TRUE(budget.TryTake(100));
}

TEST(MemoryBudgetTest, ALeaseGrowsAllOrNothing) {
  MemoryBudget budget(100);
  MemoryLease lease(&budget);
  EXPECT_TRUE(lease.GrowTo(70));
  EXPECT_TRUE(lease.GrowTo(10));  // It already holds more.
  EXPECT_FALSE(lease.GrowBy(31));
  EXPECT_EQ(lease.bytes(), 70u);
  lease.ShrinkTo(20);
  EXPECT_EQ(budget.used(), 20u);
}

TEST(MemoryBudgetTest, ALeaseGivesBackOnceWhereverItWent) {
  MemoryBudget budget(100);
  {
    MemoryLease first(&budget);
    ASSERT_TRUE(first.GrowTo(50));
    MemoryLease second(std::move(first));
    EXPECT_EQ(budget.used(), 50u);
    MemoryLease third;
    third = std::move(second);
    EXPECT_EQ(third.bytes(), 50u);
  }
  EXPECT_EQ(budget.used(), 0u);
}

TEST(MemoryBudgetTest, ALeaseWithoutABudgetGrantsEverything) {
  MemoryLease lease;
  EXPECT_EQ(lease.bytes_max(), UINT64_MAX);
  EXPECT_TRUE(lease.GrowTo(UINT64_MAX));
  EXPECT_TRUE(lease.Another().GrowTo(UINT64_MAX));
}

TEST(MemoryBudgetTest, AnotherLeaseIsOfTheSameBudget) {
  MemoryBudget budget(100);
  MemoryLease lease(&budget);
  EXPECT_EQ(lease.bytes_max(), 100u);
  ASSERT_TRUE(lease.GrowTo(60));
  MemoryLease other = lease.Another();
  EXPECT_EQ(other.bytes(), 0u);
  EXPECT_FALSE(other.GrowTo(41));
  EXPECT_TRUE(other.GrowTo(40));
  lease.Release();
  EXPECT_EQ(budget.used(), 40u);
}

TEST(MemoryBudgetTest, ThreadsNeverHoldMoreThanTheCeiling) {
  MemoryBudget budget(10);
  std::vector<std::jthread> threads;
  std::atomic<bool> exceeded = false;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10'000; ++i) {
        MemoryLease lease(&budget);
        if (lease.GrowTo(4) && budget.used() > 10) exceeded = true;
      }
    });
  }
  threads.clear();
  EXPECT_FALSE(exceeded);
  EXPECT_EQ(budget.used(), 0u);
}

}  // namespace
}  // namespace slowburn::base
