// Two-dimensional convolution and its gradients through oneDNN, blocks of the batch (or bands of large images) spread
// over our own pool.
//
// Activations are channels-last in memory (logical order stays N, C, H, W); weights are reordered to the layout oneDNN
// asks for, which is cheap beside the convolution. bfloat16 and float16 go through float32 where there is no direct
// code.
#include "kernels/cpu/conv.h"

#include <algorithm>
#include <cstring>

#include "kernels/cpu/onednn.h"
#include "kernels/cpu/packed.h"
#include "kernels/cpu/winograd.h"

namespace dl {

using namespace onednn;

namespace {

enum Pass { kForward = 1, kGradX, kGradW };

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
  const Prim* prim;
};

struct ConvPlan : Plan {
  using Plan::Plan;
  bool usable = false;  // oneDNN has code for this shape
  std::vector<Piece> pieces;
  std::vector<std::unique_ptr<Prim>> prims;  // pieces of one size share one
  std::unique_ptr<Prim> reorder;
  Desc weights;  // reordered weights, or one partial weight gradient
  Tag x_tag = Tag::nhwc;
};

dnnl::memory::dims dims_of(std::initializer_list<int64_t> v) { return dnnl::memory::dims(v); }

Desc image_desc(int64_t n, int64_t c, int64_t h, int64_t w, DType t, Tag tag) {
  return Desc(dims_of({n, c, h, w}), data_type(t), tag);
}
Desc weight_any(const ConvShape& s, DType t) {
  if (s.groups == 1) return Desc(dims_of({s.o, s.c, s.kh, s.kw}), data_type(t), Tag::any);
  return Desc(dims_of({s.groups, s.o / s.groups, s.c / s.groups, s.kh, s.kw}), data_type(t), Tag::any);
}
Desc weight_given(const ConvShape& s, const View& w) {
  const Dims& d = w.strides;
  if (s.groups == 1)
    return Desc(dims_of({s.o, s.c, s.kh, s.kw}), data_type(w.dtype), dims_of({d[0], d[1], d[2], d[3]}));
  int64_t per = s.o / s.groups;
  return Desc(dims_of({s.groups, per, s.c / s.groups, s.kh, s.kw}), data_type(w.dtype),
              dims_of({d[0] * per, d[0], d[1], d[2], d[3]}));
}

bool has_fast_code(const char* impl) { return std::strncmp(impl, "ref", 3) != 0; }

struct Made {
  std::unique_ptr<Prim> prim;
  Desc weights;
};

// One primitive for `n` images. Throws dnnl::error, or leaves prim empty when only reference code exists.
Made make_prim(Pass pass, const ConvShape& s, int64_t n, const Band& band, DType t, Tag x_tag, bool bias, int threads) {
  OmpThreads omp(threads);
  auto algo = dnnl::algorithm::convolution_direct;
  Desc x = image_desc(n, s.c, band.in_rows, s.w, t, x_tag), y = image_desc(n, s.o, band.rows, s.ow, t, Tag::nhwc);
  Desc w = weight_any(s, t), b = bias ? Desc(dims_of({s.o}), data_type(t), Tag::x) : Desc();
  auto strides = dims_of({s.stride[0], s.stride[1]});
  auto before = dims_of({band.top, s.pad[1]}), after = dims_of({band.bottom, s.pad[1]});
  auto dilate = dims_of({s.dilate[0] - 1, s.dilate[1] - 1});
  auto attr = scratchpad_attr();
  auto kind = pass == kForward ? dnnl::prop_kind::forward_inference : dnnl::prop_kind::forward_training;
  using Forward = dnnl::convolution_forward;
  auto forward = bias ? Forward::primitive_desc(engine(), kind, algo, x, w, b, y, strides, dilate, before, after,
                                                pass == kForward ? attr : dnnl::primitive_attr())
                      : Forward::primitive_desc(engine(), kind, algo, x, w, y, strides, dilate, before, after,
                                                pass == kForward ? attr : dnnl::primitive_attr());
  Made made;
  if (pass == kForward) {
    if (!has_fast_code(forward.impl_info_str())) return made;
    made.weights = forward.weights_desc();
    made.prim = std::make_unique<Prim>(
        Forward(forward),
        std::initializer_list<Arg>{
            {DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, made.weights}, {DNNL_ARG_DST, y}, {DNNL_ARG_BIAS, b}},
        forward.scratchpad_desc(), threads);
  } else if (pass == kGradX) {
    using Backward = dnnl::convolution_backward_data;
    Backward::primitive_desc pd(engine(), algo, x, w, y, strides, dilate, before, after, forward, attr);
    if (!has_fast_code(pd.impl_info_str())) return made;
    made.weights = pd.weights_desc();
    made.prim = std::make_unique<Prim>(
        Backward(pd),
        std::initializer_list<Arg>{{DNNL_ARG_DIFF_DST, y}, {DNNL_ARG_WEIGHTS, made.weights}, {DNNL_ARG_DIFF_SRC, x}},
        pd.scratchpad_desc(), threads);
  } else {
    // The weight gradient is summed over pieces, so it stays in float32 whatever the activations are.
    using Backward = dnnl::convolution_backward_weights;
    Desc gw = weight_any(s, DType::F32);
    Backward::primitive_desc pd(engine(), algo, x, gw, y, strides, dilate, before, after, forward, attr);
    if (!has_fast_code(pd.impl_info_str())) return made;
    made.weights = pd.diff_weights_desc();
    made.prim = std::make_unique<Prim>(
        Backward(pd),
        std::initializer_list<Arg>{{DNNL_ARG_DIFF_DST, y}, {DNNL_ARG_SRC, x}, {DNNL_ARG_DIFF_WEIGHTS, made.weights}},
        pd.scratchpad_desc(), threads);
  }
  return made;
}

Band whole_image(const ConvShape& s) { return {0, s.oh, 0, s.h, s.pad[0], s.pad[0]}; }

// The image cut into `n` bands of rows.
std::vector<Band> bands_of(const ConvShape& s, int64_t n) {
  std::vector<Band> bands;
  int64_t size = (s.oh + n - 1) / n;
  for (int64_t row = 0; row < s.oh; row += size) {
    Band b{row, std::min(size, s.oh - row), 0, 0, 0, 0};
    int64_t first = row * s.stride[0] - s.pad[0];
    int64_t end = first + (b.rows - 1) * s.stride[0] + (s.kh - 1) * s.dilate[0] + 1;
    b.in_row = std::max<int64_t>(0, first);
    b.in_rows = std::min(end, s.h) - b.in_row;
    b.top = b.in_row - first;
    b.bottom = std::max<int64_t>(0, end - s.h);
    if (b.in_rows < 1) return {whole_image(s)};  // a band of padding only
    bands.push_back(b);
  }
  return bands;
}

// Images per piece. Forward and input gradient: a few pieces per thread, so that a slow thread costs little. Weight
// gradient: one piece per thread, because every piece has a gradient of its own to add up.
int64_t block_of(Pass pass, int64_t n) {
  int64_t threads = num_threads(), pieces = pass == kGradW ? threads : std::min(n, threads * 2);
  return n < threads ? n : (n + pieces - 1) / pieces;
}

struct Request {
  Pass pass;
  DType type;
  Tag x_tag;
  bool bias;
};

// Fills in the pieces; false when oneDNN has no code for one of them, or not all want the same layout of weights.
bool cut_up(ConvPlan& plan, const Request& r, const ConvShape& s, int64_t block, const std::vector<Band>& bands,
            int threads) {
  plan.pieces.clear();
  plan.prims.clear();
  for (int64_t image = 0; image < s.n; image += block)
    for (const Band& band : bands) {
      int64_t n = std::min(block, s.n - image);
      const Prim* prim = nullptr;
      for (const Piece& p : plan.pieces)
        if (p.images == n && p.band.same_work(band)) prim = p.prim;
      if (!prim) {
        Made made = make_prim(r.pass, s, n, band, r.type, r.x_tag, r.bias, threads);
        if (!made.prim || (!plan.prims.empty() && made.weights != plan.weights)) return false;
        plan.weights = made.weights;
        plan.prims.push_back(std::move(made.prim));
        prim = plan.prims.back().get();
      }
      plan.pieces.push_back({image, n, band, prim});
    }
  return true;
}

std::shared_ptr<ConvPlan> make_plan(const Key& key, const Request& r, const ConvShape& s, const View& w) {
  auto plan = std::make_shared<ConvPlan>(key);
  plan->x_tag = r.x_tag;
  int64_t threads = num_threads();
  // Fewer images than threads: large ones are cut into bands (forward), or cut up by oneDNN's own threads (gradients).
  double work = double(numel(s.y_shape())) * double(s.c / s.groups * s.kh * s.kw);
  bool split = s.n < threads && work > 1 << 22;
  try {
    if (split && r.pass == kForward && r.x_tag == Tag::nhwc)
      plan->usable = cut_up(*plan, r, s, 1, bands_of(s, std::min(s.oh, (2 * threads + s.n - 1) / s.n)), 1);
    if (!plan->usable)
      plan->usable = cut_up(*plan, r, s, block_of(r.pass, s.n), {whole_image(s)}, split ? int(threads) : 1);
    if (!plan->usable) return plan;
    plan->reorder = r.pass == kGradW ? make_reorder(plan->weights, weight_given(s, w))
                                     : make_reorder(weight_given(s, w), plan->weights);
  } catch (const dnnl::error& e) {
    plan->usable = false;
    if (e.status == dnnl_out_of_memory) throw MemoryError("conv2d: oneDNN is out of memory");
  }
  return plan;
}

std::shared_ptr<ConvPlan> find_plan(const KernelCall& c, Pass pass, const ConvShape& s, const View& w, DType t,
                                    Tag x_tag, bool bias) {
  Key key(pass);
  for (int64_t v : {int64_t(t), s.n, s.c, s.h, s.w, s.o, s.kh, s.kw, s.stride[0], s.stride[1], s.pad[0], s.pad[1],
                    s.dilate[0], s.dilate[1], s.groups, int64_t(x_tag), int64_t(bias)})
    key.add(v);
  key.add(int64_t(w.dtype));
  key.add(w.strides);
  return plan_for<ConvPlan>(c, key, [&](const Key& k) { return make_plan(k, {pass, t, x_tag, bias}, s, w); });
}

bool is_row_major_image(const View& v) { return is_contiguous(v.shape, v.strides); }

// `v` in channels-last memory and dtype `t`.
View as_channels_last(const View& v, DType t, Temp& keep) {
  if (v.dtype == t && is_channels_last(v.shape, v.strides)) return v;
  View r = temp_view(v.shape, channels_last_strides(v.shape), t, keep);
  copy_view(r, v);
  return r;
}

// Weights in dtype `t` and any order of axes, but without gaps, repeats or negative strides.
View dense_weight(const View& w, DType t, Temp& keep) {
  return w.dtype == t && is_dense(w.shape, w.strides) ? w : as_contiguous(w, t, keep);
}

// `v` in dtype `t`, with whatever strides.
View as_type(const View& v, DType t, Temp& keep) { return v.dtype == t ? v : as_contiguous(v, t, keep); }

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
const char* input_at(const View& x, const ConvShape& s, const Piece& p) {
  return x.ptr<const char>() + (p.image * s.h + p.band.in_row) * s.w * s.c * int64_t(itemsize(x.dtype));
}
const char* result_at(const View& y, const ConvShape& s, const Piece& p) {
  return y.ptr<const char>() + (p.image * s.oh + p.band.row) * s.ow * s.o * int64_t(itemsize(y.dtype));
}

// The weights (input 1) as the plan wants them.
const void* reordered(const SlotCall& k, const ConvPlan& p, const View& w, Temp& keep) {
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
DType plain_type(DType t) { return t == DType::F64 ? DType::F64 : DType::F32; }

// ---- forward ----

bool forward_winograd(const SlotCall& k, const ConvShape& s) {
  const KernelCall& c = k.call;
  Temp x_keep, w_keep, b_keep;
  if (!winograd_fits(s)) return false;
  const float* bias = c.present(2) ? as_contiguous(c.in[2], DType::F32, b_keep).ptr<const float>() : nullptr;
  View x = as_channels_last(c.in[0], DType::F32, x_keep), w = as_type(c.in[1], DType::F32, w_keep);
  ImageOutput y(c.out[0], DType::F32);
  if (!winograd_forward(k, s, x, w, bias, y.view)) return false;
  y.finish();
  return true;
}

bool forward_onednn(const SlotCall& k, const ConvShape& s, DType t) {
  if (t == DType::F32 && forward_winograd(k, s)) return true;
  const KernelCall& c = k.call;
  bool bias = c.present(2);
  View x = c.in[0];
  Temp x_keep, w_keep, b_keep, r_keep;
  // A first layer with few channels reads row-major images as fast as channels-last ones.
  Tag tag = s.c > 1 && s.c <= 4 && s.groups == 1 && x.dtype == t && is_row_major_image(x) ? Tag::nchw : Tag::nhwc;
  if (tag == Tag::nhwc) x = as_channels_last(x, t, x_keep);
  View w = dense_weight(c.in[1], t, w_keep);
  auto plan = find_plan(c, kForward, s, w, t, tag, bias);
  if (!plan->usable && tag == Tag::nchw) {
    x = as_channels_last(x, t, x_keep);
    plan = find_plan(c, kForward, s, w, t, Tag::nhwc, bias);
  }
  if (!plan->usable) return false;
  const void* b = bias ? as_contiguous(c.in[2], t, b_keep).data : nullptr;
  ImageOutput y(c.out[0], t);
  const void* weights = reordered(k, *plan, w, r_keep);
  for_pieces(*plan,
             [&](int64_t, const Piece& p) { p.prim->run({input_at(x, s, p), weights, result_at(y.view, s, p), b}); });
  y.finish();
  return true;
}

void conv2d(const KernelCall& c) {
  ConvShape s = conv_shape(c, c.in[0].shape, c.in[1].shape);
  if (c.present(2)) check_conv_bias(c.op->name, c.in[2].shape, s.o);
  if (numel(s.y_shape()) == 0) return;
  if (s.c > 0 && run_onednn(c.out[0].dtype, [&](DType t) { return forward_onednn(SlotCall(c), s, t); })) return;
  DType t = plain_type(c.out[0].dtype);
  Temp kx, kw, kb, ky;
  View b, y = temp_view(s.y_shape(), t, ky);
  if (c.present(2)) b = as_contiguous(c.in[2], t, kb);
  conv_forward_plain(s, as_contiguous(c.in[0], t, kx), as_contiguous(c.in[1], t, kw), c.present(2) ? &b : nullptr, y);
  copy_view(c.out[0], y);
}
DL_KERNEL("conv2d", conv2d);

// ---- gradient by the input ----

bool grad_x_winograd(const SlotCall& k, const ConvShape& s) {
  const KernelCall& c = k.call;
  Temp g_keep, w_keep;
  if (!winograd_fits(s)) return false;
  View gy = as_channels_last(c.in[0], DType::F32, g_keep), w = as_type(c.in[1], DType::F32, w_keep);
  ImageOutput gx(c.out[0], DType::F32);
  if (!winograd_grad_x(k, s, gy, w, gx.view)) return false;
  gx.finish();
  return true;
}

bool grad_x_onednn(const SlotCall& k, const ConvShape& s, DType t) {
  if (t == DType::F32 && grad_x_winograd(k, s)) return true;
  const KernelCall& c = k.call;
  Temp g_keep, w_keep, r_keep;
  View w = dense_weight(c.in[1], t, w_keep);
  auto plan = find_plan(c, kGradX, s, w, t, Tag::nhwc, false);
  if (!plan->usable) return false;
  View gy = as_channels_last(c.in[0], t, g_keep);
  ImageOutput gx(c.out[0], t);
  const void* weights = reordered(k, *plan, w, r_keep);
  for_pieces(*plan,
             [&](int64_t, const Piece& p) { p.prim->run({result_at(gy, s, p), weights, input_at(gx.view, s, p)}); });
  gx.finish();
  return true;
}

void check_gy(const KernelCall& c, const ConvShape& s) {
  if (c.in[0].shape != s.y_shape())
    throw ValueError(c.op->name + ": expected gy " + to_string(s.y_shape()) + ", got " + to_string(c.in[0].shape));
}

void conv2d_dx(const KernelCall& c) {
  ConvShape s = conv_shape(c, c.out[0].shape, c.in[1].shape);
  check_gy(c, s);
  if (numel(s.x_shape()) == 0) return;
  if (numel(s.y_shape()) == 0) return fill_zero(c.out[0]);
  if (run_onednn(c.out[0].dtype, [&](DType t) { return grad_x_onednn(SlotCall(c), s, t); })) return;
  DType t = plain_type(c.out[0].dtype);
  Temp kg, kw, kx;
  View gx = temp_view(s.x_shape(), t, kx);
  conv_grad_x_plain(s, as_contiguous(c.in[0], t, kg), as_contiguous(c.in[1], t, kw), gx);
  copy_view(c.out[0], gx);
}
DL_KERNEL("conv2d_dx", conv2d_dx);

// ---- gradient by the weights ----

void add_partials(float* total, const float* const* parts, int64_t nparts, int64_t n) {
  parallel_for(n, 1 << 13, [&](int64_t b, int64_t e) {
    for (int64_t k = 0; k < nparts; k++)
      for (int64_t i = b; i < e; i++) total[i] += parts[k][i];
  });
}

bool grad_w_winograd(const KernelCall& c, const ConvShape& s) {
  Temp x_keep, g_keep, w_keep;
  if (!winograd_fits(s)) return false;
  View gy = as_channels_last(c.in[0], DType::F32, g_keep), x = as_channels_last(c.in[1], DType::F32, x_keep);
  bool direct = c.out[0].dtype == DType::F32;
  View gw = direct ? c.out[0] : temp_view(s.w_shape(), DType::F32, w_keep);
  if (!winograd_grad_w(s, gy, x, gw)) return false;
  if (!direct) copy_view(c.out[0], gw);
  return true;
}

bool grad_w_onednn(const KernelCall& c, const ConvShape& s, DType t) {
  if (t == DType::F32 && grad_w_winograd(c, s)) return true;
  Temp x_keep, g_keep, w_keep;
  View x = c.in[1];
  Tag tag = s.c > 1 && s.c <= 4 && s.groups == 1 && x.dtype == t && is_row_major_image(x) ? Tag::nchw : Tag::nhwc;
  bool direct = c.out[0].dtype == DType::F32 && is_dense(c.out[0].shape, c.out[0].strides);
  View out = direct ? c.out[0] : temp_view(s.w_shape(), DType::F32, w_keep);
  auto plan = find_plan(c, kGradW, s, out, t, tag, false);
  if (!plan->usable && tag == Tag::nchw) plan = find_plan(c, kGradW, s, out, t, Tag::nhwc, false);
  if (!plan->usable) return false;
  if (plan->x_tag == Tag::nhwc) x = as_channels_last(x, t, x_keep);
  View gy = as_channels_last(c.in[0], t, g_keep);
  int64_t pieces = int64_t(plan->pieces.size());
  size_t bytes = plan->weights.get_size(), piece_bytes = (bytes + 63) & ~size_t(63);
  Temp partial(piece_bytes * size_t(pieces));
  auto part = [&](int64_t k) { return partial.ptr<char>() + piece_bytes * size_t(k); };
  for_pieces(*plan, [&](int64_t k, const Piece& p) { p.prim->run({result_at(gy, s, p), input_at(x, s, p), part(k)}); });
  std::vector<const float*> rest;
  for (int64_t k = 1; k < pieces; k++) rest.push_back(reinterpret_cast<const float*>(part(k)));
  if (pieces > 1) add_partials(partial.ptr<float>(), rest.data(), pieces - 1, int64_t(bytes / 4));
  if (plan->reorder)
    plan->reorder->run({partial.data(), out.data});
  else
    std::memcpy(out.data, partial.data(), bytes);
  if (!direct) copy_view(c.out[0], out);
  return true;
}

void conv2d_dw(const KernelCall& c) {
  ConvShape s = conv_shape(c, c.in[1].shape, c.out[0].shape);
  check_gy(c, s);
  if (numel(s.y_shape()) == 0 || numel(s.w_shape()) == 0) return fill_zero(c.out[0]);
  if (run_onednn(c.out[0].dtype, [&](DType t) { return grad_w_onednn(SlotCall(c).call, s, t); })) return;
  DType t = plain_type(c.out[0].dtype);
  Temp kg, kx, kw;
  View gw = temp_view(s.w_shape(), t, kw);
  conv_grad_w_plain(s, as_contiguous(c.in[0], t, kg), as_contiguous(c.in[1], t, kx), gw);
  copy_view(c.out[0], gw);
}
DL_KERNEL("conv2d_dw", conv2d_dw);

}  // namespace
}  // namespace dl
