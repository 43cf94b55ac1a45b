#include "kernels/cpu/isa/gemv.h"

#include "kernels/cpu/isa/fold.h"

namespace dl {
namespace DL_ISA {
namespace {

using V = Vec<float>;
using Places = Vec<int32_t>;
constexpr int64_t kLanes = lanes<float>();

// The numbers from x + k on, up to x + n, at the end of a vector after zeros; before x + n there are kLanes numbers.
DL_INLINE V last_ones(const float* x, int64_t k, int64_t n) {
  Places place;
  for (int i = 0; i < int(kLanes); i++) place[i] = i;
  const V v = vec_load<V>(x + n - kLanes);
  return place < Places{} + int32_t(kLanes - (n - k)) ? V{} : v;
}

// Each lane added to that `Half` lanes behind it, first all of a's, then all of b's.
template <int Half>
DL_INLINE V halved(V a, V b) {
  V low, high;
#if defined(__GNUC__) && !defined(__clang__)
  Places first, second;
  for (int i = 0; i < int(kLanes); i++) {
    const int from = i % Half + i / Half * 2 * Half;  // counted over both
    first[i] = from;
    second[i] = from + Half;
  }
  low = __builtin_shuffle(a, b, first);
  high = __builtin_shuffle(a, b, second);
#else
  for (int i = 0; i < int(kLanes); i++) {
    const int from = i % Half + i / Half * 2 * Half;
    low[i] = from < int(kLanes) ? a[from] : b[from - int(kLanes)];
    high[i] = from + Half < int(kLanes) ? a[from + Half] : b[from + Half - int(kLanes)];
  }
#endif
  return low + high;
}

// The lanes of four vectors added up, by the same tree as each by fold().
DL_INLINE void fold_four(const V (&v)[4], float* y) {
  constexpr int quarter = int(kLanes) / 4;
  V sum = halved<quarter>(halved<2 * quarter>(v[0], v[1]), halved<2 * quarter>(v[2], v[3]));
  if constexpr (quarter > 1) sum = halve<quarter / 2, 1, float>(sum);
  for (int i = 0; i < 4; i++) y[i] = sum[i * quarter];
}

// R rows at once: as many streams from memory, and x is read once for all of them.
template <int R>
void some_rows(const float* w, int64_t step, int64_t n, const float* x, float* y) {
  constexpr int parts = 2;  // for one row too: how many are left for it may follow from the number of threads
  V acc[R][parts] = {};
  int64_t k = 0;
  for (; k + parts * kLanes <= n; k += parts * kLanes) {
#pragma GCC unroll 2
    for (int part = 0; part < parts; part++) {
      const V from = vec_load<V>(x + k + part * kLanes);
#pragma GCC unroll 4
      for (int i = 0; i < R; i++) acc[i][part] += vec_load<V>(w + i * step + k + part * kLanes) * from;
    }
  }
  for (; k + kLanes <= n; k += kLanes) {
    const V from = vec_load<V>(x + k);
#pragma GCC unroll 4
    for (int i = 0; i < R; i++) acc[i][0] += vec_load<V>(w + i * step + k) * from;
  }
  if (k < n) {
    const V from = last_ones(x, k, n);
#pragma GCC unroll 4
    for (int i = 0; i < R; i++) acc[i][1] += last_ones(w + i * step, k, n) * from;
  }
  V sum[R];
  for (int i = 0; i < R; i++) sum[i] = acc[i][0] + acc[i][1];
  if constexpr (R == 4)
    fold_four(sum, y);
  else
    for (int i = 0; i < R; i++) y[i] = fold<float>(sum[i]);
}

void rows(const float* w, int64_t step, int64_t count, int64_t n, const float* x, float* y) {
  int64_t i = 0;
  for (; i + 4 <= count; i += 4) some_rows<4>(w + i * step, step, n, x, y + i);
  for (; i < count; i++) some_rows<1>(w + i * step, step, n, x, y + i);
}

// As many accumulators as hide how long a sum takes.
float dot(int64_t n, const float* x, const float* y) {
  constexpr int parts = 8;
  V acc[parts] = {};
  int64_t k = 0;
  for (; k + parts * kLanes <= n; k += parts * kLanes) {
#pragma GCC unroll 8
    for (int i = 0; i < parts; i++) acc[i] += vec_load<V>(x + k + i * kLanes) * vec_load<V>(y + k + i * kLanes);
  }
  for (; k + kLanes <= n; k += kLanes) acc[0] += vec_load<V>(x + k) * vec_load<V>(y + k);
  if (k < n) acc[1] += last_ones(x, k, n) * last_ones(y, k, n);
  return fold<float>(((acc[0] + acc[1]) + (acc[2] + acc[3])) + ((acc[4] + acc[5]) + (acc[6] + acc[7])));
}

}  // namespace

extern const GemvTable gemv_table;
constexpr GemvTable gemv_table = {rows, dot};

}  // namespace DL_ISA
}  // namespace dl
