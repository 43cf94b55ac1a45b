// Elements put in another order on their way, by element size.
#pragma once
#include <cstdint>

#include "kernels/cpu/isa/isa.h"

namespace dl {

inline constexpr int kMoveSizes = 5;  // elements of 1, 2, 4, 8 and 16 bytes

// dst[i] = src[n - 1 - i] for `rows` rows, steps from row to row in bytes; the two must not overlap.
using ReverseFn = void (*)(int64_t rows, int64_t n, const void* src, int64_t src_step, void* dst, int64_t dst_step);
// dst[i * k + j] = src[j][i] for i < n, j < k.
using InterleaveFn = void (*)(int64_t n, int64_t k, const void* const* src, void* dst);

// dst[k] = src[at[k]], each block of positions looked at when it is its turn; false where one is negative or not below
// `size`. With kKnown for the size they are not looked at.
inline constexpr int64_t kKnown = -1;
using PickFn = bool (*)(int64_t n, const int64_t* at, int64_t size, const void* src, void* dst);

struct MoveTable {
  ReverseFn reverse[kMoveSizes];
  InterleaveFn interleave[kMoveSizes];
  PickFn pick[kMoveSizes];
  // The numbers of the elements of mask[0, n) that are not 0, counted from `first`, of which there are `count`.
  void (*places)(int64_t n, const uint8_t* mask, int64_t first, int64_t count, int64_t* at);
  int64_t (*count)(int64_t n, const uint8_t* mask);  // how many are not 0
};
DL_ISA_TABLE(MoveTable, move_table)

// The index of a size in the table above.
inline int move_size(int64_t bytes) { return bytes == 1 ? 0 : bytes == 2 ? 1 : bytes == 4 ? 2 : bytes == 8 ? 3 : 4; }

}  // namespace dl
