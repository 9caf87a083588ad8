#include "app/api_client.h"

#include <cstdio>
#include <exception>

#include <fmt/format.h>

#include "base/files.h"
#include "base/status.h"
#include "net/http_client.h"

namespace slowburn::app {
namespace {

namespace json = boost::json;

constexpr size_t kTokenBytesMax = 4 << 10;

// The words of an error answer of ours, else the status.
std::string ErrorText(const std::string& server, const net::HttpResult& result) {
  json::error_code error;
  const json::value body = json::parse(result.body, error);
  const json::value* text =
      error || !body.is_object() ? nullptr : body.as_object().if_contains("error");
  std::string words = text != nullptr && text->is_string()
                          ? std::string(text->as_string().c_str())
                          : fmt::format("{} answered {}", server, result.status);
  if (result.status == 401)
    words += "; name a token with --token-file, or a certificate with --cert";
  return words;
}

}  // namespace

void AddApiOptions(CLI::App& command, ApiOptions& options) {
  command.add_option("--server", options.server, "where slowburn's API is")->capture_default_str();
  command.add_option("--token-file", options.token_file, "a file with the bearer token to send");
  command.add_option("--ca", options.tls.ca,
                     "the authority of the server's certificate (PEM); default: the system's");
  auto* certificate =
      command.add_option("--cert", options.tls.certificate, "a client certificate to show (PEM)");
  command.add_option("--key", options.tls.key, "the key of --cert (PEM)")->needs(certificate);
}

absl::StatusOr<std::string> ReadToken(const std::string& file) {
  SB_ASSIGN_OR_RETURN(std::string token, base::ReadFile(file, kTokenBytesMax));
  token.resize(token.find_last_not_of(" \t\r\n") + 1);
  if (token.empty()) return base::InvalidArgument("{} is empty; write the token in it", file);
  return token;
}

absl::StatusOr<std::string> GetFromApi(const ApiOptions& options, const std::string& path) {
  return CallApi(options, "GET", path, "");
}

absl::StatusOr<std::string> CallApi(const ApiOptions& options, const std::string& method,
                                    const std::string& path, std::string body) {
  net::HttpCall call{.method = method,
                     .url = options.server + path,
                     .body = std::move(body),
                     .content_type = "application/json",
                     .tls = options.tls};
  if (!options.token_file.empty()) {
    SB_ASSIGN_OR_RETURN(const std::string token, ReadToken(options.token_file));
    call.headers.push_back({"Authorization", "Bearer " + token});
  }
  const auto result = net::Call(call);
  if (!result.ok()) {
    return base::Unavailable("{}; is slowburn running there? name it with --server",
                             base::Message(result.status()));
  }
  if (result->status == 200 || result->status == 201 || result->status == 202) return result->body;
  return base::InvalidArgument("{}", ErrorText(options.server, *result));
}

int PrintAnswer(const ApiOptions& options, const std::string& output,
                const absl::StatusOr<std::string>& answer,
                absl::FunctionRef<void(const json::value&)> print) {
  if (!answer.ok()) {
    fmt::print(stderr, "{}\n", base::Message(answer.status()));
    return 1;
  }
  if (output == "json") {
    fmt::print("{}\n", *answer);
    return 0;
  }
  try {
    print(json::parse(*answer));
    return 0;
  } catch (const std::exception& error) {
    // Of another program that calls itself slowburn.
    fmt::print(
        stderr,
        "{} gave an answer that slowburn does not understand ({}); is it the same version?\n",
        options.server, error.what());
    return 1;
  }
}

}  // namespace slowburn::app
