#include "kernels/cpu/isa/norm.h"

namespace dl {
namespace DL_ISA {
namespace {

template <class T>
void stats(const T* x, int64_t rows, int64_t c, T* __restrict mean, T* __restrict m2) {
  for (int64_t i = 0; i < c; i++) mean[i] = m2[i] = T(0);
  for (int64_t r = 0; r < rows; r++) {
    const T* p = x + r * c;
    for (int64_t i = 0; i < c; i++) mean[i] += p[i];
  }
  T scale = T(1) / T(rows);
  for (int64_t i = 0; i < c; i++) mean[i] *= scale;
  for (int64_t r = 0; r < rows; r++) {
    const T* p = x + r * c;
    for (int64_t i = 0; i < c; i++) {
      T d = p[i] - mean[i];
      m2[i] += d * d;
    }
  }
}

template <class T>
void grad_sums(const T* g, const T* x, int64_t rows, int64_t c, const T* __restrict mean, T* __restrict sum_g,
               T* __restrict sum_gx) {
  for (int64_t i = 0; i < c; i++) sum_g[i] = sum_gx[i] = T(0);
  for (int64_t r = 0; r < rows; r++) {
    const T *p = x + r * c, *q = g + r * c;
    for (int64_t i = 0; i < c; i++) {
      sum_g[i] += q[i];
      sum_gx[i] += q[i] * (p[i] - mean[i]);
    }
  }
}

template <class T>
void apply(const T* x, int64_t rows, int64_t c, const T* __restrict mean, const T* __restrict scale,
           const T* __restrict shift, T* __restrict y) {
  for (int64_t r = 0; r < rows; r++) {
    const T* p = x + r * c;
    T* q = y + r * c;
    for (int64_t i = 0; i < c; i++) q[i] = (p[i] - mean[i]) * scale[i] + shift[i];
  }
}

template <class T>
void grad(const T* g, const T* x, int64_t rows, int64_t c, const T* __restrict mean, const T* __restrict a,
          const T* __restrict b, const T* __restrict k, T* __restrict dx) {
  for (int64_t r = 0; r < rows; r++) {
    const T *p = x + r * c, *q = g + r * c;
    T* d = dx + r * c;
    for (int64_t i = 0; i < c; i++) d[i] = a[i] * q[i] + (b[i] * (p[i] - mean[i]) + k[i]);
  }
}

template <class T>
T line_sum(const T* x, int64_t n) {
  T s = 0;
#pragma omp simd reduction(+ : s)
  for (int64_t i = 0; i < n; i++) s += x[i];
  return s;
}

template <class T>
T line_squares(const T* x, int64_t n, T mean) {
  T s = 0;
#pragma omp simd reduction(+ : s)
  for (int64_t i = 0; i < n; i++) s += (x[i] - mean) * (x[i] - mean);
  return s;
}

template <class T>
T line_products(const T* g, const T* x, int64_t n, T mean) {
  T s = 0;
#pragma omp simd reduction(+ : s)
  for (int64_t i = 0; i < n; i++) s += g[i] * (x[i] - mean);
  return s;
}

template <class T>
void line_apply(const T* x, int64_t n, T mean, T scale, T shift, T* __restrict y) {
  for (int64_t i = 0; i < n; i++) y[i] = (x[i] - mean) * scale + shift;
}

template <class T>
void line_grad(const T* g, const T* x, int64_t n, T mean, T a, T b, T k, T* __restrict dx) {
  for (int64_t i = 0; i < n; i++) dx[i] = a * g[i] + (b * (x[i] - mean) + k);
}

template <class T>
constexpr NormRows<T> rows() {
  return {stats<T>,        grad_sums<T>,     apply<T>,      grad<T>,     line_sum<T>,
          line_squares<T>, line_products<T>, line_apply<T>, line_grad<T>};
}

}  // namespace

extern const NormTable norm_table;
constexpr NormTable norm_table = {rows<float>(), rows<double>()};

}  // namespace DL_ISA
}  // namespace dl
