"""The two that are asked: Debian's Prometheus, and our API over the same series."""

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import remote_write
from dataset import BEGIN_MS, END_MS, STALE

READY_SECONDS = 60
WRITE_MS = 600_000  # of samples in one request


class Api:
    """Prometheus' HTTP API at an address."""

    def __init__(self, address):
        self.url = f"http://{address}"

    def get(self, path, body=None, headers=None):
        """(status, body) of any answer; a body makes it a POST."""
        request = urllib.request.Request(self.url + path, data=body, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def ask(self, call, **parameters):
        """(status, parsed body) of a form to /api/v1/CALL."""
        form = urllib.parse.urlencode(parameters, doseq=True).encode()
        status, body = self.get(f"/api/v1/{call}", form, {"Content-Type": "application/x-www-form-urlencoded"})
        return status, json.loads(body)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Process:
    """A child that ends with its owner."""

    def __init__(self, command, log, **how):
        self._log = log
        self._log_file = log.open("wb")
        self.process = subprocess.Popen(command, stderr=self._log_file, **how)

    def has_ended_within(self, seconds):
        try:
            self.process.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            return False

    def end(self):
        self.process.terminate()
        if not self.has_ended_within(20):
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()
        self._log_file.close()

    def log_tail(self):
        return self._log.read_text(errors="replace")[-3000:]


class Prometheus(Api):
    """Debian's, with nothing to scrape; `config` may have it read or write elsewhere."""

    @staticmethod
    def is_installed():
        return shutil.which("prometheus") is not None

    def __init__(self, folder: Path, config="{}"):
        folder.mkdir()
        (folder / "prometheus.yml").write_text(config)
        address = f"127.0.0.1:{free_port()}"
        super().__init__(address)
        self._process = Process([
            "prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address={address}", "--web.enable-remote-write-receiver",
            "--enable-feature=native-histograms,promql-per-step-stats", "--log.level=warn", "--query.lookback-delta=5m",
            "--storage.tsdb.retention.time=10y",
        ], folder / "log")
        self._await_ready()

    def _await_ready(self):
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            try:
                if self.get("/-/ready")[0] == 200:
                    return
            except OSError:
                pass
            if self._process.has_ended_within(0.05):
                break
        tail = self._process.log_tail()
        self._process.end()
        raise RuntimeError(f"prometheus is not ready; its log ends with:\n{tail}")

    def write(self, dataset):
        """Everything, in the order of time."""
        for begin in range(BEGIN_MS, END_MS, WRITE_MS):
            body = remote_write.write_request(dataset.series, begin, begin + WRITE_MS)
            status, text = self.get("/api/v1/write", body, {
                "Content-Type": "application/x-protobuf", "Content-Encoding": "snappy",
                "X-Prometheus-Remote-Write-Version": "0.1.0"})
            if status != 204:
                raise RuntimeError(f"prometheus refuses a write: {status} {text.decode()}")

    def end(self):
        self._process.end()


class Ours(Api):
    """series_api over the dataset."""

    def __init__(self, program, folder: Path, dataset):
        folder.mkdir()
        path = folder / "series.jsonl"
        with path.open("w") as file:
            for series in dataset.series:
                file.write(json.dumps({
                    "labels": series.labels,
                    "samples": [[at, number_text(value)] for at, value in series.samples],
                    "histograms": series.histograms}) + "\n")
        self._process = Process([program, str(path)], folder / "log", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = self._process.process.stdout.readline().decode()
        if not line.startswith("ready "):
            tail = self._process.log_tail()
            self._process.end()
            raise RuntimeError(f"series_api is not ready; its log ends with:\n{tail}")
        super().__init__(line.split()[1])

    def end(self):
        self._process.end()


def number_text(value):
    if value == STALE:
        return value
    return repr(float(value)) if value == value else "nan"
