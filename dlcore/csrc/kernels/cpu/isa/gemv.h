// Dot products of many rows with one vector, per instruction set.
#pragma once
#include <cstdint>

#include "kernels/cpu/isa/isa.h"

namespace dl {

struct GemvTable {
  // y[i] = sum over k of w[i * step + k] x[k], `rows` of them. What a row gives does not depend on those beside it.
  // At x + n and behind each row's last number end 16 numbers or more.
  void (*rows)(const float* w, int64_t step, int64_t rows, int64_t n, const float* x, float* y);
  float (*dot)(int64_t n, const float* x, const float* y);  // of one row, where there is no other; likewise
};
DL_ISA_TABLE(GemvTable, gemv_table)

}  // namespace dl
