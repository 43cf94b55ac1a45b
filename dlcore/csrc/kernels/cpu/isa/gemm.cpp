#include "kernels/cpu/isa/gemm.h"

#include <cstring>

#include "kernels/cpu/isa/vec.h"

namespace dl {
namespace DL_ISA {
namespace {

constexpr int kRows = 6, kVectors = 2;  // 12 accumulators: fits 16 registers with room for operands

template <class T>
void tile(int64_t k, const T* a, const T* b, T* c) {
  using V = Vec<T>;
  V acc[kRows][kVectors] = {};
  constexpr int64_t n = lanes<T>();
  for (int64_t p = 0; p < k; p++) {
    V b0 = vec_load<V>(b), b1 = vec_load<V>(b + n);
#pragma GCC unroll 6
    for (int i = 0; i < kRows; i++) {
      acc[i][0] += a[i] * b0;
      acc[i][1] += a[i] * b1;
    }
    a += kRows;
    b += kVectors * n;
  }
  std::memcpy(c, acc, sizeof acc);
}

}  // namespace

template <class T>
constexpr GemmTile<T> make() {
  return {kRows, int(kVectors * lanes<T>()), tile<T>};
}
extern const GemmTable gemm_table;
constexpr GemmTable gemm_table = {make<float>(), make<double>(), make<uint64_t>()};

}  // namespace DL_ISA
}  // namespace dl
