"""Public names without an example of their own, and the name whose example shows them, or why none can run here.

tests/docs checks it: each name here exists and has no example, what it points to has one, and no other name lacks one.
"""

from __future__ import annotations

_ZOO = """cifar_resnet20_v1 densenet121 densenet161 densenet169 densenet201 inception_v3 mobilenet0_25 mobilenet0_5
    mobilenet0_75 mobilenet1_0 mobilenet_v1 mobilenet_v2_0_25 mobilenet_v2_0_5 mobilenet_v2_0_75 mobilenet_v2_1_0
    resnet101_v1 resnet101_v2 resnet152_v1 resnet152_v2 resnet18_v1 resnet18_v2 resnet34_v1 resnet34_v2 resnet50_v1
    resnet50_v2 squeezenet1_0 squeezenet1_1 vgg11 vgg11_bn vgg13 vgg13_bn vgg16 vgg16_bn vgg19 vgg19_bn"""

# Name -> the name whose example makes it, gives it or uses it.
SHOWN_BY: dict[str, str] = {
    **{f"gluon.model_zoo.vision.{name}": "gluon.model_zoo.vision.get_model" for name in _ZOO.split()},
    "gluon.DeferredInitializationError": "gluon.Parameter",
    "gluon.load_checkpoint": "gluon.save_checkpoint",
    "io.load_arrays": "io.save_arrays",
    "io.load_metadata": "io.save_arrays",
    "run.Branch": "run.History",
    "run.Event": "run.Run",
    "run.LearningRates": "run.lr_find",
    "run.Snapshot": "run.Run",
    "run.Snapshots": "run.Run",
    "run.Saved": "run.saved",
    "run.last_of": "run.saved",
    **{
        f"run.{name}": "run.train"
        for name in """folder knobs_of make_optimizer prepare runs TextProgress training
       TrainingLoop wait""".split()
    },
    "compress.Pruned": "compress.prune",
    "compress.Quantized": "compress.quantize_weights",
    "interop.save_params": "interop.save",
    "interpret.Attribution": "interpret.saliency",
    "interpret.grad_cam": "interpret.saliency",
    "interpret.Kernel": "interpret.program",
    "interpret.Program": "interpret.program",
    "interpret.Layer": "interpret.structure",
    "interpret.Structure": "interpret.structure",
    "interpret.Gpu": "interpret.Machine",
    "interpret.Look": "interpret.Probe",
    "interpret.Reading": "interpret.Machine",
    "interpret.Measure": "interpret.measure",
    **{
        f"interpret.{name}": "interpret.results"
        for name in """batch_of Embedding embedding Mistakes Results Rules
       rules""".split()
    },
    "graph.Explanation": "graph.explain",
    **{f"graph.{name}": "graph.explain" for name in "Compiled Graph GraphError Node State Value trace verify".split()},
    **{
        f"graph.{name}": "graph.jit"
        for name in """CachedOp every_call generation GraphFunction invalidate is_tracing Jit
       outside_trace""".split()
    },
    "compat.Finding": "compat.diagnose",
    "compat.installed": "compat.install",
    "compat.uninstall": "compat.install",
    **{f"tune.{name}": "tune.search" for name in "Mark MarkError Search TextTrials Trial wait".split()},
    "module.BaseModule": "module.Module",
    "module.BatchEndParam": "module.Module",
    "module.load_checkpoint": "module.save_checkpoint",
    "module.PythonModule": "module.PythonLossModule",
    "operator.CustomOp": "operator.register",
    "operator.CustomOpProp": "operator.register",
    "test_utils.assert_almost_equal": "test_utils.almost_equal",
    "test_utils.check_numeric_gradient": "test_utils.rand_ndarray",
    "rnn.BaseRNNCell": "rnn.LSTMCell",
}

_FILES = "It reads the files of a data set, which are not part of dlcore."
_WORKERS = "It starts worker processes; notebooks/01_tour.ipynb runs it."
_NET = "It asks a server."

# Name -> why no example of it can run where the reference is made.
CANNOT_RUN: dict[str, str] = {
    "gluon.data.vision.CIFAR10": _FILES,
    "gluon.data.vision.CIFAR100": _FILES,
    "io.cache_dir": "What it gives differs from user to user.",
    "io.npm_pack": _NET,
    "io.reachable": _NET,
    "comm.MPICommunicator": "It needs processes that mpiexec started; comm.Communicator shows what it does.",
    "comm.NCCLCommunicator": "It needs several GPUs; comm.Communicator shows what it does.",
    **{
        f"parallel.{name}": _WORKERS
        for name in """CellResult pool run_cell shutdown train WorkerError
       WorkerPool""".split()
    },
    "profiler.dump": "It writes the file that profiler.set_config names.",
    "profiler.dump_profile": "It writes the file that profiler.set_config names.",
    "util.get_gpu_memory": "It needs a GPU.",
}
