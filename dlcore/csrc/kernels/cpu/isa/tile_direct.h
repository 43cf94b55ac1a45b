// Single micro-operations on arrays that are stored otherwise than registers are: from 16-bit floats to these, and from
// numbers to truth values.
#pragma once
#include "kernels/cpu/isa/tile_table.h"

namespace dl {

// Operands that are single values (bits of the variant) are of the registers' type, float for 16-bit floats.
using DirectFns = TileFn[kTileOps][3];
struct DirectTable {
  DirectFns half[2];                  // of float16, of bfloat16
  DirectFns truth[4], half_truth[2];  // of TileType F32, F64, I32, I64; of float16, of bfloat16
  TileFn clamp[2];                    // min(max(a, b), c) of single values b and c: of float, of double
};
DL_ISA_TABLE(DirectTable, direct_table)

}  // namespace dl
