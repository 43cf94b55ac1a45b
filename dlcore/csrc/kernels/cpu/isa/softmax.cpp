#include "kernels/cpu/isa/softmax.h"

#include "kernels/cpu/isa/vmath_f32.h"
#include "kernels/cpu/isa/vmath_f64.h"

namespace dl {
namespace DL_ISA {
namespace {

template <class T>
T largest(const T* x, int64_t n) {
  T m = x[0];
#pragma omp simd reduction(max : m)
  for (int64_t i = 1; i < n; i++) m = x[i] > m ? x[i] : m;
  return m;
}

// y = exp(x - m); returns the sum. A NaN in x reaches the sum, and with it the whole line.
template <class T>
T exp_line(const T* x, T* y, int64_t n, T m) {
  T sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; i++) {
    T e = vm_exp(x[i] - m);
    y[i] = e;
    sum += e;
  }
  return sum;
}

template <class T>
T exp_sum(const T* x, int64_t n, T m) {
  T sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; i++) sum += vm_exp(x[i] - m);
  return sum;
}

template <class T>
void scaled_softmax(const T* x, T* y, int64_t n, T scale) {
  T factor = scale / exp_line(x, y, n, largest(x, n));
  for (int64_t i = 0; i < n; i++) y[i] *= factor;
}

template <class T>
void softmax(const T* x, T* y, int64_t n, int64_t lines) {
  for (int64_t k = 0; k < lines; k++) scaled_softmax(x + k * n, y + k * n, n, T(1));
}

// Lines one after the other, a few at a time: the logarithms of their sums are then taken together.
template <class T>
void log_softmax(const T* x, T* y, int64_t n, int64_t lines) {
  constexpr int64_t few = 16;
  T most[few], sum[few];
  for (int64_t at = 0; at < lines; at += few, x += few * n, y += few * n) {
    int64_t m = lines - at < few ? lines - at : few;
    for (int64_t k = 0; k < few; k++) most[k] = 0, sum[k] = 1;
    for (int64_t k = 0; k < m; k++) most[k] = largest(x + k * n, n), sum[k] = exp_sum(x + k * n, n, most[k]);
#pragma omp simd
    for (int64_t k = 0; k < few; k++) sum[k] = vm_log(sum[k]);
    for (int64_t k = 0; k < m; k++)
      for (int64_t i = k * n; i < (k + 1) * n; i++) y[i] = (x[i] - most[k]) - sum[k];
  }
}

template <class T>
T cross_entropy(const T* x, int64_t n, int64_t label) {
  T m = largest(x, n);
  return vm_log(exp_sum(x, n, m)) - (x[label] - m);
}

template <bool Log, class T>
void columns(const T* x, T* y, int64_t n, int64_t width, int64_t stride) {
  T most[kSoftmaxColumns], sum[kSoftmaxColumns];
  for (int64_t k = 0; k < width; k++) most[k] = x[k], sum[k] = 0;
  for (int64_t r = 1; r < n; r++) {
    const T* row = x + r * stride;
#pragma omp simd
    for (int64_t k = 0; k < width; k++) most[k] = row[k] > most[k] ? row[k] : most[k];
  }
  for (int64_t r = 0; r < n; r++) {
    const T* from = x + r * stride;
    T* to = y + r * stride;
#pragma omp simd
    for (int64_t k = 0; k < width; k++) {
      T e = vm_exp(from[k] - most[k]);
      if (!Log) to[k] = e;
      sum[k] += e;
    }
  }
#pragma omp simd
  for (int64_t k = 0; k < width; k++) sum[k] = Log ? vm_log(sum[k]) : T(1) / sum[k];
  for (int64_t r = 0; r < n; r++) {
    const T* from = x + r * stride;
    T* to = y + r * stride;
#pragma omp simd
    for (int64_t k = 0; k < width; k++) to[k] = Log ? (from[k] - most[k]) - sum[k] : to[k] * sum[k];
  }
}

template <class T>
constexpr SoftmaxRows<T> rows() {
  return {softmax<T>, log_softmax<T>, cross_entropy<T>, scaled_softmax<T>, columns<false, T>, columns<true, T>};
}

}  // namespace

extern const SoftmaxTable softmax_table;
constexpr SoftmaxTable softmax_table = {rows<float>(), rows<double>()};

}  // namespace DL_ISA
}  // namespace dl
