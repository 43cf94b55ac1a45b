// Sums of what is not added up as it lies in memory: squares of distances, the parts of complex numbers.
#pragma once
#include <cstdint>

#include "kernels/cpu/isa/isa.h"

namespace dl {

struct SquareSums {
  // acc[i] += the squares of the distances of the n elements from x + i stride on from centre[i step]
  void (*runs)(int64_t count, int64_t n, const void* x, int64_t stride, const void* centre, int64_t step, void* acc);
  void (*from_each)(int64_t n, const void* x, const void* centre, void* y);  // y[i] = (x[i] - centre[i])^2
  // acc[i] += (x[i] - centre[i])^2 + (x[i + stride] - centre[i])^2 + ...
  void (*rows)(int64_t rows, int64_t n, const void* x, int64_t stride, const void* centre, void* acc);
};
// acc[2 i] and acc[2 i + 1] += the first and the second numbers of the n pairs from x + i stride on
using PairSum = void (*)(int64_t count, int64_t n, const void* x, int64_t stride, void* acc);

struct SumTable {
  SquareSums squares[2];  // float, double
  PairSum pairs[2];
};
DL_ISA_TABLE(SumTable, sum_table)

}  // namespace dl
