"""The peers' side of `nnbench --pytorch`: runs the same problems on the same inputs, when it is told to.

    python peer.py THREADS [--compile]

Every request and every answer is one line of JSON on standard input and output:

    {"hello": THREADS}         -> {"version": "PyTorch 2.8.0, ONNX Runtime 1.22.0"}
    {"prepare": {"problem": {"operation": "gemm", "parameters": {...}, "dtype": "float32"},
                 "inputs": FILE, "outputs": FOLDER, "sets": N}}
                               -> {"contenders": {"pytorch": {"mode": "eager", "outputs": FILE, "seconds": the fastest of
                                  a few runs}, "onnx": {...}}}, without those who have nothing like it
    {"run": {"contender": "pytorch", "seconds": S}}
                               -> {"samples": [seconds of one run, ...]}

Files are safetensors. Anything that goes wrong is answered by {"error": "one line"}.
"""

import json
import os
import sys
import time


def main():
    threads, compiles = int(sys.argv[1]), "--compile" in sys.argv[2:]
    # What libraries print must not get between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    contenders = {}
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "hello" in request:
                answer = {"version": start(threads)}
            elif "prepare" in request:
                contenders.clear()
                contenders |= prepare(request["prepare"], compiles, threads)
                answer = {"contenders": write_outputs(contenders, request["prepare"]["outputs"])}
            else:
                turn = request["run"]
                answer = {"samples": contenders[turn["contender"]].turn(turn["seconds"])}
        except Exception as error:
            answer = {"error": " ".join(f"{type(error).__name__}: {error}".split())[:500]}
        try:
            print(json.dumps(answer), file=answers, flush=True)
        except BrokenPipeError:
            # nnbench was stopped, and so is this; nothing is left to be flushed.
            os._exit(1)


def start(threads):
    import safetensors.torch  # noqa: F401: a clear complaint now
    import torch

    torch.set_num_threads(threads)
    try:
        import onnxruntime
    except ImportError:
        return f"PyTorch {torch.__version__} (no ONNX Runtime)"
    return f"PyTorch {torch.__version__}, ONNX Runtime {onnxruntime.__version__}"


def prepare(request, compiles, threads):
    """The fastest candidate of each contender, and its time."""
    from safetensors.torch import load_file

    import problems

    problem = request["problem"]
    options = problems.Options(
        inputs=load_file(request["inputs"]), sets=request["sets"], dtype=problem["dtype"], compiles=compiles,
        threads=threads,
    )  # fmt: skip
    contenders = problems.candidates(problem["operation"], problem["parameters"], options)
    best = {name: fastest(candidates, is_needed=name == "pytorch") for name, candidates in contenders.items()}
    return {name: Contender(*found) for name, found in best.items() if found[0] is not None}


def fastest(candidates, is_needed):
    """They are made one after the other, so that no more than two are in memory. One that fails is left out, unless it is
    the first of those that are needed."""
    best, best_time = None, float("inf")
    while True:
        try:
            candidate = next(candidates, None)
            if candidate is None:
                return best, best_time
            spent = seconds_of(candidate.run)
        except Exception as error:
            if is_needed and best is None:
                raise
            print("left out:", *f"{type(error).__name__}: {error}".split(), file=sys.stderr)
            continue
        if spent < best_time:
            best, best_time = candidate, spent


def seconds_of(run, repetitions=5, budget=0.5):
    run(0)
    times = []
    while not times or (len(times) < repetitions and sum(times) < budget):
        begin = time.perf_counter()
        run(len(times))
        times.append(time.perf_counter() - begin)
    return min(times)


def write_outputs(contenders, folder):
    from safetensors.torch import save_file

    answer = {}
    for name, contender in contenders.items():
        path = os.path.join(folder, f"{name}.safetensors")
        outputs = {key: value.detach().float().contiguous() for key, value in contender.candidate.outputs.items()}
        save_file(outputs, path)
        answer[name] = {"mode": contender.candidate.mode, "outputs": path, "seconds": contender.known_time}
    return answer


class Contender:
    """Times single runs in turns, as Contender.swift does."""

    SHORTEST_SAMPLE = 50e-6

    def __init__(self, candidate, known_time):
        self.candidate = candidate
        self.known_time = known_time
        self.iteration = 0
        self.last_run = 0.0

    def turn(self, budget):
        start = time.perf_counter()
        runs = 0
        while self.last_run < budget and (runs == 0 or time.perf_counter() - start < budget / 5):
            self.last_run = self.time_runs(1)
            runs += 1
        elapsed = time.perf_counter() - start
        runs_per_sample = 1 if runs == 0 else max(1, int(self.SHORTEST_SAMPLE * runs / elapsed))
        times = []
        while not times or time.perf_counter() - start < budget:
            times.append(self.time_runs(runs_per_sample) / runs_per_sample)
        return times

    def time_runs(self, count):
        begin = time.perf_counter()
        for _ in range(count):
            self.candidate.run(self.iteration)
            self.iteration += 1
        return time.perf_counter() - begin


if __name__ == "__main__":
    main()
