// Products of complex numbers that lie as (real part, imaginary part).
#pragma once
#include "kernels/cpu/isa/tile_table.h"

namespace dl {

struct ComplexTable {
  TileFn multiply[2][3];  // of float and of double parts, by the variant of a tile's step
};
DL_ISA_TABLE(ComplexTable, complex_table)

}  // namespace dl
