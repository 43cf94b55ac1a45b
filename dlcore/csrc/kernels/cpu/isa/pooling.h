// Pooling over one window for all channels at once (channels-last memory), per instruction set.
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
struct PoolTable {
  PoolRows<float> f32;
  PoolRows<double> f64;
};
DL_ISA_TABLE(PoolTable, pool_table)

}  // namespace dl
