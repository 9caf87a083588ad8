"""Remote read by hand: the request, and both forms of its answer."""

import struct

import remote_write as wire

SAMPLES, STREAMED_XOR_CHUNKS = 0, 1
XOR, FLOAT_HISTOGRAM = 1, 3


def read_request(begin_ms, end_ms, matchers, types=()):
    """`matchers` are (type, name, value): 0 =, 1 !=, 2 =~, 3 !~."""
    query = wire.whole(1, begin_ms) + wire.whole(2, end_ms)
    for kind, name, value in matchers:
        query += wire.field(3, wire.whole(1, kind) + wire.field(2, name.encode()) + wire.field(3, value.encode()))
    return wire.snappy_block(wire.field(1, query) + b"".join(wire.whole(2, kind) for kind in types))


def ask(api, begin_ms, end_ms, matchers, types=()):
    return api.get("/api/v1/read", read_request(begin_ms, end_ms, matchers, types), {
        "Content-Type": "application/x-protobuf", "Content-Encoding": "snappy",
        "X-Prometheus-Remote-Read-Version": "0.1.0"})


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def fields(message):
    """(number, value) of each: a whole number, 8 bytes, or bytes."""
    at = 0
    while at < len(message):
        key, at = varint(message, at)
        if key & 7 == 0:
            value, at = varint(message, at)
        else:
            size, at = varint(message, at) if key & 7 == 2 else (8, at)
            value, at = message[at:at + size], at + size
        yield key >> 3, value


def signed(value):
    return value - (1 << 64) if value >= 1 << 63 else value


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def frames(body):
    """The messages of a stream; their checksums hold."""
    at = 0
    while at < len(body):
        size, at = varint(body, at)
        (crc,) = struct.unpack(">I", body[at:at + 4])
        message = body[at + 4:at + 4 + size]
        assert size <= 1 << 20 and len(message) == size and crc == crc32c(message), "a frame is broken"
        at += 4 + size
        yield message


def chunks_by_series(body):
    """{labels: [(type, first, last, data), ...]}, in the order that they came."""
    all_series = {}
    for message in frames(body):
        for number, series in fields(message):
            if number != 1:
                continue
            labels, chunks = [], []
            for part, value in fields(series):
                if part == 1:
                    labels.append(tuple(text.decode() for _, text in fields(value)))
                else:
                    chunk = dict(fields(value))
                    chunks.append((chunk[3], signed(chunk[1]), signed(chunk[2]), chunk.get(4, b"")))
            all_series.setdefault(tuple(labels), []).extend(chunks)
    return all_series


def snappy_content(block):
    """What a snappy block holds."""
    size, at = varint(block, 0)
    out = bytearray()
    while at < len(block):
        tag = block[at]
        at += 1
        if tag & 3 == 0:
            length, extra = tag >> 2, max(0, (tag >> 2) - 59)
            if extra:
                length = int.from_bytes(block[at:at + extra], "little")
            at += extra
            out += block[at:at + length + 1]
            at += length + 1
            continue
        width = (1, 2, 4)[(tag & 3) - 1]
        offset = int.from_bytes(block[at:at + width], "little") | ((tag >> 5) << 8 if width == 1 else 0)
        length = (tag >> 2 & 7) + 4 if width == 1 else (tag >> 2) + 1
        at += width
        for _ in range(length):
            out.append(out[-offset])
    assert len(out) == size, "a snappy block is broken"
    return bytes(out)


def histogram_fields(message):
    return sorted((number, value) for number, value in fields(message) if value not in (0, bytes(8), b""))


def histograms_by_series(status, body):
    """{labels: [the fields that are not 0, of each histogram]} of an answer in samples."""
    assert status == 200, body
    all_series = {}
    for _, result in fields(snappy_content(body)):
        for _, series in fields(result):
            labels, histograms = [], []
            for part, value in fields(series):
                if part == 1:
                    labels.append(tuple(text.decode() for _, text in fields(value)))
                elif part == 4:
                    histograms.append(histogram_fields(value))
            all_series[tuple(labels)] = histograms
    return all_series


class Bits:
    def __init__(self, data):
        self._bits = int.from_bytes(data, "big")
        self._left = len(data) * 8

    def take(self, count):
        self._left -= count
        return self._bits >> self._left & (1 << count) - 1

    def uvarint(self):
        value = shift = 0
        while True:
            byte = self.take(8)
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def change_of_step(self):
        if not self.take(1):
            return 0
        for width in (14, 17, 20):
            if not self.take(1):
                value = self.take(width)
                return value - (1 << width) if value > 1 << width - 1 else value
        return signed(self.take(64))


def xor_samples(data):
    """[(time, the bits of the value)] of a chunk."""
    bits = Bits(data)
    count = bits.take(16)
    raw = bits.uvarint()
    time = raw >> 1 if raw & 1 == 0 else ~(raw >> 1)
    value = bits.take(64)
    samples, step, leading, meaning = [(time, value)], 0, 0, 0
    for i in range(1, count):
        step = bits.uvarint() if i == 1 else step + bits.change_of_step()
        time += step
        if bits.take(1):
            if bits.take(1):
                leading, meaning = bits.take(5), bits.take(6) or 64
            value ^= bits.take(meaning) << 64 - leading - meaning
        samples.append((time, value))
    return samples
