// The inner kernel of float32 products whose right side was packed into panels, per instruction set.
#pragma once
#include <cstdint>

#include "kernels/cpu/isa/isa.h"

namespace dl {

enum class PanelStart { zero, bias, c };  // what the sums start from

// c (m, n) = a b for one panel b (k, n), n <= `cols`; element (i, p) of a lies at a[i * a_row + p * a_col], line p of b
// at b + p * b_step, where `width(n)` numbers can be read. `bias` has n numbers.
struct PanelTable {
  int cols, half;  // a panel's numbers in a line; those of one of at most `half` columns
  using Multiply = void (*)(int64_t m, int64_t n, int64_t k, const float* a, int64_t a_row, int64_t a_col,
                            const float* b, int64_t b_step, float* c, int64_t c_row, PanelStart start,
                            const float* bias);
  Multiply multiply;
  Multiply ahead;  // the same; lines of a and b that come later are asked for, as neither lies in a near cache
  int width(int64_t n) const { return n > half ? cols : half; }
};
DL_ISA_TABLE(PanelTable, panel_table)

}  // namespace dl
