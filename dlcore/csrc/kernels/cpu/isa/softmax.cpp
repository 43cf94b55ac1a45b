#include "kernels/cpu/isa/softmax.h"

#include <type_traits>

#include "kernels/cpu/isa/vec.h"
#include "kernels/cpu/isa/vmath_f32.h"
#include "kernels/cpu/isa/vmath_f64.h"

namespace dl {
namespace DL_ISA {
namespace {

template <class T>
constexpr int64_t kPart = lanes<T>();

// f(first element, how many) for every part of a line. All but the last are whole, which the compiler knows of them; of
// that one a loop over a whole part does what its `if` lets through, in one step as well.
template <class T, class F>
DL_INLINE void each_part(int64_t n, F&& f) {
  int64_t i = 0;
  for (; i + kPart<T> <= n; i += kPart<T>) f(i, std::integral_constant<int64_t, kPart<T>>());
  if (i < n) f(i, n - i);
}

template <class T>
DL_INLINE T largest(const T* x, int64_t n) {
  T most[kPart<T>], all = x[0];
  for (int k = 0; k < kPart<T>; k++) most[k] = all;
  each_part<T>(n, [&](int64_t i, auto count) __attribute__((always_inline)) {
#pragma omp simd
    for (int64_t k = 0; k < kPart<T>; k++) {
      T v = all;
      if (k < count) v = x[i + k];
      most[k] = v > most[k] ? v : most[k];
    }
  });
#pragma omp simd reduction(max : all)
  for (int k = 0; k < kPart<T>; k++) all = most[k] > all ? most[k] : all;
  return all;
}

// The sum of exp(x - m), which are also written to y where that is asked for. A NaN in x reaches the sum, and with it
// the whole line.
template <bool Write, class T>
DL_INLINE T exp_line(const T* x, T* y, int64_t n, T m) {
  T sums[kPart<T>], sum = 0;
  for (int k = 0; k < kPart<T>; k++) sums[k] = 0;
  each_part<T>(n, [&](int64_t i, auto count) __attribute__((always_inline)) {
#pragma omp simd
    for (int64_t k = 0; k < kPart<T>; k++) {
      T v = m;
      if (k < count) v = x[i + k];
      T e = vm_exp_normal(v - m);
      if (Write && k < count) y[i + k] = e;
      sums[k] += k < count ? e : T(0);
    }
  });
#pragma omp simd reduction(+ : sum)
  for (int k = 0; k < kPart<T>; k++) sum += sums[k];
  return sum;
}

template <class T>
DL_INLINE T exp_sum(const T* x, int64_t n, T m) {
  return exp_line<false>(x, static_cast<T*>(nullptr), n, m);
}

template <class T>
DL_INLINE void scaled_softmax(const T* x, T* y, int64_t n, T scale) {
  T factor = scale / exp_line<true>(x, y, n, largest(x, n));
  each_part<T>(n, [&](int64_t i, auto count) __attribute__((always_inline)) {
#pragma omp simd
    for (int64_t k = 0; k < kPart<T>; k++)
      if (k < count) y[i + k] *= factor;
  });
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
    for (int64_t k = 0; k < m; k++) {
      const T *from = x + k * n, a = most[k], b = sum[k];
      T* to = y + k * n;
      each_part<T>(n, [&](int64_t i, auto count) __attribute__((always_inline)) {
#pragma omp simd
        for (int64_t j = 0; j < kPart<T>; j++)
          if (j < count) to[i + j] = (from[i + j] - a) - b;
      });
    }
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
      T e = vm_exp_normal(from[k] - most[k]);
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
