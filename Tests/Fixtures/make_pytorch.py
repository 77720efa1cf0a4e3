"""Writes the numbers that the tests compare with, as PyTorch computes them.

    python Tests/Fixtures/make_pytorch.py Tests/TestSupport/Fixtures

Needs torch, numpy and safetensors. Inputs are float32 numbers; everything is computed in float64 from them and rounded
to float32 at the end, so that a difference is the tested code's. Made with PyTorch 2.15 on a CPU.

Keys: "case/x", "case/y", "case/dy", "case/dx", "case/p.NAME" (parameters before), "case/g.NAME" (their gradients),
"case/s.NAME" (running statistics after), "case/inference" (the output in inference mode, afterwards).
"""

import sys

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(20)


def rounded(tensor):
    """float64 numbers that float32 holds exactly."""
    return tensor.detach().to(torch.float32).to(torch.float64)


def randn(*shape, scale=1.0):
    return rounded(torch.randn(*shape) * scale)


def stored(tensors):
    return {name: tensor.detach().to(torch.float32).contiguous().clone() for name, tensor in tensors.items()}


def draw_parameters(module):
    """Parameters and statistics that are not the defaults, so that a forgotten one is noticed."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            centre = 1.0 if name.split(".")[-1] == "weight" and parameter.dim() == 1 else 0.0
            parameter.copy_(rounded(centre + 0.3 * torch.randn_like(parameter)))
        for name, buffer in module.named_buffers():
            if name.endswith("running_mean"):
                buffer.copy_(randn(*buffer.shape, scale=0.3))
            elif name.endswith("running_var"):
                buffer.copy_(rounded(0.5 + torch.rand_like(buffer)))


# ---------------------------------------------------------------------------------------------------------- layers


class GELUSigmoid(nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(1.702 * x)


class BinaryStep(nn.Module):
    def forward(self, x):
        return (x >= 0).to(x.dtype) + 0 * x


class Arctan(nn.Module):
    def forward(self, x):
        return torch.atan(x)


class Same(nn.Module):
    """Padding before and after that may differ."""

    def __init__(self, module, padding):
        super().__init__()
        self.module, self.padding = module, padding

    def forward(self, x):
        return self.module(F.pad(x, self.padding))


class Residual(nn.Module):
    def __init__(self, main, shortcut=None):
        super().__init__()
        self.main = main
        if shortcut is not None:
            self.shortcut = shortcut

    def forward(self, x):
        return self.main(x) + (self.shortcut(x) if hasattr(self, "shortcut") else x)


def layer_cases():
    image = (2, 3, 7, 6)
    sequence = (3, 4, 9)
    yield "linear", nn.Linear(7, 5), (4, 7)
    yield "linear-no-bias", nn.Linear(7, 5, bias=False), (4, 7)
    yield "linear-1x1", nn.Linear(1, 1), (1, 1)
    yield "linear-wide", nn.Linear(33, 17), (3, 33)
    yield "linear-sequence", nn.Linear(7, 5), (2, 3, 7)

    yield "conv1d-exercise", nn.Conv1d(8, 12, 3, stride=2), (3, 8, 20)
    yield "conv1d", nn.Conv1d(4, 6, 3), sequence
    yield "conv1d-padding", nn.Conv1d(4, 5, 4, stride=3, padding=2), sequence
    yield "conv1d-same", nn.Conv1d(4, 3, 4, padding="same"), sequence
    yield "conv1d-dilated-groups", nn.Conv1d(4, 6, 2, dilation=3, groups=2, bias=False), sequence
    yield "conv1d-asymmetric", Same(nn.Conv1d(4, 3, 3, stride=2), (2, 0)), sequence

    yield "conv2d", nn.Conv2d(3, 5, 3), image
    yield "conv2d-1x1", nn.Conv2d(3, 7, 1, bias=False), image
    yield "conv2d-same", nn.Conv2d(3, 4, (3, 2), padding="same"), image
    yield "conv2d-stride-padding", nn.Conv2d(3, 4, 3, stride=2, padding=1), image
    yield "conv2d-stride-larger", nn.Conv2d(3, 4, 2, stride=3), image
    yield "conv2d-rectangle", nn.Conv2d(3, 4, (2, 3), stride=(1, 2), padding=(1, 0), dilation=(2, 1)), image
    yield "conv2d-asymmetric", Same(nn.Conv2d(3, 4, 3), (0, 2, 1, 0)), image
    yield "conv2d-groups", nn.Conv2d(4, 6, 3, padding=1, groups=2), (2, 4, 5, 4)
    yield "conv2d-depthwise", nn.Conv2d(5, 5, 3, padding=1, groups=5), (2, 5, 4, 5)
    yield "conv2d-multiplier", nn.Conv2d(3, 6, 3, stride=2, padding=1, groups=3), image
    yield "conv2d-17-channels", nn.Conv2d(17, 9, 2), (1, 17, 3, 3)
    yield "conv2d-one-pixel", nn.Conv2d(1, 1, 1), (1, 1, 1, 1)

    yield "maxpool1d", nn.MaxPool1d(3, stride=2, padding=1), sequence
    yield "maxpool1d-dilated", nn.MaxPool1d(2, stride=1, dilation=3), sequence
    yield "avgpool1d", nn.AvgPool1d(3, stride=2, padding=1), sequence
    yield "avgpool1d-exclude", nn.AvgPool1d(4, stride=2, padding=2, count_include_pad=False, ceil_mode=True), sequence
    yield "maxpool2d", nn.MaxPool2d(2), image
    yield "maxpool2d-overlap", nn.MaxPool2d(3, stride=2, padding=1), image
    yield "maxpool2d-ceil", nn.MaxPool2d(3, stride=2, ceil_mode=True), image
    yield "maxpool2d-rectangle", nn.MaxPool2d((2, 3), stride=(3, 1), padding=(1, 0), dilation=(1, 2)), image
    yield "avgpool2d", nn.AvgPool2d(2), image
    yield "avgpool2d-padding", nn.AvgPool2d(3, stride=2, padding=1), image
    yield "avgpool2d-exclude", nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False), image
    yield "avgpool2d-ceil", nn.AvgPool2d((2, 3), stride=2, padding=(1, 1), ceil_mode=True), image
    yield "global-max", nn.AdaptiveMaxPool2d(1), image
    yield "global-average", nn.AdaptiveAvgPool2d(1), image

    yield "batchnorm1d", nn.BatchNorm1d(7), (5, 7)
    yield "batchnorm1d-sequence", nn.BatchNorm1d(4, eps=1e-3, momentum=0.3), sequence
    yield "batchnorm2d", nn.BatchNorm2d(3), image
    yield "batchnorm2d-plain", nn.BatchNorm2d(3, affine=False), image
    yield "batchnorm2d-one-image", nn.BatchNorm2d(17), (1, 17, 2, 2)
    yield "layernorm", nn.LayerNorm(7), (5, 7)
    yield "layernorm-plain", nn.LayerNorm(7, eps=1e-3, elementwise_affine=False), (5, 7)
    yield "layernorm-image", nn.LayerNorm([3, 7, 6]), image
    yield "layernorm-sequence", nn.LayerNorm(9), sequence

    points = (3, 13)
    yield "identity", nn.Identity(), points
    yield "binary-step", BinaryStep(), points
    yield "sigmoid", nn.Sigmoid(), points
    yield "tanh", nn.Tanh(), points
    yield "arctan", Arctan(), points
    yield "relu", nn.ReLU(), points
    yield "leaky-relu", nn.LeakyReLU(0.02), points
    yield "leaky-relu-negative", nn.LeakyReLU(-0.5), points
    yield "elu", nn.ELU(0.7), points
    yield "gelu", nn.GELU(), points
    yield "gelu-sigmoid", GELUSigmoid(), points
    yield "gelu-tanh", nn.GELU(approximate="tanh"), points
    yield "silu", nn.SiLU(), points
    yield "softplus", nn.Softplus(), points
    yield "prelu", nn.PReLU(), points
    yield "prelu-channels", nn.PReLU(3), image
    yield "prelu-features", nn.PReLU(13), points
    yield "softmax", nn.Softmax(dim=-1), points
    yield "softmax-sequence", nn.Softmax(dim=-1), sequence
    yield "log-softmax", nn.LogSoftmax(dim=-1), points

    yield "flatten", nn.Flatten(), image
    yield "dropout-0", nn.Dropout(0.0), points
    yield "conv-flatten-linear", nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(80, 5)), image
    yield "conv1d-relu-flatten-linear", nn.Sequential(
        nn.Conv1d(4, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(42, 3)
    ), sequence
    yield "residual", Residual(
        nn.Sequential(
            # The gradient of a bias before a batch norm would be 0 but for rounding.
            nn.Conv2d(3, 3, 3, padding=1, bias=False), nn.BatchNorm2d(3), nn.ReLU(), nn.Conv2d(3, 3, 3, padding=1))
    ), image
    yield "residual-shortcut", nn.Sequential(
        nn.Conv2d(3, 4, 1),
        Residual(nn.Sequential(nn.Conv2d(4, 6, 3, stride=2, padding=1), nn.ReLU()), nn.Conv2d(4, 6, 1, stride=2)),
        nn.ReLU(),
    ), image
    yield "residual-nested", Residual(
        nn.Sequential(nn.Linear(7, 7), Residual(nn.Sequential(nn.Tanh(), nn.Linear(7, 7))), nn.Sigmoid())
    ), (4, 7)
    yield "residual-flatten", Residual(
        nn.Sequential(nn.Conv1d(4, 2, 3), nn.Flatten()), nn.Sequential(nn.Flatten(), nn.Linear(36, 14))
    ), sequence


def conv1d_cases():
    """Sizes of the coursework's Conv1d: (in, out, kernel, stride) and the input's shape."""
    for sizes, shape in [
        ((8, 12, 3, 2), (3, 8, 20)), ((1, 1, 1, 1), (1, 1, 1)), ((3, 5, 4, 1), (2, 3, 9)), ((5, 2, 3, 3), (4, 5, 11)),
        ((2, 7, 5, 4), (3, 2, 17)), ((4, 3, 2, 5), (2, 4, 12)), ((10, 16, 6, 2), (5, 10, 50)),
    ]:
        channels_in, channels_out, kernel, stride = sizes
        yield "-".join(map(str, sizes)), nn.Conv1d(channels_in, channels_out, kernel, stride=stride), shape


def renamed(name):
    """The names that the Swift layers have, which have no wrapper for padding."""
    return name.removeprefix("module.")


def run_layers(cases):
    tensors = {}
    for case, module, shape in cases:
        module = module.double()
        draw_parameters(module)
        x = randn(*shape)
        if "pool" in case or case == "global-max":
            # No two numbers are equal: which one of them wins is not PyTorch's promise.
            x = rounded((torch.randperm(x.numel()).reshape(shape) - x.numel() // 2) / 64)
        for name, parameter in module.named_parameters():
            tensors[f"{case}/p.{renamed(name)}"] = parameter.clone()
        for name, buffer in module.named_buffers():
            if "running" in name:
                tensors[f"{case}/p.{renamed(name)}"] = buffer.clone()
        x.requires_grad_(True)
        y = module.train()(x)
        dy = randn(*y.shape)
        y.backward(dy)
        tensors.update({f"{case}/x": x, f"{case}/y": y, f"{case}/dy": dy, f"{case}/dx": x.grad})
        for name, parameter in module.named_parameters():
            tensors[f"{case}/g.{renamed(name)}"] = parameter.grad
        statistics = {name: buffer for name, buffer in module.named_buffers() if "running" in name}
        if statistics:
            tensors.update({f"{case}/s.{renamed(name)}": buffer.clone() for name, buffer in statistics.items()})
            tensors[f"{case}/inference"] = module.eval()(x)
    return stored(tensors)


def make_layers():
    return run_layers(layer_cases())


def make_conv1d():
    return run_layers(conv1d_cases())


# ---------------------------------------------------------------------------------------------------------- losses


def loss_cases():
    labels = torch.tensor([2, 0, 4, 4, 1, 3])
    for name, options in [
        ("labels", {}), ("sum", {"reduction": "sum"}), ("smoothing", {"label_smoothing": 0.1}),
    ]:
        yield f"cross-entropy-{name}", nn.CrossEntropyLoss(**options), randn(6, 5, scale=2), labels
    yield "cross-entropy-large", nn.CrossEntropyLoss(), randn(6, 5, scale=200), labels
    probabilities = rounded(torch.softmax(torch.randn(6, 5), dim=-1))
    yield "cross-entropy-probabilities", nn.CrossEntropyLoss(), randn(6, 5), probabilities
    yield "cross-entropy-probabilities-smoothing", nn.CrossEntropyLoss(label_smoothing=0.2), randn(6, 5), probabilities
    wide = torch.randint(0, 100, (9,))
    yield "cross-entropy-wide", nn.CrossEntropyLoss(label_smoothing=0.1), randn(9, 100), wide
    yield "mse", nn.MSELoss(), randn(4, 7), randn(4, 7)
    yield "mse-sum", nn.MSELoss(reduction="sum"), randn(4, 7), randn(4, 7)
    targets = rounded(torch.rand(4, 7))
    yield "bce", nn.BCEWithLogitsLoss(), randn(4, 7, scale=3), targets
    yield "bce-sum", nn.BCEWithLogitsLoss(reduction="sum"), randn(4, 7, scale=3), targets
    yield "bce-large", nn.BCEWithLogitsLoss(), randn(4, 7, scale=300), targets.round()


def make_losses():
    tensors = {}
    for case, loss, x, targets in loss_cases():
        x.requires_grad_(True)
        value = loss(x, targets)
        value.backward()
        tensors.update({f"{case}/x": x, f"{case}/targets": targets, f"{case}/value": value, f"{case}/dx": x.grad})
    return stored(tensors)


# ------------------------------------------------------------------------------------------------------ optimizers


def optimizer_cases():
    o = torch.optim
    yield "sgd", lambda p: o.SGD(p, lr=0.1)
    yield "sgd-momentum", lambda p: o.SGD(p, lr=0.1, momentum=0.9)
    yield "sgd-nesterov", lambda p: o.SGD(p, lr=0.1, momentum=0.9, nesterov=True)
    yield "sgd-dampening", lambda p: o.SGD(p, lr=0.1, momentum=0.8, dampening=0.3)
    yield "sgd-decay", lambda p: o.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.05)
    yield "adam", lambda p: o.Adam(p, lr=0.01)
    yield "adam-decay", lambda p: o.Adam(p, lr=0.01, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1)
    yield "adam-amsgrad", lambda p: o.Adam(p, lr=0.01, amsgrad=True)
    yield "adamw", lambda p: o.AdamW(p, lr=0.01, weight_decay=0.1)
    yield "adamw-amsgrad", lambda p: o.AdamW(p, lr=0.01, weight_decay=0.1, amsgrad=True)
    yield "rmsprop", lambda p: o.RMSprop(p, lr=0.01)
    yield "rmsprop-decay", lambda p: o.RMSprop(p, lr=0.01, alpha=0.9, eps=1e-6, weight_decay=0.1)
    yield "rmsprop-momentum", lambda p: o.RMSprop(p, lr=0.01, momentum=0.9)
    yield "rmsprop-centered", lambda p: o.RMSprop(p, lr=0.01, momentum=0.9, centered=True)


def make_optimizers():
    """Weights after each of six steps: case/w, [6, 19], from the same start and gradients for all."""
    steps, count = 6, 19
    start, gradients = randn(count), randn(steps, count)
    tensors = {"start": start, "gradients": gradients}
    for case, make in optimizer_cases():
        weights = nn.Parameter(start.clone())
        optimizer = make([weights])
        after = []
        for gradient in gradients:
            weights.grad = gradient.clone()
            optimizer.step()
            after.append(weights.detach().clone())
        tensors[f"{case}/w"] = torch.stack(after)

    shapes = [(3, 5), (7,), (2, 2)]
    for index, shape in enumerate(shapes):
        tensors[f"clipping/{index}"] = randn(*shape, scale=3)
    for kind, limit in [("norm", 2.0), ("norm-large", 1000.0), ("value", 0.5)]:
        parameters = [nn.Parameter(torch.zeros(shape)) for shape in shapes]
        for index, parameter in enumerate(parameters):
            parameter.grad = tensors[f"clipping/{index}"].clone()
        if kind == "value":
            nn.utils.clip_grad_value_(parameters, limit)
        else:
            tensors[f"clipping-{kind}/norm"] = nn.utils.clip_grad_norm_(parameters, limit)
        for index, parameter in enumerate(parameters):
            tensors[f"clipping-{kind}/{index}"] = parameter.grad
    return stored(tensors)


# ------------------------------------------------------------------------------------------------------- schedules


def make_schedules():
    """The factor on the learning rate at every step (epochs of 4 steps, 10 of them)."""
    steps, per_epoch = 40, 4
    s = torch.optim.lr_scheduler
    cases = {
        "constant": (lambda o: s.ConstantLR(o, factor=1.0), False),
        "step": (lambda o: s.StepLR(o, step_size=3, gamma=0.5), True),
        "milestones": (lambda o: s.MultiStepLR(o, milestones=[2, 5, 6], gamma=0.3), True),
        "linear": (lambda o: s.LinearLR(o, start_factor=0.8, end_factor=0.1, total_iters=steps), False),
        "cosine": (lambda o: s.CosineAnnealingLR(o, T_max=steps, eta_min=0.1), False),
        "one-cycle": (
            lambda o: s.OneCycleLR(o, max_lr=1.0, total_steps=steps, cycle_momentum=False), False),
        "one-cycle-linear": (
            lambda o: s.OneCycleLR(o, max_lr=1.0, total_steps=steps, pct_start=0.25, anneal_strategy="linear",
                                   div_factor=10, final_div_factor=100, cycle_momentum=False), False),
    }
    tensors = {}
    for case, (make, by_epoch) in cases.items():
        optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
        scheduler = make(optimizer)
        factors = []
        for step in range(steps):
            factors.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if step + 1 < steps and (not by_epoch or (step + 1) % per_epoch == 0):
                scheduler.step()
        tensors[case] = torch.tensor(factors)
    return stored(tensors)


# ------------------------------------------------------------------------------------------------------- trainings


def make_trainings():
    """The losses of ten steps from given weights, each on a batch of its own."""
    steps = 10
    models = {
        "mlp": (
            lambda: nn.Sequential(nn.Linear(12, 9), nn.ReLU(), nn.Linear(9, 8), nn.Tanh(), nn.Linear(8, 4)), (6, 12)),
        "cnn": (
            lambda: nn.Sequential(
                nn.Conv2d(2, 5, 3, padding=1), nn.BatchNorm2d(5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                nn.Linear(45, 4)), (4, 2, 6, 6)),
    }
    rules = {
        "sgd": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
        "adam": lambda p: torch.optim.Adam(p, lr=0.01),
    }
    tensors = {}
    for name, (make, shape) in models.items():
        model = make()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.copy_(rounded(parameter))
        initial = {key: value.clone() for key, value in model.state_dict().items()}
        x = randn(steps, *shape)
        labels = torch.randint(0, 4, (steps, shape[0]))
        tensors.update({f"{name}/x": x, f"{name}/labels": labels})
        tensors.update({f"{name}/p.{k}": v for k, v in initial.items() if "tracked" not in k})
        for rule, make_rule in rules.items():
            model.load_state_dict(initial)
            optimizer = make_rule(model.parameters())
            losses = []
            for batch, target in zip(x, labels):
                optimizer.zero_grad()
                loss = F.cross_entropy(model(batch), target)
                loss.backward()
                optimizer.step()
                losses.append(loss.detach())
            tensors[f"{name}/losses-{rule}"] = torch.stack(losses)
    return stored(tensors)


# ---------------------------------------------------------------------------------------------------------- images


def make_resizing():
    x = randn(2, 3, 9, 9)
    sizes = {f"{size}": F.interpolate(x, (size, size), mode="bilinear", antialias=True) for size in (1, 4, 6, 9, 14)}
    return stored({"x": x} | sizes)


if __name__ == "__main__":
    directory = sys.argv[1]
    for name, make in {
        "layers": make_layers, "losses": make_losses, "optimizers": make_optimizers, "schedules": make_schedules,
        "trainings": make_trainings, "conv1d": make_conv1d, "resizing": make_resizing,
    }.items():
        save_file(make(), f"{directory}/{name}.safetensors")
