#include "kernels/cpu/isa/pooling.h"

#include "kernels/cpu/isa/vec.h"

namespace dl {
namespace DL_ISA {
namespace {

// NaN wins, as in NumPy's maximum; of equal numbers the first stays. Works on vectors and on single numbers.
template <class V>
inline __attribute__((always_inline)) auto better(V v, V best) {
  return (v > best) | ((v != v) & (best == best));
}

// Calls f(V(), i) for whole vectors of channels and f(T(), i) for what is left.
template <class T, class F>
inline __attribute__((always_inline)) void for_channels(int64_t c, F&& f) {
  int64_t i = 0;
  for (; i + lanes<T>() <= c; i += lanes<T>()) f(Vec<T>(), i);
  for (; i < c; i++) f(T(), i);
}

template <class T>
void max_row(const T* const* src, int64_t n, int64_t c, T* out) {
  for_channels<T>(c, [&](auto zero, int64_t i) {
    using V = decltype(zero);
    V m = vec_load<V>(src[0] + i);
    for (int64_t k = 1; k < n; k++) {
      V v = vec_load<V>(src[k] + i);
      m = better(v, m) ? v : m;
    }
    vec_store(out + i, m);
  });
}

// Index of the first maximum of the window, as a number of type T (windows are small, so it is exact).
template <class V, class T>
inline __attribute__((always_inline)) V first_max(const T* const* src, int64_t n, int64_t i) {
  V m = vec_load<V>(src[0] + i), at = V{};
  for (int64_t k = 1; k < n; k++) {
    V v = vec_load<V>(src[k] + i), here = V{} + T(k);
    auto take = better(v, m);
    m = take ? v : m;
    at = take ? here : at;
  }
  return at;
}

template <class T>
void max_grad_row(const T* const* src, int64_t n, int64_t c, const T* g, T* const* dst, bool add) {
  for_channels<T>(c, [&](auto zero, int64_t i) {
    using V = decltype(zero);
    V at = first_max<V>(src, n, i), gi = vec_load<V>(g + i);
    for (int64_t k = 0; k < n; k++) {
      V share = at == (V{} + T(k)) ? gi : V{};
      vec_store(dst[k] + i, add ? vec_load<V>(dst[k] + i) + share : share);
    }
  });
}

template <class T>
void max_pick_row(const T* const* src, int64_t n, int64_t c, const T* const* values, T* out) {
  for_channels<T>(c, [&](auto zero, int64_t i) {
    using V = decltype(zero);
    V at = first_max<V>(src, n, i), y = V{};
    for (int64_t k = 0; k < n; k++) y = at == (V{} + T(k)) ? vec_load<V>(values[k] + i) : y;
    vec_store(out + i, y);
  });
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
