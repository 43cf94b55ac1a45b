"""Initializers: their distributions, by name, seeded."""

import numpy as np
import pytest
from scipy import stats

from dlcore import _core, init, nd


def test_uniform_and_normal_have_their_distributions():
    _core.seed(1)
    u = init.Uniform(0.3).values((20000,))
    assert stats.kstest(u, stats.uniform(-0.3, 0.6).cdf).pvalue > 1e-3
    n = init.Normal(0.02).values((20000,))
    assert stats.kstest(n, stats.norm(0, 0.02).cdf).pvalue > 1e-3


@pytest.mark.parametrize(("factor_type", "factor"), [("avg", (18 + 36) / 2), ("in", 18), ("out", 36)])
def test_xavier_scales_by_its_fans(factor_type, factor):
    shape = (4, 2, 3, 3)  # fan-in 2*9, fan-out 4*9
    bound = np.sqrt(2.34 / factor)
    drawn = np.stack([init.Xavier("uniform", factor_type, 2.34).values(shape) for _ in range(200)])
    assert np.abs(drawn).max() <= bound and np.abs(drawn).max() > 0.99 * bound
    gaussian = np.stack([init.Xavier("gaussian", factor_type, 2.34).values(shape) for _ in range(200)])
    assert gaussian.std() == pytest.approx(bound, rel=0.03)


def test_msra_is_normal_with_the_slope_in_its_magnitude():
    drawn = init.MSRAPrelu("in", slope=0.5).values((200, 300))
    assert drawn.std() == pytest.approx(np.sqrt(2 / (1 + 0.25) / 300), rel=0.02)


@pytest.mark.parametrize("shape", [(3, 8), (8, 3), (4, 2, 3, 3)])
def test_orthogonal_rows_or_columns(shape):
    w = init.Orthogonal(scale=2.0).values(shape).reshape(shape[0], -1)
    gram = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(gram, 4 * np.eye(len(gram)), atol=1e-5)


def test_a_seed_gives_the_same_values_and_two_calls_differ():
    _core.seed(5)
    first, second = init.Normal().values((3,)), init.Normal().values((3,))
    _core.seed(5)
    assert (init.Normal().values((3,)) == first).all()
    assert (first != second).all()


def test_the_name_decides_unless_told_otherwise():
    def filled(name):
        array = _core.empty((2,), "float32")
        init.Constant(7.0)(name, array)
        return array.asnumpy().tolist()

    assert filled("conv0.bias") == filled("beta") == filled("running_mean") == [0, 0]
    assert filled("gamma") == filled("bn.running_var") == [1, 1]
    assert filled("weight") == [7, 7]
    array = _core.empty((2,), "float32")
    init.Constant(7.0).fill(array)
    assert array.asnumpy().tolist() == [7, 7]


def test_create_by_name_number_class_and_instance():
    assert init.create("zeros") == init.Zero() and init.create("ones") == init.One()
    assert init.create("xavier", magnitude=2).magnitude == 2
    assert init.create(0.5) == init.Constant(0.5) != init.Constant(0.25)
    assert init.create(init.Normal).sigma == 0.01
    kept = init.Uniform(0.5)
    assert init.create(kept) is kept
    assert repr(init.Xavier(magnitude=2)) == "Xavier(rnd_type='uniform', factor_type='avg', magnitude=2)"
    with pytest.raises(ValueError, match="one of bilinear, constant, fusedrnn, gaussian.*got 'xaver'"):
        init.create("xaver")


def test_errors_name_the_shape():
    with pytest.raises(ValueError, match=r"Xavier: expected a weight with at least two axes, got shape \(3,\)"):
        init.Xavier().values((3,))
    with pytest.raises(ValueError, match="rnd_type must be 'uniform' or 'gaussian', got 'normal'"):
        init.Xavier(rnd_type="normal")
    with pytest.raises(ValueError, match=r"expected values of shape \(2,\), got \(3,\)"):
        init.Constant(np.ones(3)).fill(_core.empty((2,), "float32"))


def test_bilinear_kernels_upsample_a_ramp_to_a_ramp():
    from scipy.signal import convolve2d

    kernel = init.Bilinear().values((2, 3, 4, 4))
    assert kernel.shape == (2, 3, 4, 4) and np.array_equal(kernel[0, 0], kernel[1, 2])
    ramp = np.arange(6.0)[None].repeat(6, 0)
    spread = np.zeros((12, 12))
    spread[::2, ::2] = ramp
    row = convolve2d(spread, kernel[0, 0], "same")[6, 3:9]
    np.testing.assert_allclose(np.diff(row), 0.5, atol=1e-6)


def test_truncated_normal():
    _core.seed(2)
    drawn = init.TruncNorm(mean=1.0, stdev=0.2).values((20000,))
    assert stats.kstest(drawn, stats.truncnorm(-2, 2, 1.0, 0.2).cdf).pvalue > 1e-3


def test_patterns_and_saved_values(tmp_path):
    from safetensors.numpy import save_file

    import dlcore as dl

    net = dl.gluon.nn.Dense(2, in_units=3, prefix="d_")
    mixed = init.Mixed(["bias$", "weight$"], [init.Constant(7), init.Constant(2)])
    w, b = dl.nd.zeros((2, 3)), dl.nd.zeros((2,))
    mixed("d_weight", w)
    mixed("d_bias", b)
    assert (w.asnumpy() == 2).all() and (b.asnumpy() == 7).all()
    with pytest.raises(ValueError, match="no pattern fits the parameter 'gamma'"):
        mixed("gamma", b)
    file = tmp_path / "w.safetensors"
    save_file({"d_weight": np.arange(6, dtype="f").reshape(2, 3)}, file)
    load = init.Load(file, default_init="ones")
    load("d_weight", w)
    load("d_bias", b)
    assert w.asnumpy().sum() == 15 and (b.asnumpy() == 0).all(), "a bias is zero by its name"
    with pytest.raises(ValueError, match=r"d_weight: expected shape \(2,\), found \(2, 3\)"):
        load("d_weight", b)
    with pytest.raises(ValueError, match="'x' is not among d_weight"):
        init.Load(file)("x", b)
    net.initialize(init.Load({"d_weight": np.ones((2, 3)), "d_bias": np.full(2, 5.0)}))
    assert net.bias.data().asnumpy().tolist() == [5.0, 5.0]


@pytest.mark.parametrize(
    ("make", "shape", "match"),
    [
        (init.Bilinear, (3, 3), r"expected a kernel \(out, in, height, width\), got shape \(3, 3\)"),
        (init.LSTMBias, (6,), r"four gates, got shape \(6,\)"),
        (lambda: init.Mixed(["a"], []), (1,), "as many initializers as patterns, got 0"),
        (lambda: init.Mixed(["("], ["zeros"]), (1,), r"Mixed: expected regular expressions, '\(' is none: missing"),
        (lambda: init.Orthogonal(rand_type="x"), (1,), "Orthogonal: rand_type must be 'uniform' or 'normal', got 'x'"),
        (lambda: init.Normal(-1.0), (1,), "Normal: sigma must be at least 0, got -1"),
    ],
)
def test_weights_of_the_wrong_kind(make, shape, match):
    with pytest.raises(ValueError, match=match):
        make().values(shape)


def test_initializers_that_give_no_values_are_named():
    with pytest.raises(NotImplementedError, match="Initializer does not say what values it gives: override values"):
        init.Initializer()("d_weight", nd.zeros((2,)))
    with pytest.raises(ValueError, match="FusedRNN: init=None is the initializer of a network, and there is none here"):
        init.FusedRNN(None, 3, 1, "lstm").fill(nd.zeros((3,)))
    with pytest.raises(TypeError, match=r"Constant: value must be a number or an array of numbers, got 'a' \(str\)"):
        init.Constant("a")
