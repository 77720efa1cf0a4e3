#!/usr/bin/env python3
"""Writes the files of Tests/SwiftNNTests/Fixtures/files with NumPy, safetensors and Python's gzip.

Needs numpy, torch and safetensors. Run from anywhere; the files are checked in.
Every array holds (i - 3) * 0.5 or, where its type has no fractions or no signs, small integers.
"""
import gzip
import pathlib
import struct

import numpy as np
import safetensors.torch
import torch

folder = pathlib.Path(__file__).resolve().parent.parent / "SwiftNNTests" / "Fixtures" / "files"
folder.mkdir(parents=True, exist_ok=True)

halves = (np.arange(12) - 3) * 0.5
integers = np.arange(6) - 2


def npy(name, array, version=None):
    with open(folder / name, "wb") as file:
        np.lib.format.write_array(file, array, version=version)


npy("float32.npy", halves.astype("<f4").reshape(2, 3, 2))
npy("float64-version2.npy", halves.astype("<f8").reshape(3, 4), version=(2, 0))
npy("float32-fortran.npy", np.asfortranarray(halves.astype("<f4").reshape(2, 3, 2)))
npy("float16.npy", halves.astype("<f2"))
npy("float32-big-endian.npy", halves.astype(">f4"))
npy("int64.npy", integers.astype("<i8"))
npy("int16-big-endian.npy", integers.astype(">i2"))
npy("int8.npy", integers.astype("i1"))
npy("bool.npy", integers > 0)
npy("scalar.npy", np.float32(2.5))
npy("empty.npy", np.zeros((0, 3), "<f4"))
npy("complex64.npy", halves.astype("<c8"))
npy("text.npy", np.array(["a", "b"]))

arrays = {"weight": halves.astype("<f4").reshape(3, 4), "layer.0/bias": integers.astype("<i4")}
np.savez(folder / "stored.npz", **arrays)
np.savez_compressed(folder / "deflated.npz", **arrays)

tensors = {
    "float32": torch.from_numpy(halves).float().reshape(2, 3, 2),
    "float64": torch.from_numpy(halves),
    "float16": torch.from_numpy(halves).half(),
    "bfloat16": torch.from_numpy(halves).bfloat16(),
    "int64": torch.from_numpy(integers).long(),
    "int32": torch.from_numpy(integers).int(),
    "uint8": torch.arange(6, dtype=torch.uint8),
    "scalar": torch.tensor(2.5),
}
safetensors.torch.save_file(tensors, folder / "types.safetensors", metadata={"kind": "fixture", "quote\"d": "ä\n"})


def idx(name, code, shape, data):
    header = struct.pack(">BBBB", 0, 0, code, len(shape)) + struct.pack(f">{len(shape)}I", *shape)
    (folder / name).write_bytes(gzip.compress(header + data, mtime=0))


idx("images-idx3.gz", 0x08, (3, 2, 4), bytes(range(24)))
idx("labels-idx1.gz", 0x08, (3,), bytes([7, 0, 9]))
idx("float-idx2.gz", 0x0D, (3, 4), halves.astype(">f4").tobytes())
idx("double-idx1.gz", 0x0E, (12,), halves.astype(">f8").tobytes())
idx("int16-idx1.gz", 0x0B, (6,), integers.astype(">i2").tobytes())
idx("int32-idx1.gz", 0x0C, (6,), integers.astype(">i4").tobytes())
idx("int8-idx1.gz", 0x09, (6,), integers.astype("i1").tobytes())
