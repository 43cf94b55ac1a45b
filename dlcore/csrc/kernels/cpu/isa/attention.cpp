#include "kernels/cpu/isa/attention.h"

#include "kernels/cpu/isa/vec.h"
#include "kernels/cpu/isa/vmath_f32.h"
#include "kernels/cpu/isa/vmath_f64.h"

namespace dl {
namespace DL_ISA {
namespace {

// Lines are worked on in whole vectors where nothing else is read beside them: what lies behind their end is no one's.
template <class T>
int64_t padded(int64_t n) {
  return (n + lanes<T>() - 1) / lanes<T>() * lanes<T>();
}

template <class T>
T scores(T* s, int64_t n, T scale, const T* mask, T before) {
  T m = before;
  if (mask) {
#pragma omp simd reduction(max : m)
    for (int64_t i = 0; i < n; i++) {
      T v = s[i] * scale + mask[i];
      s[i] = v;
      m = v > m ? v : m;
    }
    return m;
  }
  int64_t whole = padded<T>(n);
  for (int64_t i = n; i < whole; i++) s[i] = s[0];
#pragma omp simd reduction(max : m)
  for (int64_t i = 0; i < whole; i++) {
    T v = s[i] * scale;
    s[i] = v;
    m = v > m ? v : m;
  }
  return m;
}

template <class T>
T exps(T* s, int64_t n, T m) {
  T sum = 0;
  int64_t whole = padded<T>(n);
  for (int64_t i = n; i < whole; i++) s[i] = m - T(60);  // too little to change a sum that is at least 1
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < whole; i++) {
    T e = vm_exp(s[i] - m);
    s[i] = e;
    sum += e;
  }
  return sum;
}

template <class T>
void weights(T* s, int64_t n, T scale, const T* mask, T lse) {
  if (mask) {
#pragma omp simd
    for (int64_t i = 0; i < n; i++) s[i] = vm_exp(s[i] * scale + mask[i] - lse);
    return;
  }
  int64_t whole = padded<T>(n);
#pragma omp simd
  for (int64_t i = 0; i < whole; i++) s[i] = vm_exp(s[i] * scale - lse);
}

template <class T>
void slopes(const T* p, T* dp, int64_t n, T d, T scale) {
  int64_t whole = padded<T>(n);
#pragma omp simd
  for (int64_t i = 0; i < whole; i++) dp[i] = p[i] * (dp[i] - d) * scale;
}

template <class T>
void scaled(T* x, int64_t n, T factor) {
#pragma omp simd
  for (int64_t i = 0; i < n; i++) x[i] *= factor;
}

template <class T>
T dot(const T* a, const T* b, int64_t n) {
  T sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; i++) sum += a[i] * b[i];
  return sum;
}

template <class T>
constexpr AttentionLine<T> lines() {
  return {scores<T>, exps<T>, weights<T>, slopes<T>, scaled<T>, dot<T>};
}

}  // namespace

extern const AttentionTable attention_table;
constexpr AttentionTable attention_table = {lines<float>(), lines<double>()};

}  // namespace DL_ISA
}  // namespace dl
