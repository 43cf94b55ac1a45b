"""Parameters and dicts of them."""

import copy
import pickle
import warnings

import numpy as np
import pytest

import dlcore as dl
from dlcore import _core, gluon
from dlcore.gluon import DeferredInitializationError, Parameter


def made(**kw):
    p = Parameter("weight", **{"shape": (2, 3), **kw})
    p.initialize(init="ones")
    return p


def test_the_array_stays_the_same_whatever_writes_into_it():
    p = made()
    data, grad = p.data(), p.grad()
    p.set_data(np.full((2, 3), 5.0))
    assert (data.asnumpy() == 5).all()
    p.set_data(dl.nd.zeros((2, 3)))
    assert (data.asnumpy() == 0).all()
    p.initialize(init="ones", force_reinit=True)
    assert (data.asnumpy() == 1).all()
    assert p.data() is data and p.grad()._storage_id == grad._storage_id
    assert data.dtype == np.float32 and (p.grad().asnumpy() == 0).all()


def test_initialize_twice_warns_and_changes_nothing():
    p = made()
    with pytest.warns(UserWarning, match="weight is already initialized"):
        p.initialize(init="zeros")
    assert (p.data().asnumpy() == 1).all()


def test_names_choose_values_unless_an_initializer_is_given():
    for name, init, expected in [("bias", None, 0), ("bn_gamma", None, 1), ("bias", "ones", 1), ("weight", "zeros", 0)]:
        p = Parameter(name, shape=(2,), init=init)
        p.initialize()
        assert p.data().asnumpy().tolist() == [expected] * 2
    p = Parameter("weight", shape=(1000,))
    p.initialize()
    values = p.data().asnumpy()
    assert 0.06 < abs(values).max() <= 0.07 and values.std() > 0.03


def test_what_is_missing_is_said():
    p = Parameter("weight", shape=(2, 0), allow_deferred_init=True)
    with pytest.raises(RuntimeError, match="weight has not been initialized: call initialize"):
        p.data()
    p.initialize()
    with pytest.raises(DeferredInitializationError, match=r"shape \(2, 0\) becomes known when the network is first"):
        p.data()
    with pytest.raises(ValueError, match=r"expected shape \(2, 0\), got \(3, 4\)"):
        p.shape = (3, 4)
    p.shape = (2, 4)
    p.finish_deferred_init()
    assert p.data().shape == (2, 4)
    with pytest.raises(ValueError, match=r"cannot be initialized with the unknown shape \(0,\)"):
        Parameter("w", shape=(0,)).initialize()
    with pytest.raises(ValueError, match=r"expected shape \(2, 4\), got \(4, 2\)"):
        p.set_data(np.zeros((4, 2)))
    assert (p.data().asnumpy().shape) == (2, 4)
    with pytest.raises(ValueError, match="grad_req must be one of .*got 'always'"):
        p.grad_req = "always"
    with pytest.raises(RuntimeError, match="on cpu.0., not on gpu.1."):
        p.data("gpu(1)")


def test_set_data_tells_an_unknown_shape():
    p = Parameter("weight", allow_deferred_init=True)
    p.initialize()
    p.set_data(np.arange(6.0).reshape(2, 3))
    assert p.shape == (2, 3) and p.data().asnumpy().tolist() == [[0, 1, 2], [3, 4, 5]]


def test_gradients_follow_grad_req():
    p = made()

    def pass_once():
        with dl.autograd.record():
            y = (p.data() * 3).sum()
        y.backward()

    pass_once()
    pass_once()
    assert (p.grad().asnumpy() == 3).all()
    p.grad_req = "add"
    pass_once()
    pass_once()
    assert (p.grad().asnumpy() == 6).all()
    p.zero_grad()
    assert (p.grad().asnumpy() == 0).all()
    p.grad_req = "null"
    with pytest.raises(RuntimeError, match="has no gradient: its grad_req is 'null'"):
        p.grad()
    assert len(p.list_data()) == 1 and p.list_ctx() == [dl.cpu()]


def test_cast_keeps_values_and_makes_a_new_array():
    p = made()
    old = p.data()
    p.cast("float16")
    assert p.data().dtype == np.float16 and p.grad().dtype == np.float16 and (p.data().asnumpy() == 1).all()
    assert p.data() is not old and old.dtype == np.float32


def test_a_constant_never_changes():
    c = gluon.Constant("c", [[1.0, 2.0]])
    c.initialize()
    assert c.data().asnumpy().tolist() == [[1, 2]] and c.grad_req == "null"
    c.grad_req = "write"
    assert c.grad_req == "null"


@pytest.mark.parametrize("through", [copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))])
def test_copies_have_their_own_values(through):
    p = made(grad_req="add")
    q = through(p)
    q.set_data(np.zeros((2, 3)))
    assert (p.data().asnumpy() == 1).all() and q.grad_req == "add" and q.grad().shape == (2, 3)


def test_several_devices_hold_an_array_each():
    p = Parameter("w", shape=(2,))
    p.initialize(init="ones", ctx=[dl.cpu(0), dl.cpu(1)])
    first, second = p.list_data()
    assert p.list_ctx() == [dl.cpu(0), dl.cpu(1)] and second.ctx == dl.cpu(1) and p.data() is first
    with dl.autograd.record():
        (first * 2).sum().backward()
        (second * 3).sum().backward()
    p.gather()
    assert [g.asnumpy().tolist() for g in p.list_grad()] == [[5.0, 5.0]] * 2
    p.set_data(np.array([7.0, 8.0]))
    assert second.asnumpy().tolist() == [7.0, 8.0]
    p.zero_grad()
    assert not any(g.asnumpy().any() for g in p.list_grad())
    twin = pickle.loads(pickle.dumps(p))
    assert twin.list_ctx() == p.list_ctx() and twin.data(dl.cpu(1)).asnumpy().tolist() == [7.0, 8.0]
    p.cast("float64")
    assert [d.dtype for d in p.list_data()] == [np.float64] * 2
    p.reset_ctx(dl.cpu(1))
    assert p.list_ctx() == [dl.cpu(1)] and p.data().ctx == dl.cpu(1)
    one = Parameter("w", shape=(1,))
    one.initialize(ctx=[dl.cpu(0)])
    assert one.list_ctx() == [dl.cpu(0)]
    with pytest.raises(ValueError, match="row-sparse gradient is possible on one device only"):
        Parameter("t", shape=(3, 2), grad_stype="row_sparse").initialize(ctx=[dl.cpu(0), dl.cpu(1)])
    with pytest.raises(ValueError, match="got an empty list"):
        Parameter("w", shape=(1,)).initialize(ctx=[])


def test_dict_of_parameters():
    d = gluon.ParameterDict("net_")
    w = d.get("weight", shape=(2, 0), allow_deferred_init=True)
    assert d.get("weight", shape=(2, 3)) is w and w.name == "net_weight"
    with pytest.raises(ValueError, match=r"weight: a shared one has shape \(2, 0\), asked for \(3, 3\)"):
        d.get("weight", shape=(3, 3))
    d.setattr("lr_mult", 0.5)
    assert w.lr_mult == 0.5
    shared = gluon.ParameterDict("other_", d)
    assert shared.get("weight") is w and list(shared) == ["weight"]
    with pytest.raises(ValueError, match="both sides have a parameter 'weight'"):
        d.update({"weight": Parameter("weight")})
    assert "weight: (2, 0) float32" in repr(d)
    c = d.get_constant("c", np.ones(2))
    assert d.get_constant("c") is c


def test_save_and_load_a_dict(tmp_path):
    d = gluon.ParameterDict()
    d.get("a.weight", shape=(2,), init=3.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        d.initialize()
    d.save(tmp_path / "p", strip_prefix="a.")
    d["a.weight"].set_data(np.zeros(2))
    d.load(tmp_path / "p", restore_prefix="a.")
    assert d["a.weight"].data().asnumpy().tolist() == [3, 3]
    assert _core.is_recording() is False
