// Sums, products and extremes over runs and over stacks of rows.
#pragma once
#include <cstdint>

#include "kernels/cpu/isa/isa.h"

namespace dl {

enum class ReduceOp : uint8_t { Sum, Prod, Max, Min };
inline constexpr int kReduceOps = 4;
// Types that are accumulated in; U8 has extremes only (for any and all).
enum class ReduceType : uint8_t { F32, F64, I32, I64, U64, U8 };
inline constexpr int kReduceTypes = 6;

inline constexpr int kStreams = 4;

struct ReduceFns {
  void (*init)(int64_t n, void* acc);                // the identity of the operation
  void (*run)(int64_t n, const void* x, void* acc);  // acc[0] op= x[0] op x[1] ...
  // acc[i] op= the n elements from x + i stride on
  void (*runs)(int64_t count, int64_t n, const void* x, int64_t stride, void* acc);
  // The same of kStreams groups of runs, each `apart` elements behind the one before it, in turns: memory delivers as
  // many streams in less time than one. The same bits as one by one.
  void (*runs_apart)(int64_t count, int64_t n, const void* x, int64_t apart, int64_t stride, void* const* acc);
  // acc[i] op= x[i] op x[i + stride] op ... (rows of them, n columns)
  void (*rows)(int64_t rows, int64_t n, const void* x, int64_t stride, void* acc);
  // Extremes only: where the first one is, NaN before all others; in each of `count` lines of n elements that follow
  // each other, and in each of n columns, counted in rows from 0.
  void (*find_lines)(int64_t count, int64_t n, const void* x, int64_t* at);
  void (*find_rows)(int64_t rows, int64_t n, const void* x, int64_t stride, int64_t* at);
};
struct ReduceTable {
  ReduceFns fn[kReduceOps][kReduceTypes];
};
DL_ISA_TABLE(ReduceTable, reduce_table)

}  // namespace dl
