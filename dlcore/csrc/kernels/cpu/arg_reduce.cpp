// Kernels argmax and argmin: the first of equal elements, a NaN before all others (as NumPy).
#include <algorithm>
#include <cmath>

#include "kernels/cpu/isa/reduce_table.h"
#include "kernels/cpu/lines.h"

namespace dl {
namespace {

template <bool Max, class T>
bool better(T x, T best) {  // NaN is better than any number
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(best)) return false;
    if (std::isnan(x)) return true;
  }
  return Max ? x > best : x < best;
}

// Where a contiguous line has its extreme: the vectorised extreme first, then the first element equal to it.
template <bool Max, class T>
int64_t find_in_line(int64_t n, const T* x, const ReduceFns& fns) {
  if (n <= 32 || !fns.run) {
    int64_t at = 0;
    for (int64_t i = 1; i < n; i++)
      if (better<Max>(x[i], x[at])) at = i;
    return at;
  }
  T best;
  fns.init(1, &best);
  fns.run(n, x, &best);
  return fns.find(n, x, &best);
}

template <class T>
constexpr int kReduceTypeOf = std::is_same_v<T, float>      ? 0
                              : std::is_same_v<T, double>   ? 1
                              : std::is_same_v<T, int32_t>  ? 2
                              : std::is_same_v<T, int64_t>  ? 3
                              : std::is_same_v<T, uint64_t> ? 4
                                                            : -1;

template <bool Max, class T>
void lines(const View& in, int64_t n, int64_t* out) {
  ReduceFns fns{};
  if (kReduceTypeOf<T> >= 0)
    fns = pick_reduce_table()->fn[int(Max ? ReduceOp::Max : ReduceOp::Min)][std::max(kReduceTypeOf<T>, 0)];
  parallel_for(in.numel() / n, 16 * 1024 / n + 1, [&](int64_t b, int64_t e) {
    for (int64_t k = b; k < e; k++) out[k] = find_in_line<Max>(n, in.ptr<T>() + k * n, fns);
  });
}

// The axis has a stride: `inner` neighbouring answers are kept up to date row by row.
template <bool Max, class T>
void columns(const View& in, const AxisSplit& s, int64_t* out) {
  constexpr int64_t kStrip = 256;
  int64_t strips = (s.inner + kStrip - 1) / kStrip;
  parallel_for(s.outer * strips, 16 * 1024 / (std::min(kStrip, s.inner) * s.n) + 1, [&](int64_t b, int64_t e) {
    for (int64_t u = b; u < e; u++) {
      int64_t o = u / strips, first = u % strips * kStrip, m = std::min(kStrip, s.inner - first);
      const T* x = in.ptr<T>() + o * s.n * s.inner + first;
      int64_t* at = out + o * s.inner + first;
      T best[kStrip];
      for (int64_t k = 0; k < m; k++) best[k] = x[k], at[k] = 0;
      for (int64_t r = 1; r < s.n; r++) {
        const T* row = x + r * s.inner;
        for (int64_t k = 0; k < m; k++) {
          bool take = better<Max>(row[k], best[k]);
          best[k] = take ? row[k] : best[k];
          at[k] = take ? r : at[k];
        }
      }
    }
  });
}

template <bool Max>
void arg_reduce(const KernelCall& c) {
  const Attr* axis = find_attr(c, "axis");
  const Shape& shape = c.in[0].shape;
  if (c.out[0].numel() == 0) return;
  if (c.in[0].numel() == 0)
    throw ValueError(format("%s: zero-size array of shape %s has no %s", c.op->name.c_str(), to_string(shape).c_str(),
                            Max ? "largest element" : "smallest element"));
  Temp keep_in, keep_out;
  DType type = c.in[0].dtype == DType::F16 || c.in[0].dtype == DType::BF16 ? DType::F32
               : c.in[0].dtype == DType::Bool                              ? DType::U8
                                                                           : c.in[0].dtype;
  View in = as_contiguous(c.in[0], type, keep_in);
  View out = temp_view(Shape{c.out[0].numel()}, DType::I64, keep_out);
  bool all = !axis || axis->none();
  int at = all ? 0 : normalize_axis(axis->i, shape.n, c.op->name.c_str());
  with_type(type, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (!std::is_same_v<T, f16> && !std::is_same_v<T, bf16> && !std::is_same_v<T, bool>) {
      AxisSplit s(shape, at);
      if (all)
        lines<Max, T>(in, in.numel(), out.ptr<int64_t>());
      else if (s.inner == 1)
        lines<Max, T>(in, s.n, out.ptr<int64_t>());
      else
        columns<Max, T>(in, s, out.ptr<int64_t>());
    }
  });
  out.shape = c.out[0].shape;
  out.strides = contiguous_strides(out.shape);
  copy_view(c.out[0], out);
}

DL_KERNEL("argmax", arg_reduce<true>);
DL_KERNEL("argmin", arg_reduce<false>);

}  // namespace
}  // namespace dl
