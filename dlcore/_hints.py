"""What to write instead of names and arguments that are not here: one table, and the errors made from it.

People arrive with names from other libraries and from texts that never ran. A module says
`__getattr__ = names_of(__name__, __all__)`, a class inherits `Hinted`, a function that is called with foreign arguments
is decorated with `hinted(place)`; what they answer stands in `HINTS` and nowhere else. This module stands left of
every room and imports nothing of the project.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

_TRAINER = "gluon.Trainer(net.collect_params(), 'adam', {'learning_rate': 0.001})"
_LOSSES = "gluon.loss.SoftmaxCrossEntropyLoss"
_STEP = "the trainer makes the step, and wants the number of samples: trainer.step(batch_size)"
_CONTEXT = "devices are made by dlcore.cpu() and dlcore.gpu(0); dlcore.num_gpus() counts the GPUs"
_WORKERS = "several devices are several workers, and their gradients are averaged: %%parallel, or dlcore.parallel"

# "place.name": an attribute that somebody asks for; "place(word=)": an argument; "place()": the number of arguments.
HINTS: dict[str, str] = {
    # dlcore
    "dlcore.is": _CONTEXT,
    "dlcore._mx": _CONTEXT,
    "dlcore.is_gpu": _CONTEXT,
    "dlcore.DataParallel": _WORKERS,
    "dlcore.ModelParallel": _WORKERS,
    "dlcore.Sequential": "networks of layers are gluon.nn.Sequential()",
    # gluon
    "gluon.optim": f"an optimizer belongs to a trainer: {_TRAINER}",
    "gluon.optimizer": f"an optimizer belongs to a trainer: {_TRAINER}",
    "gluon.autograd": "it is dlcore.autograd: from dlcore import autograd; with autograd.record(): ...",
    "gluon.DataParallel": _WORKERS,
    "gluon.ModelParallel": "parts of a model are modules of their own, joined by mod.SequentialModule; "
    "several workers share data: %%parallel, or dlcore.parallel",
    "gluon.init": "initializers are in dlcore.init: net.initialize(dlcore.init.Xavier())",
    # gluon.nn
    "nn.SoftmaxCrossEntropyLoss": f"losses are in gluon.loss: {_LOSSES}()",
    "nn.SoftmaxCELoss": f"losses are in gluon.loss: {_LOSSES}()",
    "nn.CrossEntropyLoss": f"losses are in gluon.loss: {_LOSSES}()",
    "nn.L2Loss": "losses are in gluon.loss: gluon.loss.L2Loss()",
    "nn.L1Loss": "losses are in gluon.loss: gluon.loss.L1Loss()",
    "nn.MSELoss": "losses are in gluon.loss: gluon.loss.L2Loss() (half the squared error)",
    "nn.SoftmaxActivation": "it is an operator, nd.softmax(x), and a layer, nn.Softmax()",
    "nn.Linear": "it is nn.Dense(units)",
    "nn.BatchNorm2d": "it is nn.BatchNorm(), for any number of axes",
    "nn.Module": "networks derive from gluon.Block or gluon.HybridBlock",
    "nn.Conv2d": "it is nn.Conv2D(channels, kernel_size)",
    # gluon.data
    "data.DataSet": "it is gluon.data.ArrayDataset(data, label) for arrays, gluon.data.Dataset to derive from",
    "data.MNIST": "image sets are in gluon.data.vision: gluon.data.vision.MNIST(train=True)",
    "vision.Freedmindetector": "there is no such data set; for digits it is gluon.data.vision.MNIST(train=True)",
    "vision.ToTensor": "transforms are in gluon.data.vision.transforms: transforms.ToTensor()",
    "MNIST(split=)": "it is train=True or train=False",
    "CIFAR10(split=)": "it is train=True or train=False",
    "CIFAR100(split=)": "it is train=True or train=False",
    "Dataset.reset": "a dataset has no position; a DataLoader begins anew whenever it is iterated: "
    "for data, label in gluon.data.DataLoader(dataset, batch_size=64, shuffle=True)",
    "Dataset.test": "the test images are a set of their own: gluon.data.vision.MNIST(train=False)",
    "Dataset.train": "the training images are a set of their own: gluon.data.vision.MNIST(train=True)",
    "Dataset.map": "it is dataset.transform(fn), or transform_first(fn) for the data without the label",
    "Dataset.batch": "it is gluon.data.DataLoader(dataset, batch_size=64)",
    "Dataset.shuffle": "it is gluon.data.DataLoader(dataset, batch_size=64, shuffle=True)",
    "Dataset.transform(random_state=)": "transform takes a function alone; dlcore.random.seed(1) fixes random numbers",
    "ArrayDataset(label=)": "the arrays stand side by side: ArrayDataset(data, label)",
    "ArrayDataset(data=)": "the arrays stand side by side: ArrayDataset(data, label)",
    "Transform()": "a transform changes the image, not the label: dataset.transform_first(ToTensor())",
    "Dataset.transform_first()": "transform_first(f) calls f(data); a function of data and label is for transform(f)",
    "Dataset.transform()": "transform(f) calls f(data, label); a function of the data alone is for transform_first(f)",
    # parameters, networks, trainers, optimizers
    "Parameter.add": "new values are written with parameter.set_data(parameter.data() - lr * parameter.grad())",
    "Parameter.__grad_buffer__": "the gradient is parameter.grad(); parameter.zero_grad() sets it to zero",
    "Parameter.grad_buffer": "the gradient is parameter.grad(); parameter.zero_grad() sets it to zero",
    "Parameter.asnumpy": "the values are parameter.data().asnumpy()",
    "Block.parameters": "they are net.collect_params()",
    "Block.fit": "a loop over batches trains it, dlcore.run.train runs one; fit is of mod.Module and of Estimator",
    "Block.backward": "the loss goes backward: with autograd.record(): loss = ...; then loss.backward()",
    "Block.train": "the mode is that of the scope: with autograd.record(): ... or autograd.train_mode()",
    "Block.eval": "the mode is that of the scope: outside autograd.record() a network predicts",
    "Block.to": "it is net.reset_ctx(dlcore.gpu(0))",
    "Block.step": _STEP,
    "Trainer.step()": "it divides the gradients by the number of samples: trainer.step(batch_size)",
    "Trainer.zero_grad": "gradients are replaced by every backward(), so nothing is to be zeroed; after "
    "grad_req='add' it is net.zero_grad()",
    "Trainer.fit": "a trainer makes single steps, trainer.step(batch_size); fit is of mod.Module and of Estimator",
    "Optimizer.step": f"{_STEP}, with trainer = {_TRAINER}",
    "Optimizer.zero_grad": "gradients are replaced by every backward(), so nothing is to be zeroed",
    "Optimizer(lr=)": f"it is learning_rate=; parameters are not its business: {_TRAINER}",
    "Optimizer(params=)": f"parameters are given to a trainer: {_TRAINER}",
    "Optimizer(betas=)": "they are beta1= and beta2=",
    "Optimizer(eps=)": "it is epsilon=",
    "Optimizer(weight_decay=)": "it is wd=",
    "Optimizer(learning_rate)": f"parameters are given to a trainer: {_TRAINER}",
    # autograd
    "autograd.Grad": "gradients stand in parameter.grad() after loss.backward(), or come from autograd.grad(loss, x)",
    "autograd.get_gradients": "after loss.backward() each of net.collect_params().values() has parameter.grad()",
    "autograd.no_grad": "it is autograd.pause()",
    "autograd.GradientTape": "it is autograd.record()",
    # metrics
    "metric.accuracy": "metrics are classes: metric = dlcore.metric.Accuracy(), and no loss; "
    f"what is differentiated is {_LOSSES}()",
    "metric.cross_entropy": f"the metric is dlcore.metric.CrossEntropy(); what is differentiated is {_LOSSES}()",
    "metric.mse": "metrics are classes: dlcore.metric.MSE()",
    # symbols and modules
    "symbol.Sequential": "symbols are composed by calls, sym.FullyConnected(data, num_hidden=10), or see nn.Sequential",
    "symbol.Input": "it is sym.var('data')",
    "Module.fit(epoch=)": "it is num_epoch=",
    "Module.fit(epochs=)": "it is num_epoch=",
    "Module.fit(lr=)": "it is optimizer_params={'learning_rate': 0.01}",
    "Module.fit(batch_size=)": "the iterator has the batch size: io.NDArrayIter(data, label, batch_size=32)",
    "Module()": "a module is not called: module.forward(batch, is_train=False) and module.get_outputs(), "
    "or module.predict(iterator)",
    "Module.step": "it is module.update(), after module.forward(batch, is_train=True) and module.backward()",
    "Module.train": "it is module.fit(iterator, num_epoch=10)",
    "Module.evaluate": "it is module.score(iterator, 'acc'), a list of (name, value)",
    "Module.save": "it is module.save_checkpoint(prefix, epoch)",
    "DataIter.shape": "it is iterator.provide_data",
}
_F = TypeVar("_F", bound=Callable[..., Any])
_BINDING = re.compile(r"unexpected keyword argument '(\w+)'|positional argument|missing \d+ required")


def hint(place: str, name: str = "") -> str | None:
    """What the table says about `place.name`, None if nothing.

    >>> hint("nn", "Linear")
    'it is nn.Dense(units)'
    """
    return HINTS.get(f"{place}.{name}" if name else place)


def missing(said: str, place: str, name: str, known: Iterable[str] = ()) -> AttributeError:
    """The error for an attribute that is not there: what the table says, else the nearest of the known names."""
    fix = hint(place, name)
    if fix is None and not name.startswith("_"):
        near = difflib.get_close_matches(name, list(known), 1)
        fix = f"did you mean {near[0]!r}?" if near else None
    return AttributeError(f"{said} has no {name!r}" + (f"; {fix}" if fix else ""), name=name)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint for a misspelt word, to be added to an error; empty where no known word looks like it.

    >>> did_you_mean("adm", ["sgd", "adam"])
    "; did you mean 'adam'?"
    """
    close = difflib.get_close_matches(word, list(known), 1, 0.5)
    return f"; did you mean {close[0]!r}?" if close else ""


# Finds the module that an old name such as "dlcore.gluon.parameter" means; there while `dlcore.compat` is installed.
old_modules: list[Callable[[str], Any]] = []


def names_of(module: str, known: Iterable[str]) -> Callable[[str], Any]:
    """A `__getattr__` for a module: it says what to write instead. In the table stands the name's last part."""

    def absent(name: str) -> Any:
        for find in old_modules:
            if (found := find(f"{module}.{name}")) is not None:
                return found
        raise missing(module, module.rpartition(".")[2], name, known)

    return absent


class Hinted:
    """Base of classes that say what to write instead of an attribute they have not."""

    if not TYPE_CHECKING:  # a type checker should still find what is missing

        def __getattr__(self, name: str) -> Any:
            kind = type(self)
            place = next((c.__name__ for c in kind.__mro__ if hint(c.__name__, name)), kind.__name__)
            if name.startswith("__") and hint(place, name) is None:
                raise AttributeError(name)
            raise missing(kind.__name__, place, name, (n for n in dir(kind) if not n.startswith("_")))


def explained(place: str, error: TypeError) -> TypeError | None:
    """The error of a call whose arguments do not fit, with what the table says; None for errors from inside.

    To be asked where the call was made: the traceback then ends there.
    """
    if error.__traceback__ is None or error.__traceback__.tb_next is not None:
        return None
    found = _BINDING.search(str(error))
    if found is None:
        return None
    fix = hint(f"{place}({found.group(1)}=)" if found.group(1) else f"{place}()")
    return TypeError(f"{error}; {fix}") if fix else None


def unexpected(place: str, who: str, words: Iterable[str]) -> TypeError:
    """The error for arguments by name that are not known."""
    listed = list(words)
    fixes = [fix for word in listed if (fix := hint(f"{place}({word}=)"))]
    return TypeError(f"{who}() has no argument {', '.join(map(repr, listed))}" + "".join(f"; {fix}" for fix in fixes))


def hinted(place: str) -> Callable[[_F], _F]:
    """A decorator: wrong arguments are answered with what the table says about them at `place`."""

    def decorate(function: _F) -> _F:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            try:
                return function(*args, **kwargs)
            except TypeError as error:
                better = explained(place, error)
                if better is None:
                    raise
                raise better from None

        return call  # type: ignore[return-value]

    return decorate
