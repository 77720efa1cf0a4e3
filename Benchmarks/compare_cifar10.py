"""Trains a CIFAR-10 recipe with nntrain and with PyTorch in turn on this machine, and prints both side by side.

    python3 Benchmarks/compare_cifar10.py --data cifar-10-batches-bin [--recipe fast] [--rounds 2] [--epochs N]
        [--precision bfloat16] [--pytorch-precision bfloat16] [--compile auto|on|off]

PyTorch is installed from PyPI into Benchmarks/.venv, unless --python names one that has it. nntrain is built before
(`swift build -c release --product nntrain`). Times are of training, without loading and scoring; memory is the largest
resident size of the whole process. PyTorch computes in bfloat16 by autocast where the CPU has instructions for it, which
is its best mode there, and else in float32; by torch.compile where some steps show that to be faster; and with glibc told
to keep freed memory, as PyTorch's guide to CPU performance advises: it allocates every result anew. That may take more
memory: an epoch without it follows, and the smaller figure counts.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
NNTRAIN = HERE.parent / ".build/release/nntrain"
# As in Sources/nnbench/Peer/PeerProcess.swift.
KEEPS_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 40)}


def main():
    options = parse_options()
    if not NNTRAIN.exists():
        sys.exit(f"{NNTRAIN} is not there: build it by `swift build -c release`")
    python = options.python or python_with_pytorch()
    if options.compile == "auto":
        # In a process of its own, whose memory is not that of the training.
        options.compile = run_pytorch_script(python, options, ["--compile", "try"])[0].strip()
        print(f"torch.compile: {options.compile}", file=sys.stderr)
    runs = {"SwiftNN": [], "PyTorch": []}
    for seed in range(1, options.rounds + 1):
        runs["SwiftNN"].append(run_nntrain(options, seed))
        runs["PyTorch"].append(run_pytorch(python, options, seed))
    lean = run_pytorch_script(python, options, ["--epochs", "1", "--compile", options.compile], keeps_memory=False)[1]
    for pytorch in runs["PyTorch"]:
        pytorch.memory = min(pytorch.memory, lean)
    print_table(runs)


def parse_options():
    parser = argparse.ArgumentParser(description="Trains a CIFAR-10 recipe with nntrain and PyTorch in turn.")
    parser.add_argument("--data", required=True, help="the folder with data_batch_1.bin ...")
    parser.add_argument("--recipe", default="fast")
    parser.add_argument("--rounds", type=int, default=1, help="trainings of each, with the seeds 1, 2, ...")
    parser.add_argument("--epochs", type=int)
    # Of both sides the same: by itself PyTorch takes one per core, nntrain one per CPU.
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--python", help="a Python with torch and numpy")
    precisions = ["float32", "bfloat16"]
    parser.add_argument("--precision", choices=precisions, default="float32", help="of SwiftNN")
    parser.add_argument("--pytorch-precision", choices=precisions, default=precisions[has_bfloat16()])
    parser.add_argument("--compile", choices=["auto", "on", "off"], default="auto", help="torch.compile for PyTorch")
    return parser.parse_args()


def has_bfloat16():
    flags = Path("/proc/cpuinfo")
    return flags.exists() and "avx512_bf16" in flags.read_text()


def python_with_pytorch():
    # That of `make venv`, where it is there.
    shared = HERE.parent / ".venv"
    folder = shared if shared.exists() else HERE / ".venv"
    python = folder / "bin/python"
    if not python.exists() or subprocess.run([python, "-c", "import numpy, torch"], capture_output=True).returncode != 0:
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "torch", "numpy"], check=True)
    return python


class Run:
    """What a training brought: its epochs, the final accuracy and the largest memory in bytes."""

    def __init__(self, epochs, accuracy, memory):
        self.seconds = epochs[-1]["seconds"]
        self.images_per_second = epochs[-1]["images_per_second"]
        self.plain_accuracy = epochs[-1]["test_accuracy"]
        self.accuracy = accuracy
        self.memory = memory
        self.epochs = epochs

    def seconds_to(self, accuracy):
        """With the recipe's views, after the last epoch, where no epoch reaches it without them."""
        reached = [e["seconds"] for e in self.epochs if e["test_accuracy"] >= accuracy]
        return (reached + [self.seconds] * (self.accuracy >= accuracy) + [None])[0]


def run_nntrain(options, seed):
    with tempfile.TemporaryDirectory() as out:
        arguments = ["cifar10", "--recipe", options.recipe, "--data", options.data, "--seed", str(seed), "--out", out]
        arguments += ["--precision", options.precision]
        _, memory = run([NNTRAIN, *arguments, "--quiet", *shared_options(options)])
        metrics = json.loads(Path(out, "metrics.json").read_text())
        epochs = [json.loads(line) for line in Path(out, "log.jsonl").read_text().splitlines()]
    # log.jsonl has the seconds of each epoch.
    total = 0
    for epoch in epochs:
        total += epoch["seconds"]
        epoch["seconds"] = total
    epochs[-1]["images_per_second"] = metrics["images_per_second"]
    return Run(epochs, metrics["test_accuracy"], memory)


def run_pytorch(python, options, seed):
    output, memory = run_pytorch_script(python, options, ["--seed", str(seed), "--compile", options.compile])
    *epochs, last = [json.loads(line) for line in output.splitlines()]
    return Run(epochs, last["test_accuracy"], memory)


def run_pytorch_script(python, options, arguments, keeps_memory=True):
    script = [python, HERE / "pytorch/cifar10.py", options.recipe, "--data", options.data]
    precision = ["--precision", options.pytorch_precision]
    environment = os.environ | (KEEPS_MEMORY if keeps_memory else {})
    return run([*script, *precision, *shared_options(options), *arguments], environment)


def shared_options(options):
    chosen = {"--epochs": options.epochs, "--threads": options.threads}
    return [text for name, value in chosen.items() if value for text in (name, str(value))]


def run(command, environment=None):
    """The output of a command, and its largest resident memory in bytes."""
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True, env=environment)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{command[0]} failed with exit code {process.returncode}")
    return output, usage.ru_maxrss * 1024


def print_table(runs):
    rows = [
        ("training, s", lambda run: run.seconds, "{:.0f}"),
        ("to 90 %, s", lambda run: run.seconds_to(0.90), "{:.0f}"),
        ("to 94 %, s", lambda run: run.seconds_to(0.94), "{:.0f}"),
        ("images/s", lambda run: run.images_per_second, "{:.0f}"),
        ("accuracy, %", lambda run: 100 * run.accuracy, "{:.2f}"),
        ("without views, %", lambda run: 100 * run.plain_accuracy, "{:.2f}"),
        ("peak memory, MB", lambda run: run.memory / 1e6, "{:.0f}"),
    ]
    print(f"{'':20}{'SwiftNN':>12}{'PyTorch':>12}{'PyTorch/SwiftNN':>18}")
    for name, figure, form in rows:
        means = [mean(figure(run) for run in runs[side]) for side in ("SwiftNN", "PyTorch")]
        texts = ["-" if value is None else form.format(value) for value in means]
        ratio = "-" if None in means else f"{means[1] / means[0]:.2f}"
        print(f"{name:20}{texts[0]:>12}{texts[1]:>12}{ratio:>18}")


def mean(values):
    values = list(values)
    return None if None in values else statistics.mean(values)


if __name__ == "__main__":
    main()
