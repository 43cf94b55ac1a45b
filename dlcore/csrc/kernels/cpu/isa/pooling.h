// Pooling over one window for all channels at once (channels-last memory), or over a line of windows of row-major
// memory, per instruction set.
#pragma once
#include <cstdint>

#include "kernels/cpu/isa/isa.h"

namespace dl {

// `src` and `dst` hold one pointer per position of the window, each to `c` channels. Gradients overwrite or add.
template <class T>
struct PoolRows {
  void (*max)(const T* const* src, int64_t n, int64_t c, T* out);
  void (*max_grad)(const T* const* src, int64_t n, int64_t c, const T* g, T* const* dst, bool add);
  void (*max_pick)(const T* const* src, int64_t n, int64_t c, const T* const* values, T* out);
  void (*avg)(const T* const* src, int64_t n, int64_t c, T scale, T* out);
  void (*avg_grad)(const T* g, int64_t n, int64_t c, T scale, T* const* dst, bool add);
};

// `n` windows, each `stride` further on than the one before. The window that begins at x has its `places` numbers at
// the offsets `at`; of equal ones the first counts. Sizes of indices match those of numbers, so that both fit one
// vector.
template <class T, class Index>
struct PoolLines {
  void (*max)(const T* x, const int64_t* at, int64_t places, int64_t stride, int64_t n, T* out);
  void (*first)(const T* x, const int64_t* at, int64_t places, int64_t stride, int64_t n, Index* out);
  void (*sum)(const T* x, const int64_t* at, int64_t places, int64_t stride, int64_t n, T* out);
  void (*spread)(const T* share, const int64_t* at, int64_t places, int64_t stride, int64_t n, T* x);
};
struct PoolTable {
  PoolRows<float> f32;
  PoolRows<double> f64;
  PoolLines<float, int32_t> lines_f32;
  PoolLines<double, int64_t> lines_f64;
};
DL_ISA_TABLE(PoolTable, pool_table)

}  // namespace dl
