// Goal: a right password is told from a wrong one, and from one that could not be checked. Method:
// hashes that other programs made (openssl passwd, crypt_gensalt) and one that crypt(3) refuses.
// Which hashes a file may have is in access_file_test.cc.
#include "net/internal/password_hash.h"

#include <gtest/gtest.h>

namespace slowburn::net::internal {
namespace {

constexpr const char* kHash = "$2y$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";

TEST(PasswordHasherTest, TellsRightFromWrong) {
  PasswordHasher hasher;
  ASSERT_EQ(FaultOfPasswordHash(kHash), "");
  EXPECT_EQ(hasher.Verify(kHash, "correct horse"), PasswordVerdict::kRight);
  EXPECT_EQ(hasher.Verify(kHash, "correct hors"), PasswordVerdict::kWrong);
  EXPECT_EQ(hasher.Verify(kHash, ""), PasswordVerdict::kWrong);
  EXPECT_EQ(hasher.Verify(kHash, "correct horse"), PasswordVerdict::kRight);
}

TEST(PasswordHasherTest, TakesRounds) {
  const std::string hash =
      "$6$rounds=1000$saltsalt$4GMtaIz3E1AdDi2SmCokEW0ehi.HdxNDcL3fGE1XXuzvo6kbx7UOloZKONqEk5H3JrQA"
      "4NOfU8BmqFPrpGqwA1";
  ASSERT_EQ(FaultOfPasswordHash(hash), "");
  EXPECT_EQ(PasswordHasher().Verify(hash, "correct horse"), PasswordVerdict::kRight);
}

TEST(PasswordHasherTest, WhatCannotBeComputedIsNotWrong) {
  EXPECT_EQ(PasswordHasher().Verify("$2y$04$abc", "correct horse"), PasswordVerdict::kUnknown);
  EXPECT_EQ(PasswordHasher().Verify(kHash, std::string(512, 'p')), PasswordVerdict::kUnknown);
}

}  // namespace
}  // namespace slowburn::net::internal
