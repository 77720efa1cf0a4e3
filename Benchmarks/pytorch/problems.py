"""The problems of nnbench as PyTorch runs them: a function each, that returns what to run (given a number that picks
one of a few sets of buffers) or None where PyTorch has nothing like it."""

import torch

ROTATION = 4


def prepare(operation, parameters):
    problem = PROBLEMS.get(operation)
    return problem(**parameters) if problem else None


def rotated(make, run):
    """`run` on one of a few sets of buffers that `make` made."""
    sets = [make() for _ in range(ROTATION)]
    return lambda iteration: run(*sets[iteration % ROTATION])


def uniform(*shape):
    return torch.rand(shape) * 2 - 1


def gemm(m, n, k, transpose_a, transpose_b):
    def make():
        a = uniform(k, m).T if transpose_a else uniform(m, k)
        b = uniform(n, k).T if transpose_b else uniform(k, n)
        return a, b, torch.empty(m, n)

    return rotated(make, lambda a, b, c: torch.mm(a, b, out=c))


PROBLEMS = {"gemm": gemm}
