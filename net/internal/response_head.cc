#include "net/internal/response_head.h"

#include <iterator>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace slowburn::net::internal {
namespace {

void AppendField(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ");
  const size_t start = head.size();
  head.append(value).append("\r\n");
  for (size_t i = start; i < head.size() - 2; ++i) {
    if (head[i] == '\r' || head[i] == '\n' || head[i] == '\0') head[i] = ' ';
  }
}

}  // namespace

bool StatusHasBody(int status) { return status >= 200 && status != 204 && status != 304; }

std::string ResponseHead(const HttpResponse& response, std::string_view date,
                         ConnectionField connection, BodyEnd end) {
  std::string head;
  head.reserve(256);
  fmt::format_to(std::back_inserter(head), "HTTP/1.1 {} {}\r\nDate: {}\r\n", response.status,
                 StatusText(response.status), date);
  if (StatusHasBody(response.status)) {
    if (!response.content_type.empty()) AppendField(head, "Content-Type", response.content_type);
    if (end == BodyEnd::kLength)
      fmt::format_to(std::back_inserter(head), "Content-Length: {}\r\n", response.body.size());
    if (end == BodyEnd::kChunked) head.append("Transfer-Encoding: chunked\r\n");
  }
  // The body is what Content-Type says; a browser must not guess a script out of it.
  head.append("X-Content-Type-Options: nosniff\r\n");
  if (connection == ConnectionField::kClose) head.append("Connection: close\r\n");
  if (connection == ConnectionField::kKeepAlive) head.append("Connection: keep-alive\r\n");
  for (const HttpHeader& header : response.headers) AppendField(head, header.name, header.value);
  head.append("\r\n");
  return head;
}

std::string HttpDate(std::chrono::sys_seconds time) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

}  // namespace slowburn::net::internal
