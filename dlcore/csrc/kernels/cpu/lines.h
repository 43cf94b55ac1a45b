// Arrays seen as lines along one axis, each line contiguous: for kernels that work along an axis.
#pragma once
#include <algorithm>

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

// An axis less, where two that follow each other (not the last one) are one in both arrays, or one has length 1.
inline void merge_leading(View& a, View& b) {
  auto one = [](const View& v, int i) { return v.strides[i] == v.strides[i + 1] * v.shape[i + 1]; };
  for (int i = a.shape.n - 3; i >= 0; i--) {
    const bool joined = one(a, i) && one(b, i), first = a.shape[i] == 1;
    if (!joined && !first && a.shape[i + 1] != 1) continue;
    const int gone = joined || first ? i : i + 1;
    for (View* v : {&a, &b}) {
      if (joined) v->shape[i + 1] *= v->shape[i];
      v->shape = drop_axis(v->shape, gone);
      Dims left;
      for (int k = 0; k < v->strides.n; k++)
        if (k != gone) left.push(v->strides[k]);
      v->strides = left;
    }
  }
}

// How many numbers are copied at a time where an array is not as a kernel wants it: copies in all threads together are
// small beside the array.
inline int64_t copied_at_once(int64_t numel) { return std::max<int64_t>(16 * 1024, numel / (32 * num_threads())); }

// f(some lines of `in`, the same ones of `out`), both (lines, length), in parallel, for arrays of one shape with lines
// along the last axis; `at_once` numbers of them, or as many as are small beside the array.
template <class F>
void each_few_lines(const View& in, const View& out, F&& f, int64_t at_once = 0) {
  View a = in, b = out;
  for (View* v : {&a, &b}) {
    if (v->shape.n > 1) continue;
    v->strides = Dims{0, v->shape.n ? v->strides[0] : 1};
    v->shape = Shape{1, v->shape.n ? v->shape[0] : 1};
  }
  merge_leading(a, b);
  const int along = a.shape.n - 2;
  const int64_t n = a.shape[along + 1], lines = a.shape[along], outer = a.numel() / (n * lines);
  if (!at_once) at_once = copied_at_once(a.numel());
  const int64_t few = std::clamp<int64_t>(at_once / n, 1, lines), groups = (lines + few - 1) / few;
  auto part = [&](const View& v, int64_t u) {
    Shape lead;
    for (int i = 0; i < along; i++) lead.push(v.shape[i]);
    const int64_t first = u % groups * few, at = offset_of(u / groups, lead, v.strides) + first * v.strides[along];
    return View{v.ptr<char>() + at * int64_t(itemsize(v.dtype)), v.dtype, Shape{std::min(few, lines - first), n},
                Dims{v.strides[along], v.strides[along + 1]}};
  };
  parallel_for(outer * groups, 1, [&](int64_t begin, int64_t end) {
    for (int64_t u = begin; u < end; u++) f(part(a, u), part(b, u));
  });
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
