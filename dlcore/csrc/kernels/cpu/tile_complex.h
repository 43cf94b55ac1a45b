// The micro-operations on complex registers. They are not among the per-instruction-set files: what is common (sums,
// products, copies) is bound by memory, and the rest by the C library's complex functions.
#pragma once
#include "kernels/cpu/isa/tile_table.h"

namespace dl {

extern const TileTable tile_c64, tile_c128;  // an operation that complex numbers do not have is null there

}  // namespace dl
