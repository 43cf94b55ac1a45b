"""What PyTorch 2.13.0 (CPU, float64) prints for small inputs: two libraries could mean different things by one name.

The inputs are waves, so that they need no random numbers; torch.set_default_dtype(torch.float64) and the function of
the same name made each row.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dlcore import nd
from dlcore.ops import F


def wave(*shape: int, shift: float = 0.0) -> Any:
    return nd.array(np.sin(1.7 * np.arange(np.prod(shape)) + shift).reshape(shape), dtype="float64")


def recurrent(mode: str, gates: int) -> Any:
    """Outputs and last states of one layer of two units, whose parameters are waves with shifts of 0, 1, 2 and 3."""
    shapes = ((2 * gates, 2), (2 * gates, 2), (2 * gates,), (2 * gates,))
    states = [wave(1, 1, 2, shift=k) for k in range(2 if mode == "lstm" else 1)]
    y, last = F.rnn(wave(3, 1, 2), [wave(*s, shift=k) for k, s in enumerate(shapes)], states, mode)
    return F.concat(*(F.reshape(v, (-1,)) for v in (y, *last)), axis=0)


# fmt: off
PRINTED: dict[str, tuple[Any, list[float]]] = {
    "conv2d": (lambda: F.conv2d(wave(1, 2, 4, 5), wave(2, 2, 2, 3), wave(2), (2, 1), (1, 0), (1, 2)),
        [0.7554187238, 0.2328023561, -1.2284241392, 0.1232529278, 4.1651672939, 0.4079472423]),
    "deconv2d": (lambda: F.deconv2d(wave(1, 2, 2, 2), wave(2, 1, 2, 2), wave(1), (2, 1), (1, 0), (1, 2), (1, 0)),
        [-0.3458174273, -0.812252037, -0.3054298, -1.4116723594, -0.3458174273, -0.3054298, -0.812252037,
        -1.4116723594, 0.5551258332, 0.6692022225, 0.6692022225, 1.2392263155]),
    "avg_pool, zeros counted": (lambda: F.avg_pool1d(wave(1, 1, 6), 3, 2, 1, True, True),
        [0.3305549368, -0.0632303246, 0.1222619271, 0.3992435563]),
    "avg_pool, zeros not counted": (lambda: F.avg_pool1d(wave(1, 1, 6), 3, 2, 1, False, True),
        [0.4958324052, -0.0632303246, 0.1222619271, 0.7984871126]),
    "max_pool": (lambda: F.max_pool1d(wave(1, 1, 6), 3, 2, 1, True),
        [0.9916648105, 0.9916648105, 0.7984871126, 0.7984871126]),
    "resize, cubic": (lambda: F.resize(wave(1, 1, 3, 4), (2, 5), "cubic"),
        [0.0466921559, 0.8655919958, 0.4376738811, -0.6379754805, -0.9045288072, 0.8128327469, 0.7224677009,
        -0.3108505594, -0.8841285269, -0.2035686019]),
    "resize, cubic, corners": (lambda: F.resize(wave(1, 1, 3, 4), (2, 5), "cubic", True),
        [0.0, 0.8985320004, 0.5238685783, -0.5389412086, -0.9258146823, 0.8591618149, 0.6447490098, -0.401842807,
        -0.9205795885, -0.1489990258]),
    "resize, linear": (lambda: F.resize(wave(1, 1, 3, 4), (2, 5)),
        [0.1235283378, 0.6974177715, 0.2883729438, -0.5113057358, -0.8488952898, 0.7678996989, 0.5783939553,
        -0.1994197914, -0.7070968178, -0.2662835474]),
    "resize, nearest": (lambda: F.resize(wave(1, 1, 3, 4), (2, 5), "nearest"),
        [0.0, 0.0, 0.9916648105, -0.255541102, -0.9258146823, 0.4941133511, 0.4941133511, 0.7984871126, -0.6998746876,
        -0.6181371122]),
    "resize, area": (lambda: F.resize(wave(1, 1, 3, 4), (2, 5), "area"),
        [0.2470566756, 0.5710663186, 0.2086840334, -0.624841896, -0.7719758973, 0.676637583, 0.6371257129,
        -0.1165111234, -0.6071020794, -0.383568069]),
    "grid_sample": (lambda: F.grid_sample(wave(1, 1, 3, 4), wave(1, 2, 3, 2)),
        [-0.1446941215, 0.5994650166, -0.4530919282, 0.1303680398, -0.2649475973, 0.2214618701]),
    "grid_sample, border": (lambda: F.grid_sample(wave(1, 1, 3, 4), 1.2 * wave(1, 2, 3, 2), True, True),
        [-0.2823284594, 0.9417441262, -0.646007988, 0.3231848927, -0.3947857763, 0.4057664616]),
    "pixel_shuffle": (lambda: F.pixel_shuffle(wave(1, 4, 2, 2), 2),
        [0.0, 0.4941133511, 0.9916648105, 0.7984871126, 0.8591618149, 0.9997929001, 0.3967405731, -0.1086365954,
        -0.255541102, -0.6998746876, -0.9258146823, -0.6181371122, -0.9613974919, -0.9717984457, -0.1489990258,
        0.359058354]),
    "group_norm": (lambda: F.group_norm(wave(1, 4, 3), wave(4), wave(4, shift=1), 2),
        [0.8414709848, 0.8414709848, 0.8414709848, -1.2491025359, 0.8961874195, 1.3560487349, -0.7512903743,
        -0.7837470388, -1.3703584639, -1.034051883, 0.9197897384, -0.2489411713]),
    "cross_entropy": (lambda: F.cross_entropy(wave(2, 4, 2), nd.array([[0, 3], [-100, 1]], dtype="int64"), 1, 0.1),
        [1.3751183165, 2.3171314762, 0.0, 1.664425236]),
    "huber": (lambda: F.huber(2 * wave(5), 0 * wave(5), 0.5),
        [0.0, 0.8666648105, 0.130541102, 0.8008146823, 0.3691133511]),
    "kl_div": (lambda: F.kl_div(wave(4), F.abs(wave(4))),
        [0.0, -0.9916994512, -0.283351873, 0.7857699272]),
    "bce_with_logits": (lambda: F.bce_with_logits(wave(4), F.abs(wave(4, shift=1)), 1.5),
        [0.9847788009, 0.9507787829, 1.2111574025, 0.6171327432]),
    "ctc_loss": (
        lambda: F.ctc_loss(wave(6, 2, 3), nd.array([[1, 1], [2, 1]], dtype="int64"),
                           nd.array([6, 4], dtype="int64"), nd.array([2, 1], dtype="int64")),
        [3.2876963484, 2.9396180038]),
    "attention": (
        lambda: F.scaled_dot_product_attention(wave(1, 2, 3), wave(1, 3, 3, shift=1),
        wave(1, 3, 2, shift=2), causal=True),
        [0.9092974268, -0.5298361409, -0.3571275879, 0.4179187284]),
    "lstm": (lambda: recurrent("lstm", 4),
        [0.1439128428, 0.2675676251, -0.0584317634, -0.0020786328, 0.324984684, -0.0719348482, 0.324984684,
        -0.0719348482, 0.5512997092, -0.0879178647]),
    "gru": (lambda: recurrent("gru", 3),
        [0.0631548157, 0.6448850049, -0.3084657445, 0.5615047522, 0.1022204723, 0.258616243, 0.1022204723,
        0.258616243]),
    "rnn_tanh": (lambda: recurrent("rnn_tanh", 1),
        [0.9854392838, -0.9896322262, 0.4919193431, -0.8775011091, 0.9545950454, -0.9910706204, 0.9545950454,
        -0.9910706204]),
    "mish": (lambda: F.mish(3 * wave(4)),
        [0.0, 2.9609920885, -0.2791032903, -0.1673869507]),
    "selu": (lambda: F.selu(3 * wave(4)),
        [0.0, 3.1258295864, -0.9413230182, -1.6487503479]),
    "gelu": (lambda: F.gelu_erf(3 * wave(4)),
        [0.0, 2.9706361558, -0.1699241696, -0.007608568]),
    "gelu_tanh": (lambda: F.gelu_tanh(3 * wave(4)),
        [0.0, 2.9710572556, -0.1699979573, -0.0071400709]),
    "softplus": (lambda: F.softplus(3 * wave(4), 2.5),
        [0.2772588722, 2.9752298674, 0.054899136, 0.0003857261]),
    "hard_swish": (lambda: F.hard_swish(3 * wave(4)),
        [0.0, 2.9625958601, -0.2853597708, -0.1030227845]),
}
# fmt: on


@pytest.mark.parametrize("name", PRINTED)
def test_prints_the_same(name: str) -> None:
    call, want = PRINTED[name]
    np.testing.assert_allclose(call().asnumpy().ravel(), want, rtol=1e-9, atol=1e-9)
