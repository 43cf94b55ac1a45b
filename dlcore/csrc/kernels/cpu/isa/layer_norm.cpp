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

// ---- groups of channels ----

// Like `statistics`, for a group that may be long: summed in parts, so that the rounding of float32 stays small.
template <class T>
void group_statistics(const T* x, int64_t n, T eps, T& mean, T& r) {
  constexpr int64_t part = 4096;
  double sum = 0, squares = 0;
  for (int64_t at = 0; at < n; at += part) {
    int64_t m = n - at < part ? n - at : part;
    T some = 0;
#pragma omp simd reduction(+ : some)
    for (int64_t i = 0; i < m; i++) some += x[at + i];
    sum += double(some);
  }
  T middle = T(sum / double(n));
  for (int64_t at = 0; at < n; at += part) {
    int64_t m = n - at < part ? n - at : part;
    T some = 0;
#pragma omp simd reduction(+ : some)
    for (int64_t i = 0; i < m; i++) some += (x[at + i] - middle) * (x[at + i] - middle);
    squares += double(some);
  }
  mean = middle;
  r = T(1) / vm_sqrt(T(squares / double(n)) + eps);
}

template <class T>
void group_forward(const T* x, int64_t each, int64_t places, const T* gamma, const T* beta, T eps, T* y) {
  T mean, r;
  group_statistics(x, each * places, eps, mean, r);
  if (places == 1) {
#pragma omp simd
    for (int64_t k = 0; k < each; k++) y[k] = (x[k] - mean) * r * gamma[k] + beta[k];
    return;
  }
  for (int64_t k = 0; k < each; k++, x += places, y += places) {
    T scale = r * gamma[k], shift = beta[k];
#pragma omp simd
    for (int64_t i = 0; i < places; i++) y[i] = (x[i] - mean) * scale + shift;
  }
}

template <class T>
void group_backward(const T* g, const T* x, int64_t each, int64_t places, const T* gamma, T eps, T* dx, T* sums) {
  int64_t n = each * places;
  T mean, r;
  group_statistics(x, n, eps, mean, r);
  double whole = 0, products = 0;
  for (int64_t k = 0; k < each; k++) {
    const T *gk = g + k * places, *xk = x + k * places;
    T gh = 0, gs = 0;
#pragma omp simd reduction(+ : gh, gs)
    for (int64_t i = 0; i < places; i++) {
      gh += gk[i] * (xk[i] - mean);
      gs += gk[i];
    }
    gh *= r;
    sums[2 * k] = gh, sums[2 * k + 1] = gs;
    whole += double(gamma[k]) * double(gs), products += double(gamma[k]) * double(gh);
  }
  T a = T(whole / double(n)), b = T(products / double(n));
  for (int64_t k = 0; k < each; k++) {
    const T *gk = g + k * places, *xk = x + k * places;
    T *out = dx + k * places, w = gamma[k];
#pragma omp simd
    for (int64_t i = 0; i < places; i++) out[i] = r * (gk[i] * w - a - (xk[i] - mean) * r * b);
  }
}

template <class T>
constexpr LayerNormLine<T> lines() {
  return {forward<T>, backward<T>};
}
template <class T>
constexpr ChannelNorm<T> channels() {
  return {group_forward<T>, group_backward<T>};
}

}  // namespace

extern const LayerNormTable layer_norm_table;
constexpr LayerNormTable layer_norm_table = {lines<float>(), lines<double>(), channels<float>(), channels<double>()};

}  // namespace DL_ISA
}  // namespace dl
