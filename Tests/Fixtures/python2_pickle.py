#!/usr/bin/env python3
"""Writes CIFAR-10's Python version from its binary version: python2_pickle.py BINARY_DIRECTORY PYTHON_DIRECTORY.

The files are as Python 2's cPickle wrote them by protocol 2, with strings of bytes (SHORT_BINSTRING, BINSTRING), which
no Python 3 can write any more; the instructions are therefore put together here.
"""
import pathlib
import struct
import sys

PICTURE = 3072


class Pickle:
    """A pickle of protocol 2; as cPickle does, it counts the memo from 1 and appends in parts of 1000."""

    def __init__(self):
        self.bytes = bytearray(b"\x80\x02")
        self.memo = 0

    def put(self):
        self.memo += 1
        self.bytes += struct.pack("<cB", b"q", self.memo) if self.memo < 256 else struct.pack("<cI", b"r", self.memo)

    def string(self, text):
        head = struct.pack("<cB", b"U", len(text)) if len(text) < 256 else struct.pack("<cI", b"T", len(text))
        self.bytes += head + text
        self.put()

    def integer(self, number):
        if 0 <= number < 1 << 8:
            self.bytes += struct.pack("<cB", b"K", number)
        elif 0 <= number < 1 << 16:
            self.bytes += struct.pack("<cH", b"M", number)
        else:
            self.bytes += struct.pack("<ci", b"J", number)

    def list(self, items, append):
        self.bytes += b"]"
        self.put()
        for start in range(0, len(items), 1000):
            self.bytes += b"("
            for item in items[start:start + 1000]:
                append(item)
            self.bytes += b"e"

    def global_name(self, module, name):
        self.bytes += f"c{module}\n{name}\n".encode()
        self.put()

    def type_uint8(self):
        self.global_name("numpy", "dtype")
        self.string(b"u1")
        self.bytes += b"K\x00K\x01\x87"  # (name, align, copy)
        self.put()
        self.bytes += b"R"
        self.put()
        self.bytes += b"(K\x03"
        self.string(b"|")
        self.bytes += b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t"
        self.put()
        self.bytes += b"b"

    def array(self, rows, columns, data):
        self.global_name("numpy.core.multiarray", "_reconstruct")
        self.global_name("numpy", "ndarray")
        self.bytes += b"K\x00\x85"
        self.put()
        self.string(b"b")
        self.bytes += b"\x87"
        self.put()
        self.bytes += b"R"
        self.put()
        self.bytes += b"(K\x01"
        self.integer(rows)
        self.integer(columns)
        self.bytes += b"\x86"
        self.put()
        self.type_uint8()
        self.bytes += b"\x89"
        self.string(data)
        self.bytes += b"t"
        self.put()
        self.bytes += b"b"

    def dictionary(self, entries):
        """Entries are a key and a function that appends the value."""
        self.bytes += b"}"
        self.put()
        self.bytes += b"("
        for key, append in entries:
            self.string(key)
            append()
        self.bytes += b"u"

    def finished(self):
        return bytes(self.bytes + b".")


def batch(name, records):
    labels = list(records[::1 + PICTURE])
    pixels = b"".join(records[i + 1:i + 1 + PICTURE] for i in range(0, len(records), 1 + PICTURE))
    pickle = Pickle()
    pickle.dictionary([
        (b"batch_label", lambda: pickle.string(name)),
        (b"labels", lambda: pickle.list(labels, pickle.integer)),
        (b"data", lambda: pickle.array(len(labels), PICTURE, pixels)),
        (b"filenames", lambda: pickle.list([b"picture_s_%06d.png" % i for i in range(len(labels))], pickle.string)),
    ])
    return pickle.finished()


def meta(names, records):
    pickle = Pickle()
    pickle.dictionary([
        (b"num_cases_per_batch", lambda: pickle.integer(records)),
        (b"label_names", lambda: pickle.list(names, pickle.string)),
        (b"num_vis", lambda: pickle.integer(PICTURE)),
    ])
    return pickle.finished()


def convert(binary, python):
    binary, python = pathlib.Path(binary), pathlib.Path(python)
    python.mkdir(parents=True, exist_ok=True)
    for i in range(1, 6):
        records = (binary / f"data_batch_{i}.bin").read_bytes()
        (python / f"data_batch_{i}").write_bytes(batch(b"training batch %d of 5" % i, records))
    records = (binary / "test_batch.bin").read_bytes()
    (python / "test_batch").write_bytes(batch(b"testing batch 1 of 1", records))
    names = (binary / "batches.meta.txt").read_bytes().split()
    (python / "batches.meta").write_bytes(meta(names, len(records) // (1 + PICTURE)))


if __name__ == "__main__":
    convert(*sys.argv[1:])
