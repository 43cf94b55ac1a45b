"""The workloads in PyTorch: eager, channels-last, or through torch.compile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .sizes import CLASSES, data


def network(base: str) -> Any:
    """The network of a workload."""
    from torch import nn

    if base == "mlp":
        return nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))
    if base == "autoencoder":
        layers: list[Any] = []
        for before, after in ((784, 256), (256, 64), (64, 256)):
            layers += [nn.Linear(before, after), nn.ReLU()]
        return nn.Sequential(*layers, nn.Linear(256, 784))
    if base == "lenet":
        return nn.Sequential(
            nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(64 * 14 * 14, 128), nn.ReLU(), nn.Linear(128, 10),
        )  # fmt: skip
    return {"resnet18": _resnet, "lstm": _lstm, "gpt": _gpt}[base]()


def _resnet() -> Any:
    import torch
    from torch import nn

    class Basic(nn.Module):
        def __init__(self, before: int, after: int, stride: int) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
            self.norm1 = nn.BatchNorm2d(after)
            self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
            self.norm2 = nn.BatchNorm2d(after)
            self.fit = nn.Identity()
            if stride != 1 or before != after:
                self.fit = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))

        def forward(self, x: Any) -> Any:
            y = torch.relu(self.norm1(self.conv1(x)))
            return torch.relu(self.norm2(self.conv2(y)) + self.fit(x))

    layers: list[Any] = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
    before = 64
    for number, width in enumerate((64, 128, 256, 512)):
        layers += [Basic(before, width, 1 if number == 0 else 2), Basic(width, width, 1)]
        before = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


def _lstm() -> Any:
    from torch import nn

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table, self.lstm = nn.Embedding(CLASSES, 64), nn.LSTM(64, 256, batch_first=True)
            self.out = nn.Linear(256, CLASSES)

        def forward(self, tokens: Any) -> Any:
            return self.out(self.lstm(self.table(tokens))[0])

    return Model()


def _gpt() -> Any:
    import torch
    from torch import nn
    from torch.nn import functional

    class Cell(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(128), nn.LayerNorm(128)
            self.into, self.out = nn.Linear(128, 384), nn.Linear(128, 128)
            self.up, self.down = nn.Linear(128, 512), nn.Linear(512, 128)

        def forward(self, x: Any) -> Any:
            n, t, _ = x.shape
            q, k, v = self.into(self.norm1(x)).view(n, t, 3, 4, 32).permute(2, 0, 3, 1, 4)
            seen = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.out(seen.transpose(1, 2).reshape(n, t, 128))
            return x + self.down(functional.gelu(self.up(self.norm2(x))))

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Embedding(CLASSES, 128)
            self.places = nn.Parameter(torch.randn(128, 128) * 0.02)
            self.cells = nn.Sequential(*(Cell() for _ in range(4)))
            self.norm, self.out = nn.LayerNorm(128), nn.Linear(128, CLASSES, bias=False)

        def forward(self, tokens: Any) -> Any:
            return self.out(self.norm(self.cells(self.table(tokens) + self.places)))

    return Model()


def make(workload: str, threads: int, form: str = "eager") -> Callable[[], float]:
    """One step of `workload`; form: "eager", "channels-last" or "compile"."""
    import torch
    from torch.nn import functional

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    base, _, kind = workload.partition("-")
    net = network(base)
    inputs, labels = data(workload)
    x, y = torch.from_numpy(inputs), torch.from_numpy(labels)
    if form == "channels-last":
        if x.ndim != 4:
            raise ValueError("only images have channels")
        net, x = net.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    if form == "compile":
        net = torch.compile(net)
    if kind.startswith("infer"):
        net.eval()

        @torch.inference_mode()
        def infer() -> float:
            return float(net(x).flatten()[0])

        return infer
    if base == "mlp":
        optimizer: Any = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9)
    elif base == "resnet18":
        optimizer = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9, weight_decay=5e-4)
    else:
        optimizer = (torch.optim.AdamW if base == "gpt" else torch.optim.Adam)(net.parameters(), 1e-3)

    def train() -> float:
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=kind == "bf16"):
            z = net(x)
            if base == "autoencoder":
                loss = functional.mse_loss(z, y)
            else:
                loss = functional.cross_entropy(z.float().flatten(0, -2), y.flatten())
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    return train
