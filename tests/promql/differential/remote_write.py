"""A remote write 1.0 request, put together by hand: protobuf in a snappy block of literals."""

import struct

STALE_BITS = 0x7FF0000000000002


def varint(number):
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def zigzag(number):
    return varint(number << 1 if number >= 0 else (-number << 1) - 1)


def field(number, payload):
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def whole(number, value):
    return varint(number << 3) + varint(value)


def double(number, value):
    bits = struct.pack("<Q", STALE_BITS) if value == "stale" else struct.pack("<d", value)
    return varint(number << 3 | 1) + bits


def label(name, value):
    return field(1, name.encode()) + field(2, value.encode())


def histogram(time_ms, value):
    deltas, before = b"", 0
    for count in value["counts"]:
        deltas += zigzag(count - before)
        before = count
    message = whole(1, value["count"]) + double(3, float(value["sum"])) + varint(4 << 3) + zigzag(value["schema"])
    message += double(5, value["zero_threshold"]) + whole(6, value["zero_count"])
    for offset, length in value["spans"]:
        message += field(11, varint(1 << 3) + zigzag(offset) + whole(2, length))
    message += field(12, deltas)
    return message + whole(14, 3 if value["gauge"] else 0) + whole(15, time_ms)


def time_series(labels, samples, histograms):
    message = b"".join(field(1, label(name, labels[name])) for name in sorted(labels))
    message += b"".join(field(2, double(1, value) + whole(2, time)) for time, value in samples)
    return message + b"".join(field(4, histogram(time, value)) for time, value in histograms)


def snappy_block(data):
    out = bytearray(varint(len(data)))
    for at in range(0, len(data), 1 << 16):
        literal = data[at:at + (1 << 16)]
        out += bytes([61 << 2]) + struct.pack("<H", len(literal) - 1) + literal
    return bytes(out)


def write_request(series_list, begin_ms, end_ms):
    """What they have in [begin, end), as the body of a request."""
    body = b""
    for series in series_list:
        samples = [sample for sample in series.samples if begin_ms <= sample[0] < end_ms]
        histograms = [sample for sample in series.histograms if begin_ms <= sample[0] < end_ms]
        if samples or histograms:
            body += field(1, time_series(series.labels, samples, histograms))
    return snappy_block(body)
