// Goal: an Authorization field means one thing or nothing. Method: a row per way to write it.
#include "net/internal/authorization.h"

#include <absl/strings/escaping.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace slowburn::net::internal {
namespace {

std::string Basic(std::string_view login) {
  return fmt::format("Basic {}", absl::Base64Escape({login.data(), login.size()}));
}

// "bearer TOKEN", "NAME|PASSWORD", "none" or "bad".
std::string Text(const Authorization& authorization) {
  if (std::holds_alternative<NoAuthorization>(authorization)) return "none";
  if (const auto* token = std::get_if<BearerToken>(&authorization)) {
    return fmt::format("bearer {}", token->text);
  }
  const auto* login = std::get_if<BasicLogin>(&authorization);
  return login == nullptr ? "bad" : fmt::format("{}|{}", login->name(), login->password());
}

struct FieldCase {
  std::string name;
  std::string value;
  std::string want;
};
class AuthorizationTest : public testing::TestWithParam<FieldCase> {};

TEST_P(AuthorizationTest, Reads) {
  HttpRequest request;
  request.headers = {{"Accept", "*/*"}, {"aUTHORIZATION", GetParam().value}};
  EXPECT_EQ(Text(ReadAuthorization(request)), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Fields, AuthorizationTest,
    testing::ValuesIn<FieldCase>({
        {"Bearer", "Bearer abc", "bearer abc"},
        {"AnyCase", "BEARER abc", "bearer abc"},
        {"Blanks", " Bearer \t abc ", "bearer abc"},
        {"TokenWithEquals", "Bearer YWJj==", "bearer YWJj=="},
        {"NoToken", "Bearer", "bad"},
        {"BlankToken", "Bearer  ", "bad"},
        {"SchemeRunsOn", "Bearerabc", "bad"},
        {"Empty", "", "bad"},
        {"OtherScheme", "Negotiate abc", "bad"},
        {"Basic", Basic("alice:secret"), "alice|secret"},
        {"BasicInAnyCase", "bAsIc " + Basic("alice:secret").substr(6), "alice|secret"},
        {"ColonInPassword", Basic("alice:a:b:"), "alice|a:b:"},
        {"Utf8Password", Basic("alice:p\xc3\xa4ss"), "alice|p\xc3\xa4ss"},
        {"NoColon", Basic("alice"), "bad"},
        {"NoName", Basic(":secret"), "bad"},
        {"NoPassword", Basic("alice:"), "bad"},
        {"LongestName", Basic(std::string(128, 'n') + ":p"), std::string(128, 'n') + "|p"},
        {"NameTooLong", Basic(std::string(129, 'n') + ":p"), "bad"},
        {"LongestPassword", Basic("n:" + std::string(511, 'p')), "n|" + std::string(511, 'p')},
        {"PasswordTooLong", Basic("n:" + std::string(512, 'p')), "bad"},
        {"Longest", Basic(std::string(128, 'n') + ":" + std::string(511, 'p')),
         std::string(128, 'n') + "|" + std::string(511, 'p')},
        {"MuchTooLong", Basic("n:" + std::string(10'000, 'p')), "bad"},
        {"NulInPassword", Basic(std::string("n:p\0x", 5)), "bad"},
        {"LineFeedInName", Basic("n\n:p"), "bad"},
        {"DelInPassword", Basic("n:p\x7f"), "bad"},
        {"NoBase64", "Basic !!!!", "bad"},
        {"NothingEncoded", "Basic ", "bad"},
        {"WithoutPadding", "Basic bjpwcA", "bad"},
        {"WithPadding", "Basic bjpwcA==", "n|pp"},
        {"TooMuchPadding", "Basic bjpwcA======", "bad"},
        {"OnlyPadding", "Basic ====", "bad"},
        {"StrayBits", "Basic bjpwcB==", "bad"},
        {"BlankInside", "Basic bjpw cA==", "bad"},
        {"UrlAlphabet", "Basic bjp_cA==", "bad"},
    }),
    [](const auto& info) { return info.param.name; });

TEST(AuthorizationFieldsTest, NoneAndSeveral) {
  HttpRequest request;
  request.headers = {{"Proxy-Authorization", "Bearer abc"}};
  EXPECT_EQ(Text(ReadAuthorization(request)), "none");
  request.headers.push_back({"Authorization", "Bearer abc"});
  EXPECT_EQ(Text(ReadAuthorization(request)), "bearer abc");
  request.headers.push_back({"authorization", "Bearer abc"});
  EXPECT_EQ(Text(ReadAuthorization(request)), "bad");
}

TEST(SecretTest, MovesItsMemoryAndKeepsANulBehind) {
  Secret first(5);
  std::copy_n("secre", 5, first.data());
  const char* const memory = first.data();
  Secret second = std::move(first);
  EXPECT_EQ(second.data(), memory);
  second.Truncate(3);
  EXPECT_EQ(second.View(), "sec");
  EXPECT_STREQ(second.data(), "sec");
  second.Truncate(10);
  EXPECT_EQ(second.View(), "sec");
}

}  // namespace
}  // namespace slowburn::net::internal
