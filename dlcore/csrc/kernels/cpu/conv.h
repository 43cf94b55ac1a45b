// What the convolution files share: the geometry of a call and the plain (im2col) kernels.
#pragma once
#include "kernels/cpu/isa/conv_finish.h"
#include "kernels/cpu/views.h"

namespace dl {

struct ConvShape {
  int64_t n, c, h, w;  // input
  int64_t o, oh, ow;   // output
  int64_t kh, kw;
  int64_t stride[2], pad[2], dilate[2], groups;

  Shape x_shape() const { return Shape{n, c, h, w}; }
  Shape w_shape() const { return Shape{o, c / groups, kh, kw}; }
  Shape y_shape() const { return Shape{n, o, oh, ow}; }
};

// What is done to the results at once: act(y + add). `add` (null: nothing) lies in memory like y.
struct ConvFinish {
  const void* add = nullptr;
  Act act = Act::none;
  explicit operator bool() const { return add || act != Act::none; }
  void run(DType t, void* y, int64_t offset, int64_t n) const;  // elements [offset, offset + n) of y
};
Act act_attr(const KernelCall& c);  // the attribute "act": "", "relu" or "relu6"

// Reads the attributes and checks that x (N, C, H, W) and weight (O, C / groups, kh, kw) belong together.
template <class Call>
ConvShape conv_shape(const Call& c, const Shape& x, const Shape& w);

void check_conv_bias(const std::string& op, const Shape& bias, int64_t outputs);

// One window axis: number of positions, or -1 when the window does not fit.
inline int64_t window_count(int64_t size, int64_t kernel, int64_t stride, int64_t pad_both, int64_t dilate) {
  int64_t room = size + pad_both - (dilate * (kernel - 1) + 1);
  return room < 0 ? -1 : room / stride + 1;
}

// Plain kernels for float64 and for shapes that oneDNN has no fast code for; float32 and float64, row-major arrays.
void conv_forward_plain(const ConvShape& s, const View& x, const View& w, const View* bias, const View& y);
void conv_grad_x_plain(const ConvShape& s, const View& gy, const View& w, const View& gx);
void conv_grad_w_plain(const ConvShape& s, const View& gy, const View& x, const View& gw);

}  // namespace dl
