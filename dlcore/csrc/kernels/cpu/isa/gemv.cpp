#include "kernels/cpu/isa/gemv.h"

#include "kernels/cpu/isa/fold.h"

namespace dl {
namespace DL_ISA {
namespace {

using V = Vec<float>;
constexpr int64_t kLanes = lanes<float>();

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
  for (int i = 0; i < R; i++) {
    float sum = fold<float>(V(acc[i][0] + acc[i][1]));
    for (int64_t rest = k; rest < n; rest++) sum += w[i * step + rest] * x[rest];
    y[i] = sum;
  }
}

void rows(const float* w, int64_t step, int64_t count, int64_t n, const float* x, float* y) {
  int64_t i = 0;
  for (; i + 4 <= count; i += 4) some_rows<4>(w + i * step, step, n, x, y + i);
  for (; i < count; i++) some_rows<1>(w + i * step, step, n, x, y + i);
}

}  // namespace

extern const GemvTable gemv_table;
constexpr GemvTable gemv_table = {rows};

}  // namespace DL_ISA
}  // namespace dl
