// Sorting along an axis: stable, NaN after all numbers in either direction.
#include <algorithm>

#include "kernels/cpu/lines.h"
#include "kernels/cpu/sort_buckets.h"

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

constexpr int64_t kRoom = 1 << 20;  // bytes: so much may always be held beside the result

// Whether room for a line's elements would be much beside the result: the line is then sorted where it will be.
template <class E>
bool sorts_by_buckets(int64_t n, int64_t lines) {
  return n * int64_t(sizeof(E)) > kRoom && lines < 32 * num_threads();
}

// How many numbers a thread copies at a time: of long lines as many as a line of the cache has, if there is room.
template <class T>
int64_t copied(const View& x, int64_t n) {
  return std::max(copied_at_once(x.numel()), std::min(kRoom / int64_t(2 * sizeof(T)), 16 * n));
}

// f(line of x, line of y, its length) for each.
template <class T, class Item, class F>
void each_long_line(const View& x, const View& y, F&& f) {
  const int last = x.shape.n - 1;
  const int64_t n = x.shape[last], lines = x.numel() / n;
  const Shape lead = drop_axis(x.shape, last);
  parallel_for(lines, lines < 4 * num_threads() ? lines : 1, [&](int64_t b, int64_t e) {
    for (int64_t i = b; i < e; i++)
      f(SortLine<const T>{x.ptr<const T>() + offset_of(i, lead, x.strides), x.strides[last]},
        SortLine<Item>{y.ptr<Item>() + offset_of(i, lead, y.strides), y.strides[last]}, n);
  });
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

bool plain(const View& v) { return is_contiguous(v.shape, v.strides); }

template <class T>
void sort_all(const View& x, const View& y, int64_t n, bool descending) {
  if (sorts_by_buckets<T>(n, x.numel() / n))
    return each_long_line<T, KeyOf<T>>(x, y, [&](auto from, auto to, int64_t count) {
      sort_by_buckets(NumberBuckets<T>{from, to, SortKey<T>(descending)}, count);
    });
  if (plain(x) && plain(y)) return sort_lines<T>(x, y, n, descending);
  each_few_lines(
      x, y,
      [&](const View& a, const View& b) {
        Temp keep;
        const View at = plain(b) ? b : temp_view(b.shape, b.dtype, keep);
        copy_view(at, a);
        sort_lines<T>(at, at, n, descending);
        if (keep) copy_view(b, at);
      },
      copied<T>(x, n));
}

void sort(const KernelCall& c) {
  int axis = axis_of(c);
  if (c.out[0].numel() == 0) return;
  const View x = axis_last(c.in[0], axis), y = axis_last(c.out[0], axis);
  const int64_t n = x.shape.n ? x.shape[x.shape.n - 1] : 1;
  const bool descending = int_attr(c, "descending", 0) != 0;
  with_type(x.dtype, [&](auto tag) { sort_all<typename decltype(tag)::type>(x, y, n, descending); });
}
DL_KERNEL("sort", sort);

// Positions in the order of their numbers.
template <class T, class E>
void argsort_lines(const View& x, const View& y, int64_t n, bool descending) {
  constexpr bool packed = std::is_same_v<E, PackedKey>;
  SortKey<T> keys(descending);
  for_lines(x.numel() / n, n, [&](int64_t first, int64_t last) {
    Temp keep(size_t(n) * sizeof(E) * (packed ? 1 : 2));
    for (int64_t line = first; line < last; line++) {
      const T* from = x.ptr<const T>() + line * n;
      int64_t* to = y.ptr<int64_t>() + line * n;
      E *a = packed ? reinterpret_cast<E*>(to) : keep.ptr<E>() + n, *b = keep.ptr<E>();
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

template <class T>
void argsort_all(const View& x, const View& y, int64_t n, bool descending) {
  constexpr bool packed = sizeof(T) <= 4;
  using E = std::conditional_t<packed, PackedKey, WideKey>;
  using Buckets = std::conditional_t<packed, PackedBuckets<T>, PrefixBuckets<T>>;
  if (sorts_by_buckets<E>(n, x.numel() / n))
    return each_long_line<T, uint64_t>(x, y, [&](auto from, auto to, int64_t count) {
      if (n <= int64_t(UINT32_MAX) && (packed || to.step == 1))
        sort_by_buckets(Buckets{from, to, SortKey<T>(descending)}, count);
      else
        sort_by_buckets(WideBuckets<T>{from, to, SortKey<T>(descending)}, count);
    });
  if (plain(x) && plain(y)) return argsort_lines<T, E>(x, y, n, descending);
  each_few_lines(
      x, y,
      [&](const View& a, const View& b) {
        Temp x_keep, y_keep;
        const View from = as_contiguous(a, x_keep), to = plain(b) ? b : temp_view(b.shape, b.dtype, y_keep);
        argsort_lines<T, E>(from, to, n, descending);
        if (y_keep) copy_view(b, to);
      },
      copied<uint64_t>(x, n));
}

void argsort(const KernelCall& c) {
  int axis = axis_of(c);
  if (c.out[0].numel() == 0) return;
  const View x = axis_last(c.in[0], axis), y = axis_last(c.out[0], axis);
  const int64_t n = x.shape.n ? x.shape[x.shape.n - 1] : 1;
  const bool descending = int_attr(c, "descending", 0) != 0;
  with_type(x.dtype, [&](auto tag) { argsort_all<typename decltype(tag)::type>(x, y, n, descending); });
}
DL_KERNEL("argsort", argsort);

}  // namespace
}  // namespace dl
