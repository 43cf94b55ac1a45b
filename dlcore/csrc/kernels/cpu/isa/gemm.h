// The inner kernel of our matrix product, per instruction set.
#pragma once
#include <cstdint>

#include "kernels/cpu/isa/isa.h"

namespace dl {

// c[rows x cols] (+)= a b. `a` is packed as k columns of `rows` values, `b` as k rows of `cols` values.
template <class T>
struct GemmTile {
  int rows, cols;
  void (*run)(int64_t k, const T* a, const T* b, T* c);  // c is a dense rows x cols block, overwritten
};
struct GemmTable {
  GemmTile<float> f32;
  GemmTile<double> f64;
  GemmTile<uint64_t> u64;
};
DL_ISA_TABLE(GemmTable, gemm_table)

}  // namespace dl
