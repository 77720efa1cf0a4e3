"""PyTorch's side of the CIFAR-10 recipes: the same networks, data, schedules and losses as Sources/nntrain/Recipes.

    python cifar10.py RECIPE --data cifar-10-batches-bin [--seed N] [--epochs N] [--precision bfloat16]
        [--compile on|off|try]
    python cifar10.py RECIPE --describe

Prints a line of JSON after every epoch: epoch, seconds (of training, over all epochs), images_per_second, test_accuracy
(without views, as nntrain scores epochs); the last line has test_accuracy with the recipe's views. The images stay in
memory as normalised channels-last float32 and are augmented in whole batches by as many threads as train; the time for it
is counted. `--compile try` trains nothing: it says by some steps each way whether torch.compile makes the whole training
faster, "on" or "off". `--describe` prints the recipe as JSON, for a test that nntrain's is the same.
"""

import argparse
import copy
import json
import math
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


@dataclass
class Recipe:
    make_model: object
    epochs: int
    batch_size: int
    lr: float
    momentum: float
    weight_decay: float
    factor: object
    label_smoothing: float
    translation: int
    alternating_flip: bool = False
    bias_factor: float = 1
    muon_lr: float = 0  # of the convolutions, 0 for SGD
    muon_momentum: float = 0.6
    lookahead: tuple = ()  # (every so many steps, the part held back at the end)
    resizing: tuple = ()  # (size of the images, up to this part of the training)
    views: bool = False
    make_proxy: object = None  # a small model that chooses the hardest half of each batch to learn from


# --- networks


def plain_network(images):
    def block(inputs, outputs):
        return nn.Conv2d(inputs, outputs, 3, padding="same", bias=False), nn.BatchNorm2d(outputs), nn.ReLU()

    return nn.Sequential(
        *block(3, 48), nn.MaxPool2d(2), *block(48, 96), *block(96, 96), nn.MaxPool2d(2), *block(96, 192),
        *block(192, 192), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(192, 10),
    )  # fmt: skip


def speedrun_network(widths, depth, images):
    whitening = nn.Conv2d(3, 24, 2, bias=False)
    whitening.weight.data = whitening_filters(images)
    whitening.weight.requires_grad = False
    layers, channels = [nn.ZeroPad2d((0, 1, 0, 1)), whitening, nn.GELU()], 24
    for width in widths:
        layers += [convolution(channels, width), nn.MaxPool2d(2), norm(width), nn.GELU()]
        second = [convolution(width, width), norm(width)]
        if depth == 3:
            second = [Residual(*second, nn.GELU(), convolution(width, width), norm(width))]
        layers += [*second, nn.GELU()]
        channels = width
    return nn.Sequential(*layers, nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(channels, 10, bias=False), Ninth())


class Residual(nn.Sequential):
    def forward(self, x):
        return x + super().forward(x)


class Ninth(nn.Module):
    def forward(self, x):
        return x / 9


def convolution(inputs, outputs):
    layer = nn.Conv2d(inputs, outputs, 3, padding="same", bias=False)
    nn.init.dirac_(layer.weight.data[:inputs])
    return layer


def norm(channels):
    layer = nn.BatchNorm2d(channels, eps=1e-12, momentum=0.4)
    layer.weight.requires_grad = False
    return layer


def whitening_filters(images, count=5000, epsilon=5e-4):
    patches = F.unfold(images[:count], 2).transpose(1, 2).reshape(-1, 12).double()
    values, vectors = torch.linalg.eigh(patches.T @ patches / len(patches))
    filters = (vectors / (values + epsilon).sqrt()).T.flip(0).float().reshape(12, 3, 2, 2)
    return torch.cat([filters, -filters])


# --- schedules, as factors of the learning rate


def one_cycle(step, steps, rise=0.25, divisor=25, final_divisor=1e4):
    def between(a, b, t):
        return b + (a - b) * (1 + math.cos(math.pi * t)) / 2

    top, end = rise * steps - 1, steps - 1
    if step < top:
        return between(1 / divisor, 1, step / top)
    return between(1, 1 / (divisor * final_divisor), min((step - top) / (end - top), 1))


def triangle(step, steps, rise=0.23, start=0.2, final=0.07):
    top = round(rise * steps)
    if step < top:
        return start + (1 - start) * step / top
    return 1 + (final - 1) * (step - top) / (steps - top)


def speedrun(widths, epochs, depth=2, batch_size=512, translation=2, resizing=(), proxy_widths=None):
    return Recipe(
        lambda images: speedrun_network(widths, depth, images), epochs=epochs, batch_size=batch_size, lr=0.75,
        momentum=0.85, weight_decay=1.33e-3, factor=triangle, label_smoothing=0.2, translation=translation,
        alternating_flip=True, bias_factor=64, muon_lr=0.12, lookahead=(5, 0.774), resizing=resizing, views=True,
        make_proxy=proxy_widths and (lambda images: speedrun_network(proxy_widths, 2, images)),
    )  # fmt: skip


RECIPES = {
    "course": Recipe(
        plain_network, epochs=12, batch_size=128, lr=0.1, momentum=0.9, weight_decay=5e-4, factor=one_cycle,
        label_smoothing=0.1, translation=3,
    ),
    "fast": speedrun([32, 96, 192], epochs=7, resizing=((16, 0.3), (24, 0.6))),
    "accurate": speedrun([64, 256, 256], epochs=10, resizing=((16, 0.3), (24, 0.6))),
    "best": speedrun([128, 384, 384], 24, depth=3, batch_size=1024, translation=4, proxy_widths=[32, 64, 64]),
}  # fmt: skip


# --- data


def load(path, names):
    records = np.concatenate([np.fromfile(Path(path) / name, np.uint8).reshape(-1, 3073) for name in names])
    pixels = torch.from_numpy(records[:, 1:].reshape(-1, 3, 32, 32))
    images = pixels.to(torch.float32, memory_format=torch.channels_last).div_(255)
    return images, torch.from_numpy(records[:, 0].astype(np.int64))


def load_normalised(path):
    train, train_labels = load(path, [f"data_batch_{i}.bin" for i in range(1, 6)])
    test, test_labels = load(path, ["test_batch.bin"])
    mean = train.mean(dim=(0, 2, 3), keepdim=True)
    deviation = train.std(dim=(0, 2, 3), keepdim=True, correction=0)
    for images in (train, test):
        images.sub_(mean).div_(deviation)
    return (train, train_labels), (test, test_labels)


def augmented(images, recipe, mirrored):
    """Moves each image by up to `translation` pixels, reflected at the edges, and mirrors those marked."""
    reach = recipe.translation
    padded = F.pad(images, (reach,) * 4, "reflect")
    moved = torch.empty_like(images, memory_format=torch.channels_last)
    offsets = torch.randint(0, 2 * reach + 1, (2, len(images)))
    for top in range(2 * reach + 1):
        for left in range(2 * reach + 1):
            chosen = (offsets[0] == top) & (offsets[1] == left)
            moved[chosen] = padded[chosen, :, top : top + 32, left : left + 32]
    return torch.where(mirrored[:, None, None, None], moved.flip(3), moved).contiguous(
        memory_format=torch.channels_last
    )


# --- training


class Muon(torch.optim.Optimizer):
    """Momentum whose step is orthogonalised, on weights kept at the norm sqrt(rows) (Jordan 2024)."""

    def __init__(self, params, lr, momentum, precision):
        super().__init__(params, dict(lr=lr, momentum=momentum))
        self.dtype = getattr(torch, precision)

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                velocity = self.state[weight].setdefault("velocity", torch.zeros_like(weight))
                velocity.mul_(group["momentum"]).add_(weight.grad)
                step = orthogonalised(weight.grad.add(velocity, alpha=group["momentum"]).flatten(1), self.dtype)
                stretch = max(1, step.shape[0] / step.shape[1]) ** 0.5
                weight.mul_(weight.shape[0] ** 0.5 / (weight.norm() + 1e-7))
                weight.add_(step.view_as(weight), alpha=-group["lr"] * stretch)


def orthogonalised(matrix, dtype, iterations=3):
    """Newton-Schulz's quintic iteration with Jordan's coefficients."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = (matrix / (matrix.norm() + 1e-7)).to(dtype)
    if len(x) > x.shape[1]:
        return orthogonalised(matrix.T, dtype, iterations).T
    for _ in range(iterations):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x


class Optimizers:
    """Muon for the weights of convolutions where the recipe has a rate for it, SGD for all others."""

    def __init__(self, model, recipe, precision):
        learned = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
        by_muon = [p for name, p in learned if recipe.muon_lr and p.dim() == 4]
        biases = [p for name, p in learned if name.endswith("bias")]
        weights = [p for name, p in learned if not name.endswith("bias") and not (recipe.muon_lr and p.dim() == 4)]
        bias_options = dict(lr=recipe.lr * recipe.bias_factor, weight_decay=recipe.weight_decay / recipe.bias_factor)
        groups = [dict(params=weights), dict(params=biases, **bias_options)]
        options = dict(lr=recipe.lr, momentum=recipe.momentum, nesterov=True, weight_decay=recipe.weight_decay)
        self.all = [torch.optim.SGD(groups, **options, fused=True)]
        if by_muon:
            self.all.append(Muon(by_muon, recipe.muon_lr, recipe.muon_momentum, precision))
        self.rates = [(group, group["lr"]) for optimizer in self.all for group in optimizer.param_groups]

    def set_factor(self, factor):
        for group, rate in self.rates:
            group["lr"] = rate * factor

    def zero_grad(self):
        for optimizer in self.all:
            optimizer.zero_grad()

    def step(self):
        for optimizer in self.all:
            optimizer.step()


class Lookahead:
    """Every few steps the slow weights follow, less and less closely (cifar10-airbench)."""

    def __init__(self, model):
        self.model = model
        self.slow = {name: value.clone() for name, value in model.state_dict().items()}

    def follow(self, retention):
        for name, value in self.model.state_dict().items():
            if value.is_floating_point():
                self.slow[name].lerp_(value, 1 - retention)
                value.copy_(self.slow[name])


class HardestHalf:
    """The half of a batch that a proxy finds hardest; the proxy learns from it every fourth step."""

    def __init__(self, recipe, images, loss, precision):
        self.model = recipe.make_proxy(images).to(memory_format=torch.channels_last)
        self.optimizer = Optimizers(self.model, recipe, precision)
        self.model.eval()
        self.loss, self.precision = loss, precision

    def outputs(self, x):
        with torch.autocast("cpu", torch.bfloat16, enabled=self.precision == "bfloat16"):
            return self.model(x).float()

    def choose(self, x, labels, step, factor):
        with torch.inference_mode():
            losses = F.cross_entropy(self.outputs(x), labels, reduction="none")
        chosen = losses.topk(len(labels) // 2).indices.sort().values
        x, labels = x[chosen].contiguous(memory_format=torch.channels_last), labels[chosen]
        if step % 4 == 0:
            self.optimizer.set_factor(factor)
            self.optimizer.zero_grad()
            self.model.train()
            self.loss(self.outputs(x), labels).backward()
            self.optimizer.step()
            self.model.eval()
        return x, labels


@torch.inference_mode()
def accuracy(model, images, labels, views, precision):
    def outputs(x):
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            return model(x.contiguous(memory_format=torch.channels_last)).float()

    def answer(x):
        return (outputs(x) + outputs(x.flip(3))) / 2 if views else outputs(x)

    model.eval()
    correct = 0
    for x, y in zip(images.split(500), labels.split(500)):
        mean = answer(x)
        if views:
            padded = F.pad(x, (1,) * 4, "reflect")
            moved = [answer(padded[:, :, i : i + 32, i : i + 32]) for i in (0, 2)]
            mean = mean / 2 + (moved[0] + moved[1]) / 4
        correct += (mean.argmax(1) == y).sum().item()
    return correct / len(images)


def resized(x, size):
    return F.interpolate(x, (size, size), mode="bilinear", antialias=True)


def compiling_pays(recipe, images, labels, precision):
    """Whether all forward and backward passes take less time compiled, with the time that compiling takes, which is for
    every size of images anew."""
    model = recipe.make_model(images).to(memory_format=torch.channels_last)
    learned = recipe.batch_size // 2 if recipe.make_proxy else recipe.batch_size
    steps = recipe.epochs * math.ceil(len(images) / recipe.batch_size)
    stages = [(images[:learned], 1)]
    for size, until in reversed(recipe.resizing):
        stages[-1] = (stages[-1][0], stages[-1][1] - until)
        stages.append((resized(images[:learned], size), until))

    def seconds(model):
        total = 0
        for x, part in stages:
            times = []
            for _ in range(6):
                start = time.perf_counter()
                with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
                    output = model(x)
                F.cross_entropy(output.float(), labels[:learned]).backward()
                times.append(time.perf_counter() - start)
            total += times[0] + (part * steps - 1) * min(times[1:])
        return total

    try:
        return seconds(torch.compile(copy.deepcopy(model))) < seconds(model)
    except Exception as error:  # whatever keeps it from compiling here
        print(f"torch.compile: {error}", file=sys.stderr)
        return False


def train(recipe, data, precision, compiling):
    (images, labels), test = data
    model = recipe.make_model(images).to(memory_format=torch.channels_last)
    step_model = torch.compile(model) if compiling else model
    optimizer = Optimizers(model, recipe, precision)
    loss = nn.CrossEntropyLoss(label_smoothing=recipe.label_smoothing)
    lookahead = Lookahead(model) if recipe.lookahead else None
    selection = HardestHalf(recipe, images, loss, precision) if recipe.make_proxy else None
    first_flip = torch.rand(len(images)) < 0.5
    steps = recipe.epochs * math.ceil(len(images) / recipe.batch_size)
    step, seconds = 0, 0.0
    for epoch in range(recipe.epochs):
        model.train()
        start = time.perf_counter()
        for chosen in torch.randperm(len(images)).split(recipe.batch_size):
            flip = first_flip[chosen] ^ (epoch % 2 == 1) if recipe.alternating_flip else torch.rand(len(chosen)) < 0.5
            factor = recipe.factor(step, steps)
            optimizer.set_factor(factor)
            optimizer.zero_grad()
            x, targets = augmented(images[chosen], recipe, flip), labels[chosen]
            size = next((size for size, until in recipe.resizing if step < until * steps), None)
            if size:
                x = resized(x, size)
            if selection:
                x, targets = selection.choose(x, targets, step, factor)
            with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
                output = step_model(x)
            loss(output.float(), targets).backward()
            optimizer.step()
            step += 1
            if lookahead and step % recipe.lookahead[0] == 0:
                lookahead.follow(recipe.lookahead[1] * (step / steps) ** 3)
        if lookahead and epoch == recipe.epochs - 1:
            lookahead.follow(1)
        seconds += time.perf_counter() - start
        record = dict(epoch=epoch + 1, seconds=seconds, images_per_second=(epoch + 1) * len(images) / seconds)
        print(json.dumps(record | dict(test_accuracy=accuracy(model, *test, False, precision))), flush=True)
    print(json.dumps(dict(test_accuracy=accuracy(model, *test, recipe.views, precision))), flush=True)


def learned_numbers(parameters):
    return sum(p.numel() for p in parameters if p.requires_grad)


def description(recipe):
    images = torch.rand(64, 3, 32, 32)
    proxy = recipe.make_proxy(images) if recipe.make_proxy else nn.Identity()
    optimizers = Optimizers(recipe.make_model(images), recipe, "float32").all
    groups = [group for optimizer in optimizers for group in optimizer.param_groups]
    options = ["epochs", "batch_size", "label_smoothing", "translation", "alternating_flip", "views", "lookahead"]
    options = {name: getattr(recipe, name) for name in options}
    return dict(
        options=options | dict(resizing=recipe.resizing, proxy_numbers=learned_numbers(proxy.parameters())),
        factors=[recipe.factor(step, 1000) for step in range(0, 1000, 50)],
        groups=[
            dict(
                numbers=learned_numbers(group["params"]),
                rule=dict(lr=group["lr"], momentum=group["momentum"], weight_decay=group.get("weight_decay", 0)),
            )
            for group in groups
        ],
    )


def main():
    parser = argparse.ArgumentParser(description="Trains a CIFAR-10 recipe in PyTorch.")
    parser.add_argument("recipe", choices=RECIPES)
    task = parser.add_mutually_exclusive_group(required=True)
    task.add_argument("--data", help="the folder with data_batch_1.bin ...")
    task.add_argument("--describe", action="store_true", help="prints the recipe")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--compile", choices=["on", "off", "try"], default="off", help="torch.compile")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    if options.threads:
        torch.set_num_threads(options.threads)
    recipe = RECIPES[options.recipe]
    recipe.epochs = options.epochs or recipe.epochs
    if options.describe:
        print(json.dumps(description(recipe)))
        return
    data = load_normalised(options.data)
    if options.compile == "try":
        print(["off", "on"][compiling_pays(recipe, *data[0], options.precision)])
    else:
        train(recipe, data, options.precision, options.compile == "on")


if __name__ == "__main__":
    main()
