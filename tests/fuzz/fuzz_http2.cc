// Whatever follows the preface on a port that speaks HTTP/2.
#include "net/http2_server.h"
#include "tests/fuzz/listener_under_test.h"

void Fuzz(std::string_view input) {
  // Never destroyed: libFuzzer ends the process on its own.
  static auto& listener = *new slowburn::ListenerUnderTest<slowburn::net::Http2Server>();
  std::string bytes = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  bytes += input;
  listener.Send(bytes);
}
