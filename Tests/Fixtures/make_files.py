#!/usr/bin/env python3
"""Writes the files of Tests/SwiftNNTests/Fixtures/files with NumPy, PyTorch, safetensors and Python's gzip and pickle.

Needs numpy, torch and safetensors. Run from anywhere; the files are checked in.
Every array holds (i - 3) * 0.5 or, where its type has no fractions or no signs, small integers.
"""
import collections
import gzip
import io
import pathlib
import pickle
import struct
import zipfile

import numpy as np
import safetensors.torch
import torch

import python2_pickle

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

# PyTorch's files.
model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
with torch.no_grad():
    for number, value in enumerate(model.state_dict().values()):
        value.copy_(torch.arange(value.numel()).reshape(value.shape) + 10 * number)
torch.save(model.state_dict(), folder / "state.pt")
torch.save(model.state_dict(), folder / "state-protocol5.pt", pickle_protocol=5)
torch.save(model.state_dict(), folder / "legacy.pt", _use_new_zipfile_serialization=False)
torch.save(model, folder / "model.pt")
torch.save({"epoch": 3, "model": model.state_dict()}, folder / "checkpoint.pt")
torch.save(torch.zeros(2), folder / "tensor.pt")

tensors["bool"] = torch.from_numpy(integers > 0)
tensors["int16"] = torch.from_numpy(integers).short()
tensors["int8"] = torch.from_numpy(integers).to(torch.int8)
torch.save(tensors, folder / "types.pt")

base = torch.arange(24, dtype=torch.float32)
torch.save(collections.OrderedDict(
    whole=base,
    transposed=base.reshape(4, 6).t(),
    part=base.reshape(4, 6)[1:3, 2:5],
    every_third=base[1::3],
    expanded=base[5:6].expand(2, 3),
    channels_last=base.reshape(1, 2, 3, 4).contiguous(memory_format=torch.channels_last),
    scalar=base[7],
    empty=torch.zeros(0, 3),
    parameter=torch.nn.Parameter(base[:2]),
), folder / "views.pt")

arrays = {
    "float32": halves.astype("<f4").reshape(2, 3, 2),
    "float64_big_endian": halves.astype(">f8").reshape(3, 4),
    "fortran": np.asfortranarray(halves.astype("<f4").reshape(2, 3, 2)),
    "permuted": halves.astype("<f4").reshape(2, 3, 2).transpose(2, 0, 1),
    "int16_big_endian": integers.astype(">i2"),
    "bool": integers > 0,
    "empty": np.zeros((0, 3), "<f4"),
    "scalar": np.array(2.5),
}
for protocol in [2, 3, 4, 5]:
    torch.save(arrays, folder / f"arrays-protocol{protocol}.pt", pickle_protocol=protocol)


# Files that PyTorch would not write.
class Storage:
    def __init__(self, key, count, type=torch.FloatStorage):
        self.id = ("storage", type, key, "cpu", count)


class View:
    """A pickled tensor, whatever its storage."""
    def __init__(self, storage, offset, shape, strides):
        self.arguments = (storage, offset, shape, strides, False, collections.OrderedDict())

    def __reduce__(self):
        return torch._utils._rebuild_tensor_v2, self.arguments


class Pickler(pickle.Pickler):
    def persistent_id(self, value):
        return value.id if isinstance(value, Storage) else None


def torch_file(name, content, byteorder="little", copies=0):
    """An archive of a pickle, or of what is to be pickled, and of one storage of 1 ... 6."""
    if not isinstance(content, bytes):
        buffer = io.BytesIO()
        Pickler(buffer, protocol=2).dump(content)
        content = buffer.getvalue()
    numbers = np.arange(1, 7).astype("<f4" if byteorder == "little" else ">f4")
    with zipfile.ZipFile(folder / "handmade" / f"{name}.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        def write(member, data):
            archive.writestr(zipfile.ZipInfo(f"{name}/{member}"), data, zipfile.ZIP_DEFLATED)
        write("data.pkl", content)
        write("byteorder", byteorder)
        write("data/0", numbers.tobytes())
        archive.filelist += archive.filelist[:1] * copies


(folder / "handmade").mkdir(exist_ok=True)
whole = Storage("0", 6)
torch_file("big-endian", {"x": View(whole, 0, (2, 3), (3, 1))}, byteorder="big")
torch_file("middle-endian", {"x": View(whole, 0, (6,), (1,))}, byteorder="middle")
torch_file("outside", {"x": View(whole, 1, (2, 3), (3, 1))})
torch_file("before", {"x": View(whole, -1, (6,), (1,))})
torch_file("overflow", {"x": View(whole, 0, (3, 2), (1 << 62, 1))})
torch_file("too-large", {"x": View(whole, 0, (1 << 40, 1 << 40), (0, 0))})
torch_file("expanded", {"x": View(whole, 0, (1 << 40,), (0,))})
torch_file("repeated", {str(i): View(whole, 0, (1 << 21,), (0,)) for i in range(3)})
torch_file("negative", {"x": View(whole, 0, (-1,), (1,))})
torch_file("rank", {"x": View(whole, 0, (6,), (1, 1))})
torch_file("no-storage", {"x": View(Storage("7", 6), 0, (6,), (1,))})
torch_file("wrong-count", {"x": View(Storage("0", 9), 0, (6,), (1,))})
torch_file("two-types", {
    "x": View(whole, 0, (6,), (1,)), "y": View(Storage("0", 3, torch.DoubleStorage), 0, (3,), (1,))})
torch_file("no-tensor", {"x": View(5, 0, (6,), (1,))})
torch_file("nested", {"state_dict": {"x": View(whole, 0, (6,), (1,))}})
torch_file("twice", {name: View(whole, 0, (6,), (1,)) for name in ["x", b"x"]})
torch_file("number", {7: View(whole, 0, (6,), (1,))})
torch_file("code", b"\x80\x02}X\x01\x00\x00\x00xcos\nsystem\nX\x04\x00\x00\x00true\x85Rs.")
torch_file("bomb", b"\x80\x02" + b"N" * ((1 << 20) + 1) + b".")
torch_file("parameters", b"\x80\x02}X\x01\x00\x00\x00x" + b"ctorch._utils\n_rebuild_parameter\n" * 1000
           + b"N\x85R" + b"\x85R" * 999 + b"s.")
torch_file("overlap", {"x": View(whole, 0, (6,), (1,))}, copies=10)


# CIFAR-10 of four pictures a file: the binary version, the Python version, and one of its files pickled by Python 3.
def picture(number):
    label = number * 7 % 10
    planes = (np.arange(3072) // (label + 1) + 29 * number) % 256
    return bytes([label]) + planes.astype("u1").tobytes()


cifar = folder / "cifar10"
binary = cifar / "cifar-10-batches-bin"
binary.mkdir(parents=True, exist_ok=True)
for number, name in enumerate([f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]):
    (binary / f"{name}.bin").write_bytes(b"".join(picture(4 * number + i) for i in range(4)))
names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
(binary / "batches.meta.txt").write_text("\n".join(names) + "\n\n")
python = cifar / "cifar-10-batches-py"
python2_pickle.convert(binary, python)

for encoding, protocols in [("bytes", [2, 3, 4]), ("latin1", [2, 5])]:
    with open(python / "data_batch_2", "rb") as file:
        content = pickle.load(file, encoding=encoding)
    assert content["data" if encoding == "latin1" else b"data"].shape == (4, 3072)
    for protocol in protocols:
        with open(cifar / f"data_batch_2-{encoding}-protocol{protocol}", "wb") as file:
            pickle.dump(content, file, protocol=protocol)
