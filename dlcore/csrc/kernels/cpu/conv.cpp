// Two-dimensional convolution through oneDNN, blocks of the batch (or bands of large images) spread over our own pool,
// or by Winograd's algorithm; and the same with an array added and an activation on top.
//
// Activations are channels-last in memory (logical order stays N, C, H, W); weights are reordered to the layout oneDNN
// asks for, which is cheap beside the convolution. bfloat16 and float16 go through float32 where there is no direct
// code. What comes after the sums is done by us, piece by piece, not by oneDNN: its relu turns NaN into 0.
#include <string>

#include "kernels/cpu/conv_plan.h"
#include "kernels/cpu/winograd.h"

namespace dl {

using namespace onednn;

void ConvFinish::run(DType t, void* y, int64_t offset, int64_t n) const {
  if (!*this) return;
  const ConvFinishTable& isa = *pick_conv_finish_table();
  auto at = [&](auto zero, auto fn) {
    using T = decltype(zero);
    fn(n, add ? static_cast<const T*>(add) + offset : nullptr, act, static_cast<T*>(y) + offset);
  };
  if (t == DType::F64)
    at(0.0, isa.f64);
  else if (t == DType::BF16)
    at(uint16_t(0), isa.bf16);
  else
    at(0.0f, isa.f32);
}

Act act_attr(const KernelCall& c) {
  const Attr* a = find_attr(c, "act");
  if (!a || a->none() || a->s.empty()) return Act::none;
  if (a->s == "relu") return Act::relu;
  if (a->s == "relu6") return Act::relu6;
  throw ValueError(c.op->name + ": act must be '', 'relu' or 'relu6', got '" + a->s + "'");
}

namespace {

// Input 3, if the operator has one, as it must lie beside channels-last results of dtype `t`.
ConvFinish finish_of(const KernelCall& c, DType t, Temp& keep) {
  return {c.present(3) ? as_channels_last(c.in[3], t, keep).data : nullptr, act_attr(c)};
}

bool forward_winograd(const SlotCall& k, const ConvShape& s, DType t) {
  const KernelCall& c = k.call;
  Temp x_keep, w_keep, b_keep, a_keep;
  if (!winograd_fits(s)) return false;
  const float* bias = c.present(2) ? as_contiguous(c.in[2], DType::F32, b_keep).ptr<const float>() : nullptr;
  View x = as_channels_last(c.in[0], t, x_keep), w = as_type(c.in[1], t, w_keep);
  ImageOutput y(c.out[0], t);
  if (!winograd_forward(k, s, x, w, bias, finish_of(c, t, a_keep), y.view)) return false;
  y.finish();
  return true;
}

bool forward_onednn(const SlotCall& k, const ConvShape& s, DType t) {
  if (forward_winograd(k, s, t)) return true;
  const KernelCall& c = k.call;
  bool bias = c.present(2);
  View x = c.in[0];
  Temp x_keep, w_keep, b_keep, r_keep, a_keep;
  Tag tag = s.n < num_threads() ? Tag::nhwc : image_tag(x, s, t);  // only channels-last images are cut into bands
  if (tag == Tag::nhwc) x = as_channels_last(x, t, x_keep);
  View w = dense_weight(c.in[1], t, w_keep);
  ConvFinish finish = finish_of(c, t, a_keep);
  auto plan = conv_plan(c, {ConvPass::forward, t, tag, bias, bool(finish)}, s, w);
  if (!plan->usable && tag == Tag::nchw) {
    x = as_channels_last(x, t, x_keep);
    plan = conv_plan(c, {ConvPass::forward, t, Tag::nhwc, bias, bool(finish)}, s, w);
  }
  if (!plan->usable) return false;
  const void* b = bias ? as_contiguous(c.in[2], t, b_keep).data : nullptr;
  ImageOutput y(c.out[0], t);
  const void* weights = reordered(k, *plan, w, r_keep);
  for_pieces(*plan, [&](int64_t, const Piece& p) {
    p.prim->run({input_at(x, s, p), weights, result_at(y.view, s, p), b});
    finish.run(t, y.view.data, (p.image * s.oh + p.band.row) * s.ow * s.o, p.images * p.band.rows * s.ow * s.o);
  });
  y.finish();
  return true;
}

void conv2d(const KernelCall& c) {
  ConvShape s = conv_shape(c, c.in[0].shape, c.in[1].shape);
  if (c.present(2)) check_conv_bias(c.op->name, c.in[2].shape, s.o);
  if (numel(s.y_shape()) == 0) return;
  if (s.c > 0 && run_onednn(c.out[0].dtype, [&](DType t) { return forward_onednn(SlotCall(c), s, t); })) return;
  DType t = plain_type(c.out[0].dtype);
  Temp kx, kw, kb, ky, ka;
  View b, y = temp_view(s.y_shape(), t, ky);
  if (c.present(2)) b = as_contiguous(c.in[2], t, kb);
  conv_forward_plain(s, as_contiguous(c.in[0], t, kx), as_contiguous(c.in[1], t, kw), c.present(2) ? &b : nullptr, y);
  ConvFinish finish{c.present(3) ? as_contiguous(c.in[3], t, ka).data : nullptr, act_attr(c)};
  finish.run(t, y.data, 0, y.numel());
  copy_view(c.out[0], y);
}
DL_KERNEL("conv2d", conv2d);
DL_KERNEL("conv2d_act", conv2d);

}  // namespace
}  // namespace dl
