"""A learning rate that is changed later reaches the optimizer that a key-value store applies."""

import dlcore as dl


def test_a_changed_rate_reaches_the_optimizer_in_the_store():
    store = dl.kv.create("local")
    rule = dl.optim.SGD(learning_rate=1.0, rescale_grad=1.0)
    store.init("w", dl.nd.array([10.0]))
    store.set_optimizer(rule)
    moved = []
    for rate in (None, 0.5, 0.25):
        if rate is not None:
            rule.set_learning_rate(rate)
        before, after = dl.nd.zeros((1,)), dl.nd.zeros((1,))
        store.pull("w", out=before)
        store.push("w", dl.nd.array([1.0]))
        store.pull("w", out=after)
        moved.append(float((before - after).asscalar()))
    assert moved == [1.0, 0.5, 0.25]
