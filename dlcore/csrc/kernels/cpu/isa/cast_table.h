// Conversion between any two real data types (cast.h adds the complex ones) over a run of elements: the loads and
// stores of the tile machine, and `copy`.
//
// Rules (those of NumPy's astype where C++ leaves the result open): integers wrap; floating to integer truncates, and
// what does not fit (NaN and infinities too) gives the smallest integer of the 32- or 64-bit step it goes through,
// wrapped further; anything but zero is True; to float16 and bfloat16 one rounding, ties to even.
#pragma once
#include <cstdint>

#include "kernels/cpu/isa/isa.h"

namespace dl {

// Strides in elements; a stride of 0 on the source repeats one value.
using CastFn = void (*)(int64_t n, const void* src, int64_t src_stride, void* dst, int64_t dst_stride);

inline constexpr int kCastTypes = 13;  // kNumRealDTypes, in its order
struct CastTable {
  CastFn fn[kCastTypes][kCastTypes];  // [from][to]
  // dst[r * cols + c] = src[r], for elements of 4 and of 8 bytes; may write up to 64 bytes beyond the end.
  void (*expand[2])(int64_t rows, int64_t cols, const void* src, void* dst);
};
DL_ISA_TABLE(CastTable, cast_table)

}  // namespace dl
