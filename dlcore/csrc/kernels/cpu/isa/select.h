// One of two numbers, as truth values say: moved as they are, whatever their type.
#pragma once
#include "kernels/cpu/isa/tile_table.h"

namespace dl {

// out[i] = truth[i] ? a[i] : b[i], by element size (1, 2, 4, 8 and 16 bytes, see move_size). Bit 0 of the second number
// says that a is a single value, bit 1 that b is one. The output may be a or b.
struct SelectTable {
  TileFn fn[5][4];
};
DL_ISA_TABLE(SelectTable, select_table)

}  // namespace dl
