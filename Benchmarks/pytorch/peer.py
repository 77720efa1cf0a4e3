"""PyTorch's side of `nnbench --pytorch`: runs the same problems, when it is told to.

    python peer.py THREADS

Every request and every answer is one line of JSON on standard input and output:

    {"hello": THREADS}                      -> {"version": "2.8.0, 2 threads"}
    {"prepare": {"operation": "gemm", "parameters": {"m": 64, ...}}}
                                            -> {"supported": true}, or false where PyTorch has nothing like it
    {"run": SECONDS}                        -> {"samples": [seconds of one run, ...]}

Anything that goes wrong is answered by {"error": "one line"}.
"""

import json
import sys
import time


def main():
    threads = int(sys.argv[1])
    runner = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "hello" in request:
                answer = {"version": start(threads)}
            elif "prepare" in request:
                import problems

                runner = problems.prepare(**request["prepare"])
                answer = {"supported": runner is not None}
            else:
                answer = {"samples": samples(runner, request["run"])}
        except Exception as error:
            answer = {"error": " ".join(f"{type(error).__name__}: {error}".split())}
        print(json.dumps(answer), flush=True)


def start(threads):
    import torch

    torch.set_num_threads(threads)
    return f"{torch.__version__}, {torch.get_num_threads()} threads"


def samples(run, budget):
    """Times of single runs in a turn of `budget` seconds: measured as Contender.swift does it."""
    shortest_sample = 50e-6
    start = time.perf_counter()
    runs = 0
    while runs == 0 or time.perf_counter() - start < budget / 5:
        run(runs)
        runs += 1
    runs_per_sample = max(1, int(shortest_sample * runs / (time.perf_counter() - start)))
    times = []
    while not times or time.perf_counter() - start < budget:
        begin = time.perf_counter()
        for _ in range(runs_per_sample):
            run(runs)
            runs += 1
        times.append((time.perf_counter() - begin) / runs_per_sample)
    return times


if __name__ == "__main__":
    main()
