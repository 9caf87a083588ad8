// Goal: who may, can; who may not, cannot, and learns nothing by asking. Method: every kind of
// secret, right and wrong, against every role; guessing while a clock stands still; the thread that
// hashes is held where its queue is the point.
#include "net/access.h"

#include <algorithm>
#include <atomic>
#include <list>
#include <thread>

#include <gmock/gmock.h>

#include "net/internal/password_checks.h"
#include "net/testing/access_fixture.h"

namespace slowburn::net {
namespace {

using internal::PasswordChecks;
using std::chrono::seconds;

// One of each kind. Alice's password is being changed, and she may do more by the new one. The
// tokens are "token-read" and so on.
std::string File() {
  return fmt::format(
      "# who may do what\n"
      "reader     read        "
      "sha256:990252273aeedbafc14b317b19e00ceb178afff6e76bfb0f224e9dda3b3eb50a\n"
      "writer     write       "
      "sha256:816E308D34E1425BDB54DE7138BC66415578B3C8D1484BC19EDA91B164B43232 # the collector\n"
      "\n"
      "\t operator \t admin "
      "sha256:00f5f9625c49504b0776853a9cd04aa7a75f26b4760fc7fd555437b111b54390 \r\n"
      "both       read,write  "
      "sha256:4f3474883177a1d06ac7d3e433d7849a783cf019acd70508cc8dde5a831b8f52\n"
      "alice      read        {0}\n"
      "alice      write       {1}\n"
      "bob        write       {0}\n"
      "carol      admin       $2a$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e\n"
      "sha512     read        "
      "$6$saltsaltsaltsalt$GkzgkzVbauGAKXpOTbypQEKy/9yJWVjcvXvDw7CxoJjnJ1.w.g1rV8bhCVTpHrRrO/"
      "h6b3DAwPN3y5qmHXZ1R1\n"
      "yescrypt   read        "
      "$y$j75$CCBwdyMu/X4hOZsSb4kdJ.$FWGqbnaTKHjldvX7trXB6WRNzQDUb.sHu00ehvVfJ6C\n"
      "shop       write       cert:shop.example.org\n"
      "grafana    read        cert:spiffe://example.org/grafana\n"
      "plant      read        cert: Plant 7, Gate",
      kHorseHash, kStapleHash);
}

class AccessTest : public AccessFixture {
 protected:
  void SetUp() override { ASSERT_EQ(Load(File()), ""); }

  HttpRequest Login(std::string_view name, std::string_view password,
                    std::string peer = "192.0.2.1:40000") {
    return RequestBy(Basic(name, password), std::move(peer));
  }
};

struct CallerCase {
  std::string name;
  std::string authorization;
  std::vector<std::string> certificate_names;
  // For kRead, kWrite, kAdmin.
  std::array<int, 3> want;
  std::string want_principal;
};
class AccessCallerTest : public AccessTest, public testing::WithParamInterface<CallerCase> {};

TEST_P(AccessCallerTest, MayDoWhatItsRolesSay) {
  const CallerCase& c = GetParam();
  constexpr std::array kRoles = {Role::kRead, Role::kWrite, Role::kAdmin};
  for (size_t i = 0; i < kRoles.size(); ++i) {
    const AccessDecision decision =
        Decide(RequestBy(c.authorization), kRoles[i], c.certificate_names);
    EXPECT_EQ(decision.status, c.want[i]) << RoleName(kRoles[i]);
    EXPECT_EQ(decision.principal, c.want_principal);
    EXPECT_EQ(decision.message.empty(), decision.status == 200);
    EXPECT_EQ(decision.retry_after, seconds(0));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Secrets, AccessCallerTest,
    testing::ValuesIn<CallerCase>({
        {"Nobody", "", {}, {401, 401, 401}, ""},
        {"ReadToken", "Bearer token-read", {}, {200, 403, 403}, "reader"},
        {"WriteToken", "Bearer token-write", {}, {403, 200, 403}, "writer"},
        {"AdminToken", "Bearer token-admin", {}, {200, 200, 200}, "operator"},
        {"TokenOfTwoRoles", "Bearer token-both", {}, {200, 200, 403}, "both"},
        {"SchemeInAnyCase", "bEARER   token-read ", {}, {200, 403, 403}, "reader"},
        {"WrongToken", "Bearer token-reae", {}, {401, 401, 401}, ""},
        {"TokenInOtherCase", "Bearer Token-read", {}, {401, 401, 401}, ""},
        {"HashAsToken",
         "Bearer 990252273aeedbafc14b317b19e00ceb178afff6e76bfb0f224e9dda3b3eb50a",
         {},
         {401, 401, 401},
         ""},
        {"NoToken", "Bearer ", {}, {401, 401, 401}, ""},
        {"OtherScheme", "Digest username=\"alice\"", {}, {401, 401, 401}, ""},
        {"OldPassword", Basic("alice", "correct horse"), {}, {200, 403, 403}, "alice"},
        {"NewPassword", Basic("alice", "battery staple"), {}, {403, 200, 403}, "alice"},
        {"SamePasswordOfAnother", Basic("bob", "correct horse"), {}, {403, 200, 403}, "bob"},
        {"AdminsPassword", Basic("carol", "correct horse"), {}, {200, 200, 200}, "carol"},
        {"Sha512", Basic("sha512", "correct horse"), {}, {200, 403, 403}, "sha512"},
        {"Yescrypt", Basic("yescrypt", "correct horse"), {}, {200, 403, 403}, "yescrypt"},
        {"WrongBcrypt", Basic("alice", "correct horsf"), {}, {401, 401, 401}, ""},
        {"WrongSha512", Basic("sha512", "correct horsf"), {}, {401, 401, 401}, ""},
        {"WrongYescrypt", Basic("yescrypt", "correct horsf"), {}, {401, 401, 401}, ""},
        {"PasswordOfAnother", Basic("bob", "battery staple"), {}, {401, 401, 401}, ""},
        {"UnknownName", Basic("mallory", "correct horse"), {}, {401, 401, 401}, ""},
        {"NameOfAToken", Basic("reader", "token-read"), {}, {401, 401, 401}, ""},
        {"HashAsPassword", Basic("alice", kHorseHash), {}, {401, 401, 401}, ""},
        {"DnsName", "", {"x.example.org", "shop.example.org"}, {403, 200, 403}, "shop"},
        {"UriName", "", {"spiffe://example.org/grafana"}, {200, 403, 403}, "grafana"},
        {"CommonNameWithBlanks", "", {"Plant 7, Gate"}, {200, 403, 403}, "plant"},
        {"UnknownCertificate", "", {"example.org", ""}, {401, 401, 401}, ""},
        {"PartOfAName", "", {"hop.example.org", "shop.example.org.evil"}, {401, 401, 401}, ""},
        {"TokenBeforeCertificate",
         "Bearer token-read",
         {"shop.example.org"},
         {200, 403, 403},
         "reader"},
        {"WrongTokenWithCertificate", "Bearer nonsense", {"shop.example.org"}, {401, 401, 401}, ""},
    }),
    [](const auto& info) { return info.param.name; });

TEST_F(AccessTest, ACertificateOfTwoCallersIsWhoMay) {
  const std::vector<std::string> names = {"shop.example.org", "spiffe://example.org/grafana"};
  EXPECT_EQ(Decide(RequestBy(""), Role::kRead, names).principal, "grafana");
  EXPECT_EQ(Decide(RequestBy(""), Role::kWrite, names).principal, "shop");
  EXPECT_EQ(Decide(RequestBy(""), Role::kAdmin, names).status, 403);
}

TEST_F(AccessTest, PublicRoutesAskNobody) {
  const AccessDecision decision = Decide(RequestBy("Bearer nonsense"), Role::kPublic);
  EXPECT_EQ(decision.status, 200);
  EXPECT_EQ(decision.principal, "");
  EXPECT_THAT(Metrics(), testing::Not(testing::ContainsRegex("_total\\{outcome=.*\\} [1-9]")));
}

TEST_F(AccessTest, TwoAuthorizationFieldsAreNone) {
  HttpRequest request = RequestBy("Bearer token-read");
  request.headers.push_back({"AUTHORIZATION", "Bearer token-read"});
  EXPECT_EQ(Decide(request, Role::kRead, {"spiffe://example.org/grafana"}).status, 401);
}

TEST_F(AccessTest, A401IsTheSameWhateverWasWrong) {
  const std::string message = Decide(RequestBy("")).message;
  for (const std::string& authorization :
       {std::string("Bearer nonsense"), Basic("alice", "nonsense"), Basic("mallory", "nonsense")}) {
    EXPECT_EQ(Decide(RequestBy(authorization)).message, message);
  }
}

TEST_F(AccessTest, CountsByOutcome) {
  Decide(RequestBy("Bearer token-read"));
  Decide(Login("alice", "correct horse"));
  Decide(RequestBy("Bearer token-read"), Role::kWrite);
  Decide(RequestBy("Bearer nonsense"));
  Decide(RequestBy(""));
  for (int i = 0; i < 11; ++i) Decide(Login("alice", "nonsense"));
  const std::string metrics = Metrics();
  EXPECT_THAT(metrics, testing::HasSubstr("slowburn_net_logins_total{outcome=\"accepted\"} 2"));
  EXPECT_THAT(metrics, testing::HasSubstr("slowburn_net_logins_total{outcome=\"refused\"} 13"));
  EXPECT_THAT(metrics, testing::HasSubstr("slowburn_net_logins_total{outcome=\"limited\"} 1"));
}

// --- guessing

TEST_F(AccessTest, TenWrongPasswordsAMinute) {
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(Decide(Login("alice", fmt::format("guess {}", i))).status, 401) << i;
    clock_.Advance(seconds(1));
  }
  const AccessDecision limited = Decide(Login("alice", "guess", "192.0.2.1:41000"));
  EXPECT_EQ(limited.status, 429);
  EXPECT_EQ(limited.principal, "");
  EXPECT_EQ(limited.retry_after, seconds(50));
  EXPECT_THAT(limited.message, testing::HasSubstr("wait"));
  // Not the others, and no other kind of secret.
  EXPECT_EQ(Decide(Login("alice", "guess", "192.0.2.2:40000")).status, 401);
  EXPECT_EQ(Decide(RequestBy("Bearer nonsense")).status, 401);
  EXPECT_EQ(Decide(RequestBy("Bearer token-read")).status, 200);
  clock_.Advance(seconds(49));
  EXPECT_EQ(Decide(Login("alice", "guess")).status, 429);
  clock_.Advance(seconds(1));
  EXPECT_EQ(Decide(Login("alice", "guess")).status, 401);
}

TEST_F(AccessTest, UnknownNamesAreGuessesToo) {
  for (int i = 0; i < 10; ++i) Decide(Login(fmt::format("name {}", i), "correct horse"));
  EXPECT_EQ(Decide(Login("name", "correct horse")).status, 429);
}

TEST_F(AccessTest, RightPasswordsAreNoGuesses) {
  std::string file;
  for (int i = 0; i < 30; ++i) file += fmt::format("name{} read {}\n", i, kHorseHash);
  ASSERT_EQ(Load(file), "");
  for (int i = 0; i < 30; ++i) {
    EXPECT_EQ(Decide(Login(fmt::format("name{}", i), "correct horse")).status, 200) << i;
  }
  EXPECT_EQ(Decide(Login("name0", "guess")).status, 401);
}

TEST_F(AccessTest, WhoWasRightIsNeverSlowed) {
  EXPECT_EQ(Decide(Login("alice", "correct horse")).status, 200);
  for (int i = 0; i < 11; ++i) Decide(Login("bob", "guess"));
  EXPECT_EQ(Decide(Login("bob", "guess")).status, 429);
  EXPECT_TRUE(IsRemembered(Login("alice", "correct horse")));
  // Bob's is right, but nobody knows yet.
  EXPECT_EQ(Decide(Login("bob", "correct horse"), Role::kWrite).status, 429);
}

// Else the cache would tell a guesser who is limited which of his guesses are right.
TEST_F(AccessTest, AGuesserLearnsNothingFromTheLoginsOfOthers) {
  EXPECT_EQ(Decide(Login("alice", "correct horse", "192.0.2.7:1")).status, 200);
  for (int i = 0; i < 10; ++i) Decide(Login("alice", "guess"));
  EXPECT_EQ(Decide(Login("alice", "correct horse")).status, 429);
  EXPECT_EQ(Decide(Login("alice", "wrong horse")).status, 429);
  clock_.Advance(seconds(60));
  EXPECT_TRUE(IsRemembered(Login("alice", "correct horse")));
}

TEST_F(AccessTest, ManyGuessesAtOnceAreNoWayAround) {
  HeldThread held(*access_, Login("alice", "x", "192.0.2.9:1"));
  std::list<Awaited> guesses;
  for (int i = 0; i < 11; ++i) {
    access_->Check(Login("alice", fmt::format("guess {}", i)), {}, Role::kRead,
                   guesses.emplace_back().Decided());
  }
  ASSERT_TRUE(guesses.back().IsThere());
  EXPECT_EQ(guesses.back().Get().status, 429);
  EXPECT_EQ(guesses.back().Get().retry_after, seconds(1));
  guesses.pop_back();
  EXPECT_THAT(guesses, testing::Each(testing::Property(&Awaited::IsThere, false)));
  held.LetGo();
  for (const Awaited& guess : guesses) EXPECT_EQ(guess.Get().status, 401);
}

TEST_F(AccessTest, TenThousandWrongLoginsCostTenHashes) {
  size_t hashed = 0;
  size_t limited = 0;
  for (int i = 0; i < 10'000; ++i) {
    Awaited decision;
    access_->Check(Login("alice", fmt::format("guess {}", i), fmt::format("192.0.2.1:{}", i)), {},
                   Role::kRead, decision.Decided());
    if (decision.Get().status == 429) ++limited;
    if (!decision.IsByCaller()) ++hashed;
  }
  EXPECT_EQ(hashed, 10);
  EXPECT_EQ(limited, 9'990);
}

// --- the queue

TEST_F(AccessTest, EqualLoginsWaitForOneHash) {
  HeldThread held(*access_, Login("alice", "x", "192.0.2.9:1"));
  std::list<Awaited> logins;
  for (size_t i = 0; i < PasswordChecks::kWaitersMax; ++i) {
    access_->Check(Login("alice", "correct horse"), {}, i % 2 == 0 ? Role::kRead : Role::kWrite,
                   logins.emplace_back().Decided());
  }
  ASSERT_FALSE(logins.back().IsThere());
  Awaited one_too_many;
  access_->Check(Login("alice", "correct horse"), {}, Role::kRead, one_too_many.Decided());
  ASSERT_TRUE(one_too_many.IsThere());
  EXPECT_EQ(one_too_many.Get().status, 429);
  EXPECT_EQ(one_too_many.Get().retry_after, seconds(1));
  held.LetGo();
  size_t i = 0;
  for (const Awaited& login : logins) ASSERT_EQ(login.Get().status, i++ % 2 == 0 ? 200 : 403);
}

TEST_F(AccessTest, TheQueueIsBounded) {
  HeldThread held(*access_, Login("alice", "x", "192.0.2.9:1"));
  const auto login = [this](size_t i) {
    return Login("alice", fmt::format("guess {}", i), fmt::format("192.0.2.{}:1", 10 + i / 8));
  };
  std::list<Awaited> logins;
  for (size_t i = 0; i < PasswordChecks::kQueueMax; ++i) {
    access_->Check(login(i), {}, Role::kRead, logins.emplace_back().Decided());
    ASSERT_FALSE(logins.back().IsThere()) << i;
  }
  const AccessDecision refused = Decide(login(PasswordChecks::kQueueMax));
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.retry_after, seconds(1));
  // Tokens do not wait behind it.
  EXPECT_EQ(Decide(RequestBy("Bearer token-read")).status, 200);
  held.LetGo();
  for (const Awaited& waiting : logins) EXPECT_EQ(waiting.Get().status, 401);
  EXPECT_EQ(Decide(login(PasswordChecks::kQueueMax)).status, 401);
}

TEST_F(AccessTest, WhatWaitsAtTheEndIsDecided) {
  auto held = std::make_unique<HeldThread>(*access_, Login("alice", "x", "192.0.2.9:1"));
  std::list<Awaited> logins;
  for (int i = 0; i < 5; ++i) {
    access_->Check(Login("alice", fmt::format("guess {}", i)), {}, Role::kRead,
                   logins.emplace_back().Decided());
  }
  std::jthread ending([&] { access_.reset(); });
  held.reset();
  ending.join();
  for (const Awaited& login : logins) {
    ASSERT_TRUE(login.IsThere());
    EXPECT_THAT(login.Get().status, testing::AnyOf(401, 429));
  }
}

TEST_F(AccessTest, RemembersABoundedNumberOfLogins) {
  std::string file;
  const size_t count = PasswordChecks::kRememberedMax + 1;
  for (size_t i = 0; i < count; ++i) file += fmt::format("name{} read {}\n", i, kHorseHash);
  ASSERT_EQ(Load(file), "");
  const auto login = [this](size_t i) { return Login(fmt::format("name{}", i), "correct horse"); };
  for (size_t i = 0; i < count; ++i) ASSERT_FALSE(IsRemembered(login(i)));
  EXPECT_TRUE(IsRemembered(login(count - 1)));
  EXPECT_FALSE(IsRemembered(login(0)));
}

TEST_F(AccessTest, ManyThreadsAtOnce) {
  constexpr int kThreads = 8;
  constexpr int kRounds = 200;
  std::atomic<int> wrong{0};
  std::atomic<int> decided{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        const std::string peer = fmt::format("192.0.2.{}:1", t);
        const auto expect = [&](HttpRequest request, std::vector<int> wanted) {
          access_->Check(request, {}, Role::kRead,
                         [&decided, &wrong, wanted](const AccessDecision& decision) {
                           if (std::ranges::find(wanted, decision.status) == wanted.end()) ++wrong;
                           ++decided;
                         });
        };
        for (int i = 0; i < kRounds; ++i) {
          expect(RequestBy("Bearer token-read", peer), {200});
          expect(Login("alice", "correct horse", peer), {200, 429});
          expect(Login("alice", fmt::format("guess {}", i), peer), {401, 429});
          expect(RequestBy("Bearer nonsense", peer), {401});
        }
      });
    }
    for (int i = 0; i < 20; ++i) {
      Write(File());
      ASSERT_TRUE(access_->ReloadIfChanged().ok());
    }
  }
  access_.reset();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(decided, 4 * kThreads * kRounds);
}

}  // namespace
}  // namespace slowburn::net
