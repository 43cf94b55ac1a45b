// Plans of convolutions through oneDNN: which part of the images a thread does at a time, by which primitive; and what
// the kernels do to their arrays around it.
#pragma once
#include <memory>
#include <vector>

#include "kernels/cpu/conv.h"
#include "kernels/cpu/onednn.h"
#include "kernels/cpu/packed.h"

namespace dl {

enum class ConvPass { forward = 1, grad_x, grad_w };

// Rows of the result, and the rows of the input they are made from (with padding above and below).
struct Band {
  int64_t row, rows, in_row, in_rows, top, bottom;
  bool same_work(const Band& o) const {
    return rows == o.rows && in_rows == o.in_rows && top == o.top && bottom == o.bottom;
  }
};

// What one thread does at a time: a band of some images, or (the band being the whole image) a block of the batch.
struct Piece {
  int64_t image, images;
  Band band;
  const onednn::Prim* prim;
};

struct ConvPlan : onednn::Plan {
  using Plan::Plan;
  bool usable = false;  // oneDNN has code for this shape
  std::vector<Piece> pieces;
  std::vector<std::unique_ptr<onednn::Prim>> prims;  // pieces of one size share one
  std::unique_ptr<onednn::Prim> reorder;
  onednn::Desc weights;  // reordered weights, or one partial weight gradient
  onednn::Tag x_tag = onednn::Tag::nhwc;
};

// What tells plans of one geometry apart, beside the weights.
struct ConvWish {
  ConvPass pass;
  DType type;
  onednn::Tag x_tag = onednn::Tag::nhwc;
  bool bias = false;
  bool finish = false;  // results are worked on again at once: pieces small enough to stay in a cache
};
// The plan, made at the first call; not `usable` where oneDNN has no code for the geometry. `w` are the weights, or
// where their gradient goes.
std::shared_ptr<ConvPlan> conv_plan(const KernelCall& c, const ConvWish& wish, const ConvShape& s, const View& w);

// How x is read: a first layer with few channels reads row-major images as fast as channels-last ones.
inline onednn::Tag image_tag(const View& x, const ConvShape& s, DType t) {
  bool rows = s.c > 1 && s.c <= 4 && s.groups == 1 && x.dtype == t && is_contiguous(x.shape, x.strides);
  return rows ? onednn::Tag::nchw : onednn::Tag::nhwc;
}

// `v` in channels-last memory and dtype `t`.
inline View as_channels_last(const View& v, DType t, Temp& keep) {
  if (v.dtype == t && is_channels_last(v.shape, v.strides)) return v;
  View r = temp_view(v.shape, channels_last_strides(v.shape), t, keep);
  copy_view(r, v);
  return r;
}

// Weights in dtype `t` and any order of axes, but without gaps, repeats or negative strides.
inline View dense_weight(const View& w, DType t, Temp& keep) {
  return w.dtype == t && is_dense(w.shape, w.strides) ? w : as_contiguous(w, t, keep);
}

// `v` in dtype `t`, with whatever strides.
inline View as_type(const View& v, DType t, Temp& keep) { return v.dtype == t ? v : as_contiguous(v, t, keep); }

// Where oneDNN writes an image: the output itself when it has the right layout and dtype, else a temporary.
struct ImageOutput {
  View out, view;
  Temp keep;
  ImageOutput(const View& o, DType t) : out(o), view(o) {
    if (o.dtype != t || !is_channels_last(o.shape, o.strides))
      view = temp_view(o.shape, channels_last_strides(o.shape), t, keep);
  }
  void finish() {
    if (keep) copy_view(out, view);
  }
};

// f(index, piece) in parallel.
template <class F>
void for_pieces(const ConvPlan& p, F&& f) {
  parallel_for(int64_t(p.pieces.size()), 1, [&](int64_t b, int64_t e) {
    for (int64_t i = b; i < e; i++) f(i, p.pieces[size_t(i)]);
  });
}

// Where a piece begins in the input and in the result; a row has `width` times `channels` numbers.
inline const char* input_at(const View& x, const ConvShape& s, const Piece& p) {
  return x.ptr<const char>() + (p.image * s.h + p.band.in_row) * s.w * s.c * int64_t(itemsize(x.dtype));
}
inline const char* result_at(const View& y, const ConvShape& s, const Piece& p) {
  return y.ptr<const char>() + (p.image * s.oh + p.band.row) * s.ow * s.o * int64_t(itemsize(y.dtype));
}

// The weights (input 1) as the plan wants them.
inline const void* reordered(const SlotCall& k, const ConvPlan& p, const View& w, Temp& keep) {
  if (!p.reorder) return w.data;
  return packed(k, 1, &p, p.weights.get_size(), keep, [&](void* to) { p.reorder->run({w.data, to}); });
}

// The dtype oneDNN is asked to compute in: bfloat16 stays if there is code for it, all else becomes float32.
template <class Run>
bool run_onednn(DType t, Run&& run) {
  if (t == DType::F64) return false;
  if (t == DType::BF16 && run(DType::BF16)) return true;
  return run(DType::F32);
}

// Only float32 and float64 have plain code; the 16-bit floats come here as float32.
inline DType plain_type(DType t) { return t == DType::F64 ? DType::F64 : DType::F32; }

}  // namespace dl
