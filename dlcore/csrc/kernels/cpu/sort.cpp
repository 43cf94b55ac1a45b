// Sorting along an axis: stable, NaN after all numbers in either direction.
#include <algorithm>

#include "kernels/cpu/lines.h"
#include "kernels/cpu/sort_keys.h"
#include "kernels/cpu/sort_radix.h"

namespace dl {
namespace {

// Calls f(first line, last line) in parallel; long lines one after the other, so that all threads share each.
template <class F>
void for_lines(int64_t lines, int64_t n, F&& f) {
  if (n >= kParallelSort && lines < 4 * num_threads()) return f(int64_t(0), lines);
  parallel_for(lines, std::max<int64_t>(1, 1024 / n), f);
}

// f(first, last) over one line's elements: in parallel where the line is long (and its thread is not one of many).
template <class F>
void for_elements(int64_t n, F&& f) {
  if (n < kParallelSort)
    f(int64_t(0), n);
  else
    parallel_for(n, kParallelSort / 4, f);
}

int axis_of(const KernelCall& c) {
  const Shape& s = c.in[0].shape;
  int64_t axis = int_attr(c, "axis", -1);
  if (s.n == 0 && (axis == -1 || axis == 0)) return 0;
  return normalize_axis(axis, s.n, c.op->name.c_str());
}

template <class T>
void sort_lines(const View& x, const View& y, int64_t n, bool descending) {
  using E = KeyOnly<KeyOf<T>>;
  SortKey<T> keys(descending);
  for_lines(x.numel() / n, n, [&](int64_t first, int64_t last) {
    Temp keep(size_t(n) * sizeof(E));
    for (int64_t line = first; line < last; line++) {
      const T* from = x.ptr<const T>() + line * n;
      T* to = y.ptr<T>() + line * n;
      E* a = reinterpret_cast<E*>(to);
      for_elements(n, [&](int64_t b, int64_t e) {
        for (int64_t i = b; i < e; i++) a[i].key = keys.template key<false>(from[i]);
      });
      const E* sorted = radix_sort(a, keep.ptr<E>(), n);
      for_elements(n, [&](int64_t b, int64_t e) {
        for (int64_t i = b; i < e; i++) to[i] = keys.number(sorted[i].key);
      });
    }
  });
}

void sort(const KernelCall& c) {
  int axis = axis_of(c);
  bool descending = int_attr(c, "descending", 0) != 0;
  if (c.out[0].numel() == 0) return;
  Temp keep;
  View x = as_contiguous(axis_last(c.in[0], axis), keep);
  LineOutput y(c.out[0], axis, x.dtype);
  int64_t n = x.shape.n ? x.shape[x.shape.n - 1] : 1;
  with_type(x.dtype, [&](auto tag) { sort_lines<typename decltype(tag)::type>(x, y.view, n, descending); });
  y.finish();
}
DL_KERNEL("sort", sort);

// Positions in the order of their numbers.
template <class T, class E>
void argsort_lines(const View& x, const View& y, int64_t n, bool descending) {
  constexpr bool packed = std::is_same_v<E, PackedKey>;
  SortKey<T> keys(descending);
  for_lines(x.numel() / n, n, [&](int64_t first, int64_t last) {
    Temp keep(size_t(n) * sizeof(E) * 2);
    E *a = keep.ptr<E>(), *b = a + n;
    for (int64_t line = first; line < last; line++) {
      const T* from = x.ptr<const T>() + line * n;
      int64_t* to = y.ptr<int64_t>() + line * n;
      for_elements(n, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i++) {
          auto k = keys.template key<true>(from[i]);
          if constexpr (packed)
            a[i].both = uint64_t(k) << 32 | uint64_t(i);
          else
            a[i] = {uint64_t(k), i};
        }
      });
      const E* sorted = radix_sort(a, b, n);
      for_elements(n, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i++) {
          if constexpr (packed)
            to[i] = int64_t(sorted[i].both & UINT32_MAX);
          else
            to[i] = sorted[i].at;
        }
      });
    }
  });
}

void argsort(const KernelCall& c) {
  int axis = axis_of(c);
  bool descending = int_attr(c, "descending", 0) != 0;
  if (c.out[0].numel() == 0) return;
  Temp keep;
  View x = as_contiguous(axis_last(c.in[0], axis), keep);
  LineOutput y(c.out[0], axis, DType::I64);
  int64_t n = x.shape.n ? x.shape[x.shape.n - 1] : 1;
  with_type(x.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if (sizeof(T) <= 4 && n <= int64_t(UINT32_MAX))
      argsort_lines<T, PackedKey>(x, y.view, n, descending);
    else
      argsort_lines<T, WideKey>(x, y.view, n, descending);
  });
  y.finish();
}
DL_KERNEL("argsort", argsort);

}  // namespace
}  // namespace dl
