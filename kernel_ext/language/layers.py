"""From a layer's settings to the Gluon layer, or to what is computed when no layer is needed."""

from __future__ import annotations

from typing import Any

from .shapes import Settings, Shape, padding


def _nn() -> Any:
    from dlcore.gluon import nn

    return nn


def conv(settings: Settings, shape: Shape | None, activation: str | None = None) -> Any:
    """nn.Conv2D."""
    return _nn().Conv2D(
        channels=settings["channels"],
        kernel_size=settings["kernel"],
        strides=settings["stride"],
        padding=padding(settings),
        dilation=settings["dilate"],
        groups=settings["groups"],
        use_bias=not settings["nobias"],
        activation=activation,
        in_channels=shape[0] if shape else 0,
    )


def _pool(name: str, settings: Settings) -> Any:
    stride = settings["stride"] or settings["kernel"]
    return getattr(_nn(), name)(pool_size=settings["kernel"], strides=stride, padding=padding(settings))


def max_pool(settings: Settings, shape: Shape | None) -> Any:
    """nn.MaxPool2D."""
    return _pool("MaxPool2D", settings)


def avg_pool(settings: Settings, shape: Shape | None) -> Any:
    """nn.AvgPool2D."""
    return _pool("AvgPool2D", settings)


def global_pool(settings: Settings, shape: Shape | None) -> Any:
    """nn.GlobalAvgPool2D."""
    return _nn().GlobalAvgPool2D()


def flatten(settings: Settings, shape: Shape | None) -> Any:
    """nn.Flatten."""
    return _nn().Flatten()


def dense(settings: Settings, shape: Shape | None, activation: str | None = None) -> Any:
    """nn.Dense."""
    inputs = 0
    if shape:
        inputs = shape[-1]
        if not settings["noflatten"]:
            for side in shape[:-1]:
                inputs *= side
    return _nn().Dense(
        settings["units"],
        activation=activation,
        use_bias=not settings["nobias"],
        flatten=not settings["noflatten"],
        in_units=inputs,
    )


def batch_norm(settings: Settings, shape: Shape | None) -> Any:
    """nn.BatchNorm over the first number of the shape (the channels)."""
    return _nn().BatchNorm(
        momentum=settings["momentum"], epsilon=settings["epsilon"], in_channels=shape[0] if shape else 0
    )


def layer_norm(settings: Settings, shape: Shape | None) -> Any:
    """nn.LayerNorm over the last number of the shape."""
    return _nn().LayerNorm(epsilon=settings["epsilon"], in_channels=shape[-1] if shape else 0)


def softmax(settings: Settings, shape: Shape | None) -> Any:
    """nn.Softmax over the last axis."""
    return _nn().Softmax()


def leaky_relu(settings: Settings, shape: Shape | None) -> Any:
    """nn.LeakyReLU."""
    return _nn().LeakyReLU(settings["slope"])


def dropout(settings: Settings, shape: Shape | None) -> Any:
    """nn.Dropout."""
    return _nn().Dropout(settings["rate"])


def embedding(settings: Settings, shape: Shape | None) -> Any:
    """nn.Embedding."""
    return _nn().Embedding(settings["count"], settings["width"])


def activation_layer(name: str) -> Any:
    """nn.Activation of that name."""
    return _nn().Activation(name)


def add(settings: Settings, values: list[Any]) -> Any:
    """The sum of the values."""
    total = values[0]
    for value in values[1:]:
        total = total + value
    return total


def multiply(settings: Settings, values: list[Any]) -> Any:
    """The product of the values, element by element."""
    total = values[0]
    for value in values[1:]:
        total = total * value
    return total


def concat(settings: Settings, values: list[Any]) -> Any:
    """The values end to end; axis 0 of the arrays is the batch, so the axis of the text is that of the arrays."""
    from dlcore.ops import F

    return F.concat(*values, axis=settings["axis"])


def reshape(settings: Settings, values: list[Any]) -> Any:
    """The value in another shape, the batch kept."""
    return values[0].reshape((-1, *settings["shape"]))


def identity(settings: Settings, values: list[Any]) -> Any:
    """The value itself."""
    return values[0]
