// The table of micro-operations on bytes; only some are there (tile_bytes.cpp of the folder above says when they
// serve).
#pragma once
#include "kernels/cpu/isa/tile_table.h"

namespace dl {
DL_ISA_TABLE(TileTable, tile_u8)
DL_ISA_TABLE(TileTable, tile_i8)
}  // namespace dl
