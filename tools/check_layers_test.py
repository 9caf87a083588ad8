#!/usr/bin/env python3
"""Goal: every rule of check_layers.py allows what it should and tells what it should not. Method: a row per include, in a
tree that is made for it; the tables against the rule that arrows go down."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True  # No __pycache__ among the sources.
import check_layers  # noqa: E402

# (file, include line, what the message has; empty: allowed)
CASES = [
    # The arrows.
    ("model/span.h", '#include "base/status.h"', ""),
    ("base/clock.h", '#include "model/alert.h"', "base may not use model; base knows no domain"),
    ("slo/engine.cc", '#include "ottl/predicate.h"', ""),
    ("slo/engine.cc", '#include "slo/burn_rate.h"', ""),
    ("slo/engine.cc", '#include "storage/rocksdb/rocksdb_store.h"', "slo may not use storage/rocksdb; let the two meet"),
    ("slo/engine.cc", '#include "storage/api/store.h"', "slo may not use storage/api; let app pass it in"),
    ("slo/engine.cc", '#include "net/http_server.h"', "slo may not use net; let app pass it in"),
    ("slo/engine_test.cc", '#include "net/http_server.h"', "slo may not use net"),
    ("model/alert.h", '#include "net/content_coding.h"', "let the two meet through a noun in model/"),
    ("net/content_coding.cc", '#include "model/alert.h"', "net may not use model"),
    ("ottl/parser.cc", '#include "model/span_cursor.h"', ""),
    ("storage/api/store.h", '#include "base/clock.h"', ""),
    ("storage/api/store.h", '#include "storage/rocksdb/rocksdb_store.h"', "storage/api may not use storage/rocksdb"),
    ("storage/rocksdb/rocksdb_store.cc", '#include "storage/api/store.h"', ""),
    ("storage/rocksdb/rocksdb_store.cc", '#include "model/alert.h"', "storage/rocksdb may not use model"),
    ("storage/store.cc", '#include "base/clock.h"', "storage/store.cc is in no room"),
    ("promql/evaluator.cc", '#include "storage/api/store.h"', ""),
    ("collector/decoder.cc", '#include "net/content_coding.h"', ""),
    ("collector/decoder.cc", '#include "forward/queue.h"', "collector may not use forward; let the two meet"),
    ("rules/spec.cc", '#include "slo/engine.h"', ""),
    ("rules/spec.cc", '#include "storage/api/store.h"', "rules may not use storage/api"),
    ("serve/api.cc", '#include "rules/alert_book.h"', ""),
    ("serve/api.cc", '#include "app/command.h"', "serve may not use app; let app pass it in"),
    ("serve/api.cc", '#include "storage/rocksdb/rocksdb_store.h"', "serve may not use storage/rocksdb"),
    ("app/main.cc", '#include "storage/rocksdb/rocksdb_store.h"', ""),
    ("app/main.cc", '#include "tests/sim/world.h"', "app may not use tests; move what is shared to a room"),
    ("tests/sim/sim_test.cc", '#include "app/main.h"', ""),
    ("bench/ingest.cc", '#include "collector/decoder.h"', ""),
    # base/testing and internal/.
    ("slo/engine.cc", '#include "base/testing/manual_clock.h"', "only tests may use base/testing"),
    ("app/main.cc", '#include "base/testing/temp_dir.h"', "only tests may use base/testing"),
    ("slo/engine_test.cc", '#include "base/testing/manual_clock.h"', ""),
    ("slo/engine_bench.cc", '#include "base/testing/manual_clock.h"', ""),
    ("tests/sim/world.h", '#include "base/testing/manual_clock.h"', ""),
    ("base/testing/world.h", '#include "base/testing/manual_clock.h"', ""),
    ("collector/otlp.cc", '#include "collector/testing/requests.h"', "only tests may use collector/testing"),
    ("collector/otlp_test.cc", '#include "collector/testing/requests.h"', ""),
    ("collector/testing/requests.h", '#include "opentelemetry/proto/trace/v1/trace.pb.h"', ""),
    ("collector/testing/requests.h", '#include "slo/engine.h"', "collector may not use slo"),
    ("slo/engine.cc", '#include "slo/internal/window.h"', ""),
    ("app/main.cc", '#include "slo/internal/window.h"', "slo/internal/window.h is internal to slo"),
    ("tests/sim/sim_test.cc", '#include "storage/rocksdb/internal/x.h"', "is internal to storage/rocksdb"),
    # proto.
    ("forward/otlp.cc", '#include "opentelemetry/proto/trace/v1/trace.pb.h"', ""),
    ("collector/answer.cc", '#include "google/rpc/status.pb.h"', ""),
    ("collector/answer.cc", '#include "opentelemetry/proto/trace/v1/trace.pb.h"', "read the bytes with protozero"),
    ("collector/answer_test.cc", '#include "opentelemetry/proto/trace/v1/trace.pb.h"', ""),
    ("slo/engine.cc", '#include "google/rpc/status.pb.h"', "slo may not use proto; take a noun of model/"),
    ("slo/engine.cc", "#include <google/rpc/status.pb.h>", "slo may not use proto"),
    ("slo/engine_test.cc", '#include "opentelemetry/proto/trace/v1/trace.pb.h"', ""),
    ("proto/proto_test.cc", '#include "slowburn/store/v1/log_record.pb.h"', ""),
    ("rules/book.cc", '#include "slowburn/store/v1/log_record.pb.h"', ""),
    ("app/commit_loop.cc", '#include "slowburn/store/v1/log_record.pb.h"', ""),
    ("forward/queue.cc", '#include "slowburn/store/v1/log_record.pb.h"', "forward may not use slowburn/store"),
    ("collector/answer.cc", '#include "slowburn/store/v1/log_record.pb.h"', "collector may not use slowburn/store"),
    ("storage/rocksdb/s_test.cc", '#include "slowburn/store/v1/log_record.pb.h"', ""),
    # Libraries.
    ("storage/rocksdb/rocksdb_store.cc", "#include <rocksdb/db.h>", ""),
    ("app/main.cc", "#include <rocksdb/db.h>", "app may not use <rocksdb/...>; use storage/api/store.h"),
    ("app/main.cc", '#include "rocksdb/db.h"', "app may not use <rocksdb/...>"),
    ("collector/server.cc", "#include <grpcpp/server.h>", ""),
    ("serve/api.cc", "#include <grpcpp/server.h>", "serve may not use <grpc...>"),
    ("serve/api.cc", "#include <grpc/grpc.h>", "serve may not use <grpc...>"),
    ("net/server.cc", "#include <grpcpp/grpcpp.h>", "net may not use <grpc...>"),
    ("net/server_test.cc", "#include <grpcpp/grpcpp.h>", ""),
    ("serve/api_test.cc", "#include <grpcpp/grpcpp.h>", "serve may not use <grpc...>"),
    ("net/server.cc", "#include <boost/beast/http.hpp>", ""),
    ("serve/api.cc", "#include <boost/beast/http.hpp>", "serve may not use <boost/beast...>; use net's server"),
    ("forward/client.cc", "#include <boost/asio.hpp>", "forward may not use <boost/asio...>"),
    ("serve/api.cc", "#include <boost/json.hpp>", ""),
    # How it is written.
    ("slo/engine.cc", "#include <net/if.h>", ""),
    ("slo/engine.cc", "#include <net/content_coding.h>", "slo may not use net"),  # it is in the tree
    ("slo/engine.cc", '  #  include "net/content_coding.h"', "slo may not use net"),
    ("slo/engine.cc", '// #include "net/content_coding.h"', ""),
    ("slo/engine.cc", '#include "../net/content_coding.h"', "is a relative path; write it from the root"),
    ("slo/engine.cc", '#include "slo/../net/content_coding.h"', "is a relative path; write it from the root"),
    ("net/server.cc", '#include "content_coding.h"', 'write "net/content_coding.h"'),
    ("slo/engine.cc", '#include "util/strings.h"', '"util/strings.h" is in no room; write <util/strings.h>'),
]


class CheckLayersTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.write("net/content_coding.h", "#pragma once\n")

    def write(self, path, text):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, encoding="utf-8")

    def run_program(self):
        program = Path(check_layers.__file__)
        return subprocess.run([sys.executable, program, self.root], capture_output=True, text=True, check=False)

    def test_each_include(self):
        for path, line, want in CASES:
            with self.subTest(path=path, line=line):
                self.write(path, f"// {path}\n\n{line}\n")
                _, troubles = check_layers.check_file(self.root, path)
                if want:
                    self.assertEqual(len(troubles), 1, troubles)
                    self.assertTrue(troubles[0].startswith(f"{path}:3: "), troubles)
                    self.assertIn(want, troubles[0])
                else:
                    self.assertEqual(troubles, [])

    def test_arrows_go_down(self):
        self.assertEqual(set(check_layers.ARROWS), set(check_layers.LEVELS))
        for room, targets in check_layers.ARROWS.items():
            if room in ("tests", "bench"):
                continue
            for target in targets:
                with self.subTest(room=room, target=target):
                    self.assertLess(check_layers.LEVELS[target], check_layers.LEVELS[room])

    def test_program_exits_1_with_the_place(self):
        self.write("slo/a.cc", '#include "base/clock.h"\n#include "serve/api.h"\n')
        self.write("tests/e2e/node_modules/native/x.cc", '#include "x.h"\n')  # not ours
        result = self.run_program()
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stdout.split("\n")[:2],
                         ["slo/a.cc:2: slo may not use serve; let app pass it in (docs/architecture.md, rooms)",
                          "layers: 2 includes in 2 files, 1 not allowed"])

    def test_program_exits_0_on_a_clean_tree(self):
        self.write("slo/a.cc", '#include "base/clock.h"\n')
        result = self.run_program()
        self.assertEqual((result.returncode, result.stdout), (0, "layers: 1 includes in 2 files, 0 not allowed\n"))

    def test_program_refuses_a_root_without_rooms(self):
        (self.root / "net/content_coding.h").unlink()
        result = self.run_program()
        self.assertEqual(result.returncode, 1)
        self.assertIn("has no C++ files in any room", result.stdout)


if __name__ == "__main__":
    unittest.main()
