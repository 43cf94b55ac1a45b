#include "kernels/cpu/isa/gemm.h"

#include <cstring>

namespace dl {
namespace DL_ISA {
namespace {

#if defined(__AVX512F__)
constexpr int kBytes = 64;
#elif defined(__AVX2__)
constexpr int kBytes = 32;
#else
constexpr int kBytes = 16;
#endif
constexpr int kRows = 6, kVectors = 2;  // 12 accumulators: fits 16 registers with room for operands

template <class T>
constexpr int lanes() {
  return kBytes / int(sizeof(T));
}

template <class T>
void tile(int64_t k, const T* a, const T* b, T* c) {
  typedef T V __attribute__((vector_size(kBytes), aligned(sizeof(T)), may_alias));
  V acc[kRows][kVectors] = {};
  constexpr int n = lanes<T>();
  for (int64_t p = 0; p < k; p++) {
    V b0 = *reinterpret_cast<const V*>(b), b1 = *reinterpret_cast<const V*>(b + n);
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
  return {kRows, kVectors * lanes<T>(), tile<T>};
}
extern const GemmTable gemm_table;
constexpr GemmTable gemm_table = {make<float>(), make<double>(), make<uint64_t>()};

}  // namespace DL_ISA
}  // namespace dl
