// The inner kernel of float32 products whose right side was packed into panels, per instruction set.
#pragma once
#include <cstdint>

#include "kernels/cpu/isa/isa.h"

namespace dl {

enum class PanelStart { zero, bias, c };  // what the sums start from

// Memory that later calls read, asked for by the way, a little beside every few lines of k: `left` times `rows` lines,
// `step` numbers apart, of kStreamWidth numbers each, side by side.
constexpr int64_t kStreamWidth = 32;
struct PanelStream {
  const float* at;
  int64_t step, rows, left, row = 0;
};

// What is done to sums that are whole, with the numbers of `other` in c's place: relu_grad keeps them where that is
// positive.
enum class PanelFinish { none, add, multiply, relu, relu_grad };
struct PanelBeside {
  PanelStream streams[2];
  PanelFinish finish = PanelFinish::none;
  const float* other = nullptr;
  int64_t other_row = 0;
};

// c (m, n) = a b for one panel b (k, n), n <= `cols`; element (i, p) of a lies at a[i * a_row + p * a_col], line p of b
// at b + p * b_step, where `width(n)` numbers can be read. `bias` has n numbers; `beside` may be null.
struct PanelTable {
  int cols, half;  // a panel's numbers in a line; those of one of at most `half` columns
  using Multiply = void (*)(int64_t m, int64_t n, int64_t k, const float* a, int64_t a_row, int64_t a_col,
                            const float* b, int64_t b_step, float* c, int64_t c_row, PanelStart start,
                            const float* bias, PanelBeside* beside);
  Multiply multiply;
  int width(int64_t n) const { return n > half ? cols : half; }
};
DL_ISA_TABLE(PanelTable, panel_table)

}  // namespace dl
