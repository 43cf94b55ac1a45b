#include "kernels/cpu/isa/gemv.h"

#include "kernels/cpu/isa/vec.h"

namespace dl {
namespace DL_ISA {
namespace {

using V = Vec<float>;
constexpr int64_t kLanes = lanes<float>();

// R rows at once: as many streams from memory, and x is read once for all of them.
template <int R>
void some_rows(const float* w, int64_t step, int64_t n, const float* x, float* y) {
  V acc[R][2] = {};
  int64_t k = 0;
  for (; k + 2 * kLanes <= n; k += 2 * kLanes) {
    V x0 = vec_load<V>(x + k), x1 = vec_load<V>(x + k + kLanes);
#pragma GCC unroll 4
    for (int i = 0; i < R; i++) {
      acc[i][0] += vec_load<V>(w + i * step + k) * x0;
      acc[i][1] += vec_load<V>(w + i * step + k + kLanes) * x1;
    }
  }
  for (int i = 0; i < R; i++) {
    V all = acc[i][0] + acc[i][1];
    float sum = 0;
    for (int64_t l = 0; l < kLanes; l++) sum += all[l];
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
