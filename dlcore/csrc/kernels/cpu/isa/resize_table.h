// Lines whose new numbers are sums of two old ones each, as in linear resizing.
#pragma once
#include <cstdint>

#include "kernels/cpu/isa/isa.h"

namespace dl {

struct ResizeTable {
  int64_t lanes;  // of a block; 0 where the set has no way to look numbers up in a vector
  // y[i] = (0 + w[i] * x[a[i]]) + v[i] * x[b[i]] for i < count, every product and sum rounded; `count` is a multiple of
  // `lanes`. Neither a nor b falls, and in each block no place is `lanes` or more behind where its first number is, or
  // behind n - lanes, if that comes before. x has n >= lanes numbers.
  void (*two_taps)(int64_t count, int64_t n, const int32_t* a, const int32_t* b, const float* w, const float* v,
                   const float* x, float* y);
};
DL_ISA_TABLE(ResizeTable, resize_table)

}  // namespace dl
