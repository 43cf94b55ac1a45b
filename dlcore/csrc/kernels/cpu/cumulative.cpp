// Kernels cumsum and cumprod: running sums and products along an axis, forwards or from the end.
#include <algorithm>

#include "kernels/cpu/lines.h"

namespace dl {
namespace {

template <bool Sum, class T>
T step(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    using U = std::make_unsigned_t<T>;  // wraps round
    return Sum ? T(U(a) + U(b)) : T(U(a) * U(b));
  } else {
    return Sum ? a + b : a * b;
  }
}

// In place over a contiguous (outer, n, inner) array.
template <bool Sum, class T>
void scan(T* x, const AxisSplit& s, bool reverse) {
  constexpr int64_t kStrip = 256;
  int64_t strips = (s.inner + kStrip - 1) / kStrip;
  int64_t work = std::max<int64_t>(1, std::min(kStrip, s.inner) * s.n);
  parallel_for(s.outer * strips, 16 * 1024 / work + 1, [&](int64_t b, int64_t e) {
    for (int64_t u = b; u < e; u++) {
      int64_t first = u % strips * kStrip, m = std::min(kStrip, s.inner - first);
      T* p = x + u / strips * s.n * s.inner + first;
      int64_t by = s.inner;
      if (reverse) p += (s.n - 1) * s.inner, by = -by;
      if (m == 1) {
        T sum = p[0];
        for (int64_t r = 1; r < s.n; r++) p[r * by] = sum = step<Sum>(sum, p[r * by]);
        continue;
      }
      for (int64_t r = 1; r < s.n; r++) {
        T *row = p + r * by, *before = row - by;
#pragma omp simd
        for (int64_t k = 0; k < m; k++) row[k] = step<Sum>(before[k], row[k]);
      }
    }
  });
}

template <bool Sum>
void cumulative(const KernelCall& c) {
  const View &in = c.in[0], &out = c.out[0];
  if (in.numel() == 0) return;
  const Attr* axis = find_attr(c, "axis");
  bool all = !axis || axis->none(), reverse = int_attr(c, "reverse", 0) != 0;
  DType type = is_complex(out.dtype)        ? out.dtype
               : out.dtype == DType::F64    ? DType::F64
               : is_float(out.dtype)        ? DType::F32
               : is_unsigned_int(out.dtype) ? DType::U64
                                            : DType::I64;
  Temp keep;
  View work = temp_view(in.shape, type, keep);  // a fresh array, since it is scanned in place
  copy_view(work, in);
  AxisSplit s(in.shape, all ? 0 : normalize_axis(axis->i, in.shape.n, c.op->name.c_str()));
  if (all) s.outer = s.inner = 1, s.n = in.numel();
  if (type == DType::F32)
    scan<Sum>(work.ptr<float>(), s, reverse);
  else if (type == DType::F64)
    scan<Sum>(work.ptr<double>(), s, reverse);
  else if (type == DType::C64)
    scan<Sum>(work.ptr<std::complex<float>>(), s, reverse);
  else if (type == DType::C128)
    scan<Sum>(work.ptr<std::complex<double>>(), s, reverse);
  else if (type == DType::I64)
    scan<Sum>(work.ptr<int64_t>(), s, reverse);
  else
    scan<Sum>(work.ptr<uint64_t>(), s, reverse);
  work.shape = out.shape;
  work.strides = contiguous_strides(out.shape);
  copy_view(out, work);
}

DL_KERNEL("cumsum", cumulative<true>);
DL_KERNEL("cumprod", cumulative<false>);

}  // namespace
}  // namespace dl
