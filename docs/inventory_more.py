"""The rest of MXNet 1.9.1: modules beside the core, and what is said (a word, a file) rather than called."""

from __future__ import annotations

from typing import NamedTuple

from inventory import Family

MORE = [
    Family("Sparse arrays", "nd.sparse", "array cast_storage csr_matrix dot retain row_sparse_array zeros"),
    Family("Rows of a parameter", "gluon.Parameter", "list_row_sparse_data row_sparse_data"),
    Family("Control flow", "nd.contrib", "cond foreach while_loop"),
    Family("Batches of samples (2.0)", "gluon.data.batchify", "Append AsList Group Pad Stack"),
    Family("Attributes and names of symbols", "", "AttrScope attribute.AttrScope name.NameManager name.Prefix"),
    Family("Engine", "engine", "bulk set_bulk_size"),
    Family("Text", "contrib.text", """
        Vocabulary count_tokens_from_str
    """),
    Family("Quantization", "contrib.quantization", """
        calib_graph quantize_graph quantize_model quantize_model_mkldnn quantize_net quantize_net_v2
    """),
    Family("ONNX", "onnx", "export_model get_model_metadata get_operator_support import_model import_to_gluon"),
    Family("Charts in notebooks", "notebook.callback", """
        LiveBokehChart LiveLearningCurve LiveTimeSeries PandasLogger
    """),
    Family("Variance reduction", "contrib.svrg_optimization", "SVRGModule SVRGOptimizer"),
    Family("TensorBoard", "contrib.tensorboard", "LogMetricsCallback"),
    Family("Texts of Wikipedia", "gluon.contrib.data.text", "WikiText103 WikiText2"),
    Family("Further tests of one's own", "test_utils", """
        check_consistency check_speed check_symbolic_backward check_symbolic_forward chi_square_check compare_optimizer
        numeric_grad verify_generator
    """),
    Family("Only in 2.0", "", "gluon.metric gluon.probability device"),
]  # fmt: skip

_INT8 = "Weights are quantized by dlcore.compress.quantize_weights; products of int8 arrays are not offered."
_ONNX = "Networks are exchanged by export and SymbolBlock.imports, weights of PyTorch by dlcore.interop."
_CHARTS = "Charts are drawn while training: %load_ext dlcore, then %train."
_OWN = "It served the tests of MXNet's own kernels; check_numeric_gradient and assert_almost_equal are here."

ABSENT_MORE: dict[str, str] = {
    "gluon.data.batchify.Append": "AsList keeps samples apart, without joining any.",
    **{f"contrib.quantization.{n}": _INT8 for n in MORE[7].names.split()},
    **{f"onnx.{n}": _ONNX for n in MORE[8].names.split()},
    **{f"notebook.callback.{n}": _CHARTS for n in MORE[9].names.split()},
    **{f"contrib.svrg_optimization.{n}": "An optimizer of one's own takes the place: optimizer.Optimizer, `rule`."
       for n in MORE[10].names.split()},
    "contrib.tensorboard.LogMetricsCallback": _CHARTS,
    **{f"gluon.contrib.data.text.{n}": "Texts in files of one's own are read by contrib.text.LanguageModelDataset."
       for n in MORE[12].names.split()},
    **{f"test_utils.{n}": _OWN for n in MORE[13].names.split()},
    ".gluon.probability": "Draws and densities are in np.random and nd.random_pdf_*; distributions as objects are not.",
}  # fmt: skip


class Word(NamedTuple):
    """What is said to MXNet, where the same is had here (a name that exists, or ""), and what to know about it."""

    said: str
    place: str
    note: str


WORDS = [
    Word('kv.create("local"), "device", "nccl", "dist_sync", "dist_device_sync"', "kv.create", "the same words"),
    Word('kv.create("dist_async")', "kv.create", "not here: every worker waits for the others' gradients (dist_sync)"),
    Word('kv.create("horovod"), "byteps", DMLC_PS_VAN_TYPE=p3', "kv.create", "not here: NCCL and MPI carry dist_sync"),
    Word("KVStoreBase.register, kv_registry", "comm", "communicators are what is exchanged, not stores"),
    Word("tools/launch.py, DMLC_ROLE and its kin", "parallel.WorkerPool", "workers are started from the notebook"),
    Word("tools/im2rec.py", "recordio.MXIndexedRecordIO", "records are written by pack_img in a loop of one's own"),
    Word("group2ctx=, AttrScope(ctx_group=...)", "AttrScope", "the same words"),
    Word("MXNET_HOME, MXNET_GLUON_REPO", "", "the same"),
    Word("other MXNET_... variables", "", "not here: dlcore reads DLCORE_..., see CONTRIBUTING"),
    Word("MKLDNN, TensorRT, TVM, library.load of passes", "", "not here: there is one compiler, see graph"),
    Word("contrib.quantization calib_mode=", "compress.quantize_weights", "weights only, nothing is calibrated"),
]
