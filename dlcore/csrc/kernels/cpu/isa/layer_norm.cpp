#include "kernels/cpu/isa/layer_norm.h"

#include "kernels/cpu/isa/vmath_base.h"

namespace dl {
namespace DL_ISA {
namespace {

// Mean, and one over the standard deviation. Two passes: the line is in the first-level cache after one.
template <class T>
void statistics(const T* x, int64_t n, T eps, T& mean, T& r) {
  T sum = 0, squares = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; i++) sum += x[i];
  T m = sum / T(n);
#pragma omp simd reduction(+ : squares)
  for (int64_t i = 0; i < n; i++) squares += (x[i] - m) * (x[i] - m);
  mean = m;
  r = T(1) / vm_sqrt(squares / T(n) + eps);
}

template <class T>
void forward(const T* x, int64_t n, const T* gamma, const T* beta, T eps, T* y) {
  T mean, r;
  statistics(x, n, eps, mean, r);
#pragma omp simd
  for (int64_t i = 0; i < n; i++) y[i] = (x[i] - mean) * r * gamma[i] + beta[i];
}

template <class T>
void backward(const T* g, const T* x, int64_t n, const T* gamma, T eps, T* dx, T* dgamma, T* dbeta) {
  T mean, r, sum = 0, products = 0;
  statistics(x, n, eps, mean, r);
#pragma omp simd reduction(+ : sum, products)
  for (int64_t i = 0; i < n; i++) {
    T h = (x[i] - mean) * r, t = g[i] * gamma[i];
    sum += t;
    products += t * h;
  }
  T a = sum / T(n), b = products / T(n);
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    T h = (x[i] - mean) * r;
    dx[i] = r * (g[i] * gamma[i] - a - h * b);
    dgamma[i] += g[i] * h;
    dbeta[i] += g[i];
  }
}

template <class T>
constexpr LayerNormLine<T> lines() {
  return {forward<T>, backward<T>};
}

}  // namespace

extern const LayerNormTable layer_norm_table;
constexpr LayerNormTable layer_norm_table = {lines<float>(), lines<double>()};

}  // namespace DL_ISA
}  // namespace dl
