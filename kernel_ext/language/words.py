"""The vocabulary: one row a layer word. A new layer is a new row here, with its shape rule and its Gluon layer.

Lexer, parser, messages, completion, shape check, builder and the reference table all read this table and know no layer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import kinds, layers, shapes
from .kinds import Kind

REQUIRED = object()


@dataclass(frozen=True)
class Slot:
    """One thing that a word takes, by its place or as an option. ``kind`` None is a flag that stands alone."""

    name: str
    kind: Kind | None
    default: Any = REQUIRED
    doc: str = ""


@dataclass(frozen=True)
class Word:
    """One layer word. It makes a Gluon layer (``build``) or computes on values (``apply``), never both.

    ``activation`` says that an activation may end the line: "inside" the Gluon layer, or as a layer "after" it.
    ``operands`` is the fewest named values the word puts together; with only one, the line before is the other.
    ``also`` are other names people try: they are never accepted, only answered with the right one.
    """

    name: str
    doc: str
    example: str
    shape: Callable[[str, dict[str, Any], list[tuple[int, ...]]], tuple[int, ...]]
    build: Callable[..., Any] | None = None
    apply: Callable[..., Any] | None = None
    slots: tuple[Slot, ...] = ()
    options: tuple[Slot, ...] = ()
    activation: str = ""
    operands: int = 0
    also: tuple[str, ...] = ()

    @property
    def usage(self) -> str:
        """How the word is written: ``conv CHANNELS KERNEL``."""
        parts = [self.name, *(["NAME", "NAME"] if self.operands else [])]
        parts += [s.name.upper() if s.default is REQUIRED else f"[{s.name.upper()}]" for s in self.slots]
        return " ".join(parts)

    def option(self, name: str) -> Slot | None:
        """The option of that name, or None."""
        return next((slot for slot in self.options if slot.name == name), None)


STRIDE = Slot("stride", kinds.PAIR, (1, 1), "step of the window")
PAD = Slot("pad", kinds.PADDING, (0, 0), "zeros around the image, or same")
NOBIAS = Slot("nobias", None, False, "without a bias")
POOLING = (
    Slot("stride", kinds.PAIR, None, "step of the window; its size unless told"),
    Slot("pad", kinds.PADDING, (0, 0), "border around the image"),
)
EPSILON = Slot("epsilon", kinds.NUMBER, 1e-5, "added to the variance")

ACTIVATIONS = {
    "relu": "max(x, 0)",
    "sigmoid": "1 / (1 + exp(-x))",
    "tanh": "hyperbolic tangent",
    "gelu": "x times the normal distribution's integral at x",
    "silu": "x * sigmoid(x)",
    "elu": "x above 0, exp(x) - 1 below",
    "softplus": "log(1 + exp(x))",
    "softsign": "x / (1 + |x|)",
}

_ROWS = (
    Word("conv", "Convolution over an image.", "conv 32 3x3 pad 1 relu", shapes.conv, layers.conv,
         slots=(Slot("channels", kinds.COUNT, doc="channels that come out"), Slot("kernel", kinds.PAIR, doc="window")),
         options=(STRIDE, PAD, Slot("dilate", kinds.PAIR, (1, 1), "gap between the window's points"),
                  Slot("groups", kinds.COUNT, 1, "independent groups of channels"), NOBIAS),
         activation="inside", also=("conv2d", "convolution", "conv2")),
    Word("maxpool", "The largest value of each window.", "maxpool 2", shapes.pool, layers.max_pool,
         slots=(Slot("kernel", kinds.PAIR, (2, 2), "window"),), options=POOLING,
         also=("max_pool", "maxpool2d", "max_pool2d", "pool")),
    Word("avgpool", "The mean of each window.", "avgpool 2", shapes.pool, layers.avg_pool,
         slots=(Slot("kernel", kinds.PAIR, (2, 2), "window"),), options=POOLING,
         also=("avg_pool", "avgpool2d", "meanpool", "avg_pool2d")),
    Word("globalpool", "The mean of each whole channel.", "globalpool", shapes.global_pool, layers.global_pool,
         also=("gap", "globalavgpool", "global_pool", "globalavgpool2d")),
    Word("flatten", "Everything but the batch in one row.", "flatten", shapes.flatten, layers.flatten),
    Word("dense", "Every input connected with every output.", "dense 128 relu", shapes.dense, layers.dense,
         slots=(Slot("units", kinds.COUNT, doc="numbers that come out"),),
         options=(NOBIAS, Slot("noflatten", None, False, "keep all but the last number of the shape")),
         activation="inside", also=("linear", "fc", "fullyconnected", "fully_connected")),
    Word("batchnorm", "Each channel brought to mean 0 and variance 1 over the batch.", "batchnorm relu", shapes.same,
         layers.batch_norm, options=(Slot("momentum", kinds.FRACTION, 0.9, "of the running statistics"), EPSILON),
         activation="after", also=("bn", "batch_norm", "batchnorm2d")),
    Word("layernorm", "The last axis brought to mean 0 and variance 1.", "layernorm", shapes.same, layers.layer_norm,
         options=(EPSILON,), activation="after", also=("ln", "layer_norm")),
    Word("softmax", "Positive numbers that add up to 1. Cross-entropy losses do this by themselves.", "softmax",
         shapes.same, layers.softmax),
    Word("leakyrelu", "x above 0, a small share of x below.", "leakyrelu 0.01", shapes.same, layers.leaky_relu,
         slots=(Slot("slope", kinds.NUMBER, 0.01, "share below 0"),), also=("leaky_relu", "lrelu")),
    Word("dropout", "While training, sets this share of the values to 0.", "dropout 0.5", shapes.same, layers.dropout,
         slots=(Slot("rate", kinds.FRACTION, 0.5, "share of the values"),)),
    Word("embedding", "A learned row of numbers for each index.", "embedding 1000 64", shapes.embedding,
         layers.embedding, slots=(Slot("count", kinds.COUNT, doc="how many indices"),
                                  Slot("width", kinds.COUNT, doc="numbers a row")), also=("embed",)),
    Word("reshape", "The same numbers in another shape.", "reshape 32x7x7", shapes.reshape, apply=layers.reshape,
         slots=(Slot("shape", kinds.SHAPE, doc="the new shape, without the batch"),), also=("view",)),
    Word("identity", "The value as it is, to give it a name.", "skip = identity", shapes.same, apply=layers.identity),
    Word("add", "The sum of named values.", "add a b", shapes.equal, apply=layers.add, operands=1, activation="after",
         also=("plus", "sum")),
    Word("multiply", "The product of named values, element by element.", "multiply a b", shapes.equal,
         apply=layers.multiply, operands=1, activation="after", also=("mul", "times")),
    Word("concat", "Named values end to end.", "concat a b", shapes.concat, apply=layers.concat, operands=1,
         options=(Slot("axis", kinds.AXIS, 1, "which number of the shape grows"),), activation="after",
         also=("concatenate", "cat", "stack")),
)  # fmt: skip


def _activation_row(name: str, doc: str) -> Word:
    def build(settings: dict[str, Any], shape: tuple[int, ...] | None) -> Any:
        return layers.activation_layer(name)

    return Word(name, doc, name, shapes.same, build)


WORDS: dict[str, Word] = {row.name: row for row in _ROWS}
WORDS |= {name: _activation_row(name, doc) for name, doc in ACTIVATIONS.items()}

STATEMENTS = {
    "input": "The shape of one sample, without the batch: input 1x28x28",
    "use": "Another network in this place: use trunk, use block(64, stride=2), use {a_gluon_block}",
    "repeat": "The indented lines N times, each time with layers of their own: repeat 3:",
}
FROM = "from"
INPUT = Word("input", STATEMENTS["input"], "input 1x28x28", shapes.same, slots=(Slot("shape", kinds.SHAPE),))

LINE_WORDS = (*WORDS, *STATEMENTS)
OPTION_NAMES = frozenset(slot.name for row in WORDS.values() for slot in row.options)
RESERVED = frozenset((*LINE_WORDS, FROM)) | OPTION_NAMES
SYNONYMS = {other: row.name for row in WORDS.values() for other in row.also} | {
    "padding": "pad", "strides": "stride", "dilation": "dilate", "swish": "silu", "no_bias": "nobias"
}  # fmt: skip
