#include "kernels/cpu/isa/pooling.h"

namespace dl {
namespace DL_ISA {
namespace {

constexpr int kBlock = 64;  // channels kept in registers or first-level cache while the window is walked

// NaN wins, as in NumPy's maximum.
template <class T>
inline __attribute__((always_inline)) bool beats(T v, T best) {
  return v > best || v != v;
}

template <class T>
void max_row(const T* const* src, int64_t n, int64_t c, T* __restrict out) {
  for (int64_t b = 0; b < c; b += kBlock) {
    int64_t w = c - b < kBlock ? c - b : kBlock;
    T m[kBlock];
    const T* s = src[0] + b;
    for (int64_t i = 0; i < w; i++) m[i] = s[i];
    for (int64_t k = 1; k < n; k++) {
      s = src[k] + b;
      for (int64_t i = 0; i < w; i++) m[i] = beats(s[i], m[i]) ? s[i] : m[i];
    }
    for (int64_t i = 0; i < w; i++) out[b + i] = m[i];
  }
}

// For each channel the index of the first maximum of its window.
template <class T>
inline __attribute__((always_inline)) void first_max(const T* const* src, int64_t n, int64_t b, int64_t w,
                                                     int32_t* at) {
  T m[kBlock];
  const T* s = src[0] + b;
  for (int64_t i = 0; i < w; i++) {
    m[i] = s[i];
    at[i] = 0;
  }
  for (int64_t k = 1; k < n; k++) {
    s = src[k] + b;
    for (int64_t i = 0; i < w; i++) {
      bool better = (s[i] > m[i]) | ((s[i] != s[i]) & (m[i] == m[i]));
      m[i] = better ? s[i] : m[i];
      at[i] = better ? int32_t(k) : at[i];
    }
  }
}

template <class T>
void max_grad_row(const T* const* src, int64_t n, int64_t c, const T* __restrict g, T* const* dst, bool add) {
  int32_t at[kBlock];
  for (int64_t b = 0; b < c; b += kBlock) {
    int64_t w = c - b < kBlock ? c - b : kBlock;
    first_max(src, n, b, w, at);
    for (int64_t k = 0; k < n; k++) {
      T* __restrict d = dst[k] + b;
      if (add) {
        for (int64_t i = 0; i < w; i++) d[i] += at[i] == int32_t(k) ? g[b + i] : T(0);
      } else {
        for (int64_t i = 0; i < w; i++) d[i] = at[i] == int32_t(k) ? g[b + i] : T(0);
      }
    }
  }
}

template <class T>
void max_pick_row(const T* const* src, int64_t n, int64_t c, const T* const* values, T* __restrict out) {
  int32_t at[kBlock];
  for (int64_t b = 0; b < c; b += kBlock) {
    int64_t w = c - b < kBlock ? c - b : kBlock;
    first_max(src, n, b, w, at);
    for (int64_t k = 0; k < n; k++) {
      const T* v = values[k] + b;
      for (int64_t i = 0; i < w; i++) out[b + i] = at[i] == int32_t(k) ? v[i] : out[b + i];
    }
  }
}

template <class T>
void avg_row(const T* const* src, int64_t n, int64_t c, T scale, T* __restrict out) {
  for (int64_t i = 0; i < c; i++) out[i] = T(0);
  for (int64_t k = 0; k < n; k++) {
    const T* s = src[k];
    for (int64_t i = 0; i < c; i++) out[i] += s[i];
  }
  for (int64_t i = 0; i < c; i++) out[i] *= scale;
}

template <class T>
void avg_grad_row(const T* __restrict g, int64_t n, int64_t c, T scale, T* const* dst, bool add) {
  for (int64_t k = 0; k < n; k++) {
    T* __restrict d = dst[k];
    if (add) {
      for (int64_t i = 0; i < c; i++) d[i] += g[i] * scale;
    } else {
      for (int64_t i = 0; i < c; i++) d[i] = g[i] * scale;
    }
  }
}

}  // namespace

template <class T>
constexpr PoolRows<T> pool_rows() {
  return {max_row<T>, max_grad_row<T>, max_pick_row<T>, avg_row<T>, avg_grad_row<T>};
}
extern const PoolTable pool_table;
constexpr PoolTable pool_table = {pool_rows<float>(), pool_rows<double>()};

}  // namespace DL_ISA
}  // namespace dl
