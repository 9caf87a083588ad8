// Whatever comes in on a port that speaks HTTP/1.1.
#include "net/http_server.h"
#include "tests/fuzz/listener_under_test.h"

void Fuzz(std::string_view input) {
  // Never destroyed: libFuzzer ends the process on its own.
  static auto& listener = *new slowburn::ListenerUnderTest<slowburn::net::HttpServer>();
  listener.Send(input);
}
