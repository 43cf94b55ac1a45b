// Sorting along an axis: stable, NaN after all numbers in either direction.
#include <algorithm>
#include <numeric>
#include <vector>

#include "kernels/cpu/lines.h"

namespace dl {
namespace {

template <class T>
bool is_nan(T v) {
  return v != v;
}

// Whether a comes before b.
template <class T>
bool before(T a, T b, bool descending) {
  if (is_nan(a) || is_nan(b)) return !is_nan(a) && is_nan(b);
  return descending ? b < a : a < b;
}

// Calls f(line, length, line number) for every line of x along the axis.
template <class F>
void for_lines(const View& x, F&& f) {
  int64_t n = x.shape.n ? x.shape[x.shape.n - 1] : 1, lines = n ? x.numel() / n : 0;
  with_type(x.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    parallel_for(lines, std::max<int64_t>(1, 2048 / std::max<int64_t>(1, n)), [&](int64_t b, int64_t e) {
      for (int64_t i = b; i < e; i++) f(x.ptr<const T>() + i * n, n, i);
    });
  });
}

int axis_of(const KernelCall& c) {
  const Shape& s = c.in[0].shape;
  int64_t axis = int_attr(c, "axis", -1);
  if (s.n == 0 && (axis == -1 || axis == 0)) return 0;
  return normalize_axis(axis, s.n, c.op->name.c_str());
}

void sort(const KernelCall& c) {
  int axis = axis_of(c);
  bool descending = int_attr(c, "descending", 0) != 0;
  if (c.out[0].numel() == 0) return;
  Temp keep;
  View x = as_contiguous(axis_last(c.in[0], axis), keep);
  LineOutput y(c.out[0], axis, x.dtype);
  for_lines(x, [&](const auto* line, int64_t n, int64_t i) {
    using T = std::remove_const_t<std::remove_pointer_t<decltype(line)>>;
    T* out = y.view.ptr<T>() + i * n;
    std::copy(line, line + n, out);
    std::stable_sort(out, out + n, [&](const T& a, const T& b) { return before(load(&a), load(&b), descending); });
  });
  y.finish();
}
DL_KERNEL("sort", sort);

void argsort(const KernelCall& c) {
  int axis = axis_of(c);
  bool descending = int_attr(c, "descending", 0) != 0;
  if (c.out[0].numel() == 0) return;
  Temp keep;
  View x = as_contiguous(axis_last(c.in[0], axis), keep);
  LineOutput y(c.out[0], axis, DType::I64);
  for_lines(x, [&](const auto* line, int64_t n, int64_t i) {
    int64_t* out = y.view.ptr<int64_t>() + i * n;
    std::iota(out, out + n, int64_t(0));
    std::stable_sort(out, out + n,
                     [&](int64_t a, int64_t b) { return before(load(line + a), load(line + b), descending); });
  });
  y.finish();
}
DL_KERNEL("argsort", argsort);

}  // namespace
}  // namespace dl
