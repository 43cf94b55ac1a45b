// The geometry of a convolution, checked, and the inference rule that follows from it.
#include "kernels/cpu/conv.h"

#include "kernels/cpu/spatial.h"

namespace dl {

template <class Call>
ConvShape conv_shape(const Call& c, const Shape& x, const Shape& w) {
  const std::string& op = c.op->name;
  ConvShape s{};
  s.groups = groups_attr(c);
  spatial_attr(c, "stride", 2, 1, s.stride);
  spatial_attr(c, "pad", 2, 0, s.pad);
  spatial_attr(c, "dilate", 2, 1, s.dilate);
  if (w.n != 4) throw ValueError(op + ": expected weight (O, C / groups, kh, kw), got shape " + to_string(w));
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
    if (w[2 + i] < 1) throw ValueError(op + ": the kernel must be at least 1, got weight " + to_string(w));
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

void check_conv_bias(const std::string& op, const Shape& b, int64_t o) {
  if (b.n != 1 || b[0] != o)
    throw ValueError(op + ": expected bias (" + std::to_string(o) + ",), got shape " + to_string(b));
}

static void infer(InferCall& c) {
  ConvShape s = conv_shape(c, c.in[0].shape, c.in[1].shape);
  if (c.nin > 2 && c.in[2].given) check_conv_bias(c.op->name, c.in[2].shape, s.o);
  if (!is_float(c.out[0].dtype))
    throw TypeError(c.op->name + ": needs floating-point arrays, got " + dtype_name(c.out[0].dtype));
  c.out[0].shape = s.y_shape();  // channels-last always, so that a chain of convolutions never reorders
  c.out[0].strides = channels_last_strides(c.out[0].shape);
}
DL_INFER("conv2d", infer);
DL_INFER("conv2d_act", [](InferCall& c) {
  infer(c);
  if (c.in[3].given && c.in[3].shape != c.out[0].shape)
    throw ValueError(c.op->name + ": expected add " + to_string(c.out[0].shape) + ", got " + to_string(c.in[3].shape));
});

DL_INFER("channels_last", [](InferCall& c) {
  const Shape& x = c.in[0].shape;
  if (x.n != 4) throw ValueError(c.op->name + ": expected x (N, C, H, W), got shape " + to_string(x));
  c.out[0].shape = x;
  c.out[0].strides = channels_last_strides(x);
});

}  // namespace dl
