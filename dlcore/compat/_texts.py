r"""What old texts get wrong that running them does not tell, as data: pattern, what is wrong, what to write.

A rule is asked of the whole text; `{0}` in its answers is the first group of the match. `unless` is a pattern that
makes a rule silent when it is found anywhere in the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """One mistake: where it is seen, what it is, and the right form."""

    pattern: re.Pattern[str]
    wrong: str
    fix: str
    unless: re.Pattern[str] | None = None


def _rule(pattern: str, wrong: str, fix: str, unless: str | None = None) -> Rule:
    return Rule(re.compile(pattern, re.M), wrong, fix, None if unless is None else re.compile(unless, re.M))


RULES: tuple[Rule, ...] = (
    # Words that are no Python at all.
    _rule(
        r"\b(autograd\w* Grad)\(",
        "'{0}(...)' is no Python",
        "leave the line out; gradients come from loss.backward() inside autograd.record()",
    ),
    _rule(
        r"\bmx\.metric\s+[^\W\d]+\.(\w+)",
        "a stray word stands inside the name of a metric",
        "loss_fn = gluon.loss.SoftmaxCrossEntropyLoss(); loss = loss_fn(output, label)",
    ),
    _rule(r"\bmxnet\.is\.gpu\b", "'is' is a keyword of Python", "mx.num_gpus() counts the GPUs"),
    _rule(r"=\s*\.\.\.\s*$", "'...' stands where an array should", "an array, or a batch of an iterator"),
    _rule(
        r"ImageRecordIter\(\s*\.\.\.\s*\)",
        "'...' is a value here, not an omission",
        "mx.io.ImageRecordIter(path_imgrec='train.rec', data_shape=(3, 224, 224), batch_size=32)",
    ),
    # Names that never were. Those that a module or a class answers for itself stand in dlcore/_hints.py.
    _rule(r"\bFreedmindetector\b", "there is no such data set", "gluon.data.vision.MNIST(train=True)"),
    _rule(r"\bsplit='(train|test)'", "'split' is no argument", "train=True or train=False"),
    _rule(r"\bgluon\.optim\b", "there is no gluon.optim", "gluon.Trainer(net.collect_params(), 'adam', {{...}})"),
    _rule(r"\bgluon\.autograd\b", "there is no gluon.autograd", "from mxnet import autograd"),
    _rule(r"\bnn\.(SoftmaxCrossEntropyLoss)\b", "losses are not in nn", "gluon.loss.{0}()"),
    _rule(r"\bnn\.SoftmaxActivation\b", "there is no nn.SoftmaxActivation", "mx.nd.softmax(output), or nn.Softmax()"),
    _rule(r"\bgluon\.data\.DataSet\b", "there is no DataSet", "gluon.data.ArrayDataset(data, label)"),
    _rule(
        r"\.(transform\w+)\(lambda", "there is no '{0}' of two arguments", ".transform(function)", r"transform_first\("
    ),
    _rule(r"\brandom_state=", "'random_state' is no argument of transform", "mx.random.seed(1)"),
    _rule(
        r"\bresizeesorow\b", "gradients have no such method", "parameter.zero_grad(), or nothing: backward() replaces"
    ),
    _rule(r"\bget_gradients\(\)", "there is no autograd.get_gradients", "parameter.grad() for each parameter"),
    _rule(r"\bmx\.metric\.accuracy\b", "a metric is no loss", "mx.metric.Accuracy(), and a loss to be differentiated"),
    _rule(r"\bmnist\.test\(\)", "a data set has no test()", "gluon.data.vision.MNIST(train=False)"),
    _rule(r"\bsymbol\.Sequential\b", "there is no symbol.Sequential", "compose symbols by calls, or nn.Sequential()"),
    _rule(r"\bDataParallel|ModelParallel\b", "there is no such module", "%%parallel, or dlcore.parallel"),
    # Calls in a style of another library, or with the wrong arguments.
    _rule(
        r"\bfeed_dict\b", "a module is not fed a dict", "module.forward(batch, is_train=False); module.get_outputs()"
    ),
    _rule(r"\boptimizer\.step\(", "an optimizer makes no steps", "trainer.step(batch_size)"),
    _rule(r"\btrainer\.step\(\)", "the number of samples is missing", "trainer.step(batch_size)"),
    _rule(r"\btrainer\.zero_grad\(\)", "a trainer zeroes no gradients", "leave it out: backward() replaces them"),
    _rule(r"\boptimizer\.\w+\([^\n]*\blr=", "'lr' is no argument", "learning_rate="),
    _rule(r"\.fit\([^)]*\bepoch=", "'epoch' is no argument of fit", "num_epoch="),
    _rule(r"transform=\S*ToTensor\(\)", "a data set calls transform(image, label)", ".transform_first(ToTensor())"),
    _rule(
        r"\b\w*data\.reset\(\)", "a data set has no position to reset", "iterate a DataLoader anew", r"DataIter|Iter\("
    ),
    _rule(
        r"transform_first\((\w*transform_\w+|\w+_mnist)\)",
        "a function of data and label is given to transform_first",
        ".transform({0})",
    ),
    # What runs, or would, and means something else.
    _rule(
        r"^\s*loss = .*/ batch_size$(?=[\s\S]*\.step\(batch_size\))",
        "the loss is divided by batch_size, and step(batch_size) divides again",
        "divide once: loss without '/ batch_size'",
    ),
    _rule(r"\bdevice_id \+ 1", "cpu().device_id + 1 is always 1", "mx.num_gpus() counts the GPUs"),
    _rule(
        r"param\.add\(grad \* ",
        "adding the gradient climbs",
        "param.set_data(param.data() - learning_rate * param.grad())",
    ),
    _rule(
        r"nn\.Softmax\(\)",
        "SoftmaxCrossEntropyLoss applies softmax itself",
        "leave nn.Softmax() out",
        r"\A(?![\s\S]*CrossEntropyLoss)",
    ),
    _rule(
        r"^(?:net|model) = \w",
        "the network is never initialized",
        "net.initialize(mx.init.Xavier())",
        r"initialize\(|Module\(",
    ),
    _rule(
        r"^ +(?:model) = Simple",
        "the network is never initialized",
        "model.initialize(mx.init.Xavier())",
        r"initialize\(",
    ),
    _rule(
        r"\b(?:loss|output)\.backward\(\)",
        "nothing is recorded",
        "with autograd.record(): before the forward pass",
        r"record\(|feed_dict",
    ),
    _rule(
        r"^ *for \w+ in (train_data|test_data):",
        "a data set gives single samples",
        "gluon.data.DataLoader({0}, batch_size=64)",
        r"DataLoader\(",
    ),
    _rule(r"\.init_params\(\)", "parameters have no shapes before bind", "model.bind(...) first", r"\.bind\("),
    _rule(r"'[^'\n]*%f[^'\n]*' % \([^)]*\bacc\)", "score gives a list of pairs", "dict(model.score(...))['accuracy']"),
    _rule(
        r"sym(?:bol)?\.SoftmaxOutput\(data=\w+\)",
        "the label will be called after a number",
        "SoftmaxOutput(data=fc, name='softmax'): a Module's label is softmax_label",
    ),
    _rule(
        r"^(?:sync_gradients|update_model_params|init_compute_nodes)\(",
        "this is pseudo-code",
        "mx.kv.create('local'), then push the gradients and pull the parameters",
    ),
    _rule(
        r"\bvision\.MNIST\(.*\n[\s\S]*astype\(\"float32\"\) / 255",
        "images are (28, 28, 1), layers want (1, 28, 28)",
        "transforms.ToTensor(), or data.transpose((2, 0, 1))",
        r"transpose|ToTensor",
    ),
    _rule(r"rand\(\d+, 784\)", "784 numbers in a row are no picture", "rand(100, 1, 28, 28)"),
    _rule(r"(?:num_hidden=|Dense\()1000\b", "1000 classes, for digits of 10", "10"),
    _rule(r"label=np\.random\.rand\(", "classes are whole numbers", "label=np.random.randint(0, 10, 100)"),
    _rule(
        r"nn\.Dense\(1\)\n(?:(?!^class )[\s\S])*?SoftmaxCrossEntropyLoss",
        "over one class the loss is always 0",
        "nn.Dense(10) and whole numbers as labels",
    ),
    _rule(r"^pool2 = .*\Z", "the network has no head", "mx.sym.FullyConnected, then mx.sym.SoftmaxOutput"),
)

# Names that a part of a text uses before it has made them, and what makes them.
NAMES: dict[str, str] = {
    "autograd": "from mxnet import autograd",
    "data": "data = mx.sym.var('data')",
    "fc": "fc = mx.sym.FullyConnected(data, num_hidden=10)",
    "gluon": "from mxnet import gluon",
    "model": "model = mx.mod.Module(symbol)",
    "mx": "import mxnet as mx",
    "nd": "from mxnet import nd",
    "nn": "from mxnet.gluon import nn",
    "np": "import numpy as np",
}  # fmt: skip
