// The inner kernel of products of bfloat16 matrices, for processors with an instruction that multiplies numbers two by
// two and adds both products to a float32.
#pragma once
#include <cstdint>

#include "kernels/cpu/isa/panels.h"

namespace dl {

// Where whole sums go, and what is done to them on the way, with the numbers of `other` or of `wide` in their place.
struct PairEnd {
  uint16_t* c = nullptr;  // rounded to bfloat16 after `finish`; null: they stay sums, or what `finish` makes of them
  int64_t c_row = 0;
  PanelFinish finish = PanelFinish::none;
  const uint16_t* other = nullptr;
  int64_t other_row = 0;
  const float* wide = nullptr;  // beside sums; lines as far apart as those of `other`
};

// Lines of `numbers` that are read after this product, asked for by the way: `rate` of them to 16 pairs.
struct PairAhead {
  const uint16_t* at;
  int64_t step, left, rate, numbers;
};

// c (m, n) = a b for one panel b of `pairs` lines, n <= 32: a line has the numbers 2 p and 2 p + 1 of each column side
// by side, of 16 or 32 columns (zeros behind the last). Of a, the numbers 2 p and 2 p + 1 of line i are at
// a + i * a_row + p * a_col. Sums start from `bias` (as wide as the panel; may be null), or with `add` from `sums`,
// which is written only where `end` has no c. Without `ahead` the next lines of a, which lies in place, are asked for.
struct PairTable {
  void (*multiply)(int64_t m, int64_t n, int64_t pairs, const uint16_t* a, int64_t a_row, int64_t a_col,
                   const uint16_t* b, const float* bias, float* sums, int64_t sums_row, bool add, const PairEnd& end,
                   PairAhead* ahead);
  // Numbers of two lines in turn.
  void (*interleave)(int64_t n, const uint16_t* first, const uint16_t* second, uint16_t* to);
};
DL_ISA_TABLE(PairTable, pair_table)

}  // namespace dl
