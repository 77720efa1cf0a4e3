"""The networks that nnbench times as a whole, as in Sources/nnbench/Suites/Network.swift, and training and inference of
them."""

import torch
from torch import nn, optim

CLASSES = 10


def mlp():
    return nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, CLASSES))


def lenet5():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, CLASSES),
    )  # fmt: skip


def airbench():
    return nn.Sequential(
        nn.Conv2d(3, 24, 2), nn.GELU(), *block(24, 64), *block(64, 256), *block(256, 256),
        nn.MaxPool2d(3), nn.Flatten(), nn.Linear(256, CLASSES, bias=False),
    )  # fmt: skip


def block(in_channels, out_channels):
    return [
        nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False), nn.MaxPool2d(2),
        nn.BatchNorm2d(out_channels), nn.GELU(),
        nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False), nn.BatchNorm2d(out_channels), nn.GELU(),
    ]  # fmt: skip


def resnet18():
    widths = [64, 64, 64, 128, 128, 256, 256, 512, 512]
    blocks = [part for pair in zip(widths, widths[1:]) for part in (Residual(*pair), nn.ReLU())]
    return nn.Sequential(
        nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU(), *blocks,
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, CLASSES),
    )  # fmt: skip


class Residual(nn.Module):
    """Halves the image where it widens."""

    def __init__(self, in_channels, out_channels):
        super().__init__()
        stride = 1 if in_channels == out_channels else 2
        self.main = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, 3, stride, 1, bias=False), nn.BatchNorm2d(out_channels), nn.ReLU(),
            nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False), nn.BatchNorm2d(out_channels),
        )  # fmt: skip
        self.shortcut = None if stride == 1 else nn.Sequential(
            nn.Conv2d(in_channels, out_channels, 1, stride, bias=False), nn.BatchNorm2d(out_channels)
        )  # fmt: skip

    def forward(self, x):
        return self.main(x) + (x if self.shortcut is None else self.shortcut(x))


NETWORKS = {"mlp": mlp, "lenet5": lenet5, "airbench": airbench, "resnet18": resnet18}
INPUT_SHAPES = {"mlp": (784,), "lenet5": (1, 28, 28), "airbench": (3, 32, 32), "resnet18": (3, 32, 32)}


def is_image(x):
    return x.dim() == 4


def make(name, state, memory_format):
    """A network with the given numbers, in the memory format that its images have."""
    network = NETWORKS[name]()
    if state is not None:
        network.load_state_dict(state, strict=False)
    return network.to(memory_format=memory_format) if is_image(torch.empty(1, *INPUT_SHAPES[name])) else network


class Training:
    """A network in training by SGD with Nesterov's momentum."""

    def __init__(self, network, compiled=False, autocast=False):
        self.model = network
        self.optimizer = optim.SGD(network.parameters(), lr=0.001, momentum=0.9, nesterov=True, fused=True)
        self.criterion = nn.CrossEntropyLoss()
        self.autocast = autocast
        self.loss = torch.compile(self.plain_loss) if compiled else self.plain_loss

    def plain_loss(self, x, labels):
        with torch.autocast("cpu", torch.bfloat16, enabled=self.autocast):
            return self.criterion(self.model(x), labels)

    def step(self, x, labels):
        self.optimizer.zero_grad()
        loss = self.loss(x, labels)
        loss.backward()
        self.optimizer.step()
        return loss

    def first_steps(self, x, labels):
        """The gradients of the first step, the losses of the first three, all on one batch, and what these changed."""
        before = {name: p.detach().clone() for name, p in self.model.named_parameters()}
        losses = [self.step(x, labels).item()]
        outputs = {f"gradient.{name}": p.grad.clone() for name, p in self.model.named_parameters()}
        losses += [self.step(x, labels).item() for _ in range(2)]
        changes = {f"change.{name}": p.detach() - before[name] for name, p in self.model.named_parameters()}
        return outputs | changes | {"losses": torch.tensor(losses)}
