"""The networks whose training steps nnbench times, as in Sources/nnbench/Suites/Network.swift, and a step of them."""

from torch import nn, optim, randint, randn

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


INPUT_SHAPES = {mlp: (784,), lenet5: (1, 28, 28), airbench: (3, 32, 32)}


class Training:
    """A network in training on random examples."""

    def __init__(self, network, memory_format, batch):
        self.memory_format = memory_format
        self.shape = (batch, *INPUT_SHAPES[network])
        self.model = network()
        if self.is_image:
            self.model = self.model.to(memory_format=memory_format)
        self.optimizer = optim.SGD(self.model.parameters(), lr=0.001, momentum=0.9, nesterov=True)
        self.loss = nn.CrossEntropyLoss()

    @property
    def is_image(self):
        return len(self.shape) == 4

    def examples(self):
        x = randn(self.shape)
        if self.is_image:
            x = x.contiguous(memory_format=self.memory_format)
        return x, randint(0, CLASSES, (self.shape[0],))

    def step(self, x, labels):
        self.optimizer.zero_grad()
        self.loss(self.model(x), labels).backward()
        self.optimizer.step()
