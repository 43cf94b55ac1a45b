// Sums of numbers narrower than what they are added up in: 16-bit floats in floats, integers in 64 bits. They are
// widened in registers, and integers added up in twice their width for as long as that cannot overflow.
#pragma once
#include <cstdint>

#include "kernels/cpu/isa/cast_table.h"

namespace dl {

struct WideSums {  // acc: floats, or integers of 64 bits
  // acc[i] += the n elements from x + i stride on
  void (*runs)(int64_t count, int64_t n, const void* x, int64_t stride, void* acc);
  // acc[i] += x[i] + x[i + stride] + ... (rows of them, n columns)
  void (*rows)(int64_t rows, int64_t n, const void* x, int64_t stride, void* acc);
};
struct WideSumTable {
  WideSums of[kCastTypes];  // by dtype; null for those that are added up as wide as they are
};
DL_ISA_TABLE(WideSumTable, wide_sum_table)

}  // namespace dl
