// On the way to a number of single precision a sum may pass its range: then row programs take it in double precision,
// as a sum of a whole array does (reduce.cpp). Private to rows.cpp, row_columns.cpp and what they include.
#pragma once
#include <cstdint>
#include <cstring>

namespace dl {

template <class T>
double wide_sum(int64_t n, const T* x) {
  double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += double(x[i]);
  return sum;
}

// sums[c] += x[0][c] + x[1][c] ...
inline void add_wide_rows(int64_t rows, int64_t cols, const float* x, double* sums) {
  for (int64_t r = 0; r < rows; r++)
    for (int64_t c = 0; c < cols; c++) sums[c] += double(x[r * cols + c]);
}

inline bool all_finite(int64_t n, const float* x) {
  uint32_t found = 0;  // an exponent of ones, plus one, carries into the sign
  for (int64_t i = 0; i < n; i++) {
    uint32_t bits;
    std::memcpy(&bits, x + i, sizeof bits);
    found |= (bits & 0x7f800000u) + 0x00800000u;
  }
  return found >> 31 == 0;
}

}  // namespace dl
