// Sums and updates of normalisation layers, per instruction set. "rows": channels side by side (channels-last), one
// number of each statistic per channel; "line": one channel's consecutive numbers.
#pragma once
#include <cstdint>

#include "kernels/cpu/isa/isa.h"

namespace dl {

template <class T>
struct NormRows {
  // mean and sum of squared distances from that mean, over `rows` rows of `c` channels
  void (*stats)(const T* x, int64_t rows, int64_t c, T* mean, T* m2);
  // sum of g and of g (x - mean)
  void (*grad_sums)(const T* g, const T* x, int64_t rows, int64_t c, const T* mean, T* sum_g, T* sum_gx);
  void (*apply)(const T* x, int64_t rows, int64_t c, const T* mean, const T* scale, const T* shift,
                T* y);  // (x - mean) scale + shift
  void (*grad)(const T* g, const T* x, int64_t rows, int64_t c, const T* mean, const T* a, const T* b, const T* k,
               T* dx);  // a g + b (x - mean) + k
  T (*line_sum)(const T* x, int64_t n);
  T (*line_squares)(const T* x, int64_t n, T mean);               // sum of (x - mean)^2
  T (*line_products)(const T* g, const T* x, int64_t n, T mean);  // sum of g (x - mean)
  void (*line_apply)(const T* x, int64_t n, T mean, T scale, T shift, T* y);
  void (*line_grad)(const T* g, const T* x, int64_t n, T mean, T a, T b, T k, T* dx);
};
struct NormTable {
  NormRows<float> f32;
  NormRows<double> f64;
};
DL_ISA_TABLE(NormTable, norm_table)

}  // namespace dl
