// Arrays seen as lines along one axis, each line contiguous: for kernels that work along an axis.
#pragma once
#include "kernels/cpu/views.h"

namespace dl {

// Sums along lines are kept in float32, and in float64 for float64 arrays.
inline DType compute_type(DType t) { return t == DType::F64 ? DType::F64 : DType::F32; }

// f(a zero of the type that `t` is computed in).
template <class F>
void with_compute_type(DType t, F&& f) {
  if (t == DType::F64)
    f(double());
  else
    f(float());
}

// `v` with `axis` moved to the end. No data moves.
inline View axis_last(const View& v, int axis) {
  View r = v;
  for (int i = axis; i + 1 < v.shape.n; i++) {
    r.shape[i] = v.shape[i + 1];
    r.strides[i] = v.strides[i + 1];
  }
  if (v.shape.n) {
    r.shape[v.shape.n - 1] = v.shape[axis];
    r.strides[v.shape.n - 1] = v.strides[axis];
  }
  return r;
}

// The shape without `axis`.
inline Shape drop_axis(const Shape& s, int axis) {
  Shape r;
  for (int i = 0; i < s.n; i++)
    if (i != axis) r.push(s[i]);
  return r;
}

// Lines to write, in dtype `type`; finish() copies them into `out` when they are not already there.
struct LineOutput {
  View out, view;
  Temp keep;
  LineOutput(const View& o, int axis, DType type) : out(axis_last(o, axis)), view(out) {
    if (o.dtype != type || !is_contiguous(out.shape, out.strides)) view = temp_view(out.shape, type, keep);
  }
  void finish() {
    if (keep) copy_view(out, view);
  }
};

}  // namespace dl
