// Two-dimensional convolution and its gradients through oneDNN, image blocks of the batch spread over our own pool.
//
// Activations are channels-last in memory (logical order stays N, C, H, W); weights are reordered to the layout oneDNN
// asks for, which is cheap beside the convolution. bfloat16 and float16 go through float32 where there is no direct
// code.
#include "kernels/cpu/conv.h"

#include <algorithm>
#include <cstring>

#include "kernels/cpu/onednn.h"

namespace dl {

using namespace onednn;

template <class Call>
ConvShape conv_shape(const Call& c, const Shape& x, const Shape& w) {
  const std::string& op = c.op->name;
  ConvShape s{};
  s.groups = int_attr(c, "groups", 1);
  pair_attr(c, "stride", 1, s.stride);
  pair_attr(c, "pad", 0, s.pad);
  pair_attr(c, "dilate", 1, s.dilate);
  if (w.n != 4) throw ValueError(op + ": expected weight (O, C / groups, kh, kw), got shape " + to_string(w));
  if (s.groups < 1)
    throw ValueError(format("%s: groups must be at least 1, got %lld", op.c_str(), (long long)s.groups));
  int64_t channels = w[1] * s.groups;
  if (x.n != 4 || x[1] != channels)
    throw ValueError(op + ": expected x (N, C, H, W) with C = " + std::to_string(channels) + " (weight " +
                     to_string(w) + (s.groups > 1 ? ", groups " + std::to_string(s.groups) : "") + "), got " +
                     to_string(x));
  if (w[0] % s.groups)
    throw ValueError(format("%s: %lld output channels cannot be cut into %lld groups", op.c_str(), (long long)w[0],
                            (long long)s.groups));
  s.n = x[0], s.c = x[1], s.h = x[2], s.w = x[3];
  s.o = w[0], s.kh = w[2], s.kw = w[3];
  for (int i = 0; i < 2; i++)
    if (s.stride[i] < 1 || s.dilate[i] < 1 || s.pad[i] < 0 || w[2 + i] < 1)
      throw ValueError(op + ": stride, dilate and the kernel must be at least 1 and pad at least 0");
  s.oh = window_count(s.h, s.kh, s.stride[0], 2 * s.pad[0], s.dilate[0]);
  s.ow = window_count(s.w, s.kw, s.stride[1], 2 * s.pad[1], s.dilate[1]);
  if (s.oh < 0 || s.ow < 0)
    throw ValueError(format("%s: a %lldx%lld kernel (dilate %lld, %lld) is larger than the padded input %lldx%lld",
                            op.c_str(), (long long)s.kh, (long long)s.kw, (long long)s.dilate[0],
                            (long long)s.dilate[1], (long long)(s.h + 2 * s.pad[0]), (long long)(s.w + 2 * s.pad[1])));
  return s;
}
template ConvShape conv_shape<KernelCall>(const KernelCall&, const Shape&, const Shape&);
template ConvShape conv_shape<InferCall>(const InferCall&, const Shape&, const Shape&);

namespace {

enum Pass { kForward = 1, kGradX, kGradW };

struct ConvPlan : Plan {
  using Plan::Plan;
  bool usable = false;  // oneDNN has code for this shape
  int64_t block = 0;    // images per piece
  std::unique_ptr<Prim> main, tail, reorder;
  size_t w_bytes = 0;  // reordered weights, or one partial weight gradient
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
Made make_prim(Pass pass, const ConvShape& s, int64_t n, DType t, Tag x_tag, bool bias, int threads) {
  OmpThreads omp(threads);
  auto algo = dnnl::algorithm::convolution_direct;
  Desc x = image_desc(n, s.c, s.h, s.w, t, x_tag), y = image_desc(n, s.o, s.oh, s.ow, t, Tag::nhwc);
  Desc w = weight_any(s, t), b = bias ? Desc(dims_of({s.o}), data_type(t), Tag::x) : Desc();
  auto strides = dims_of({s.stride[0], s.stride[1]}), pad = dims_of({s.pad[0], s.pad[1]});
  auto dilate = dims_of({s.dilate[0] - 1, s.dilate[1] - 1});
  auto attr = scratchpad_attr();
  auto kind = pass == kForward ? dnnl::prop_kind::forward_inference : dnnl::prop_kind::forward_training;
  using Forward = dnnl::convolution_forward;
  auto forward = bias ? Forward::primitive_desc(engine(), kind, algo, x, w, b, y, strides, dilate, pad, pad,
                                                pass == kForward ? attr : dnnl::primitive_attr())
                      : Forward::primitive_desc(engine(), kind, algo, x, w, y, strides, dilate, pad, pad,
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
    Backward::primitive_desc pd(engine(), algo, x, w, y, strides, dilate, pad, pad, forward, attr);
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
    Backward::primitive_desc pd(engine(), algo, x, gw, y, strides, dilate, pad, pad, forward, attr);
    if (!has_fast_code(pd.impl_info_str())) return made;
    made.weights = pd.diff_weights_desc();
    made.prim = std::make_unique<Prim>(
        Backward(pd),
        std::initializer_list<Arg>{{DNNL_ARG_DIFF_DST, y}, {DNNL_ARG_SRC, x}, {DNNL_ARG_DIFF_WEIGHTS, made.weights}},
        pd.scratchpad_desc(), threads);
  }
  return made;
}

// Images per piece. Forward and input gradient: a few pieces per thread, so that a slow thread costs little. Weight
// gradient: one piece per thread, because every piece has a gradient of its own to add up.
int64_t block_of(Pass pass, int64_t n) {
  int64_t threads = num_threads();
  if (n < threads) return n;  // too few images: oneDNN cuts them up by itself
  int64_t pieces = pass == kGradW ? threads : std::min(n, threads * 2);
  return (n + pieces - 1) / pieces;
}

std::shared_ptr<ConvPlan> make_plan(const Key& key, Pass pass, const ConvShape& s, const View& w, DType t, Tag x_tag,
                                    bool bias) {
  auto plan = std::make_shared<ConvPlan>(key);
  plan->block = block_of(pass, s.n);
  plan->x_tag = x_tag;
  // Only few and large images are worth an OpenMP region.
  double work = double(numel(s.y_shape())) * double(s.c / s.groups * s.kh * s.kw);
  int threads = plan->block == s.n && work > 1 << 24 ? num_threads() : 1;
  try {
    Made made = make_prim(pass, s, plan->block, t, x_tag, bias, threads);
    if (!made.prim) return plan;
    plan->main = std::move(made.prim);
    plan->w_bytes = made.weights.get_size();
    if (int64_t rest = s.n % plan->block) {
      Made last = make_prim(pass, s, rest, t, x_tag, bias, 1);
      if (!last.prim || last.weights != made.weights) return plan;
      plan->tail = std::move(last.prim);
    }
    plan->reorder = pass == kGradW ? make_reorder(made.weights, weight_given(s, w))
                                   : make_reorder(weight_given(s, w), made.weights);
    plan->usable = true;
  } catch (const dnnl::error& e) {
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
  return plan_for<ConvPlan>(c, key, [&](const Key& k) { return make_plan(k, pass, s, w, t, x_tag, bias); });
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

template <class F>
void for_pieces(const ConvPlan& p, int64_t n, F&& f) {
  int64_t pieces = (n + p.block - 1) / p.block;
  parallel_for(pieces, 1, [&](int64_t b, int64_t e) {
    for (int64_t i = b; i < e; i++) f(i, i * p.block, (i + 1) * p.block > n ? *p.tail : *p.main);
  });
}

inline const char* at(const View& v, int64_t image, int64_t elements) {
  return v.ptr<const char>() + image * elements * int64_t(itemsize(v.dtype));
}

const void* reordered(const ConvPlan& p, const View& w, Temp& keep) {
  if (!p.reorder) return w.data;
  keep = Temp(p.w_bytes);
  p.reorder->run({w.data, keep.data()});
  return keep.data();
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

// ---- forward
// ---------------------------------------------------------------------------------------------------------

bool forward_onednn(const KernelCall& c, const ConvShape& s, DType t) {
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
  const void* weights = reordered(*plan, w, r_keep);
  for_pieces(*plan, s.n, [&](int64_t, int64_t i, const Prim& prim) {
    prim.run({at(x, i, s.c * s.h * s.w), weights, at(y.view, i, s.o * s.oh * s.ow), b});
  });
  y.finish();
  return true;
}

void check_bias(const std::string& op, const Shape& b, int64_t o) {
  if (b.n != 1 || b[0] != o)
    throw ValueError(op + ": expected bias (" + std::to_string(o) + ",), got shape " + to_string(b));
}

void conv2d(const KernelCall& c) {
  ConvShape s = conv_shape(c, c.in[0].shape, c.in[1].shape);
  if (c.present(2)) check_bias(c.op->name, c.in[2].shape, s.o);
  if (numel(s.y_shape()) == 0) return;
  if (s.c > 0 && run_onednn(c.out[0].dtype, [&](DType t) { return forward_onednn(c, s, t); })) return;
  DType t = plain_type(c.out[0].dtype);
  Temp kx, kw, kb, ky;
  View b, y = temp_view(s.y_shape(), t, ky);
  if (c.present(2)) b = as_contiguous(c.in[2], t, kb);
  conv_forward_plain(s, as_contiguous(c.in[0], t, kx), as_contiguous(c.in[1], t, kw), c.present(2) ? &b : nullptr, y);
  copy_view(c.out[0], y);
}
DL_KERNEL("conv2d", conv2d);

// ---- gradient by the input
// -------------------------------------------------------------------------------------------

bool grad_x_onednn(const KernelCall& c, const ConvShape& s, DType t) {
  Temp g_keep, w_keep, r_keep;
  View w = dense_weight(c.in[1], t, w_keep);
  auto plan = find_plan(c, kGradX, s, w, t, Tag::nhwc, false);
  if (!plan->usable) return false;
  View gy = as_channels_last(c.in[0], t, g_keep);
  ImageOutput gx(c.out[0], t);
  const void* weights = reordered(*plan, w, r_keep);
  for_pieces(*plan, s.n, [&](int64_t, int64_t i, const Prim& prim) {
    prim.run({at(gy, i, s.o * s.oh * s.ow), weights, at(gx.view, i, s.c * s.h * s.w)});
  });
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
  if (run_onednn(c.out[0].dtype, [&](DType t) { return grad_x_onednn(c, s, t); })) return;
  DType t = plain_type(c.out[0].dtype);
  Temp kg, kw, kx;
  View gx = temp_view(s.x_shape(), t, kx);
  conv_grad_x_plain(s, as_contiguous(c.in[0], t, kg), as_contiguous(c.in[1], t, kw), gx);
  copy_view(c.out[0], gx);
}
DL_KERNEL("conv2d_dx", conv2d_dx);

// ---- gradient by the weights
// -------------------------------------------------------------------------------------------

void add_partials(float* total, const float* const* parts, int64_t nparts, int64_t n) {
  parallel_for(n, 1 << 13, [&](int64_t b, int64_t e) {
    for (int64_t k = 0; k < nparts; k++)
      for (int64_t i = b; i < e; i++) total[i] += parts[k][i];
  });
}

bool grad_w_onednn(const KernelCall& c, const ConvShape& s, DType t) {
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
  int64_t pieces = (s.n + plan->block - 1) / plan->block;
  size_t piece_bytes = (plan->w_bytes + 63) & ~size_t(63);
  Temp partial(piece_bytes * size_t(pieces));
  auto part = [&](int64_t k) { return partial.ptr<char>() + piece_bytes * size_t(k); };
  for_pieces(*plan, s.n, [&](int64_t k, int64_t i, const Prim& prim) {
    prim.run({at(gy, i, s.o * s.oh * s.ow), at(x, i, s.c * s.h * s.w), part(k)});
  });
  std::vector<const float*> rest;
  for (int64_t k = 1; k < pieces; k++) rest.push_back(reinterpret_cast<const float*>(part(k)));
  if (pieces > 1) add_partials(partial.ptr<float>(), rest.data(), pieces - 1, int64_t(plan->w_bytes / 4));
  if (plan->reorder)
    plan->reorder->run({partial.data(), out.data});
  else
    std::memcpy(out.data, partial.data(), plan->w_bytes);
  if (!direct) copy_view(c.out[0], out);
  return true;
}

void conv2d_dw(const KernelCall& c) {
  ConvShape s = conv_shape(c, c.in[1].shape, c.out[0].shape);
  check_gy(c, s);
  if (numel(s.y_shape()) == 0 || numel(s.w_shape()) == 0) return fill_zero(c.out[0]);
  if (run_onednn(c.out[0].dtype, [&](DType t) { return grad_w_onednn(c, s, t); })) return;
  DType t = plain_type(c.out[0].dtype);
  Temp kg, kx, kw;
  View gw = temp_view(s.w_shape(), t, kw);
  conv_grad_w_plain(s, as_contiguous(c.in[0], t, kg), as_contiguous(c.in[1], t, kx), gw);
  copy_view(c.out[0], gw);
}
DL_KERNEL("conv2d_dw", conv2d_dw);

// ---- inference rules
// ---------------------------------------------------------------------------------------------------

DL_INFER("conv2d", [](InferCall& c) {
  ConvShape s = conv_shape(c, c.in[0].shape, c.in[1].shape);
  if (c.nin > 2 && c.in[2].given) check_bias(c.op->name, c.in[2].shape, s.o);
  if (!is_float(c.out[0].dtype))
    throw TypeError(c.op->name + ": needs floating-point arrays, got " + dtype_name(c.out[0].dtype));
  c.out[0].shape = s.y_shape();  // channels-last always, so that a chain of convolutions never reorders
  c.out[0].strides = channels_last_strides(c.out[0].shape);
});
}  // namespace
}  // namespace dl
