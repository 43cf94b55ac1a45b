"""What Tab offers after %train."""

import numpy as np
import pytest
from IPython.core.completer import provisionalcompleter

from dlcore.gluon import loss, nn
from dlcore.kernel_ext.train_completion import complete


@pytest.fixture
def names():
    x, y = np.zeros((4, 2), "float32"), np.zeros(4, "int32")
    return {"net": nn.Dense(2), "train": (x, y), "x": x, "text": "abc", "criterion": loss.L2Loss(), "_old": x}


@pytest.mark.parametrize(
    "before, word, offers",
    [
        ("%train n", "n", ["net"]),
        ("run = %train net --ep", "--ep", ["--epochs"]),
        ("%%train net --b", "--b", ["--background", "--batch"]),
        ("%train net --data t", "t", ["train"]),
        ("%train net --data m", "m", ["mnist"]),
        ("%train net --val ", "", ["fashion_mnist", "mnist", "train", "x"]),
        ("%train net --data train --optimizer a", "a", ["adam"]),
        ("%train net --loss cri", "cri", ["criterion"]),
        ("%train net --epochs ", "", []),
        ("%train net --epochs 3 --ep", "--ep", []),
        ("%train net n", "n", []),
        ("%train --background n", "n", ["net"]),
        ("%training n", "", []),
        ("print(n", "", []),
    ],
)
def test_offers(names, before, word, offers):
    names["net"] = nn.HybridSequential()  # which has a length and elements, as data have, and is none
    assert complete(before, names) == (word, offers)


def test_the_shell_completes(shell, names):
    shell.push(names)
    for text, offer in [("%train net --opt", "--optimizer"), ("%train net --data tra", "train")]:
        with provisionalcompleter():
            found = [completion.text for completion in shell.Completer.completions(text, len(text))]
        assert offer in found
