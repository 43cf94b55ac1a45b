// Transposing small blocks, by element size.
#pragma once
#include <cstdint>

#include "kernels/cpu/isa/isa.h"

namespace dl {

// dst[c * dst_stride + r] = src[r * src_stride + c] for r < rows, c < cols; strides in elements.
using TransposeFn = void (*)(int64_t rows, int64_t cols, const void* src, int64_t src_stride, void* dst,
                             int64_t dst_stride);
struct TransposeTable {
  TransposeFn fn[4];  // elements of 1, 2, 4 and 8 bytes
};
DL_ISA_TABLE(TransposeTable, transpose_table)

}  // namespace dl
