// The axes of a reduction: kept and reduced ones apart, sorted from the largest stride to the smallest and merged.
#include "kernels/cpu/reduce_plan.h"

namespace dl {

namespace {

int64_t magnitude(int64_t v) { return v < 0 ? -v : v; }

void push(ReduceAxes& a, int64_t shape, int64_t in, int64_t out) {
  int i = a.n++;
  for (; i > 0 && magnitude(a.in[i - 1]) < magnitude(in); i--) {
    a.shape[i] = a.shape[i - 1];
    a.in[i] = a.in[i - 1];
    a.out[i] = a.out[i - 1];
  }
  a.shape[i] = shape;
  a.in[i] = in;
  a.out[i] = out;
}

void merge(ReduceAxes& a) {
  for (int i = a.n - 2; i >= 0; i--) {
    if (a.in[i] != a.in[i + 1] * a.shape[i + 1] || a.out[i] != a.out[i + 1] * a.shape[i + 1]) continue;
    a.shape[i] *= a.shape[i + 1];
    a.in[i] = a.in[i + 1];
    a.out[i] = a.out[i + 1];
    for (int j = i + 1; j + 1 < a.n; j++) {
      a.shape[j] = a.shape[j + 1];
      a.in[j] = a.in[j + 1];
      a.out[j] = a.out[j + 1];
    }
    a.n--;
  }
}

}  // namespace

void split_axes(Reduction& r, uint32_t mask, const Dims& out_strides) {
  for (int i = 0; i < r.in.shape.n; i++) {
    if (r.in.shape[i] == 1) continue;
    if (mask >> i & 1) {
      int64_t stride = r.in.strides[i];
      if (stride < 0) {  // the order of a sum is free
        r.in.data = r.in.ptr<char>() + (r.in.shape[i] - 1) * stride * int64_t(itemsize(r.in.dtype));
        stride = -stride;
      }
      push(r.reduced, r.in.shape[i], stride, stride);
    } else {
      push(r.kept, r.in.shape[i], r.in.strides[i], out_strides[i]);
    }
  }
  merge(r.kept);
  merge(r.reduced);
}

Dims strides_along_input(const View& out, int ndim, uint32_t mask, bool keepdims) {
  Dims s;
  for (int i = 0, k = 0; i < ndim; i++) {
    bool reduced = mask >> i & 1;
    s.push(reduced ? 0 : out.strides[k]);
    if (!reduced || keepdims) k++;
  }
  return s;
}

}  // namespace dl
