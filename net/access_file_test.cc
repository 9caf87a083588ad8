// Goal: a credentials file is taken whole or not at all, its faults are told with their place and
// without its secrets, and a changed one is in force. Method: one row per fault; files renamed over
// each other; every line that is logged or counted is searched for secrets.
#include <fstream>

#include <gmock/gmock.h>

#include "net/internal/credentials.h"
#include "net/testing/access_fixture.h"

namespace slowburn::net {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

const std::string kTokenLine = fmt::format("reader read sha256:{}\n", kTroubadorSha256);

struct FaultCase {
  std::string name;
  std::string line;
  std::string want;  // part of the message
};
class CredentialsFaultTest : public AccessFixture, public testing::WithParamInterface<FaultCase> {};

TEST_P(CredentialsFaultTest, SaysWhereAndWhatToWrite) {
  const std::string fault = Load(kTokenLine + "# a comment\n" + GetParam().line + "\n");
  EXPECT_THAT(fault, HasSubstr(fmt::format("{}:3: ", path().string())));
  EXPECT_THAT(fault, HasSubstr(GetParam().want));
  EXPECT_THAT(fault, Not(HasSubstr("hunter2")));
  // Neither a hash nor a piece of one.
  EXPECT_THAT(fault, Not(testing::ContainsRegex("[0-9a-f]{16}|rOzKPdS8|jydOTSf|GkzgkzVb")));
}

const std::string kBcryptRest = "abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";
const std::string kSha512Rest =
    "$GkzgkzVbauGAKXpOTbypQEKy/9yJWVjcvXvDw7CxoJjnJ1.w.g1rV8bhCVTpHrRrO/h6b3DAwPN3y5qmHXZ1R1";
const std::string kYescryptRest =
    "$CCBwdyMu/X4hOZsSb4kdJ.$FWGqbnaTKHjldvX7trXB6WRNzQDUb.sHu00ehvVfJ6C";

INSTANTIATE_TEST_SUITE_P(
    Faults, CredentialsFaultTest,
    testing::ValuesIn<FaultCase>({
        {"OneField", "hunter2", "1 of 3 fields"},
        {"TwoFields", "alice hunter2", "2 of 3 fields"},
        {"PrintedByHtpasswd", "alice:$2y$04$" + kBcryptRest, "write NAME ROLES SECRET"},
        {"ColonInName", "alice:hunter2 read cert:x", "no ':'"},
        {"NameNotAscii", "\xc3\xa4lice read cert:x", "printable ASCII"},
        {"NameTooLong", std::string(129, 'x') + " read cert:x", "128 characters"},
        {"SecretForRole", "alice hunter2 cert:x", "no list of roles"},
        {"UnknownRole", "alice reader cert:x", "write read, write or admin"},
        {"PublicIsNoRole", "alice public cert:x", "no list of roles"},
        {"RoleInOtherCase", "alice Read cert:x", "no list of roles"},
        {"EmptyRole", "alice read,,write cert:x", "no list of roles"},
        {"TrailingComma", "alice read, cert:x", "no list of roles"},
        {"PlainText", "alice read hunter2", "plain text"},
        {"PlainTextSaysHow", "alice read hunter2", "sha256sum"},
        {"PlainTextSaysHowForPasswords", "alice read hunter2", "openssl passwd -6"},
        {"PlainTextWithBlanks", "alice read hunter2 is mine", "plain text"},
        {"ApacheMd5", "alice read $apr1$hunter2$x", "in a way that is not taken"},
        {"BrokenBcrypt", "alice read $2x$04$" + kBcryptRest, "in a way that is not taken"},
        {"HexTooShort", "alice read sha256:00f5f9625c49504b", "64 hex digits"},
        {"HexTooLong", "alice read sha256:" + std::string(kTroubadorSha256) + "0", "64 hex digits"},
        {"NoHex", "alice read sha256:hunter2" + std::string(57, '0'), "64 hex digits"},
        {"HexAndMore", "alice read sha256:" + std::string(kTroubadorSha256) + " hunter2",
         "nothing else"},
        {"HashOfNothing",
         "alice read sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
         "sha256 of nothing"},
        {"SameToken", "alice read sha256:" + std::string(kTroubadorSha256), "line 1 has the same"},
        {"BcryptCutOff", "alice read $2y$04$" + kBcryptRest.substr(1), "not whole"},
        {"BcryptTooLong", "alice read $2y$04$" + kBcryptRest + "x", "not whole"},
        {"BcryptAlone", "alice read $2y$", "not whole"},
        {"BcryptWithoutCost", "alice read $2y$xx$" + kBcryptRest, "not whole"},
        {"BcryptBadText", "alice read $2y$04$" + kBcryptRest.substr(1) + "!", "not whole"},
        {"BcryptTooCheap", "alice read $2y$03$" + kBcryptRest, "cost is 3"},
        {"BcryptTooDear", "alice read $2y$15$" + kBcryptRest, "from 4 to 14"},
        {"Sha512CutOff", "alice read $6$salt" + kSha512Rest.substr(0, 80), "not whole"},
        {"Sha512WithoutSalt", "alice read $6$" + kSha512Rest, "not whole"},
        {"Sha512SaltTooLong", "alice read $6$saltsaltsaltsalt1" + kSha512Rest, "not whole"},
        {"Sha512NoRounds", "alice read $6$rounds=x$salt" + kSha512Rest, "not whole"},
        {"Sha512RoundsAlone", "alice read $6$rounds=5000", "not whole"},
        {"Sha512TooCheap", "alice read $6$rounds=999$salt" + kSha512Rest, "from 1000"},
        {"Sha512TooDear", "alice read $6$rounds=5000001$salt" + kSha512Rest, "to 5000000"},
        {"Sha512Overflow", "alice read $6$rounds=99999999999999999999$salt" + kSha512Rest,
         "to 5000000"},
        {"YescryptCutOff", "alice read $y$j75" + kYescryptRest.substr(0, 60), "not whole"},
        {"YescryptWithoutSalt", "alice read $y$j75$", "not whole"},
        {"YescryptTooDear", "alice read $y$jDT" + kYescryptRest, "from 1 to 8"},
        {"YescryptTooCheap", "alice read $y$j65" + kYescryptRest, "from 1 to 8"},
        {"YescryptOddBlock", "alice read $y$j7U" + kYescryptRest, "from 1 to 8"},
        {"CertificateWithoutName", "alice read cert:", "no name behind it"},
        {"CertificateWithControl", "alice read cert:a\x01z", "no name behind it"},
    }),
    [](const auto& info) { return info.param.name; });

class AccessFileTest : public AccessFixture {};

TEST_F(AccessFileTest, TellsAllFaultsAtOnce) {
  const std::string fault = Load("hunter2\n" + kTokenLine + "\nalice hunter2 cert:x\n");
  EXPECT_THAT(fault, testing::MatchesRegex(".*access.txt:1: .*\n.*access.txt:4: .*"));
}

TEST_F(AccessFileTest, TellsAHundredFaultsAtMost) {
  std::string file;
  for (int i = 0; i < 150; ++i) file += "hunter2\n";
  const std::string fault = Load(file);
  EXPECT_THAT(fault, HasSubstr("access.txt:100: "));
  EXPECT_THAT(fault, Not(HasSubstr("access.txt:101: ")));
  EXPECT_THAT(fault, testing::EndsWith("and 50 more"));
}

TEST_F(AccessFileTest, ANameHasFourPasswordsAtMost) {
  std::string file;
  for (int i = 0; i < 4; ++i) {
    file += fmt::format("alice read $2y$04${}{}\n", kBcryptRest.substr(1), i);
  }
  EXPECT_EQ(Load(file), "");
  EXPECT_THAT(Load(file + "alice read $2y$04$" + kBcryptRest), HasSubstr(":5: the name has 4"));
}

TEST_F(AccessFileTest, ThePasswordOfANameStandsOnce) {
  const std::string line = fmt::format("alice read {}\n", kHorseHash);
  EXPECT_THAT(Load(line + line), HasSubstr(":2: line 1 has the same password"));
  EXPECT_EQ(Load(line + fmt::format("bob read {}\n", kHorseHash)), "");
}

TEST_F(AccessFileTest, ACertificateNameStandsOnce) {
  EXPECT_THAT(Load("alice read cert:x\nbob read cert: x\n"), HasSubstr(":2: line 1 has the same"));
}

TEST_F(AccessFileTest, NobodyIsAFault) {
  for (const char* const file : {"", "\n", "# alice read cert:x\n"}) {
    EXPECT_THAT(Load(file), HasSubstr("nobody is named"));
  }
}

TEST_F(AccessFileTest, LinesAndBytesAreBounded) {
  const std::string comments(internal::kCredentialsLinesMax - 1, '\n');
  EXPECT_EQ(Load(comments + kTokenLine), "");
  EXPECT_THAT(Load(comments + "\n" + kTokenLine), HasSubstr("more than 10000 lines"));
  const std::string wide(internal::kCredentialsBytesMax - kTokenLine.size(), '#');
  EXPECT_EQ(Load(kTokenLine + wide), "");
  EXPECT_THAT(Load(kTokenLine + wide + "#"), HasSubstr("larger than 1048576 bytes"));
}

TEST_F(AccessFileTest, AMissingFileIsNotFound) {
  const auto loaded = AccessFile::Load(folder_.path() / "none", clock_, *registry_);
  EXPECT_TRUE(absl::IsNotFound(loaded.status()));
  EXPECT_THAT(base::Message(loaded.status()), HasSubstr("none"));
}

// --- reload

TEST_F(AccessFileTest, AChangedFileIsInForce) {
  ASSERT_EQ(Load(fmt::format("{}alice read {}\nbob read {}\n", kTokenLine, kHorseHash, kHorseHash)),
            "");
  const HttpRequest token = RequestBy("Bearer Tr0ub4dor");
  const HttpRequest alice = RequestBy(Basic("alice", "correct horse"));
  const HttpRequest bob = RequestBy(Basic("bob", "correct horse"));
  EXPECT_EQ(*access_->ReloadIfChanged(), false);
  for (const HttpRequest* request : {&token, &alice, &bob}) {
    EXPECT_EQ(Decide(*request).status, 200);
  }
  // Alice has another password now, Bob another role; both were remembered.
  Write(fmt::format("alice read {}\nbob write {}\n", kStapleHash, kHorseHash));
  EXPECT_EQ(*access_->ReloadIfChanged(), true);
  EXPECT_EQ(*access_->ReloadIfChanged(), false);
  EXPECT_EQ(Decide(token).status, 401);
  EXPECT_EQ(Decide(alice).status, 401);
  EXPECT_EQ(Decide(RequestBy(Basic("alice", "battery staple"))).status, 200);
  EXPECT_EQ(Decide(bob).status, 403);
  EXPECT_EQ(Decide(bob, Role::kWrite).status, 200);
}

TEST_F(AccessFileTest, AReloadForgetsPasswords) {
  const std::string file = fmt::format("alice read {}\n", kHorseHash);
  ASSERT_EQ(Load(file), "");
  const HttpRequest alice = RequestBy(Basic("alice", "correct horse"));
  EXPECT_FALSE(IsRemembered(alice));
  EXPECT_TRUE(IsRemembered(alice));
  Write(file);
  EXPECT_EQ(*access_->ReloadIfChanged(), true);
  EXPECT_FALSE(IsRemembered(alice));
}

TEST_F(AccessFileTest, AWrongFileChangesNothingAndIsToldUntilItIsRight) {
  ASSERT_EQ(Load(kTokenLine), "");
  for (const std::string& wrong : {std::string("reader read hunter2\n"), std::string(),
                                   std::string(internal::kCredentialsBytesMax + 1, '#')}) {
    Write(wrong);
    for (int i = 0; i < 2; ++i) {
      const absl::StatusOr<bool> reloaded = access_->ReloadIfChanged();
      EXPECT_TRUE(absl::IsInvalidArgument(reloaded.status())) << reloaded.status();
      EXPECT_THAT(base::Message(reloaded.status()), HasSubstr("access.txt"));
    }
    EXPECT_EQ(Decide(RequestBy("Bearer Tr0ub4dor")).status, 200);
  }
  Write(kTokenLine);
  EXPECT_EQ(*access_->ReloadIfChanged(), true);
}

TEST_F(AccessFileTest, AMissingFileChangesNothingAndIsToldUntilItIsBack) {
  ASSERT_EQ(Load(kTokenLine), "");
  std::filesystem::remove(path());
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(absl::IsNotFound(access_->ReloadIfChanged().status()));
    EXPECT_EQ(Decide(RequestBy("Bearer Tr0ub4dor")).status, 200);
  }
  Write(kTokenLine);
  EXPECT_EQ(*access_->ReloadIfChanged(), true);
}

TEST_F(AccessFileTest, APasswordThatIsBeingHashedAtAReloadIsDecidedByTheOldFile) {
  ASSERT_EQ(Load(fmt::format("alice read {}\nbob read {}\n", kHorseHash, kStapleHash)), "");
  HeldThread held(*access_, RequestBy(Basic("bob", "x"), "192.0.2.9:1"));
  const HttpRequest alice = RequestBy(Basic("alice", "correct horse"));
  Awaited before;
  access_->Check(alice, {}, Role::kRead, before.Decided());
  Write(fmt::format("alice write {}\n", kHorseHash));
  EXPECT_EQ(*access_->ReloadIfChanged(), true);
  Awaited after;  // Waits for the same hash.
  access_->Check(alice, {}, Role::kRead, after.Decided());
  held.LetGo();
  EXPECT_EQ(before.Get().status, 200);
  EXPECT_EQ(after.Get().status, 403);
}

// --- secrets

TEST_F(AccessFileTest, WarnsOnceOfAFileThatIsOpenToOthers) {
  using std::filesystem::perms;
  const auto reload_with = [this](perms mode) {
    std::filesystem::permissions(path(), mode);
    testing::internal::CaptureStderr();
    EXPECT_TRUE(access_->ReloadIfChanged().ok());
    return testing::internal::GetCapturedStderr();
  };
  ASSERT_EQ(Load(kTokenLine), "");
  const perms own = perms::owner_read | perms::owner_write;
  EXPECT_THAT(reload_with(own | perms::group_read), HasSubstr("open to others; chmod 600 it"));
  EXPECT_EQ(reload_with(own | perms::others_write), "");
  EXPECT_EQ(reload_with(own), "");
  EXPECT_THAT(reload_with(own | perms::others_write), HasSubstr("mode=0602"));
}

TEST_F(AccessFileTest, NoSecretIsLoggedCountedOrAnswered) {
  const std::vector<std::string> secrets = {"hunter2", "Tr0ub4dor", "correct horse",
                                            std::string(kTroubadorSha256), std::string(kHorseHash)};
  std::string shown;
  testing::internal::CaptureStderr();
  ASSERT_EQ(Load(fmt::format("{}alice read {}\n", kTokenLine, kHorseHash)), "");
  std::filesystem::permissions(path(), std::filesystem::perms::all);
  for (const std::string& authorization :
       {std::string("Bearer Tr0ub4dor"), std::string("Bearer hunter2"),
        Basic("alice", "correct horse"), Basic("alice", "hunter2"), Basic("hunter2", "hunter2"),
        std::string("Basic hunter2"), std::string("hunter2")}) {
    for (const Role role : {Role::kRead, Role::kAdmin}) {
      const AccessDecision decision = Decide(RequestBy(authorization), role);
      shown += decision.principal + decision.message;
    }
  }
  for (int i = 0; i < 11; ++i) shown += Decide(RequestBy(Basic("hunter2", "hunter2"))).message;
  std::ofstream(path()) << "alice read hunter2\n" << kTokenLine << kTokenLine;
  shown += base::Message(access_->ReloadIfChanged().status());
  shown += Metrics();
  shown += testing::internal::GetCapturedStderr();
  EXPECT_THAT(shown, HasSubstr("chmod 600"));  // It was captured.
  for (const std::string& secret : secrets) EXPECT_THAT(shown, Not(HasSubstr(secret)));
}

}  // namespace
}  // namespace slowburn::net
