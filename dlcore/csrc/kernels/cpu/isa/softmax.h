// Softmax of contiguous lines and of strips of columns, per instruction set.
#pragma once
#include <cstdint>

#include "kernels/cpu/isa/isa.h"

namespace dl {

inline constexpr int64_t kSoftmaxColumns = 64;

template <class T>
struct SoftmaxRows {
  // Of `lines` lines of n numbers, one after the other.
  void (*softmax)(const T* x, T* y, int64_t n, int64_t lines);
  void (*log_softmax)(const T* x, T* y, int64_t n, int64_t lines);
  T (*cross_entropy)(const T* x, int64_t n, int64_t label);      // -log(softmax(x)[label])
  void (*scaled_softmax)(const T* x, T* y, int64_t n, T scale);  // scale * softmax(x)
  // Of `width` (at most kSoftmaxColumns) neighbouring columns, n rows that are `stride` apart.
  void (*columns)(const T* x, T* y, int64_t n, int64_t width, int64_t stride);
  void (*log_columns)(const T* x, T* y, int64_t n, int64_t width, int64_t stride);
};
struct SoftmaxTable {
  SoftmaxRows<float> f32;
  SoftmaxRows<double> f64;
};
DL_ISA_TABLE(SoftmaxTable, softmax_table)

}  // namespace dl
