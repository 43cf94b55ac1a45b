// The loops of sums.h. As in reduce.cpp there are many accumulators, and long sums are sums of blocks.
#include "kernels/cpu/isa/sums.h"

#include "kernels/cpu/isa/fold.h"
#include "kernels/cpu/isa/wide_half.h"

namespace dl {
namespace DL_ISA {
namespace {

constexpr int64_t kBlock = 8192;

template <class T>
DL_INLINE T square(T x) {
  return x * x;
}

template <class T>
DL_INLINE T square_block(int64_t n, const T* x, T centre) {
  constexpr int64_t lane = lanes<T>();
  const Vec<T> c = all_of(centre);
  Vec<T> sum[4] = {};
  T rest = 0;
  int64_t i = 0;
  for (; i + 4 * lane <= n; i += 4 * lane) {
#pragma GCC unroll 4
    for (int k = 0; k < 4; k++) sum[k] += square(Vec<T>(vec_load<Vec<T>>(x + i + k * lane) - c));
  }
  for (; i + lane <= n; i += lane) sum[0] += square(Vec<T>(vec_load<Vec<T>>(x + i) - c));
  for (; i < n; i++) rest += square(x[i] - centre);
  return fold<T>((sum[0] + sum[1]) + (sum[2] + sum[3])) + rest;
}
template <class T>
void square_runs(int64_t count, int64_t n, const void* px, int64_t stride, const void* pc, int64_t step, void* pacc) {
  const T *x = static_cast<const T*>(px), *c = static_cast<const T*>(pc);
  T* acc = static_cast<T*>(pacc);
  for (int64_t k = 0; k < count; k++, x += stride) {
    T sum = 0;
    for (int64_t i = 0; i < n; i += kBlock) sum += square_block<T>(n - i < kBlock ? n - i : kBlock, x + i, c[k * step]);
    acc[k] += sum;
  }
}

template <class T>
void distances(int64_t n, const void* px, const void* pc, void* py) {
  const T *x = static_cast<const T*>(px), *c = static_cast<const T*>(pc);
  T* y = static_cast<T*>(py);
#pragma omp simd
  for (int64_t i = 0; i < n; i++) y[i] = square(x[i] - c[i]);
}

// Eight rows at once, so that the sums of a strip are read and written once for all of them.
template <class T>
void square_rows(int64_t rows, int64_t n, const void* px, int64_t stride, const void* pc, void* pacc) {
  const T *x = static_cast<const T*>(px), *c = static_cast<const T*>(pc);
  T* acc = static_cast<T*>(pacc);
  int64_t r = 0;
  for (; r + 8 <= rows; r += 8, x += 8 * stride) {
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
      T m = c[i], s[8];
#pragma GCC unroll 8
      for (int k = 0; k < 8; k++) s[k] = square(x[k * stride + i] - m);
      acc[i] += ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
    }
  }
  for (; r < rows; r++, x += stride) {
#pragma omp simd
    for (int64_t i = 0; i < n; i++) acc[i] += square(x[i] - c[i]);
  }
}

template <class T>
DL_INLINE void pair_block(int64_t n, const T* x, T* acc) {
  constexpr int64_t lane = lanes<T>();
  Vec<T> sum[4] = {};
  T rest[2] = {};
  int64_t i = 0;
  for (; i + 4 * lane <= n; i += 4 * lane) {
#pragma GCC unroll 4
    for (int k = 0; k < 4; k++) sum[k] += vec_load<Vec<T>>(x + i + k * lane);
  }
  for (; i + lane <= n; i += lane) sum[0] += vec_load<Vec<T>>(x + i);
  for (; i < n; i += 2) rest[0] += x[i], rest[1] += x[i + 1];
  Vec<T> all = (sum[0] + sum[1]) + (sum[2] + sum[3]);
  if constexpr (lane > 2) all = halve<int(lane) / 2, 2, T>(all);
  acc[0] += all[0] + rest[0];
  acc[1] += all[1] + rest[1];
}
template <class T>
void pairs(int64_t count, int64_t n, const void* px, int64_t stride, void* pacc) {
  const T* x = static_cast<const T*>(px);
  T* acc = static_cast<T*>(pacc);
  for (int64_t k = 0; k < count; k++, x += stride, acc += 2)
    for (int64_t i = 0; i < 2 * n; i += kBlock) pair_block<T>(2 * n - i < kBlock ? 2 * n - i : kBlock, x + i, acc);
}

template <class T>
constexpr SquareSums squares() {
  return {square_runs<T>, distances<T>, square_rows<T>};
}

}  // namespace

extern const SumTable sum_table;
constexpr SumTable sum_table = {{squares<float>(), squares<double>()}, {pairs<float>, pairs<double>}};

}  // namespace DL_ISA
}  // namespace dl
