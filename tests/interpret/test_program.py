"""What the compiler makes of a network: which kernels work for which layer."""

import numpy as np

import dlcore as dl
from dlcore.interpret import program

nn = dl.gluon.nn


def test_every_kernel_belongs_to_the_layers_it_was_made_of():
    net = nn.HybridSequential()
    net.add(nn.Conv2D(4, 3), nn.BatchNorm(), nn.Activation("relu"), nn.Dense(2))
    net.initialize()
    found = program(net, np.ones((2, 1, 6, 6), "float32"))
    calls, kernels = found.of("2")
    assert [call.count("relu(") for call in calls] == [1]
    assert len(kernels) == 1 and set(kernels[0].paths) == {"0", "1", "2"} and "relu" in kernels[0].text
    assert len(found.of("")[1]) == len(found.kernels)
    assert all(kernel.seconds > 0 for kernel in found.kernels) and found.seconds < 1
