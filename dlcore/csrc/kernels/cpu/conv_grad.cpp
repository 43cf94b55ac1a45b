// The gradients of a two-dimensional convolution by its input and by its weights.
#include <cstring>

#include "kernels/cpu/conv_pairs.h"
#include "kernels/cpu/conv_plan.h"
#include "kernels/cpu/winograd.h"

namespace dl {

using namespace onednn;

namespace {

// ---- gradient by the input ----

bool grad_x_winograd(const SlotCall& k, const ConvShape& s, DType t) {
  const KernelCall& c = k.call;
  Temp g_keep, w_keep;
  if (!winograd_fits(s)) return false;
  View gy = as_channels_last(c.in[0], t, g_keep), w = as_type(c.in[1], t, w_keep);
  ImageOutput gx(c.out[0], t);
  if (!winograd_grad_x(k, s, gy, w, gx.view)) return false;
  gx.finish();
  return true;
}

bool grad_x_onednn(const SlotCall& k, const ConvShape& s, DType t) {
  if (grad_x_winograd(k, s, t)) return true;
  const KernelCall& c = k.call;
  Temp g_keep, w_keep, r_keep;
  View w = dense_weight(c.in[1], t, w_keep);
  auto plan = conv_plan(c, {ConvPass::grad_x, t}, s, w);
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

bool grad_w_winograd(const KernelCall& c, const ConvShape& s, DType t) {
  Temp x_keep, g_keep, w_keep;
  if (!winograd_fits(s)) return false;
  View gy = as_channels_last(c.in[0], t, g_keep), x = as_channels_last(c.in[1], t, x_keep);
  bool direct = c.out[0].dtype == t;
  View gw = direct ? c.out[0] : temp_view(s.w_shape(), t, w_keep);
  if (!winograd_grad_w(s, gy, x, gw)) return false;
  if (!direct) copy_view(c.out[0], gw);
  return true;
}

bool grad_w_pairs(const KernelCall& c, const ConvShape& s) {
  if (!conv_pairs_suit(s, c.out[0])) return false;
  Temp x_keep, g_keep;
  const DType t = DType::BF16;
  conv_grad_w_pairs(s, as_channels_last(c.in[0], t, g_keep), as_channels_last(c.in[1], t, x_keep), c.out[0]);
  return true;
}

bool grad_w_onednn(const KernelCall& c, const ConvShape& s, DType t) {
  if (grad_w_winograd(c, s, t) || (t == DType::BF16 && grad_w_pairs(c, s))) return true;
  Temp x_keep, g_keep, w_keep;
  View x = c.in[1];
  Tag tag = image_tag(x, s, t);
  bool direct = c.out[0].dtype == DType::F32 && is_dense(c.out[0].shape, c.out[0].strides);
  View out = direct ? c.out[0] : temp_view(s.w_shape(), DType::F32, w_keep);
  auto plan = conv_plan(c, {ConvPass::grad_w, t, tag}, s, out);
  if (!plan->usable && tag == Tag::nchw) plan = conv_plan(c, {ConvPass::grad_w, t}, s, out);
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
