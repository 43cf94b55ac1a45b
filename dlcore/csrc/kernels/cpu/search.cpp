// "searchsorted": where numbers have to be put into an ordered vector to keep it in order. The order is that of sort:
// NaN behind all numbers.
#include <algorithm>

#include "kernels/cpu/search.h"
#include "kernels/cpu/views.h"

namespace dl {
namespace {

template <class T>
bool is_nan(const T& v) {
  return v != v;
}

template <class T>
void search_all(const View& ordered, const View& x, bool right, int64_t* to) {
  constexpr bool real = std::is_floating_point_v<T>;
  const int64_t n = ordered.numel();
  const T *first = ordered.ptr<const T>(), *numbers = x.ptr<const T>();
  const int64_t m = real ? std::partition_point(first, first + n, [](T v) { return !is_nan(v); }) - first : n;
  int64_t steps = 2;
  while (int64_t(1) << (steps - 2) < m) steps++;
  parallel_for(x.numel(), (1 << 15) / steps, [&](int64_t b, int64_t e) {
    (right ? search_ordered<true, T> : search_ordered<false, T>)(first, m, numbers + b, e - b, to + b);
    for (int64_t i = b; real && i < e; i++)
      if (is_nan(numbers[i])) to[i] = right ? n : m;
  });
}

// Inputs (ordered, x), compared in their common dtype.
void searchsorted(const KernelCall& c) {
  const View& out = c.out[0];
  if (out.numel() == 0) return;
  DType t = promote(c.in[0].dtype, c.in[1].dtype);
  if (t == DType::F16 || t == DType::BF16) t = DType::F32;
  Temp ko, kx, ky;
  View ordered = as_contiguous(c.in[0], t, ko), x = as_contiguous(c.in[1], t, kx);
  const bool direct = out.dtype == DType::I64 && is_contiguous(out.shape, out.strides);
  View y = direct ? out : temp_view(out.shape, DType::I64, ky);
  const bool right = int_attr(c, "right", 0) != 0;
  with_type(t, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (std::is_same_v<T, Compute<T>>) search_all<T>(ordered, x, right, y.ptr<int64_t>());
  });
  if (!direct) copy_view(out, y);
}
DL_KERNEL("searchsorted", searchsorted);

DL_INFER("searchsorted", [](InferCall& c) {
  const Shape &ordered = c.in[0].shape, &x = c.in[1].shape;
  if (ordered.n != 1)
    throw ValueError(std::string(c.name()) + ": expected a vector to search in, got shapes " + to_string(ordered) +
                     " and " + to_string(x));
  c.out[0].shape = x;
  c.out[0].strides = contiguous_strides(x);
});

}  // namespace
}  // namespace dl
