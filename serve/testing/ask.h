// serve/testing/ask.h: a request straight to its handler, without a socket.
//
// Room     serve/testing
// Uses     net/
// Threads  waits for the answer, whatever thread gives it
// Units    none
#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <boost/json.hpp>

#include "net/route_table.h"

namespace slowburn::serve {

// The answer that is to come. A dropped reply gives status 0.
class Answer {
 public:
  Answer() : promise_(std::make_shared<Promise>()), future_(promise_->value.get_future()) {}

  net::Reply reply() {
    return [promise = std::exchange(promise_, nullptr)](net::HttpResponse response) {
      promise->is_given = true;
      promise->value.set_value(std::move(response));
    };
  }
  // Of a streamed one it has the whole body; one that breaks off is like a dropped one.
  net::StreamReply stream_reply() {
    return [whole = std::make_shared<Gathering>(reply())](net::StreamedResponse response) {
      whole->rest = std::move(response.rest);
      whole->response = static_cast<net::HttpResponse&&>(response);
      Gathering::GoOn(whole);
    };
  }
  bool IsThere() { return future_.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }
  net::HttpResponse Wait() { return future_.get(); }

 private:
  // Shared, because std::function and the like may copy what holds it.
  struct Promise {
    std::promise<net::HttpResponse> value;
    bool is_given = false;
    ~Promise() {
      if (is_given) return;
      net::HttpResponse none;
      none.status = 0;
      value.set_value(std::move(none));
    }
  };
  // Shared with the reply to each part.
  struct Gathering {
    explicit Gathering(net::Reply to) : reply(std::move(to)) {}
    static void GoOn(const std::shared_ptr<Gathering>& all) {
      if (all->rest == nullptr) return std::move(all->reply)(std::move(all->response));
      const net::BodySource rest = all->rest;
      rest([all](net::BodyPart part) {
        if (part.status == 0) return;
        all->response.body += part.bytes;
        if (part.is_last) all->rest = nullptr;
        GoOn(all);
      });
    }
    net::Reply reply;
    net::HttpResponse response;
    net::BodySource rest;
  };
  std::shared_ptr<Promise> promise_;
  std::future<net::HttpResponse> future_;
};

// `target` is a path with or without a query, as on the wire.
inline Answer Begin(const net::RouteTable& table, std::string method, std::string_view target,
                    std::string body = "") {
  net::HttpRequest request;
  request.method = std::move(method);
  request.body = std::move(body);
  const size_t mark = target.find('?');
  const std::string_view path = target.substr(0, mark);
  request.path = net::PercentDecode(path);
  if (mark != std::string_view::npos) request.query = target.substr(mark + 1);
  net::RouteTable::Match match = table.Find(request.method, path);
  Answer answer;
  if (match.route == nullptr) {
    answer.reply()(table.errors(match.route)(request, match.status, "no such path"));
    return answer;
  }
  request.path_parameters = std::move(match.path_parameters);
  if (match.route->stream_handler) {
    match.route->stream_handler(std::move(request), answer.stream_reply());
  } else {
    match.route->handler(std::move(request), answer.reply());
  }
  return answer;
}

inline net::HttpResponse Ask(const net::RouteTable& table, std::string_view target) {
  return Begin(table, "GET", target).Wait();
}

inline boost::json::value AskJson(const net::RouteTable& table, std::string_view target) {
  return boost::json::parse(Ask(table, target).body);
}

}  // namespace slowburn::serve
