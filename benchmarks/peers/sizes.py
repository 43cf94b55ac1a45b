"""The workloads: what they are called, how large they are, and their data, which are random but the same for all."""

from __future__ import annotations

import numpy as np

# name -> (what it is, kind of optimizer, batch). "train" steps are forward, loss, backward and update.
WORKLOADS = {
    "mlp": "784-128-64-10 ReLU, batch 64, SGD momentum 0.9",
    "autoencoder": "784-256-64-256-784 ReLU, batch 128, Adam, mean squared error",
    "lenet": "conv 3x3x32, conv 3x3x64, maxpool 2, dense 128, dense 10 on 1x28x28, batch 64, Adam",
    "resnet18": "ResNet-18 with a 3x3 stem on 3x32x32, batch 32, SGD momentum 0.9, weight decay 5e-4",
    "resnet18-bf16": "the same in bfloat16",
    "lstm": "embedding 64, LSTM 256, 64 steps, batch 32, 96 classes, Adam",
    "gpt": "4 layers, width 128, 4 heads, 128 tokens, 96 classes, batch 16, pre-norm, GELU, AdamW",
    "gpt-bf16": "the same in bfloat16",
    "lenet-infer-1": "inference, lenet, batch 1",
    "resnet18-infer-1": "inference, resnet18, batch 1",
    "resnet18-infer-32": "inference, resnet18, batch 32",
}
CLASSES = 96


def data(workload: str) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and labels of one batch."""
    rng = np.random.default_rng(0)
    base, _, rest = workload.partition("-")
    if base == "mlp":
        return rng.normal(size=(64, 784)).astype(np.float32), rng.integers(0, 10, 64)
    if base == "autoencoder":
        x = rng.random((128, 784)).astype(np.float32)
        return x, x
    if base == "lenet":
        n = 1 if rest.startswith("infer") else 64
        return rng.normal(size=(n, 1, 28, 28)).astype(np.float32), rng.integers(0, 10, n)
    if base == "resnet18":
        n = 1 if rest == "infer-1" else 32
        return rng.normal(size=(n, 3, 32, 32)).astype(np.float32), rng.integers(0, 10, n)
    n, t = (32, 64) if base == "lstm" else (16, 128)
    return rng.integers(0, CLASSES, (n, t)).astype(np.int32), rng.integers(0, CLASSES, (n, t))
