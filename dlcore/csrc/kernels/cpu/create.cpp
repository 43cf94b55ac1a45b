// Arrays from nothing: zeros, ones, full, arange, eye.
#include <algorithm>
#include <cmath>

#include "kernels/cpu/cast.h"
#include "kernels/cpu/copy.h"
#include "kernels/cpu/views.h"

namespace dl {
namespace {

void fill(const View& out, double value) { strided_copy(out, View{&value, DType::F64, Shape(), Dims()}); }

void zeros(const KernelCall& c) { fill(c.out[0], 0.0); }
void ones(const KernelCall& c) { fill(c.out[0], 1.0); }

// The value is the last input; full_like has an array before it that only lends its shape.
void full(const KernelCall& c) { strided_copy(c.out[0], c.in[c.nin - 1]); }

void arange(const KernelCall& c) {
  double start = float_attr(c, "start", 0.0);
  double step = (start + float_attr(c, "step", 1.0)) - start;  // what NumPy steps by
  if (!std::isfinite(step)) step = 0;                          // it leaves the first number alone, which is no 0 * inf
  const View& out = c.out[0];
  CastFn cast = cast_fn(DType::F64, out.dtype);
  int64_t stride = out.strides.n ? out.strides[0] : 1, size = int64_t(itemsize(out.dtype));
  parallel_for(out.numel(), 16 * 1024, [&](int64_t begin, int64_t end) {
    double values[256];
    for (int64_t i = begin; i < end; i += 256) {
      int64_t n = std::min<int64_t>(256, end - i);
      for (int64_t k = 0; k < n; k++) values[k] = start + double(i + k) * step;
      cast(n, values, 1, out.ptr<char>() + i * stride * size, stride);
    }
  });
}

void eye(const KernelCall& c) {
  const View& out = c.out[0];
  fill(out, 0.0);
  int64_t k = int_attr(c, "k", 0), row = std::max<int64_t>(0, -k), col = std::max<int64_t>(0, k);
  int64_t n = std::min(out.shape[0] - row, out.shape[1] - col);
  if (n <= 0) return;
  View diagonal{out.ptr<char>() + (row * out.strides[0] + col * out.strides[1]) * int64_t(itemsize(out.dtype)),
                out.dtype, Shape{n}, Dims{out.strides[0] + out.strides[1]}};
  fill(diagonal, 1.0);
}

// The shape by another rule, which the value has to fit: one number, or an array that is repeated.
void full_shape(InferCall& c, const char* rule) {
  find_infer(rule)(c);
  const Shape &value = c.in[c.nin - 1].shape, &out = c.out[0].shape;
  if (value.n && broadcast_shapes(value, out, c.name()) != out)
    throw ValueError(std::string(c.name()) + ": a value of shape " + to_string(value) + " cannot be broadcast to " +
                     to_string(out));
}
DL_INFER("full", [](InferCall& c) { full_shape(c, "attr_shape"); });
DL_INFER("full_like", [](InferCall& c) { full_shape(c, "like"); });

DL_KERNEL("zeros", zeros);
DL_KERNEL("ones", ones);
DL_KERNEL("full", full);
DL_KERNEL("full_like", full);
DL_KERNEL("arange", arange);
DL_KERNEL("eye", eye);

}  // namespace
}  // namespace dl
