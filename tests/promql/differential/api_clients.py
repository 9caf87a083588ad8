#!/usr/bin/env python3
"""Prometheus and promtool as clients of our API.

    api_clients.py SERIES_API [--seed N]

Remote read: a Prometheus that reads from ours answers as one that has the series itself, and both send the same samples
in chunks, numbers and native histograms, the same bytes where a chunk has the same samples. promtool prints the same of
both. Prints what is not so and exits 1; 77 where prometheus is not installed.
"""

import argparse
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

import remote_read
import remote_write
from answer_comparison import difference
from dataset import BEGIN_MS, END_MS, SAMPLES, Dataset
from peers import Ours, Prometheus
from promql_diff import AT, SKIPPED

CHUNK_SAMPLES_MAX = 120
BEGIN, END = BEGIN_MS // 1000, END_MS // 1000
READ_THROUGH = ("up", "sum by (job) (rate(http_requests_total[5m]))", 'temperature{room=~"a.*|hall",floor!="2"}',
                "histogram_quantile(0.9, sum by (le) (rate(latency_seconds_bucket[10m])))",
                'count({__name__!="",__name__!~"size.*"})', 'nothing{a="b"}', 'up{job!~"a.*"}', "odd")
PROMTOOL = (
    ("query", "instant", "{url}", "sum by (job) (up)", f"--time={AT}"),
    ("query", "instant", "{url}", "1 + 1", f"--time={AT}"),
    ("query", "range", "{url}", "max(temperature)", f"--start={BEGIN + 600}", f"--end={BEGIN + 1200}", "--step=60s"),
    ("query", "series", "{url}", "--match=up", "--match=target", f"--start={BEGIN}", f"--end={END}"),
    ("query", "labels", "{url}", "job", f"--start={BEGIN}", f"--end={END}"),
    ("query", "instant", "{url}", "sum(", f"--time={AT}"),
)


class Findings:
    def __init__(self):
        self.checked = self.wrong = 0

    def check(self, what, wrong):
        self.checked += 1
        if wrong:
            self.wrong += 1
            print(f"{what}\n    {wrong}")


def read_through(findings, theirs, reader):
    for query in READ_THROUGH:
        for call, parameters in (("query", {"time": AT}), ("query_range", {"start": AT, "end": AT + 900, "step": 60})):
            answers = [api.ask(call, query=query, **parameters) for api in (theirs, reader)]
            findings.check(f"{call} {query} through remote read", difference(*answers))


def numbers(chunks):
    return [sample for kind, _, _, data in chunks if kind == remote_read.XOR for sample in remote_read.xor_samples(data)]


def chunked(api, begin, end, matchers):
    status, body = remote_read.ask(api, begin, end, matchers, (remote_read.STREAMED_XOR_CHUNKS, remote_read.SAMPLES))
    assert status == 200, body
    return remote_read.chunks_by_series(body)


def compare_chunks(findings, theirs, ours, name):
    matchers = [(0, "__name__", name)]
    a, b = (chunked(api, BEGIN_MS, END_MS, matchers) for api in (theirs, ours))
    findings.check(f"series of {name} in chunks", "" if list(a) == list(b) else f"{list(a)[:3]} against {list(b)[:3]}")
    for labels in a.keys() & b.keys():
        inside = [sample for sample in numbers(a[labels]) if BEGIN_MS <= sample[0] <= END_MS]
        findings.check(f"samples of {labels}", "" if inside == numbers(b[labels]) else "they differ")
        # Ours cuts by the range that is asked for, so the very samples of one of theirs can be asked for. Where samples
        # come irregularly theirs has more of them than it means to.
        for _, first, last, data in a[labels][:2]:
            if len(remote_read.xor_samples(data)) > CHUNK_SAMPLES_MAX:
                continue
            mine = chunked(ours, first, last, [(0, key, value) for key, value in labels])
            # Behind a last bit that ends a byte 2.42 may have an empty one.
            same = [chunk[3] for chunk in mine[labels]] in ([data], [data.removesuffix(b"\0")])
            findings.check(f"the chunk of {labels} at {first}", "" if same else "its bytes differ")


def without_reset(chunk):
    """A chunk of histograms but for what its first one is to one before, which depends on what was asked for."""
    kind, first, last, data = chunk
    return kind, first, last, data[:2] + data[3:]


def compare_histogram_chunks(findings, theirs, ours):
    matchers = [(0, "__name__", "size_bytes")]
    a, b = (chunked(api, BEGIN_MS, END_MS, matchers) for api in (theirs, ours))
    findings.check("series of native histograms in chunks", "" if a and list(a) == list(b) else f"{list(a)} against {list(b)}")
    for labels in a.keys() & b.keys():
        counts = [int.from_bytes(data[:2], "big") for _, _, _, data in b[labels]]
        full = [CHUNK_SAMPLES_MAX] * (SAMPLES // CHUNK_SAMPLES_MAX)
        findings.check(f"histograms in the chunks of {labels}", "" if counts == full else f"{counts}")
        same_size = [chunk for chunk in a[labels] if int.from_bytes(chunk[3][:2], "big") <= CHUNK_SAMPLES_MAX]
        findings.check(f"their chunks of {labels}", "" if same_size else "none has as few as ours")
        for chunk in same_size:
            mine = chunked(ours, chunk[1], chunk[2], [(0, key, value) for key, value in labels])
            # As above, an empty byte.
            wanted = [without_reset(chunk)], [without_reset((*chunk[:3], chunk[3].removesuffix(b"\0")))]
            same = [without_reset(one) for one in mine[labels]] in wanted
            findings.check(f"the chunk of {labels} at {chunk[1]}", "" if same else "its bytes differ")


def compare_histograms(findings, dataset, ours):
    """Native histograms come as they were written; 2.42 neither sends them as samples nor reads them at all."""
    status, body = remote_read.ask(ours, BEGIN_MS, END_MS, [(0, "__name__", "size_bytes")])
    read = remote_read.histograms_by_series(status, body)
    written = {tuple(sorted(series.labels.items())): [
        remote_read.histogram_fields(remote_write.histogram(*sample)) for sample in series.histograms
    ] for series in dataset.series if series.histograms}
    findings.check("native histograms as samples", "" if written and read == written else "they differ")


def promtool(findings, theirs, ours):
    for arguments in PROMTOOL:
        said = []
        for api in (theirs, ours):
            done = subprocess.run(["promtool", *(argument.format(url=api.url) for argument in arguments)],
                                  capture_output=True, text=True, timeout=60, check=False)
            lines = sorted(done.stdout.splitlines()) + done.stderr.replace(api.url, "URL").splitlines()
            said.append((done.returncode, lines))
        findings.check(f"promtool {' '.join(arguments)}", "" if said[0] == said[1] else f"{said[0]} against {said[1]}")


def refusals(findings, ours):
    for what, answer in (
            ("no snappy", ours.get("/api/v1/read", b"\xff\xff\xff", {})),
            ("no protobuf", ours.get("/api/v1/read", remote_read.wire.snappy_block(b"\x0f\x0f"), {})),
            ("no regular expression", remote_read.ask(ours, BEGIN_MS, END_MS, [(2, "job", "(")]))):
        findings.check(f"read with {what}", "" if answer[0] == 400 and answer[1] else f"it is answered {answer}")


def run(arguments):
    seed = arguments.seed if arguments.seed is not None else secrets.randbelow(1 << 32)
    print(f"--seed {seed}")
    findings = Findings()
    running = []
    with tempfile.TemporaryDirectory(prefix="slowburn-") as name:
        folder = Path(name)
        dataset = Dataset(seed)
        try:
            theirs = Prometheus(folder / "theirs")
            running.append(theirs)
            theirs.write(dataset)
            ours = Ours(arguments.series_api, folder / "ours", dataset)
            running.append(ours)
            reader = Prometheus(
                folder / "reader", f"remote_read: [{{url: '{ours.url}/api/v1/read', read_recent: true}}]")
            running.append(reader)
            read_through(findings, theirs, reader)
            for metric in ("up", "odd", "temperature", "http_requests_total"):
                compare_chunks(findings, theirs, ours, metric)
            compare_histogram_chunks(findings, theirs, ours)
            compare_histograms(findings, dataset, ours)
            promtool(findings, theirs, ours)
            refusals(findings, ours)
        finally:
            for peer in running:
                peer.end()
    print(f"{findings.checked} checked, {findings.wrong} wrong")
    return 1 if findings.wrong else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("series_api")
    parser.add_argument("--seed", type=int)
    arguments = parser.parse_args()
    if not Prometheus.is_installed():
        print("skipped: prometheus is not installed; run ./dev deps --all")
        return SKIPPED
    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
