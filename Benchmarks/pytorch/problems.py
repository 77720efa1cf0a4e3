"""The problems of nnbench as PyTorch runs them: a function each, that returns what to run (given a number that picks
one of a few sets of buffers) or None where PyTorch has nothing like it."""

import time

import torch

import networks

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


def in_best_format(problem):
    """An image problem in the memory format that PyTorch is faster with: it has kernels for both."""

    def run_in_best_format(**parameters):
        runs = [problem(memory_format, **parameters) for memory_format in (torch.contiguous_format, torch.channels_last)]
        return min(runs, key=seconds_of)

    return run_in_best_format


def seconds_of(run, repetitions=3):
    run(0)
    times = []
    for iteration in range(repetitions):
        start = time.perf_counter()
        run(iteration)
        times.append(time.perf_counter() - start)
    return min(times)


class Conv:
    """The buffers of a convolution in a memory format; the weights follow the images'."""

    def __init__(self, memory_format, sizes):
        self.sizes = sizes
        self.memory_format = memory_format
        self.stride = (sizes["stride_height"], sizes["stride_width"])
        self.padding = (sizes["pad_height"], sizes["pad_width"])
        self.dilation = (sizes["dilation_height"], sizes["dilation_width"])

    def tensors(self):
        s = self.sizes
        x = uniform(s["batch"], s["in_channels"], s["height"], s["width"])
        w = uniform(s["out_channels"], s["in_channels"] // s["groups"], s["kernel_height"], s["kernel_width"])
        x, w = (t.contiguous(memory_format=self.memory_format) for t in (x, w))
        y = self.forward(x, w)
        return x, w, uniform(*y.shape).contiguous(memory_format=self.memory_format)

    def forward(self, x, w):
        return torch.nn.functional.conv2d(x, w, None, self.stride, self.padding, self.dilation, self.sizes["groups"])

    def backward(self, x, w, dy, wanted):
        return torch.ops.aten.convolution_backward(
            dy, x, w, None, self.stride, self.padding, self.dilation, False, [0, 0], self.sizes["groups"], wanted
        )


def conv_forward(memory_format, **sizes):
    conv = Conv(memory_format, sizes)
    return rotated(conv.tensors, lambda x, w, dy: conv.forward(x, w))


def conv_backward_data(memory_format, **sizes):
    conv = Conv(memory_format, sizes)
    return rotated(conv.tensors, lambda x, w, dy: conv.backward(x, w, dy, [True, False, False]))


def conv_backward_weights(memory_format, **sizes):
    conv = Conv(memory_format, sizes)
    return rotated(conv.tensors, lambda x, w, dy: conv.backward(x, w, dy, [False, True, False]))


class Pool:
    """The buffers of a pooling in a memory format."""

    def __init__(self, memory_format, sizes):
        self.sizes = sizes
        self.memory_format = memory_format
        self.kernel = (sizes["kernel_height"], sizes["kernel_width"])
        self.stride = (sizes["stride_height"], sizes["stride_width"])
        self.padding = (sizes["pad_height"], sizes["pad_width"])
        self.include_padding = bool(sizes["count_include_pad"])

    def image(self):
        s = self.sizes
        x = uniform(s["batch"], s["channels"], s["height"], s["width"])
        return x.contiguous(memory_format=self.memory_format)

    def maximum(self, x):
        return torch.ops.aten.max_pool2d_with_indices(x, self.kernel, self.stride, self.padding)

    def average(self, x):
        return torch.nn.functional.avg_pool2d(
            x, self.kernel, self.stride, self.padding, False, self.include_padding
        )


def pool_max_forward(memory_format, **sizes):
    pool = Pool(memory_format, sizes)
    return rotated(lambda: (pool.image(),), pool.maximum)


def pool_max_backward(memory_format, **sizes):
    pool = Pool(memory_format, sizes)

    def make():
        x = pool.image()
        y, indices = pool.maximum(x)
        return torch.rand_like(y), x, indices

    def run(dy, x, indices):
        torch.ops.aten.max_pool2d_with_indices_backward(
            dy, x, pool.kernel, pool.stride, pool.padding, [1, 1], False, indices
        )

    return rotated(make, run)


def pool_average_forward(memory_format, **sizes):
    pool = Pool(memory_format, sizes)
    return rotated(lambda: (pool.image(),), pool.average)


def pool_average_backward(memory_format, **sizes):
    pool = Pool(memory_format, sizes)

    def make():
        x = pool.image()
        return torch.rand_like(pool.average(x)), x

    def run(dy, x):
        torch.ops.aten.avg_pool2d_backward(
            dy, x, pool.kernel, pool.stride, pool.padding, False, pool.include_padding, None
        )

    return rotated(make, run)


def step(network):
    def run(memory_format, batch):
        training = networks.Training(network, memory_format, batch)
        return rotated(training.examples, training.step)

    return in_best_format(run)


PROBLEMS = {
    "gemm": gemm,
    "conv_forward": in_best_format(conv_forward),
    "conv_backward_data": in_best_format(conv_backward_data),
    "conv_backward_weights": in_best_format(conv_backward_weights),
    "pool_max_forward": in_best_format(pool_max_forward),
    "pool_max_backward": in_best_format(pool_max_backward),
    "pool_average_forward": in_best_format(pool_average_forward),
    "pool_average_backward": in_best_format(pool_average_backward),
    "step_mlp": step(networks.mlp),
    "step_lenet5": step(networks.lenet5),
    "step_airbench": step(networks.airbench),
}
