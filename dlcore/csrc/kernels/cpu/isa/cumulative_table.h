// Running sums and products along contiguous lines and down neighbouring columns.
#pragma once
#include <cstdint>

#include "kernels/cpu/isa/isa.h"

namespace dl {

template <class T>
struct CumulativeFns {
  T (*total)(int64_t n, const T* x);
  // y[i] = before op (x[0] op ... op x[i]); from the other end when `reverse`. x and y may be the same.
  void (*line)(int64_t n, const T* x, T* y, T before, bool reverse);
  // Row by row: before[k] op= x[k], which y[k] then is; the rows of n elements are `step` apart in x and y, which may
  // be the same. `far`: y is written past the caches where its rows are aligned for that (call StreamTable::finish).
  void (*rows)(int64_t count, int64_t n, T* before, const T* x, T* y, int64_t step, bool far);
};
template <class T>
struct CumulativeOps {
  CumulativeFns<T> sum, product;
};
struct CumulativeTable {
  CumulativeOps<float> f32;
  CumulativeOps<double> f64;
  CumulativeOps<uint64_t> u64;  // signed integers too: both wrap
};
DL_ISA_TABLE(CumulativeTable, cumulative_table)

}  // namespace dl
