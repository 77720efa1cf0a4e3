"""What nnbench starts as a process of its own, to measure it from outside; Sources/nnbench/Children does the same.

    python child.py THREADS first-step FOLDER             the first training step of a perceptron on Fashion-MNIST
    python child.py THREADS training NETWORK BATCH DTYPE  some training steps of a network; prints the largest memory

The answer is one line on standard output.
"""

import gzip
import os
import sys

import torch
from torch import nn, optim

STEPS = 5


def main():
    _, threads, task, *arguments = sys.argv
    torch.set_num_threads(int(threads))
    if task == "first-step":
        first_step(*arguments)
    else:
        training(*arguments)


def first_step(folder):
    images, labels = (read(folder, part, name) for part, name in (("train", "images-idx3"), ("train", "labels-idx1")))
    for part, name in (("t10k", "images-idx3"), ("t10k", "labels-idx1")):
        read(folder, part, name)
    x = images.reshape(-1, 784).float().div_(255)
    x = (x - x.mean()) / x.std()
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9, fused=True)
    chosen = torch.randperm(len(x))[:64]
    nn.functional.cross_entropy(model(x[chosen]), labels[chosen].long()).backward()
    optimizer.step()
    print("step", flush=True)


def read(folder, part, name):
    path = os.path.join(folder, f"{part}-{name}-ubyte")
    with open(path, "rb") if os.path.exists(path) else gzip.open(path + ".gz", "rb") as file:
        content = file.read()
    # Behind the magic number, whose last byte is how many sizes follow.
    return torch.frombuffer(bytearray(content[4 + 4 * content[3] :]), dtype=torch.uint8)


def training(name, batch, dtype):
    import networks

    run = networks.Training(networks.make(name, None, torch.channels_last), autocast=dtype == "bfloat16")
    for _ in range(STEPS):
        x = torch.randn(int(batch), *networks.INPUT_SHAPES[name])
        if networks.is_image(x):
            x = x.contiguous(memory_format=torch.channels_last)
        run.step(x, torch.randint(0, networks.CLASSES, (int(batch),)))
    print(peak_memory(), flush=True)


def peak_memory():
    """The largest resident memory of this process so far, in bytes."""
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    main()
