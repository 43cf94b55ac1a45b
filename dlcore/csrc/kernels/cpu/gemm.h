// Our own matrix product, for the dtypes that oneDNN does not multiply: float64 and integers (as 64-bit words).
#pragma once
#include <cstdint>

namespace dl {

// A matrix by pointer and strides in elements: element (i, j) is data[i * row + j * col].
template <class T>
struct Matrix {
  T* data;
  int64_t row, col;
};

// C = A B (or C += A B), A (m, k), B (k, n). T: float, double, uint64_t (wraps, so signed integers come out right too).
template <class T>
void gemm(int64_t m, int64_t n, int64_t k, Matrix<const T> a, Matrix<const T> b, Matrix<T> c, bool accumulate = false);

}  // namespace dl
