"""The workloads in JAX: plain functions of parameters, through jax.jit, with the parameters donated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .sizes import CLASSES, data

Network = tuple[Any, Callable[[Any, Any], Any]]  # parameters, and the function of them and a batch


def _linear(rng: Any, before: int, after: int) -> dict[str, np.ndarray]:
    bound = before**-0.5
    return {"w": rng.uniform(-bound, bound, (before, after)).astype("f"), "b": np.zeros(after, "f")}


def _dense(p: Any, x: Any) -> Any:
    return x @ p["w"] + p["b"]


def _layers(rng: Any, *sizes: int) -> Network:
    """Dense layers of these sizes with relu between."""
    import jax

    params: Any = [_linear(rng, a, b) for a, b in zip(sizes, sizes[1:], strict=False)]

    def net(p: Any, x: Any) -> Any:
        for layer in p[:-1]:
            x = jax.nn.relu(_dense(layer, x))
        return _dense(p[-1], x)

    return params, net


def _lenet(rng: Any) -> Network:
    """Two convolutions, a pooling, two dense layers."""
    import jax
    import jax.numpy as jnp
    from jax import lax

    params: dict[str, Any] = {
        "c1": rng.normal(size=(3, 3, 1, 32)).astype("f") * 0.1, "b1": np.zeros(32, "f"),
        "c2": rng.normal(size=(3, 3, 32, 64)).astype("f") * 0.05, "b2": np.zeros(64, "f"),
        "d1": _linear(rng, 64 * 14 * 14, 128), "d2": _linear(rng, 128, 10),
    }  # fmt: skip

    def net(p: Any, x: Any) -> Any:
        x = jnp.transpose(x, (0, 2, 3, 1))
        numbers = ("NHWC", "HWIO", "NHWC")
        x = jax.nn.relu(lax.conv_general_dilated(x, p["c1"], (1, 1), "SAME", dimension_numbers=numbers) + p["b1"])
        x = jax.nn.relu(lax.conv_general_dilated(x, p["c2"], (1, 1), "SAME", dimension_numbers=numbers) + p["b2"])
        x = lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
        return _dense(p["d2"], jax.nn.relu(_dense(p["d1"], x.reshape(len(x), -1))))

    return params, net


def _lstm(rng: Any) -> Network:
    """An embedding, one LSTM layer and a dense one."""
    import jax
    import jax.numpy as jnp
    from jax import lax

    params: dict[str, Any] = {
        "table": rng.normal(size=(CLASSES, 64)).astype("f"), "into": _linear(rng, 64, 1024),
        "again": _linear(rng, 256, 1024), "out": _linear(rng, 256, CLASSES),
    }  # fmt: skip

    def net(p: Any, tokens: Any) -> Any:
        into = _dense(p["into"], p["table"][tokens])
        zeros = jnp.zeros((tokens.shape[0], 256))

        def step(state: Any, x: Any) -> Any:
            h, c = state
            i, f, g, o = jnp.split(x + _dense(p["again"], h), 4, axis=-1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
            return (h, c), h

        _, y = lax.scan(step, (zeros, zeros), jnp.swapaxes(into, 0, 1))
        return _dense(p["out"], jnp.swapaxes(y, 0, 1))

    return params, net


def _gpt(rng: Any) -> Network:
    """Four transformer cells with causal attention."""
    import jax
    import jax.numpy as jnp
    from jax import lax

    cells = [
        {"n1": np.ones(128, "f"), "s1": np.zeros(128, "f"), "n2": np.ones(128, "f"), "s2": np.zeros(128, "f"),
         "into": _linear(rng, 128, 384), "out": _linear(rng, 128, 128), "up": _linear(rng, 128, 512),
         "down": _linear(rng, 512, 128)} for _ in range(4)
    ]  # fmt: skip
    params: dict[str, Any] = {
        "table": rng.normal(size=(CLASSES, 128)).astype("f"),
        "places": rng.normal(size=(128, 128)).astype("f") * 0.02,
        "cells": cells, "n": np.ones(128, "f"), "s": np.zeros(128, "f"),
        "out": rng.normal(size=(128, CLASSES)).astype("f") * 0.08,
    }  # fmt: skip

    def norm(x: Any, g: Any, b: Any) -> Any:
        mean = x.mean(-1, keepdims=True)
        return (x - mean) * lax.rsqrt(((x - mean) ** 2).mean(-1, keepdims=True) + 1e-5) * g + b

    def net(p: Any, tokens: Any) -> Any:
        x = p["table"][tokens] + p["places"]
        n, t, _ = x.shape
        seen = jnp.tril(jnp.ones((t, t), bool))
        for c in p["cells"]:
            q, k, v = _dense(c["into"], norm(x, c["n1"], c["s1"])).reshape(n, t, 3, 4, 32).transpose(2, 0, 3, 1, 4)
            scores = jnp.where(seen, q @ k.swapaxes(-1, -2) / 32**0.5, -jnp.inf)
            y = (jax.nn.softmax(scores) @ v).transpose(0, 2, 1, 3).reshape(n, t, 128)
            x = x + _dense(c["out"], y)
            x = x + _dense(c["down"], jax.nn.gelu(_dense(c["up"], norm(x, c["n2"], c["s2"])), approximate=False))
        return norm(x, p["n"], p["s"]) @ p["out"]

    return params, net


NETWORKS: dict[str, Callable[[Any], Network]] = {
    "mlp": lambda rng: _layers(rng, 784, 128, 64, 10),
    "autoencoder": lambda rng: _layers(rng, 784, 256, 64, 256, 784),
    "lenet": _lenet,
    "lstm": _lstm,
    "gpt": _gpt,
}


def make(workload: str, threads: int) -> Callable[[], float]:
    """One step of `workload`."""
    import os

    os.environ["XLA_FLAGS"] = f"--xla_cpu_multi_thread_eigen={'true' if threads > 1 else 'false'}"
    os.environ["OMP_NUM_THREADS"] = str(threads)
    import jax
    import jax.numpy as jnp

    rng = np.random.default_rng(0)
    base, _, kind = workload.partition("-")
    if kind:
        raise ValueError("measured for the full training steps in float32 only")
    if base not in NETWORKS:
        raise ValueError(f"not written for {workload}")
    params, net = NETWORKS[base](rng)

    def loss_of(p: Any, x: Any, y: Any) -> Any:
        z = net(p, x)
        if base == "autoencoder":
            return ((z - y) ** 2).mean()
        logs = jax.nn.log_softmax(z)
        return -jnp.take_along_axis(logs, y[..., None], -1).mean()

    decay = 0.01 if base == "gpt" else 0.0

    def train(p: Any, m: Any, v: Any, t: Any, x: Any, y: Any) -> Any:
        loss, g = jax.value_and_grad(loss_of)(p, x, y)
        if base == "mlp":
            m = jax.tree.map(lambda m, g: 0.9 * m + g, m, g)
            return jax.tree.map(lambda p, m: p - 0.1 * m, p, m), m, v, t, loss
        t = t + 1
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)

        def update(p: Any, m: Any, v: Any) -> Any:
            p = p * (1 - 1e-3 * decay)
            return p - 1e-3 * (m / (1 - 0.9**t)) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8)

        return jax.tree.map(update, p, m, v), m, v, t, loss

    run = jax.jit(train, donate_argnums=(0, 1, 2))
    params = jax.tree.map(jnp.asarray, params)
    zeros = jax.tree.map(jnp.zeros_like, params)
    state = [params, zeros, jax.tree.map(jnp.zeros_like, params), jnp.float32(0)]
    x, y = (jnp.asarray(a) for a in data(workload))

    def step() -> float:
        *state[:], loss = run(*state, x, y)
        return float(loss)

    return step
