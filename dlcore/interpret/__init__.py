"""Looking inside a network and at what it gets wrong: layers as they are now, reasons of a decision, results.

Here: `structure` (layers, shapes, connections), `Probe` (weights, activations and gradients of a layer, taken without
leaving a trace), `program` (what the compiler makes of each layer, with times), `results` (confusion, worst mistakes,
scores of a class), `saliency`, `integrated_gradients`, `grad_cam`, `embedding`, `rules`, `Machine` (how busy it is).
Not here: anything that displays; widgets and magics draw what this room returns. It imports no notebook package.
Next: `widgets/explorer` and `widgets/data` for the pictures, `dlcore/run` for the runs that are watched.
"""

from dlcore import _answers

from ._attribution import Attribution, grad_cam, integrated_gradients, saliency
from ._batch import batch_of
from ._machine import Gpu, Machine, Reading
from ._measure import Measure, measure
from ._overview import Embedding, Rules, embedding, rules
from ._probe import Look, Probe
from ._program import Kernel, Program, program
from ._results import Mistakes, Results, results
from ._structure import Layer, Structure, structure

__all__ = [
    "Attribution",
    "Embedding",
    "Gpu",
    "Kernel",
    "Layer",
    "Look",
    "Machine",
    "Measure",
    "Mistakes",
    "Probe",
    "Program",
    "Reading",
    "Results",
    "Rules",
    "Structure",
    "batch_of",
    "embedding",
    "grad_cam",
    "integrated_gradients",
    "measure",
    "program",
    "results",
    "rules",
    "saliency",
    "structure",
]

_answers.guard(__name__, __all__)
