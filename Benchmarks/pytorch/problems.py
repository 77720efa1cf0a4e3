"""The problems of nnbench as its peers run them: for each a generator of the ways to run it (candidates), of which the
fastest counts. Inputs come in our layout, images as [batch, height, width, channels], and so do outputs go."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable

import torch
from torch import nn

import networks

aten = torch.ops.aten


@dataclass
class Options:
    inputs: dict  # tensors by name, of the first set of buffers
    sets: int
    dtype: str
    compiles: bool
    threads: int


@dataclass
class Candidate:
    mode: str
    run: Callable[[int], None]
    outputs: dict  # what came of the inputs


def candidates(operation, parameters, options):
    """Generators of candidates by contender."""
    ways = {"pytorch": PYTORCH.get(operation), "onnx": ONNX.get(operation)}
    return {name: candidates_of(make, parameters, options) for name, make in ways.items() if make is not None}


def candidates_of(make, parameters, options):
    yield from make(options, **parameters)
    if options.dtype == "bfloat16" and not has_bfloat16():
        # It is computed by detours here, and float32 is the faster way to the same result.
        for candidate in make(replace(options, dtype="float32"), **parameters):
            yield replace(candidate, mode=f"{candidate.mode}, float32")


def has_bfloat16():
    flags = Path("/proc/cpuinfo")
    return not flags.exists() or bool({"avx512_bf16", "bf16"} & set(flags.read_text().split()))


def rotated(options, run, *tensors):
    """`run` on one of as many sets of buffers as ours goes through, and with as many results: one that would be written
    over at once would be found in the cache."""
    sets = [tensors] + [tuple(copy(tensor) for tensor in tensors) for _ in range(options.sets - 1)]
    results = [None] * len(sets)

    def turn(iteration):
        index = iteration % len(sets)
        results[index] = None
        results[index] = run(*sets[index])

    return turn


def copy(tensor):
    return tensor.clone(memory_format=torch.preserve_format)


# Matrix products


def gemm(options, transpose_a, transpose_b):
    a, b = options.inputs["a"], options.inputs["b"]
    a, b = a.T if transpose_a else a, b.T if transpose_b else b
    if options.dtype == "bfloat16":
        a, b = a.bfloat16(), b.bfloat16()
    c = torch.empty(a.shape[0], b.shape[1], dtype=a.dtype)
    run = rotated(options, lambda a, b, c: torch.mm(a, b, out=c), a, b, c)
    run(0)
    yield Candidate("eager", run, {"c": copy(c)})


# Images, in both of PyTorch's memory formats: it has kernels for both.

FORMATS = {"eager, channels last": torch.channels_last, "eager, channels first": torch.contiguous_format}


def image(tensor, memory_format, dtype="float32"):
    tensor = tensor.permute(0, 3, 1, 2).contiguous(memory_format=memory_format)
    return tensor.bfloat16() if dtype == "bfloat16" else tensor


def ours(image):
    return image.permute(0, 2, 3, 1)


def conv(options, result, **sizes):
    """`result` takes x, weights, dy and the arguments of the convolution, and returns the names and the outputs."""
    stride = (sizes["stride_height"], sizes["stride_width"])
    padding = (sizes["pad_height"], sizes["pad_width"])
    dilation = (sizes["dilation_height"], sizes["dilation_width"])
    for mode, memory_format in FORMATS.items():
        x = image(options.inputs["x"], memory_format, options.dtype)
        dy = image(options.inputs["dy"], memory_format, options.dtype)
        weights = options.inputs["weights"].to(x.dtype).contiguous(memory_format=memory_format)

        def run(x, weights, dy):
            return result(x, weights, dy, stride, padding, dilation, sizes["groups"])

        yield Candidate(mode, rotated(options, run, x, weights, dy), outputs_of_conv(run(x, weights, dy)))


def outputs_of_conv(outputs):
    (name, value), = outputs.items()
    return {name: value if name == "dweights" else ours(value)}


def conv_forward(options, **sizes):
    def result(x, weights, dy, stride, padding, dilation, groups):
        return {"y": nn.functional.conv2d(x, weights, None, stride, padding, dilation, groups)}

    return conv(options, result, **sizes)


def conv_backward(name, index):
    wanted = [index == 0, index == 1, False]

    def problem(options, **sizes):
        def result(x, weights, dy, stride, padding, dilation, groups):
            gradients = aten.convolution_backward(
                dy, x, weights, None, stride, padding, dilation, False, [0, 0], groups, wanted
            )
            return {name: gradients[index]}

        return conv(options, result, **sizes)

    return problem


def pool(options, is_maximum, is_forward, **sizes):
    kernel = (sizes["kernel_height"], sizes["kernel_width"])
    stride = (sizes["stride_height"], sizes["stride_width"])
    padding = (sizes["pad_height"], sizes["pad_width"])

    def maximum(x):
        return aten.max_pool2d_with_indices(x, kernel, stride, padding)

    def average(x):
        return nn.functional.avg_pool2d(x, kernel, stride, padding)

    def maximum_backward(x, dy, indices):
        return aten.max_pool2d_with_indices_backward(dy, x, kernel, stride, padding, [1, 1], False, indices)

    def average_backward(x, dy):
        return aten.avg_pool2d_backward(dy, x, kernel, stride, padding, False, True, None)

    for mode, memory_format in FORMATS.items():
        x, dy = (image(options.inputs[name], memory_format) for name in ("x", "dy"))
        if is_forward and is_maximum:
            yield Candidate(mode, rotated(options, maximum, x), {"y": ours(maximum(x)[0])})
        elif is_forward:
            yield Candidate(mode, rotated(options, average, x), {"y": ours(average(x))})
        else:
            run = maximum_backward if is_maximum else average_backward
            tensors = (x, dy, maximum(x)[1]) if is_maximum else (x, dy)
            yield Candidate(mode, rotated(options, run, *tensors), {"dx": ours(run(*tensors))})


# Norms

EPSILON = 1e-5


def batch_norm_forward(options, relu):
    for mode, x, scale, shift, _ in batch_norm_inputs(options):

        def run(x):
            y = aten.native_batch_norm(x, scale, shift, None, None, True, 0.1, EPSILON)[0]
            return y.relu_() if relu else y

        yield Candidate(mode, rotated(options, run, x), {"y": ours(run(x))})


def batch_norm_backward(options, relu):
    for mode, x, scale, shift, dy in batch_norm_inputs(options):
        y, mean, inverse = aten.native_batch_norm(x, scale, shift, None, None, True, 0.1, EPSILON)

        def run(x, y, dy):
            if relu:
                dy = aten.threshold_backward(dy, y, 0)
            return aten.native_batch_norm_backward(
                dy, x, scale, None, None, mean, inverse, True, EPSILON, [True, True, True]
            )

        yield Candidate(mode, rotated(options, run, x, y, dy), norm_gradients(run(x, y, dy), ours))


def batch_norm_inputs(options):
    scale, shift = options.inputs["scale"], options.inputs["shift"]
    for mode, memory_format in FORMATS.items():
        x = image(options.inputs["x"], memory_format)
        dy = image(options.inputs["dy"], memory_format) if "dy" in options.inputs else None
        yield mode, x, scale, shift, dy


def layer_norm_forward(options):
    x, scale, shift = (options.inputs[name] for name in ("x", "scale", "shift"))

    def run(x):
        return nn.functional.layer_norm(x, scale.shape, scale, shift, EPSILON)

    yield Candidate("eager", rotated(options, run, x), {"y": run(x)})


def layer_norm_backward(options):
    x, scale, shift, dy = (options.inputs[name] for name in ("x", "scale", "shift", "dy"))
    _, mean, inverse = aten.native_layer_norm(x, scale.shape, scale, shift, EPSILON)

    def run(x, dy):
        return aten.native_layer_norm_backward(dy, x, scale.shape, mean, inverse, scale, shift, [True, True, True])

    yield Candidate("eager", rotated(options, run, x, dy), norm_gradients(run(x, dy)))


def norm_gradients(gradients, layout=lambda x: x):
    dx, dscale, dshift = gradients
    return {"dx": layout(dx), "dscale": dscale, "dshift": dshift}


# Activations: the kernels that autograd calls, without its bookkeeping.

ACTIVATIONS = {
    "sigmoid": (torch.sigmoid, lambda x, y, dy, p: aten.sigmoid_backward(dy, y)),
    "tanh": (torch.tanh, lambda x, y, dy, p: aten.tanh_backward(dy, y)),
    "relu": (torch.relu, lambda x, y, dy, p: aten.threshold_backward(dy, y, 0)),
    "leaky-relu": (
        lambda x, p: nn.functional.leaky_relu(x, p),
        lambda x, y, dy, p: aten.leaky_relu_backward(dy, x, p, False),
    ),
    "elu": (lambda x, p: nn.functional.elu(x, p), lambda x, y, dy, p: aten.elu_backward(dy, p, 1, 1, False, x)),
    "gelu": (nn.functional.gelu, lambda x, y, dy, p: aten.gelu_backward(dy, x)),
    "gelu-tanh": (
        lambda x: nn.functional.gelu(x, approximate="tanh"),
        lambda x, y, dy, p: aten.gelu_backward(dy, x, approximate="tanh"),
    ),
    "silu": (nn.functional.silu, lambda x, y, dy, p: aten.silu_backward(dy, x)),
    "softplus": (nn.functional.softplus, lambda x, y, dy, p: aten.softplus_backward(dy, x, 1, 20)),
}


def activation_forward(options, kind, parameter):
    function = ACTIVATIONS[kind][0]
    arguments = (parameter,) if kind in ("leaky-relu", "elu") else ()
    x = options.inputs["x"]
    yield Candidate("eager", rotated(options, lambda x: function(x, *arguments), x), {"y": function(x, *arguments)})


def activation_backward(options, kind, parameter):
    function, backward = ACTIVATIONS[kind]
    arguments = (parameter,) if kind in ("leaky-relu", "elu") else ()
    x, dy = options.inputs["x"], options.inputs["dy"]
    y = function(x, *arguments)

    def run(x, y, dy):
        return backward(x, y, dy, parameter)

    yield Candidate("eager", rotated(options, run, x, y, dy), {"dx": run(x, y, dy)})


# Losses and optimizers


def cross_entropy(options):
    logits, labels = options.inputs["logits"], options.inputs["labels"].long()
    one = torch.tensor(1.0)

    def run(logits):
        logarithms = aten._log_softmax(logits, 1, False)
        loss, weight = aten.nll_loss_forward(logarithms, labels, None, 1, -100)
        gradient = aten.nll_loss_backward(one, logarithms, labels, None, 1, -100, weight)
        return loss, aten._log_softmax_backward_data(gradient, logarithms, 1, torch.float32)

    loss, gradient = run(logits)
    yield Candidate("eager", rotated(options, run, logits), {"loss": loss.reshape(1), "dlogits": gradient})


def optimizer(options, rule, steps, **settings):
    if OPTIMIZERS[rule]["make"] is None:  # of older versions of PyTorch
        return
    for mode in OPTIMIZERS[rule]["modes"]:
        made = [make_optimizer(options, rule, mode, **settings) for _ in range(options.sets)]
        for _ in range(steps):
            made[0].step()
        (weights,) = made[0].param_groups[0]["params"]
        outputs = {"change": weights.detach() - options.inputs["weights"]}
        yield Candidate(mode, lambda iteration, made=made: made[iteration % len(made)].step(), outputs)


def make_optimizer(options, rule, mode, rate, momentum, weight_decay):
    weights = nn.Parameter(options.inputs["weights"].clone())
    weights.grad = options.inputs["gradient"].clone()
    arguments = dict(lr=rate, weight_decay=weight_decay)
    if rule in ("sgd", "muon"):
        arguments |= dict(momentum=momentum, nesterov=True)
    if mode in ("foreach", "fused"):
        arguments[mode] = True
    return OPTIMIZERS[rule]["make"]([weights], **arguments)


OPTIMIZERS = {
    "sgd": dict(make=torch.optim.SGD, modes=["fused", "foreach"]),
    "adam": dict(make=torch.optim.Adam, modes=["fused", "foreach"]),
    "adamw": dict(make=torch.optim.AdamW, modes=["fused", "foreach"]),
    "rmsprop": dict(make=torch.optim.RMSprop, modes=["foreach"]),
    "muon": dict(make=getattr(torch.optim, "Muon", None), modes=["bfloat16 inside"]),
}


# Whole networks


def modes_of_networks(options):
    """Names, memory formats, and whether compiled, for which torch.compile starts anew: it gives a function up that it has
    compiled for eight models."""
    torch.compiler.reset()
    precision = ", bfloat16 autocast" if options.dtype == "bfloat16" else ""
    formats = FORMATS if networks.is_image(options.inputs["x"]) else {"eager": torch.contiguous_format}
    for name, memory_format in formats.items():
        yield name + precision, memory_format, False
    if options.compiles:
        yield "torch.compile" + precision, torch.channels_last, True


def network_inputs(options, memory_format):
    state = {name[6:]: value for name, value in options.inputs.items() if name.startswith("state.")}
    x = options.inputs["x"]
    return state, x.contiguous(memory_format=memory_format) if networks.is_image(x) else x


def step(options, network):
    for mode, memory_format, compiled in modes_of_networks(options):
        state, x = network_inputs(options, memory_format)
        labels = options.inputs["labels"].long()
        model = networks.make(network, state, memory_format)
        training = networks.Training(model, compiled, options.dtype == "bfloat16")
        outputs = training.first_steps(x, labels)
        yield Candidate(mode, rotated(options, training.step, x, labels), outputs)


def inference(options, network):
    for mode, memory_format, compiled in modes_of_networks(options):
        state, x = network_inputs(options, memory_format)
        model = networks.make(network, state, memory_format).eval()
        forward = torch.compile(model) if compiled else model

        def run(x, forward=forward):
            with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=options.dtype == "bfloat16"):
                return forward(x)

        yield Candidate(mode, rotated(options, run, x), {"logits": run(x)})


def onnx_inference(options, network):
    try:
        import onnxruntime
    except ImportError:
        return
    if options.dtype != "float32":
        return
    state, x = network_inputs(options, torch.contiguous_format)
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    session = onnxruntime.InferenceSession(
        exported(networks.make(network, state, torch.contiguous_format).eval(), x), settings,
        providers=["CPUExecutionProvider"],
    )  # fmt: skip
    name = session.get_inputs()[0].name

    def run(x):
        return session.run(None, {name: x})

    array = x.numpy()
    sets = [array] + [array.copy() for _ in range(options.sets - 1)]
    outputs = {"logits": torch.from_numpy(run(array)[0])}
    yield Candidate("all optimisations", lambda iteration: run(sets[iteration % len(sets)]), outputs)


def exported(model, x):
    """The bytes of the model in ONNX's format."""
    # Which says that torchvision is not there.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    program = torch.onnx.export(model, (x,), dynamo=True, verbose=False)
    return program.model_proto.SerializeToString()


PYTORCH = {
    "gemm": gemm,
    "conv_forward": conv_forward,
    "conv_backward_data": conv_backward("dx", 0),
    "conv_backward_weights": conv_backward("dweights", 1),
    "pool_max_forward": lambda options, **sizes: pool(options, True, True, **sizes),
    "pool_max_backward": lambda options, **sizes: pool(options, True, False, **sizes),
    "pool_average_forward": lambda options, **sizes: pool(options, False, True, **sizes),
    "pool_average_backward": lambda options, **sizes: pool(options, False, False, **sizes),
    "batch_norm_forward": batch_norm_forward,
    "batch_norm_backward": batch_norm_backward,
    "layer_norm_forward": layer_norm_forward,
    "layer_norm_backward": layer_norm_backward,
    "activation_forward": activation_forward,
    "activation_backward": activation_backward,
    "cross_entropy": cross_entropy,
    "optimizer": optimizer,
    "step": step,
    "inference": inference,
}
ONNX = {"inference": onnx_inference}
