// Sums and updates of normalisation layers, per instruction set. "rows": channels side by side (channels-last), one
// number of each statistic per channel; "line": one channel's consecutive numbers.
#pragma once
#include <cstdint>

#include "kernels/cpu/isa/isa.h"

namespace dl {

// Numbers stored as X, computed with as T.
template <class X, class T>
struct NormRows {
  // mean and sum of squared distances from that mean, over `rows` rows of `c` channels
  void (*stats)(const X* x, int64_t rows, int64_t c, T* mean, T* m2);
  // sum of g and of g (x - mean)
  void (*grad_sums)(const X* g, const X* x, int64_t rows, int64_t c, const T* mean, T* sum_g, T* sum_gx);
  void (*apply)(const X* x, int64_t rows, int64_t c, const T* mean, const T* scale, const T* shift,
                X* y);  // (x - mean) scale + shift
  void (*grad)(const X* g, const X* x, int64_t rows, int64_t c, const T* mean, const T* a, const T* b, const T* k,
               X* dx);  // a g + b (x - mean) + k
  T (*line_sum)(const X* x, int64_t n);
  T (*line_squares)(const X* x, int64_t n, T mean);               // sum of (x - mean)^2
  T (*line_products)(const X* g, const X* x, int64_t n, T mean);  // sum of g (x - mean)
  void (*line_apply)(const X* x, int64_t n, T mean, T scale, T shift, X* y);
  void (*line_grad)(const X* g, const X* x, int64_t n, T mean, T a, T b, T k, X* dx);
};
struct NormTable {
  NormRows<float, float> f32;
  NormRows<double, double> f64;
  NormRows<uint16_t, float> bf16;
};
DL_ISA_TABLE(NormTable, norm_table)

}  // namespace dl
