"""Types of the operator functions; written by `python -m dlcore.ops.docs --stub`, not by hand."""

from collections.abc import Sequence
from typing import Any

from .._core import NDArray
from .attention import interleaved_matmul_encdec_qk as interleaved_matmul_encdec_qk
from .attention import interleaved_matmul_encdec_valatt as interleaved_matmul_encdec_valatt
from .attention import interleaved_matmul_selfatt_qk as interleaved_matmul_selfatt_qk
from .attention import interleaved_matmul_selfatt_valatt as interleaved_matmul_selfatt_valatt
from .attention import scaled_dot_product_attention as scaled_dot_product_attention
from .composite import batch_norm as batch_norm
from .composite import dropout as dropout
from .composite import gelu as gelu
from .composite import glu as glu
from .composite import l2_normalization as l2_normalization
from .composite import rrelu as rrelu
from .composite_vision import bilinear_sampler as bilinear_sampler
from .composite_vision import bipartite_matching as bipartite_matching
from .composite_vision import box_iou as box_iou
from .composite_vision import box_nms as box_nms
from .composite_vision import correlation as correlation
from .composite_vision import depth_to_space as depth_to_space
from .composite_vision import grid_generator as grid_generator
from .composite_vision import pixel_shuffle as pixel_shuffle
from .composite_vision import space_to_depth as space_to_depth
from .composite_vision import spatial_transformer as spatial_transformer
from .ctc import ctc_loss as ctc_loss
from .deform import deformable_conv2d as deformable_conv2d
from .multibox import multibox_detection as multibox_detection
from .multibox import multibox_prior as multibox_prior
from .multibox import multibox_target as multibox_target
from .rnn import rnn as rnn

ArrayLike = Any
DTypeLike = Any

def _above(
    x: ArrayLike,
    causal: bool = True,
    value: float = 0.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _abs_complex(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def _adjoint(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def _allreduce(x: ArrayLike, number: int = 0, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def _along(v: ArrayLike, x: ArrayLike, axis: int = 1, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def _along_last(
    x: ArrayLike,
    indices: ArrayLike,
    axis: int = -1,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _attention(
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    mask: ArrayLike,
    causal: bool = False,
    scale: float = 1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def _attention_dropped(
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    mask: ArrayLike,
    key: ArrayLike,
    causal: bool = False,
    scale: float = 1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def _attention_dropped_grad(
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    mask: ArrayLike,
    key: ArrayLike,
    y: ArrayLike,
    lse: ArrayLike,
    g: ArrayLike,
    causal: bool = False,
    scale: float = 1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def _attention_grad(
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    mask: ArrayLike,
    y: ArrayLike,
    lse: ArrayLike,
    g: ArrayLike,
    causal: bool = False,
    scale: float = 1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def _avg_pool1d_grad(
    g: ArrayLike,
    x: ArrayLike,
    kernel: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    pad: int | Sequence[int] = (0,),
    count_include_pad: bool = True,
    ceil: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _avg_pool2d_grad(
    g: ArrayLike,
    x: ArrayLike,
    kernel: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    pad: int | Sequence[int] = (0, 0),
    count_include_pad: bool = True,
    ceil: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _avg_pool3d_grad(
    g: ArrayLike,
    x: ArrayLike,
    kernel: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    pad: int | Sequence[int] = (0, 0, 0),
    count_include_pad: bool = True,
    ceil: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _axis_size(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _batch_norm_grad(
    g: ArrayLike,
    x: ArrayLike,
    gamma: ArrayLike,
    mean: ArrayLike,
    var: ArrayLike,
    axis: int = 1,
    eps: float = 1e-05,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def _channels_last(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def _cofactor(a: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def _col2im_like(
    g: ArrayLike,
    x: ArrayLike,
    kernel: int | Sequence[int],
    stride: int | Sequence[int] = (1, 1),
    dilate: int | Sequence[int] = (1, 1),
    pad: int | Sequence[int] = (0, 0),
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _complex(re: ArrayLike, im: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def _conv1d_dw(
    g: ArrayLike,
    x: ArrayLike,
    weight: ArrayLike,
    stride: int | Sequence[int] = (1,),
    pad: int | Sequence[int] = (0,),
    dilate: int | Sequence[int] = (1,),
    groups: int = 1,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _conv1d_dx(
    g: ArrayLike,
    weight: ArrayLike,
    x: ArrayLike,
    stride: int | Sequence[int] = (1,),
    pad: int | Sequence[int] = (0,),
    dilate: int | Sequence[int] = (1,),
    groups: int = 1,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _conv2d_act(
    x: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    add: ArrayLike | None = None,
    stride: int | Sequence[int] = (1, 1),
    pad: int | Sequence[int] = (0, 0),
    dilate: int | Sequence[int] = (1, 1),
    groups: int = 1,
    act: str = "relu",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _conv2d_dw(
    g: ArrayLike,
    x: ArrayLike,
    weight: ArrayLike,
    stride: int | Sequence[int] = (1, 1),
    pad: int | Sequence[int] = (0, 0),
    dilate: int | Sequence[int] = (1, 1),
    groups: int = 1,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _conv2d_dx(
    g: ArrayLike,
    weight: ArrayLike,
    x: ArrayLike,
    stride: int | Sequence[int] = (1, 1),
    pad: int | Sequence[int] = (0, 0),
    dilate: int | Sequence[int] = (1, 1),
    groups: int = 1,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _conv3d_dw(
    g: ArrayLike,
    x: ArrayLike,
    weight: ArrayLike,
    stride: int | Sequence[int] = (1, 1, 1),
    pad: int | Sequence[int] = (0, 0, 0),
    dilate: int | Sequence[int] = (1, 1, 1),
    groups: int = 1,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _conv3d_dx(
    g: ArrayLike,
    weight: ArrayLike,
    x: ArrayLike,
    stride: int | Sequence[int] = (1, 1, 1),
    pad: int | Sequence[int] = (0, 0, 0),
    dilate: int | Sequence[int] = (1, 1, 1),
    groups: int = 1,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _ctc(
    lp: ArrayLike,
    labels: ArrayLike,
    lengths: ArrayLike,
    label_lengths: ArrayLike,
    blank: int = 0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _ctc_grad(
    lp: ArrayLike,
    labels: ArrayLike,
    lengths: ArrayLike,
    label_lengths: ArrayLike,
    g: ArrayLike,
    blank: int = 0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _ctc_grad2(
    lp: ArrayLike,
    labels: ArrayLike,
    lengths: ArrayLike,
    label_lengths: ArrayLike,
    g: ArrayLike,
    v: ArrayLike,
    blank: int = 0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def _cumprod(x: ArrayLike, axis: int | None = None, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def _custom(
    *xs: ArrayLike,
    number: int = 0,
    training: bool = False,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _custom_grad(
    gy: ArrayLike,
    y: ArrayLike,
    *xs: ArrayLike,
    number: int = 0,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def _drop_key(x: ArrayLike, p: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def _dropout_mask(x: ArrayLike, p: float = 0.5, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def _dropout_mask_at(x: ArrayLike, p: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def _dropped(x: ArrayLike, key: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def _eigh_complex(a: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> tuple[NDArray, ...]: ...
def _fit_like(x: ArrayLike, y: ArrayLike, axis: int, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def _gamma_power(
    n: ArrayLike,
    alpha: ArrayLike,
    draw: ArrayLike,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _gamma_rate(
    n: ArrayLike,
    alpha: ArrayLike,
    draw: ArrayLike,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _gamma_slope(alpha: ArrayLike, draw: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def _gather_last(x: ArrayLike, *indices: ArrayLike, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def _gather_nd_grad(
    g: ArrayLike,
    x: ArrayLike,
    *indices: ArrayLike,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _gelu_pair(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> tuple[NDArray, ...]: ...
def _gelu_slope(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def _grid_read(
    x: ArrayLike,
    grid: ArrayLike,
    align_corners: bool = False,
    border: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _grid_read_x(
    x: ArrayLike,
    grid: ArrayLike,
    align_corners: bool = False,
    border: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _grid_read_xy(
    x: ArrayLike,
    grid: ArrayLike,
    align_corners: bool = False,
    border: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _grid_read_y(
    x: ArrayLike,
    grid: ArrayLike,
    align_corners: bool = False,
    border: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _grid_sample_grad(
    x: ArrayLike,
    grid: ArrayLike,
    g: ArrayLike,
    align_corners: bool = False,
    border: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def _grid_spread(
    g: ArrayLike,
    grid: ArrayLike,
    x: ArrayLike,
    align_corners: bool = False,
    border: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _grid_spread_x(
    g: ArrayLike,
    grid: ArrayLike,
    x: ArrayLike,
    align_corners: bool = False,
    border: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _grid_spread_xy(
    g: ArrayLike,
    grid: ArrayLike,
    x: ArrayLike,
    align_corners: bool = False,
    border: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _grid_spread_y(
    g: ArrayLike,
    grid: ArrayLike,
    x: ArrayLike,
    align_corners: bool = False,
    border: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _group_norm_grad(
    g: ArrayLike,
    x: ArrayLike,
    gamma: ArrayLike,
    groups: int,
    eps: float = 1e-05,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def _group_rows(x: ArrayLike, groups: int = 0, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def _gru_steps(
    xw: ArrayLike,
    w: ArrayLike,
    b: ArrayLike,
    h0: ArrayLike,
    reverse: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def _gru_steps_grad(
    xw: ArrayLike,
    w: ArrayLike,
    b: ArrayLike,
    h0: ArrayLike,
    y: ArrayLike,
    saved: ArrayLike,
    gy: ArrayLike,
    reverse: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def _gru_steps_grad2(
    xw: ArrayLike,
    w: ArrayLike,
    b: ArrayLike,
    h0: ArrayLike,
    gy: ArrayLike | None = None,
    vxw: ArrayLike | None = None,
    vw: ArrayLike | None = None,
    vb: ArrayLike | None = None,
    vh0: ArrayLike | None = None,
    reverse: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def _half_weight(
    x: ArrayLike,
    n: int,
    axis: int,
    inverse: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _layer_norm_grad(
    g: ArrayLike,
    x: ArrayLike,
    gamma: ArrayLike,
    axis: int = -1,
    eps: float = 1e-05,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def _loss_head(
    y: ArrayLike,
    x: ArrayLike,
    g: ArrayLike,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _lstm_steps(
    xw: ArrayLike,
    w: ArrayLike,
    b: ArrayLike,
    h0: ArrayLike,
    c0: ArrayLike,
    reverse: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def _lstm_steps_grad(
    xw: ArrayLike,
    w: ArrayLike,
    b: ArrayLike,
    h0: ArrayLike,
    c0: ArrayLike,
    y: ArrayLike,
    cs: ArrayLike,
    saved: ArrayLike,
    gy: ArrayLike | None = None,
    gcs: ArrayLike | None = None,
    reverse: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def _lstm_steps_grad2(
    xw: ArrayLike,
    w: ArrayLike,
    b: ArrayLike,
    h0: ArrayLike,
    c0: ArrayLike,
    gy: ArrayLike | None = None,
    gcs: ArrayLike | None = None,
    vxw: ArrayLike | None = None,
    vw: ArrayLike | None = None,
    vb: ArrayLike | None = None,
    vh0: ArrayLike | None = None,
    vc0: ArrayLike | None = None,
    reverse: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def _matching(
    x: ArrayLike,
    threshold: float,
    ascend: bool = False,
    topk: int = -1,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def _max_pool1d_grad(
    g: ArrayLike,
    x: ArrayLike,
    kernel: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    pad: int | Sequence[int] = (0,),
    ceil: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _max_pool1d_pick(
    g: ArrayLike,
    x: ArrayLike,
    kernel: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    pad: int | Sequence[int] = (0,),
    ceil: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _max_pool2d_grad(
    g: ArrayLike,
    x: ArrayLike,
    kernel: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    pad: int | Sequence[int] = (0, 0),
    ceil: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _max_pool2d_pick(
    g: ArrayLike,
    x: ArrayLike,
    kernel: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    pad: int | Sequence[int] = (0, 0),
    ceil: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _max_pool3d_grad(
    g: ArrayLike,
    x: ArrayLike,
    kernel: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    pad: int | Sequence[int] = (0, 0, 0),
    ceil: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _max_pool3d_pick(
    g: ArrayLike,
    x: ArrayLike,
    kernel: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    pad: int | Sequence[int] = (0, 0, 0),
    ceil: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _mean_but(x: ArrayLike, axis: int = 1, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def _nan_to_num(
    x: ArrayLike,
    missing: ArrayLike,
    high: ArrayLike,
    low: ArrayLike,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _nms(
    boxes: ArrayLike,
    scores: ArrayLike,
    classes: ArrayLike,
    overlap: float = 0.5,
    valid: float = 0.0,
    topk: int = -1,
    background: int = -1,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _no_gradient(x: ArrayLike, known: bool = False, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def _overwritten(x: ArrayLike, y: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def _pad_repeat_grad(
    g: ArrayLike,
    x: ArrayLike,
    before: int | Sequence[int],
    after: int | Sequence[int],
    mode: str = "edge",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _part(
    x: ArrayLike,
    start: int | Sequence[int],
    size: int | Sequence[int],
    step: int | Sequence[int],
    shape: int | Sequence[int],
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _pick_grad(
    g: ArrayLike,
    index: ArrayLike,
    x: ArrayLike,
    axis: int = -1,
    keepdims: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _power_complex(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def _product(
    a: ArrayLike,
    b: ArrayLike,
    bias: ArrayLike | None = None,
    other: ArrayLike | None = None,
    transpose_b: bool = False,
    then: str = "",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _product_sums(
    a: ArrayLike,
    b: ArrayLike,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def _put_diagonal(
    g: ArrayLike,
    x: ArrayLike,
    offset: int = 0,
    axis1: int = 0,
    axis2: int = 1,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _qr(a: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> tuple[NDArray, ...]: ...
def _qr_complete(a: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> tuple[NDArray, ...]: ...
def _relu_grad(g: ArrayLike, kept: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def _reshape_like(x: ArrayLike, y: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def _resize_grad(
    g: ArrayLike,
    x: ArrayLike,
    size: int | Sequence[int],
    mode: str = "linear",
    align_corners: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _rnn_steps(
    xw: ArrayLike,
    w: ArrayLike,
    b: ArrayLike,
    h0: ArrayLike,
    relu: bool = False,
    reverse: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _rnn_steps_grad(
    xw: ArrayLike,
    w: ArrayLike,
    b: ArrayLike,
    h0: ArrayLike,
    y: ArrayLike,
    gy: ArrayLike,
    relu: bool = False,
    reverse: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def _rnn_steps_grad2(
    xw: ArrayLike,
    w: ArrayLike,
    b: ArrayLike,
    h0: ArrayLike,
    gy: ArrayLike | None = None,
    vxw: ArrayLike | None = None,
    vw: ArrayLike | None = None,
    vb: ArrayLike | None = None,
    vh0: ArrayLike | None = None,
    relu: bool = False,
    reverse: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def _roi_align_grad(
    g: ArrayLike,
    rois: ArrayLike,
    x: ArrayLike,
    size: int | Sequence[int],
    scale: float = 1.0,
    samples: int = -1,
    aligned: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _roi_pooling_grad(
    g: ArrayLike,
    rois: ArrayLike,
    x: ArrayLike,
    size: int | Sequence[int],
    scale: float = 1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _roi_pooling_pick(
    g: ArrayLike,
    rois: ArrayLike,
    x: ArrayLike,
    size: int | Sequence[int],
    scale: float = 1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _scaled(x: ArrayLike, s: ArrayLike, t: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def _searchsorted(
    ordered: ArrayLike,
    x: ArrayLike,
    right: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _sequence_reverse(
    x: ArrayLike,
    length: ArrayLike,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _sign_complex(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def _size_but(x: ArrayLike, axis: int = 1, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def _slice_grad(
    g: ArrayLike,
    x: ArrayLike,
    start: int | Sequence[int],
    step: int | Sequence[int] | None = None,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _softmax_cross_entropy_grad(
    g: ArrayLike,
    logits: ArrayLike,
    labels: ArrayLike,
    axis: int = -1,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _solve_lower(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def _solve_upper(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def _split_like(
    g: ArrayLike,
    *xs: ArrayLike,
    axis: int = 0,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def _squared_difference(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def _sum_pool1d_grad(
    g: ArrayLike,
    x: ArrayLike,
    kernel: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    pad: int | Sequence[int] = (0,),
    ceil: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _sum_pool2d_grad(
    g: ArrayLike,
    x: ArrayLike,
    kernel: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    pad: int | Sequence[int] = (0, 0),
    ceil: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _sum_pool3d_grad(
    g: ArrayLike,
    x: ArrayLike,
    kernel: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    pad: int | Sequence[int] = (0, 0, 0),
    ceil: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _svd(a: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> tuple[NDArray, ...]: ...
def _svd_complex(a: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> tuple[NDArray, ...]: ...
def _svd_full(a: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> tuple[NDArray, ...]: ...
def _take_along_axis_grad(
    g: ArrayLike,
    indices: ArrayLike,
    x: ArrayLike,
    axis: int = -1,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _take_grad(
    g: ArrayLike,
    indices: ArrayLike,
    x: ArrayLike,
    axis: int = 0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _unreduce(
    g: ArrayLike,
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def _unstack(
    g: ArrayLike,
    *xs: ArrayLike,
    axis: int = 0,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def _widened(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def _window(
    x: ArrayLike,
    g: ArrayLike,
    start: int | Sequence[int],
    step: int | Sequence[int] | None = None,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def abs(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def adabelief_update(
    w: ArrayLike,
    g: ArrayLike,
    m: ArrayLike,
    s: ArrayLike,
    lr: ArrayLike = 0.001,
    beta1: ArrayLike = 0.9,
    beta2: ArrayLike = 0.999,
    eps: ArrayLike = 1e-08,
    wd: ArrayLike = 0.0,
    rescale: ArrayLike = 1.0,
    clip: ArrayLike = -1.0,
    t: ArrayLike = 1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def adadelta_update(
    w: ArrayLike,
    g: ArrayLike,
    n: ArrayLike,
    u: ArrayLike,
    rho: ArrayLike = 0.9,
    eps: ArrayLike = 1e-05,
    lr: ArrayLike = 1.0,
    wd: ArrayLike = 0.0,
    rescale: ArrayLike = 1.0,
    clip: ArrayLike = -1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def adagrad_update(
    w: ArrayLike,
    g: ArrayLike,
    n: ArrayLike,
    lr: ArrayLike = 0.01,
    eps: ArrayLike = 1e-07,
    wd: ArrayLike = 0.0,
    rescale: ArrayLike = 1.0,
    clip: ArrayLike = -1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def adam_update(
    w: ArrayLike,
    g: ArrayLike,
    m: ArrayLike,
    v: ArrayLike,
    lr: ArrayLike = 0.001,
    beta1: ArrayLike = 0.9,
    beta2: ArrayLike = 0.999,
    eps: ArrayLike = 1e-08,
    wd: ArrayLike = 0.0,
    rescale: ArrayLike = 1.0,
    clip: ArrayLike = -1.0,
    t: ArrayLike = 1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def adamax_update(
    w: ArrayLike,
    g: ArrayLike,
    m: ArrayLike,
    u: ArrayLike,
    lr: ArrayLike = 0.001,
    beta1: ArrayLike = 0.9,
    beta2: ArrayLike = 0.999,
    eps: ArrayLike = 1e-08,
    wd: ArrayLike = 0.0,
    rescale: ArrayLike = 1.0,
    clip: ArrayLike = -1.0,
    t: ArrayLike = 1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def adamw_amsgrad_update(
    w: ArrayLike,
    g: ArrayLike,
    m: ArrayLike,
    v: ArrayLike,
    top: ArrayLike,
    lr: ArrayLike = 0.001,
    beta1: ArrayLike = 0.9,
    beta2: ArrayLike = 0.999,
    eps: ArrayLike = 1e-08,
    wd: ArrayLike = 0.0,
    rescale: ArrayLike = 1.0,
    clip: ArrayLike = -1.0,
    eta: ArrayLike = 1.0,
    t: ArrayLike = 1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def adamw_update(
    w: ArrayLike,
    g: ArrayLike,
    m: ArrayLike,
    v: ArrayLike,
    lr: ArrayLike = 0.001,
    beta1: ArrayLike = 0.9,
    beta2: ArrayLike = 0.999,
    eps: ArrayLike = 1e-08,
    wd: ArrayLike = 0.0,
    rescale: ArrayLike = 1.0,
    clip: ArrayLike = -1.0,
    eta: ArrayLike = 1.0,
    t: ArrayLike = 1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def adan_update(
    w: ArrayLike,
    g: ArrayLike,
    m: ArrayLike,
    v: ArrayLike,
    n: ArrayLike,
    old: ArrayLike,
    lr: ArrayLike = 0.001,
    beta1: ArrayLike = 0.98,
    beta2: ArrayLike = 0.92,
    beta3: ArrayLike = 0.99,
    eps: ArrayLike = 1e-08,
    wd: ArrayLike = 0.0,
    rescale: ArrayLike = 1.0,
    clip: ArrayLike = -1.0,
    t: ArrayLike = 1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def adaptive_avg_pool1d(
    x: ArrayLike,
    size: int | Sequence[int],
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def adaptive_avg_pool2d(
    x: ArrayLike,
    size: int | Sequence[int],
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def adaptive_avg_pool3d(
    x: ArrayLike,
    size: int | Sequence[int],
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def add(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def all(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def amsgrad_update(
    w: ArrayLike,
    g: ArrayLike,
    m: ArrayLike,
    v: ArrayLike,
    top: ArrayLike,
    lr: ArrayLike = 0.001,
    beta1: ArrayLike = 0.9,
    beta2: ArrayLike = 0.999,
    eps: ArrayLike = 1e-08,
    wd: ArrayLike = 0.0,
    rescale: ArrayLike = 1.0,
    clip: ArrayLike = -1.0,
    t: ArrayLike = 1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def angle(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def any(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def arange(
    start: float,
    stop: float,
    step: float = 1.0,
    dtype: DTypeLike = "float32",
    device: str = "",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def arccos(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def arccosh(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def arcsin(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def arcsinh(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def arctan(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def arctan2(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def arctanh(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def argmax(
    x: ArrayLike,
    axis: int | None = None,
    keepdims: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def argmin(
    x: ArrayLike,
    axis: int | None = None,
    keepdims: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def argsort(
    x: ArrayLike,
    axis: int = -1,
    descending: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def argtopk(
    x: ArrayLike,
    k: int = 1,
    axis: int = -1,
    descending: bool = True,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def avg_pool1d(
    x: ArrayLike,
    kernel: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    pad: int | Sequence[int] = (0,),
    count_include_pad: bool = True,
    ceil: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def avg_pool2d(
    x: ArrayLike,
    kernel: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    pad: int | Sequence[int] = (0, 0),
    count_include_pad: bool = True,
    ceil: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def avg_pool3d(
    x: ArrayLike,
    kernel: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    pad: int | Sequence[int] = (0, 0, 0),
    count_include_pad: bool = True,
    ceil: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def batch_norm_infer(
    x: ArrayLike,
    gamma: ArrayLike,
    beta: ArrayLike,
    running_mean: ArrayLike,
    running_var: ArrayLike,
    axis: int = 1,
    eps: float = 1e-05,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def batch_norm_train(
    x: ArrayLike,
    gamma: ArrayLike,
    beta: ArrayLike,
    axis: int = 1,
    eps: float = 1e-05,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def bce(p: ArrayLike, target: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def bce_with_logits(
    x: ArrayLike,
    target: ArrayLike,
    pos_weight: ArrayLike = 1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def bitwise_and(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def bitwise_not(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def bitwise_or(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def bitwise_xor(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def broadcast_like(x: ArrayLike, y: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def broadcast_to(
    x: ArrayLike,
    shape: int | Sequence[int],
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def cast(x: ArrayLike, dtype: DTypeLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def cbrt(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def ceil(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def celu(x: ArrayLike, alpha: ArrayLike = 1.0, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def cholesky(a: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def clip(
    x: ArrayLike,
    min: ArrayLike,
    max: ArrayLike,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def col2im(
    x: ArrayLike,
    size: int | Sequence[int],
    kernel: int | Sequence[int],
    stride: int | Sequence[int] = (1, 1),
    dilate: int | Sequence[int] = (1, 1),
    pad: int | Sequence[int] = (0, 0),
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def concat(*xs: ArrayLike, axis: int = 0, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def conj(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def conv1d(
    x: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: int | Sequence[int] = (1,),
    pad: int | Sequence[int] = (0,),
    dilate: int | Sequence[int] = (1,),
    groups: int = 1,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def conv2d(
    x: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: int | Sequence[int] = (1, 1),
    pad: int | Sequence[int] = (0, 0),
    dilate: int | Sequence[int] = (1, 1),
    groups: int = 1,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def conv3d(
    x: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: int | Sequence[int] = (1, 1, 1),
    pad: int | Sequence[int] = (0, 0, 0),
    dilate: int | Sequence[int] = (1, 1, 1),
    groups: int = 1,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def copy(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def copysign(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def cos(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def cosh(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def count_nonzero(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def cross_entropy(
    logits: ArrayLike,
    labels: ArrayLike,
    axis: int = -1,
    label_smoothing: float = 0.0,
    ignore_index: int = -100,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def csr_dot(
    data: ArrayLike,
    indices: ArrayLike,
    indptr: ArrayLike,
    x: ArrayLike,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def csr_dot_t(
    data: ArrayLike,
    indices: ArrayLike,
    indptr: ArrayLike,
    g: ArrayLike,
    x: ArrayLike,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def csr_sampled(
    a: ArrayLike,
    b: ArrayLike,
    indices: ArrayLike,
    indptr: ArrayLike,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def cumsum(
    x: ArrayLike,
    axis: int | None = None,
    reverse: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def dcasgd_update(
    w: ArrayLike,
    g: ArrayLike,
    mom: ArrayLike,
    old: ArrayLike,
    lr: ArrayLike = 0.01,
    momentum: ArrayLike = 0.0,
    lamda: ArrayLike = 0.04,
    wd: ArrayLike = 0.0,
    rescale: ArrayLike = 1.0,
    clip: ArrayLike = -1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def deconv1d(
    x: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: int | Sequence[int] = (1,),
    pad: int | Sequence[int] = (0,),
    dilate: int | Sequence[int] = (1,),
    adj: int | Sequence[int] = (0,),
    groups: int = 1,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def deconv2d(
    x: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: int | Sequence[int] = (1, 1),
    pad: int | Sequence[int] = (0, 0),
    dilate: int | Sequence[int] = (1, 1),
    adj: int | Sequence[int] = (0, 0),
    groups: int = 1,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def deconv3d(
    x: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: int | Sequence[int] = (1, 1, 1),
    pad: int | Sequence[int] = (0, 0, 0),
    dilate: int | Sequence[int] = (1, 1, 1),
    adj: int | Sequence[int] = (0, 0, 0),
    groups: int = 1,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def degrees(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def dense(
    x: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    flatten: bool = True,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def det(a: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def diagonal(
    x: ArrayLike,
    offset: int = 0,
    axis1: int = 0,
    axis2: int = 1,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def digamma(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def divide(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def dropout_train(x: ArrayLike, p: float = 0.5, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def eig(a: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> tuple[NDArray, ...]: ...
def eigh(a: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> tuple[NDArray, ...]: ...
def eigvals(a: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def eigvalsh(a: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def elu(x: ArrayLike, alpha: ArrayLike = 1.0, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def embedding(indices: ArrayLike, weight: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def equal(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def erf(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def erfinv(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def exp(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def exp2(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def expand_dims(
    x: ArrayLike,
    axis: int | Sequence[int],
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def expm1(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def eye(
    n: int,
    m: int,
    k: int = 0,
    dtype: DTypeLike = "float32",
    device: str = "",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def fft(
    x: ArrayLike,
    n: int,
    axis: int = -1,
    norm: str = "backward",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def flatten2d(x: ArrayLike, leading: bool = False, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def flip(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def float_power(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def floor(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def floor_divide(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def fmax(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def fmin(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def fmod(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def ftml_update(
    w: ArrayLike,
    g: ArrayLike,
    d: ArrayLike,
    v: ArrayLike,
    z: ArrayLike,
    lr: ArrayLike = 0.0025,
    beta1: ArrayLike = 0.6,
    beta2: ArrayLike = 0.999,
    eps: ArrayLike = 1e-08,
    wd: ArrayLike = 0.0,
    rescale: ArrayLike = 1.0,
    clip: ArrayLike = -1.0,
    t: ArrayLike = 1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def ftrl_update(
    w: ArrayLike,
    g: ArrayLike,
    z: ArrayLike,
    n: ArrayLike,
    lr: ArrayLike = 0.1,
    lamda1: ArrayLike = 0.01,
    beta: ArrayLike = 1.0,
    wd: ArrayLike = 0.0,
    rescale: ArrayLike = 1.0,
    clip: ArrayLike = -1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def full(
    value: ArrayLike,
    shape: int | Sequence[int],
    dtype: DTypeLike = "float32",
    device: str = "",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def full_like(
    x: ArrayLike,
    value: ArrayLike,
    dtype: DTypeLike | None = None,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def gamma(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def gammaln(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def gather_nd(x: ArrayLike, *indices: ArrayLike, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def gcd(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def gelu_erf(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def gelu_tanh(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def global_avg_pool1d(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def global_avg_pool2d(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def global_avg_pool3d(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def global_max_pool1d(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def global_max_pool2d(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def global_max_pool3d(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def global_sum_pool1d(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def global_sum_pool2d(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def global_sum_pool3d(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def greater(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def greater_equal(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def grid_sample(
    x: ArrayLike,
    grid: ArrayLike,
    align_corners: bool = False,
    border: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def group_norm(
    x: ArrayLike,
    gamma: ArrayLike,
    beta: ArrayLike,
    groups: int,
    eps: float = 1e-05,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def hard_sigmoid(
    x: ArrayLike,
    alpha: ArrayLike = 0.2,
    beta: ArrayLike = 0.5,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def hard_swish(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def hard_tanh(
    x: ArrayLike,
    low: ArrayLike = -1.0,
    high: ArrayLike = 1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def hardshrink(x: ArrayLike, width: ArrayLike = 0.5, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def heaviside(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def hinge(
    x: ArrayLike,
    sign: ArrayLike,
    margin: ArrayLike = 1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def huber(
    x: ArrayLike,
    y: ArrayLike,
    delta: ArrayLike = 1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def hypot(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def identity(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def ifft(
    x: ArrayLike,
    n: int,
    axis: int = -1,
    norm: str = "backward",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def im2col(
    x: ArrayLike,
    kernel: int | Sequence[int],
    stride: int | Sequence[int] = (1, 1),
    dilate: int | Sequence[int] = (1, 1),
    pad: int | Sequence[int] = (0, 0),
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def imag(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def index_add(
    x: ArrayLike,
    value: ArrayLike,
    *indices: ArrayLike,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def index_put(
    x: ArrayLike,
    value: ArrayLike,
    *indices: ArrayLike,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def instance_norm(
    x: ArrayLike,
    gamma: ArrayLike,
    beta: ArrayLike,
    eps: float = 1e-05,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def inv(a: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def irfft(
    x: ArrayLike,
    n: int,
    axis: int = -1,
    norm: str = "backward",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def isfinite(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def isinf(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def isnan(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def kl_div(log_q: ArrayLike, p: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def lamb_phase1(
    w: ArrayLike,
    g: ArrayLike,
    m: ArrayLike,
    v: ArrayLike,
    beta1: ArrayLike = 0.9,
    beta2: ArrayLike = 0.999,
    eps: ArrayLike = 1e-08,
    wd: ArrayLike = 0.0,
    rescale: ArrayLike = 1.0,
    clip: ArrayLike = -1.0,
    t: ArrayLike = 1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def lamb_phase2(
    w: ArrayLike,
    d: ArrayLike,
    of_w: ArrayLike,
    of_d: ArrayLike,
    lr: ArrayLike = 0.001,
    low: ArrayLike = -1.0,
    high: ArrayLike = -1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def layer_norm(
    x: ArrayLike,
    gamma: ArrayLike,
    beta: ArrayLike,
    axis: int = -1,
    eps: float = 1e-05,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def lcm(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def leaky_relu(x: ArrayLike, slope: ArrayLike = 0.25, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def left_shift(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def lerp(
    old: ArrayLike,
    new: ArrayLike,
    keep: ArrayLike = 0.9,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def less(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def less_equal(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def lion_update(
    w: ArrayLike,
    g: ArrayLike,
    m: ArrayLike,
    lr: ArrayLike = 0.0001,
    beta1: ArrayLike = 0.9,
    beta2: ArrayLike = 0.99,
    wd: ArrayLike = 0.0,
    rescale: ArrayLike = 1.0,
    clip: ArrayLike = -1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def log(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def log10(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def log1p(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def log2(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def log_sigmoid(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def log_softmax(x: ArrayLike, axis: int = -1, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def logaddexp(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def logaddexp2(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def logical_and(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def logical_not(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def logical_or(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def logical_xor(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def logsumexp(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def lp_pool1d(
    x: ArrayLike,
    kernel: int | Sequence[int],
    p: int = 2,
    stride: int | Sequence[int] | None = None,
    pad: int | Sequence[int] = (0,),
    ceil: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def lp_pool2d(
    x: ArrayLike,
    kernel: int | Sequence[int],
    p: int = 2,
    stride: int | Sequence[int] | None = None,
    pad: int | Sequence[int] = (0, 0),
    ceil: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def lp_pool3d(
    x: ArrayLike,
    kernel: int | Sequence[int],
    p: int = 2,
    stride: int | Sequence[int] | None = None,
    pad: int | Sequence[int] = (0, 0, 0),
    ceil: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def masked_fill(
    x: ArrayLike,
    mask: ArrayLike,
    value: ArrayLike,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def masked_log_softmax(
    x: ArrayLike,
    mask: ArrayLike,
    axis: int = -1,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def masked_softmax(
    x: ArrayLike,
    mask: ArrayLike,
    axis: int = -1,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def matmul(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def max(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def max_pool1d(
    x: ArrayLike,
    kernel: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    pad: int | Sequence[int] = (0,),
    ceil: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def max_pool2d(
    x: ArrayLike,
    kernel: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    pad: int | Sequence[int] = (0, 0),
    ceil: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def max_pool3d(
    x: ArrayLike,
    kernel: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    pad: int | Sequence[int] = (0, 0, 0),
    ceil: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def maximum(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def mean(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def min(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def minimum(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def mish(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def multiply(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def nadam_update(
    w: ArrayLike,
    g: ArrayLike,
    m: ArrayLike,
    v: ArrayLike,
    lr: ArrayLike = 0.001,
    beta1: ArrayLike = 0.9,
    beta2: ArrayLike = 0.999,
    eps: ArrayLike = 1e-08,
    wd: ArrayLike = 0.0,
    rescale: ArrayLike = 1.0,
    clip: ArrayLike = -1.0,
    t: ArrayLike = 1.0,
    now: ArrayLike = 0.9,
    after: ArrayLike = 0.9,
    product: ArrayLike = 0.9,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def nag_mom_update(
    w: ArrayLike,
    g: ArrayLike,
    mom: ArrayLike,
    lr: ArrayLike = 0.01,
    momentum: ArrayLike = 0.9,
    wd: ArrayLike = 0.0,
    rescale: ArrayLike = 1.0,
    clip: ArrayLike = -1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def negative(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def nextafter(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def norm2(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def not_equal(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def one_hot(
    x: ArrayLike,
    depth: int,
    on: float = 1.0,
    off: float = 0.0,
    dtype: DTypeLike = "float32",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def ones(
    shape: int | Sequence[int],
    dtype: DTypeLike = "float32",
    device: str = "",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def ones_like(
    x: ArrayLike,
    dtype: DTypeLike | None = None,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def pad(
    x: ArrayLike,
    before: int | Sequence[int],
    after: int | Sequence[int],
    value: float = 0.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def pad_repeat(
    x: ArrayLike,
    before: int | Sequence[int],
    after: int | Sequence[int],
    mode: str = "edge",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def pick(
    x: ArrayLike,
    index: ArrayLike,
    axis: int = -1,
    keepdims: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def pinv(a: ArrayLike, rtol: float | None = None, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def poisson_nll(
    log_rate: ArrayLike,
    target: ArrayLike,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def polygamma(n: ArrayLike, x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def positive(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def power(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def prelu(x: ArrayLike, alpha: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def prod(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def put_along_axis(
    x: ArrayLike,
    indices: ArrayLike,
    value: ArrayLike,
    axis: int = -1,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def radians(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def random_bernoulli(
    p: float = 0.5,
    shape: int | Sequence[int] = (),
    dtype: DTypeLike = "float32",
    device: str = "",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def random_between(low: ArrayLike, high: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def random_binomial(
    n: ArrayLike,
    p: ArrayLike,
    dtype: DTypeLike = "float32",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def random_categorical(
    p: ArrayLike,
    shape: int | Sequence[int] = (),
    dtype: DTypeLike = "int64",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def random_exponential(
    scale: float = 1.0,
    shape: int | Sequence[int] = (),
    dtype: DTypeLike = "float32",
    device: str = "",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def random_gamma(alpha: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def random_gumbel(
    loc: float = 0.0,
    scale: float = 1.0,
    shape: int | Sequence[int] = (),
    dtype: DTypeLike = "float32",
    device: str = "",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def random_hypergeometric(
    good: ArrayLike,
    bad: ArrayLike,
    n: ArrayLike,
    dtype: DTypeLike = "float32",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def random_laplace(
    loc: float = 0.0,
    scale: float = 1.0,
    shape: int | Sequence[int] = (),
    dtype: DTypeLike = "float32",
    device: str = "",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def random_logistic(
    loc: float = 0.0,
    scale: float = 1.0,
    shape: int | Sequence[int] = (),
    dtype: DTypeLike = "float32",
    device: str = "",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def random_normal(
    loc: float = 0.0,
    scale: float = 1.0,
    shape: int | Sequence[int] = (),
    dtype: DTypeLike = "float32",
    device: str = "",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def random_permutation(
    n: int,
    dtype: DTypeLike = "int64",
    device: str = "",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def random_poisson(
    lam: ArrayLike,
    dtype: DTypeLike = "float32",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def random_randint(
    low: int,
    high: int,
    shape: int | Sequence[int] = (),
    dtype: DTypeLike = "int64",
    device: str = "",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def random_truncated(low: ArrayLike, high: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def random_uniform(
    low: float = 0.0,
    high: float = 1.0,
    shape: int | Sequence[int] = (),
    dtype: DTypeLike = "float32",
    device: str = "",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def random_von_mises(kappa: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def random_zipf(
    a: ArrayLike,
    dtype: DTypeLike = "float32",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def real(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def reciprocal(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def relu(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def relu6(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def remainder(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def reshape(x: ArrayLike, shape: int | Sequence[int], *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def resize(
    x: ArrayLike,
    size: int | Sequence[int],
    mode: str = "linear",
    align_corners: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def rfft(
    x: ArrayLike,
    n: int,
    axis: int = -1,
    norm: str = "backward",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def right_shift(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def rint(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def rms_norm(
    x: ArrayLike,
    gamma: ArrayLike,
    axis: int = -1,
    eps: float = 1e-06,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def rmsprop_update(
    w: ArrayLike,
    g: ArrayLike,
    n: ArrayLike,
    lr: ArrayLike = 0.001,
    gamma: ArrayLike = 0.9,
    eps: ArrayLike = 1e-08,
    wd: ArrayLike = 0.0,
    rescale: ArrayLike = 1.0,
    clip: ArrayLike = -1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def rmspropalex_update(
    w: ArrayLike,
    g: ArrayLike,
    n: ArrayLike,
    m: ArrayLike,
    delta: ArrayLike,
    lr: ArrayLike = 0.001,
    gamma1: ArrayLike = 0.95,
    gamma2: ArrayLike = 0.9,
    eps: ArrayLike = 1e-08,
    wd: ArrayLike = 0.0,
    rescale: ArrayLike = 1.0,
    clip: ArrayLike = -1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def roi_align(
    x: ArrayLike,
    rois: ArrayLike,
    size: int | Sequence[int],
    scale: float = 1.0,
    samples: int = -1,
    aligned: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def roi_pooling(
    x: ArrayLike,
    rois: ArrayLike,
    size: int | Sequence[int],
    scale: float = 1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def rsqrt(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def scatter_add(
    x: ArrayLike,
    indices: ArrayLike,
    value: ArrayLike,
    axis: int = -1,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def segment_max(
    x: ArrayLike,
    segment_ids: ArrayLike,
    num: int,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def segment_mean(
    x: ArrayLike,
    segment_ids: ArrayLike,
    num: int,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def segment_min(
    x: ArrayLike,
    segment_ids: ArrayLike,
    num: int,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def segment_prod(
    x: ArrayLike,
    segment_ids: ArrayLike,
    num: int,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def segment_sum(
    x: ArrayLike,
    segment_ids: ArrayLike,
    num: int,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def selu(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def sgd_ema_update(
    w: ArrayLike,
    g: ArrayLike,
    mom: ArrayLike,
    lr: ArrayLike = 0.01,
    momentum: ArrayLike = 0.9,
    wd: ArrayLike = 0.0,
    rescale: ArrayLike = 1.0,
    clip: ArrayLike = -1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def sgd_mom_update(
    w: ArrayLike,
    g: ArrayLike,
    mom: ArrayLike,
    lr: ArrayLike = 0.01,
    momentum: ArrayLike = 0.9,
    wd: ArrayLike = 0.0,
    rescale: ArrayLike = 1.0,
    clip: ArrayLike = -1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def sgd_update(
    w: ArrayLike,
    g: ArrayLike,
    lr: ArrayLike = 0.01,
    wd: ArrayLike = 0.0,
    rescale: ArrayLike = 1.0,
    clip: ArrayLike = -1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def sigmoid(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def sign(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def signbit(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def signsgd_update(
    w: ArrayLike,
    g: ArrayLike,
    lr: ArrayLike = 0.01,
    wd: ArrayLike = 0.0,
    rescale: ArrayLike = 1.0,
    clip: ArrayLike = -1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def signum_update(
    w: ArrayLike,
    g: ArrayLike,
    mom: ArrayLike,
    lr: ArrayLike = 0.01,
    momentum: ArrayLike = 0.9,
    wd: ArrayLike = 0.0,
    rescale: ArrayLike = 1.0,
    clip: ArrayLike = -1.0,
    wd_lh: ArrayLike = 0.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def silu(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def sin(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def sinh(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def slice(
    x: ArrayLike,
    start: int | Sequence[int],
    size: int | Sequence[int],
    step: int | Sequence[int] | None = None,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def slice_assign(
    x: ArrayLike,
    value: ArrayLike,
    start: int | Sequence[int],
    size: int | Sequence[int],
    step: int | Sequence[int] | None = None,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def slogdet(a: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> tuple[NDArray, ...]: ...
def smooth_l1(x: ArrayLike, scalar: ArrayLike = 1.0, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def softmax(x: ArrayLike, axis: int = -1, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def softmax_cross_entropy(
    logits: ArrayLike,
    labels: ArrayLike,
    axis: int = -1,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def softmin(x: ArrayLike, axis: int = -1, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def softplus(x: ArrayLike, beta: ArrayLike = 1.0, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def softshrink(x: ArrayLike, width: ArrayLike = 0.5, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def softsign(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def solve(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def sort(
    x: ArrayLike,
    axis: int = -1,
    descending: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def split(
    x: ArrayLike,
    parts: int = 0,
    axis: int = 0,
    sizes: int | Sequence[int] | None = None,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def sqrt(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def square(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def squared_hinge(
    x: ArrayLike,
    sign: ArrayLike,
    margin: ArrayLike = 1.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def squeeze(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def stack(*xs: ArrayLike, axis: int = 0, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def std(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
    ddof: float = 0.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def stop_gradient(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def subtract(a: ArrayLike, b: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def sum(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def sum_pool1d(
    x: ArrayLike,
    kernel: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    pad: int | Sequence[int] = (0,),
    ceil: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def sum_pool2d(
    x: ArrayLike,
    kernel: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    pad: int | Sequence[int] = (0, 0),
    ceil: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def sum_pool3d(
    x: ArrayLike,
    kernel: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    pad: int | Sequence[int] = (0, 0, 0),
    ceil: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def sum_to(x: ArrayLike, shape: int | Sequence[int], *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def svdvals(a: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def swap_last(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def swish(x: ArrayLike, beta: ArrayLike = 1.0, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def take(
    x: ArrayLike,
    indices: ArrayLike,
    axis: int = 0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def take_along_axis(
    x: ArrayLike,
    indices: ArrayLike,
    axis: int = -1,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def tan(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def tanh(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def tanhshrink(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def threshold(
    x: ArrayLike,
    limit: ArrayLike,
    value: ArrayLike = 0.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def topk(
    x: ArrayLike,
    k: int = 1,
    axis: int = -1,
    descending: bool = True,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> tuple[NDArray, ...]: ...
def transpose(
    x: ArrayLike,
    axes: int | Sequence[int] | None = None,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def tril(x: ArrayLike, k: int = 0, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def triu(x: ArrayLike, k: int = 0, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def trunc(x: ArrayLike, *, out: NDArray | Sequence[NDArray] | None = None) -> NDArray: ...
def var(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
    ddof: float = 0.0,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def where(
    condition: ArrayLike,
    x: ArrayLike,
    y: ArrayLike,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def zeros(
    shape: int | Sequence[int],
    dtype: DTypeLike = "float32",
    device: str = "",
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
def zeros_like(
    x: ArrayLike,
    dtype: DTypeLike | None = None,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
) -> NDArray: ...
