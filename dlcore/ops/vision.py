"""Stanzas: pictures. Resizing, reading at a grid's places, regions of interest, windows as columns, boxes."""

from functools import partial
from typing import Any

from ._record import op as _op
from ._samples import bad, case, fixed, real, whole

# fmt: off
op = partial(_op, family="vision", np_name="")
_ORACLE = "dlcore.ops.reference_vision."
_tol = {"float32": 1e-5, "float16": 1e-2, "bfloat16": 1e-1}
_x = real(shape=(2, 3, 4, 5))

# Resizing.
_RESIZE = "size: ints, mode: str = 'linear', align_corners: bool = False"
_RSAME = "size=size, mode=mode, align_corners=align_corners"
_forms: list[dict[str, Any]] = [
    dict(size=(7, 3)), dict(size=(3, 8), align_corners=True), dict(size=(7, 3), mode="nearest"),
    dict(size=(6, 9), mode="cubic"), dict(size=(6, 9), mode="cubic", align_corners=True),
    dict(size=(3, 2), mode="area")]
op("resize", f"x, {_RESIZE}",
   "x (n, c, 1 to 3 axes of space) with space of the given size. mode: nearest, linear, cubic, or area, the mean of"
   " what each new place covers. align_corners: the outer places stay where they are, else the outer edges.",
   dtype="same", infer="resize", kernel="resize", grad=f"_resize_grad(gy, x, {_RSAME})", ref=_ORACLE + "resize",
   samples=[*[case(_x, **f) for f in _forms], case(real(shape=(1, 2, 5)), size=8),
            case(real(shape=(1, 2, 3, 2, 4)), size=(2, 5, 3))], tol=_tol,
   errors=[bad("mode must be", _x, size=2, mode="round"), bad("3 to 5 dimensions", real(shape=(2, 3)), size=2),
           bad("at least 1", _x, size=0), bad("x of at least 1 along each", real(shape=(1, 1, 0, 4)), size=2),
           bad("size must be one integer or 2", _x, size=(1, 2, 3))],
   example="resize([[[1., 3.]]], 3) -> [[[1., 2., 3.]]]",
   formula="cubic: Keys, IEEE Transactions on Acoustics 29 (1981) 1153, with a = -0.75")
op("_resize_grad", f"g, x: like, {_RESIZE}", "The sums of resize the other way.", dtype="first", infer="like1",
   kernel="resize_grad", grad={"g": f"resize(gy, {_RSAME})"}, ref=_ORACLE + "resize_grad", tol=_tol,
   samples=[case(real(shape=(2, 3, *f["size"])), _x, **f) for f in _forms],
   errors=[bad("expected g", real(shape=(2, 3, 4, 5)), _x, size=(2, 2))])
for _nd in (1, 2, 3):
    op(f"adaptive_avg_pool{_nd}d", "x, size: ints", "The mean of the equal parts that space is cut into.",
       define="resize(x, size=size, mode='area')", ref=_ORACLE + "adaptive_avg_pool", tol=_tol,
       samples=[case(real(shape=(2, 3, *(4, 5, 7)[-_nd:])), size=(2, 3, 3)[-_nd:])],
       example=f"adaptive_avg_pool{_nd}d({'[' * (_nd + 1)}[1., 3.]{']' * (_nd + 1)}, 1) -> "
               f"{'[' * (_nd + 1)}[2.]{']' * (_nd + 1)}")

# Reading at a grid's places.
_GRID = "align_corners: bool = False, border: bool = False"
_GSAME = "align_corners=align_corners, border=border"
_grid, _g = real(-1.3, 1.3, shape=(2, 3, 2, 2)), real(shape=(2, 3, 3, 2))
op("grid_sample", f"x, grid, {_GRID}",
   "x (n, c, h, w) read at the places (x, y) of grid (n, oh, ow, 2), where -1 and 1 are the ends of the picture"
   " (of its outer pixels, with align_corners), between pixels linearly. Outside are zeros, or the border pixel.",
   dtype="promote", infer="grid_sample", kernel="grid_sample",
   grad={"x": f"dx, dgrid = _grid_sample_grad(x, grid, gy, {_GSAME}); dx", "grid": "dgrid"},
   ref=_ORACLE + "grid_sample", samples=[case(_x, _grid), case(_x, _grid, align_corners=True, border=True)],
   errors=[bad(r"expected x \(N, C, H, W\) and grid", _x, real(shape=(1, 3, 2, 2))),
           bad("x has no pixels", real(shape=(2, 3, 0, 5)), real(shape=(2, 3, 4, 2))),
           bad("needs floating-point arrays, got int64", whole(shape=(1, 1, 2, 2)), whole(shape=(1, 2, 2, 2)),
               raises="TypeError")], tol=_tol,
   example="grid_sample([[[[1., 3.]]]], [[[[0., 0.]]]]) -> [[[[2.]]]]",
   formula="Jaderberg et al., Spatial Transformer Networks, arXiv:1506.02025")
op("_grid_sample_grad", f"x, grid, g, {_GRID}", "The gradients of grid_sample.", outs="dx, dgrid", dtype="promote",
   infer="grid_sample_grad", kernel="grid_sample_grad",
   define=f"_grid_spread(g, grid, x, {_GSAME}), stack(sum(g * _grid_read_x(x, grid, {_GSAME}), axis=1),"
          f" sum(g * _grid_read_y(x, grid, {_GSAME}), axis=1), axis=-1)",
   ref=_ORACLE + "grid_sample_grad", tol={**_tol, "float64": 1e-9},  # the oracle takes differences
   samples=[case(_x, _grid, _g), case(_x, _grid, _g, align_corners=True, border=True)])
# What gradients of it are made of, of any order. The weight of a pixel is a product of one number for each axis, linear
# between pixels: its slopes by x, by y and by both are all that are not zero.
def _grid_readings(by: str, what: str, further: tuple[str, str]) -> None:
    """The readings with one kind of slope; `further`: which kind the slopes of that by x and by y are."""
    def by_grid(image: str, head: str) -> dict[str, str]:
        if further == ("", ""):
            return {}
        read = [f"sum({head} * _grid_read{way}({image}, grid, {_GSAME}), axis=1)" if way else "" for way in further]
        some = read[0] or read[1]
        return {"grid": f"stack({', '.join(r or f'zeros_like({some})' for r in read)}, axis=-1)"}

    wide = [case(_x, _grid), case(_x, _grid, align_corners=True, border=True)]
    back = [case(_g, _grid, _x), case(_g, _grid, _x, align_corners=True, border=True)]
    op(f"_grid_read{by}", f"x, grid, {_GRID}", f"As grid_sample, with {what}.", dtype="promote", infer="grid_sample",
       kernel="grid_read", grad={"x": f"_grid_spread{by}(gy, grid, x, {_GSAME})", **by_grid("x", "gy")}, tol=_tol,
       ref=f"{_ORACLE}grid_read{by}", samples=wide)
    op(f"_grid_spread{by}", f"g, grid, x: like, {_GRID}", f"g spread over the pixels that _grid_read{by} reads.",
       dtype="promote", infer="grid_spread", kernel="grid_spread",
       grad={"g": f"_grid_read{by}(gy, grid, {_GSAME})", **by_grid("gy", "g")}, tol=_tol,
       ref=f"{_ORACLE}grid_spread{by}", samples=back)


_grid_readings("", "the weights of the pixels", ("_x", "_y"))
_grid_readings("_x", "the slopes of the weights by x", ("", "_xy"))
_grid_readings("_y", "the slopes of the weights by y", ("_xy", ""))
_grid_readings("_xy", "the slopes of the weights by both", ("", ""))

# Regions of interest. A region is (image, x1, y1, x2, y2).
_rois = fixed([[0.0, 0.0, 0.0, 3.0, 2.0], [1.0, 1.0, 0.5, 4.0, 3.0], [-1.0, 0.0, 0.0, 1.0, 1.0]])
_ALIGN = "size: ints, scale: float = 1.0, samples: int = -1, aligned: bool = False"
_ASAME = "size=size, scale=scale, samples=samples, aligned=aligned"
_POOL, _PSAME = "size: ints, scale: float = 1.0", "size=size, scale=scale"
_far = bad("names image 2 of 2", _x, fixed([[2.0, 0, 0, 1, 1]]), size=2, raises="IndexError")
_not_rois = bad("expected x .* and rois", _x, real(shape=(3, 4)), size=2)
_aligns: list[dict[str, Any]] = [dict(size=(2, 2)), dict(size=(2, 3), scale=0.5, samples=2, aligned=True)]
op("roi_align", f"x, rois, {_ALIGN}",
   "Each region of x brought to one size: the mean of samples^2 points in each cell, read between pixels (as many as"
   " pixels, if -1; at most 1024). scale: pixels of x for one of the region's; aligned: half a pixel is taken off.",
   dtype="first", infer="roi", kernel="roi_align", grad={"x": f"_roi_align_grad(gy, rois, x, {_ASAME})"},
   ref=_ORACLE + "roi_align", samples=[case(_x, _rois, **a) for a in _aligns],
   errors=[_far, _not_rois, bad("samples must be at most 1024", _x, _rois, size=2, samples=2000)], tol=_tol,
   example="roi_align([[[[1., 3.], [1., 3.]]]], [[0., 0., 0., 2., 2.]], 1) -> [[[[2.5]]]]",
   formula="He et al., Mask R-CNN, arXiv:1703.06870")
op("_roi_align_grad", f"g, rois, x: like, {_ALIGN}", "g spread over the pixels that roi_align read.", dtype="first",
   infer="like2", kernel="roi_align_grad", grad={"g": f"roi_align(gy, rois, {_ASAME})"},
   ref=_ORACLE + "roi_align_grad", tol=_tol,
   samples=[case(real(shape=(3, 3, *a["size"])), _rois, _x, **a) for a in _aligns])
_apart = real(shape=(2, 3, 4, 5), apart=True)
op("roi_pooling", f"x, rois, {_POOL}", "Each region of x brought to one size: the largest pixel of each cell.",
   dtype="first", infer="roi", kernel="roi_pool", grad={"x": f"_roi_pooling_grad(gy, rois, x, {_PSAME})"},
   ref=_ORACLE + "roi_pooling", samples=[case(_apart, _rois, size=(2, 2)), case(_apart, _rois, size=(2, 3), scale=0.5)],
   errors=[_far, _not_rois], example="roi_pooling([[[[1., 3.], [4., 2.]]]], [[0., 0., 0., 1., 1.]], 1) -> [[[[4.]]]]",
   formula="Girshick, Fast R-CNN, arXiv:1504.08083")
op("_roi_pooling_grad", f"g, rois, x, {_POOL}", "g sent back to the largest pixel of each cell.", dtype="first",
   infer="like2", kernel="roi_pool_grad", grad={"g": f"_roi_pooling_pick(gy, rois, x, {_PSAME})"}, tol=_tol,
   ref=_ORACLE + "roi_pooling_grad", samples=[case(real(shape=(3, 3, 2, 2)), _rois, _apart, size=(2, 2))])
op("_roi_pooling_pick", f"g, rois, x, {_POOL}", "The numbers of g where the cells of x have their largest pixel.",
   dtype="first", infer="roi", kernel="roi_pool_pick", grad={"g": f"_roi_pooling_grad(gy, rois, x, {_PSAME})"},
   ref=_ORACLE + "roi_pooling_pick", samples=[case(real(shape=(2, 3, 4, 5)), _rois, _apart, size=(2, 2))])

# Windows as columns.
_WINDOW = "kernel: ints, stride: ints = (1, 1), dilate: ints = (1, 1), pad: ints = (0, 0)"
_WSAME = "kernel=kernel, stride=stride, dilate=dilate, pad=pad"
_hard: dict[str, Any] = dict(kernel=(2, 3), stride=(2, 1), dilate=(1, 2), pad=(1, 2))
op("im2col", f"x, {_WINDOW}", "The windows of x (n, c, h, w) as columns: (n, c * kh * kw, places).", dtype="first",
   infer="im2col", kernel="im2col", grad={"x": f"_col2im_like(gy, x, {_WSAME})"},
   ref=_ORACLE + "im2col", samples=[case(_x, kernel=(2, 2)), case(_x, **_hard)],
   errors=[bad("larger than the padded image", _x, kernel=9), bad("expected an image", real(shape=(2, 3)), kernel=2)],
   example="im2col([[[[1., 2., 3.]]]], (1, 2)) -> [[[1., 2.], [2., 3.]]]")
op("_col2im_like", f"g, x: like, {_WINDOW}", "Columns added back into an image of x's shape.", dtype="first",
   infer="col2im_like", kernel="col2im", grad={"g": f"im2col(gy, {_WSAME})"}, ref=_ORACLE + "col2im_like", tol=_tol,
   samples=[case(real(shape=(2, 12, 12)), _x, kernel=(2, 2)), case(real(shape=(2, 18, 15)), _x, **_hard)])
op("col2im", f"x, size: ints, {_WINDOW}", "Columns (n, c * kh * kw, places) added up into an image of the given size.",
   dtype="first", infer="col2im", kernel="col2im", grad={"x": f"im2col(gy, {_WSAME})"}, ref=_ORACLE + "col2im",
   samples=[case(real(shape=(2, 12, 12)), size=(4, 5), kernel=(2, 2)), case(real(shape=(2, 18, 15)), size=(4, 5),
                                                                             **_hard)],
   errors=[bad("expected columns", real(shape=(2, 7, 12)), size=(4, 5), kernel=(2, 2)),
           bad("expected columns", real(shape=(2, 12, 11)), size=(4, 5), kernel=(2, 2))], tol=_tol,
   example="col2im([[[1., 2.], [2., 3.]]], (1, 3), (1, 2)) -> [[[[1., 4., 3.]]]]")

# Boxes.
_boxes = fixed([[[0.0, 0, 2, 2], [0, 0, 2, 1.9], [1, 1, 3, 3], [5, 5, 6, 6]]])
_scores = fixed([[0.5, 0.9, 0.6, 0.2]])
_flat = fixed([[[0.0, 0, 0, 0], [0, 0, 0, 0], [2, 2, 1, 1], [0, 0, 2, 2], [0.5, 0.5, 0.5, 1], [3, 3, 0, 0]]])  # no area
op("_nms", "boxes, scores, classes, overlap: float = 0.5, valid: float = 0.0, topk: int = -1, background: int = -1",
   "The positions of the boxes (corners) that none with a higher score and the same class covers, best first, then -1.",
   dtype="index_out", infer="nms", kernel="nms", ref=_ORACLE + "nms",
   samples=[case(_boxes, _scores, whole(0, 0, shape=(1, 4))), case(_boxes, _scores, whole(1, 1, shape=(1, 4)),
            overlap=0.1, valid=0.3, topk=2), case(_flat, fixed([[0.5, 0.9, 0.7, 0.6, 0.55, 0.95]]),
            whole(0, 0, shape=(1, 6)), overlap=0.0)],
   errors=[bad("box_nms: expected boxes", _boxes, real(shape=(1, 3)), real(shape=(1, 3)))])
op("_matching", "x, threshold: float, ascend: bool = False, topk: int = -1",
   "Pairs of rows and columns, the best score first: the column of each row and the row of each column, or -1.",
   outs="rows, columns", dtype="index_out", infer="matching", kernel="matching", ref=_ORACLE + "matching",
   samples=[case(real(0, 1, shape=(2, 3, 4), apart=True), threshold=0.1), case(real(0, 1, shape=(2, 3, 2), apart=True),
                                                                            threshold=0.7, ascend=True, topk=1)],
   errors=[bad("expected scores", real(shape=(3, 4)), threshold=0.1)])
