// The first places of short lines, per instruction set.
#pragma once
#include <cstdint>

#include "kernels/cpu/isa/isa.h"

namespace dl {

constexpr int64_t kShortRoom = 32;  // numbers behind a line, which are overwritten

// Whether lines of this length are short enough to be compared number with number, and long enough to be worth it.
inline bool suits_short_topk(int64_t n, int64_t k) { return k >= 1 && ((k <= 12 && n >= 32) || (k <= 24 && n >= 64)); }

// Where the k smallest of key[0, n) are, in order, equal ones by their position. False, with nothing done, where too
// many numbers are equal or in a bad order.
struct ShortTopkTable {
  bool (*i8)(int8_t* key, int64_t n, int64_t k, int64_t* out);
  bool (*i16)(int16_t* key, int64_t n, int64_t k, int64_t* out);
  bool (*i32)(int32_t* key, int64_t n, int64_t k, int64_t* out);
  bool (*i64)(int64_t* key, int64_t n, int64_t k, int64_t* out);
  bool of(int8_t* key, int64_t n, int64_t k, int64_t* out) const { return i8(key, n, k, out); }
  bool of(int16_t* key, int64_t n, int64_t k, int64_t* out) const { return i16(key, n, k, out); }
  bool of(int32_t* key, int64_t n, int64_t k, int64_t* out) const { return i32(key, n, k, out); }
  bool of(int64_t* key, int64_t n, int64_t k, int64_t* out) const { return i64(key, n, k, out); }
};
DL_ISA_TABLE(ShortTopkTable, short_topk_table)

}  // namespace dl
