// Rows put together by segment: the sum, product, largest or smallest of all rows that have the same number.
#include <algorithm>
#include <limits>

#include "kernels/cpu/index_parts.h"

namespace dl {
namespace {

struct Largest {
  template <class T>
  static T start() {
    return std::numeric_limits<T>::has_infinity ? -std::numeric_limits<T>::infinity()
                                                : std::numeric_limits<T>::lowest();
  }
  template <class T>
  static T join(T a, T b) {  // NaN wins
    return b > a || b != b ? b : a;
  }
};
struct Smallest {
  template <class T>
  static T start() {
    return std::numeric_limits<T>::has_infinity ? std::numeric_limits<T>::infinity() : std::numeric_limits<T>::max();
  }
  template <class T>
  static T join(T a, T b) {
    return b < a || b != b ? b : a;
  }
};
struct Product {
  template <class T>
  static T start() {
    return T(1);
  }
  template <class T>
  static T join(T a, T b) {
    return T(a * b);
  }
};

// Inputs (x, ids); the order within a segment is that of the rows.
template <class How>
void join_rows(const KernelCall& c) {
  const View &x_in = c.in[0], &out = c.out[0];
  Temp ki, kx, ko;
  View at = checked_indices(c, c.in[1], 0, out.shape[0], ki);
  DType t = sum_type(out.dtype);
  View x = as_contiguous(x_in, t, kx);
  bool direct = out.dtype == t && is_contiguous(out.shape, out.strides);
  View to = direct ? out : temp_view(out.shape, t, ko);
  const int64_t inner = AxisSplit(out.shape, 0).inner;
  with_type(t, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (std::is_same_v<T, Compute<T>> && !std::is_same_v<T, bool>) {
      const T* from = x.ptr<const T>();
      T* y = to.ptr<T>();
      std::fill(y, y + to.numel(), How::template start<T>());
      const Rows rows{1, out.shape[0], inner, at.numel(), at.ptr<const int64_t>()};
      write_rows(rows, from, y, [](T* d, const T* s, int64_t n) {
        for (int64_t i = 0; i < n; i++) d[i] = How::join(d[i], s[i]);
      });
    }
  });
  if (!direct) copy_view(out, to);
}
DL_KERNEL("segment_max", join_rows<Largest>);
DL_KERNEL("segment_min", join_rows<Smallest>);
DL_KERNEL("segment_prod", join_rows<Product>);

DL_KERNEL("segment_sum", [](const KernelCall& c) {
  Temp keep;
  AxisSplit s(c.out[0].shape, 0);
  View at = checked_indices(c, c.in[1], 0, s.n, keep);
  scatter_add({1, s.n, s.inner, at.numel(), at.ptr<const int64_t>()}, nullptr, c.in[0], c.out[0]);
});

DL_INFER("segment", [](InferCall& c) {
  need_integers(c, 1);
  const Shape &x = c.in[0].shape, &ids = c.in[1].shape;
  int64_t count = c.attr("num").i;
  if (x.n == 0 || ids.n != 1 || ids[0] != x[0])
    throw ValueError(std::string(c.name()) + ": expected one number for each row of x " + to_string(x) +
                     ", got segment_ids of shape " + to_string(ids));
  if (count < 0) throw ValueError(std::string(c.name()) + ": num must not be negative, got " + std::to_string(count));
  Shape out = x;
  out[0] = count;
  c.out[0].shape = out;
  c.out[0].strides = contiguous_strides(out);
});

}  // namespace
}  // namespace dl
