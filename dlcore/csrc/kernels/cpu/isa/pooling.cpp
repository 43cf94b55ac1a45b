#include "kernels/cpu/isa/pooling.h"

#include <type_traits>
#include <utility>

#include "kernels/cpu/isa/vec.h"

namespace dl {
namespace DL_ISA {
namespace {

// NaN wins, as in NumPy's maximum; of equal numbers the first stays. Works on vectors and on single numbers.
template <class V>
inline __attribute__((always_inline)) auto better(V v, V best) {
  return (v > best) | ((v != v) & (best == best));
}

template <class T, int kBytes>
struct WideOf {
  typedef T type __attribute__((vector_size(kBytes)));
};
template <class T, int kBytes>
using Wide = typename WideOf<T, kBytes>::type;

// Calls f(V(), i) for vectors of channels, shorter ones at the end, and f(T(), i) for a last one. Single numbers are
// slow: which of two is larger cannot be foretold.
template <class T, class F>
inline __attribute__((always_inline)) void for_channels(int64_t c, F&& f) {
  int64_t i = 0;
  auto run = [&](auto v) __attribute__((always_inline)) {
    constexpr int64_t n = sizeof(v) / sizeof(T);
    for (; i + n <= c; i += n) f(v, i);
  };
  if constexpr (kVecBytes >= 64) run(Wide<T, 64>());
  if constexpr (kVecBytes >= 32) run(Wide<T, 32>());
  run(Wide<T, 16>());
  if constexpr (sizeof(T) == 4) run(Wide<T, 8>());
  run(T());
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

// ---- lines of windows ----

struct Step1 {
  explicit Step1(int64_t) {}
  operator int64_t() const { return 1; }
};
struct Step2 {
  explicit Step2(int64_t) {}
  operator int64_t() const { return 2; }
};
struct StepN {
  int64_t n;
  explicit StepN(int64_t step) : n(step) {}
  operator int64_t() const { return n; }
};

template <class V, class T, size_t... kLane>
inline __attribute__((always_inline)) V every_second(const T* p, std::index_sequence<kLane...>) {
  constexpr size_t n = sizeof...(kLane);  // the second load ends with the last number that counts
  V a = vec_load<V>(p), b = vec_load<V>(p + n - 1);
  return __builtin_shufflevector(a, b, (kLane < n / 2 ? 2 * kLane : 2 * kLane + 1)...);
}

template <class V, class T, class Step>
inline __attribute__((always_inline)) V load_line(const T* p, Step step) {
  if constexpr (sizeof(V) == sizeof(T) || std::is_same_v<Step, Step1>) {
    return vec_load<V>(p);
  } else if constexpr (std::is_same_v<Step, Step2>) {
    return every_second<V>(p, std::make_index_sequence<sizeof(V) / sizeof(T)>());
  } else {
    V v;
    for (size_t j = 0; j < sizeof(V) / sizeof(T); j++) v[j] = p[int64_t(j) * step];
    return v;
  }
}

// Calls f(V(), I(), step, i) for vectors of numbers and of indices, shorter ones at the end of a line, from window i
// on.
template <class T, class Index, class Step, class F>
inline __attribute__((always_inline)) void for_line(int64_t n, Step step, F&& f) {
  int64_t i = 0;
  auto run = [&](auto v, auto k) __attribute__((always_inline)) {
    constexpr int64_t wide = sizeof(v) / sizeof(T);
    for (; i + wide <= n; i += wide) f(v, k, step, i);
  };
  if constexpr (kVecBytes >= 64) run(Wide<T, 64>(), Wide<Index, 64>());
  if constexpr (kVecBytes >= 32) run(Wide<T, 32>(), Wide<Index, 32>());
  run(Wide<T, 16>(), Wide<Index, 16>());
  run(T(), Index());
}

template <class T, class Index, class F>
inline __attribute__((always_inline)) void for_windows(int64_t stride, int64_t n, F&& f) {
  if (stride == 1)
    for_line<T, Index>(n, Step1(1), f);
  else if (stride == 2)
    for_line<T, Index>(n, Step2(2), f);
  else
    for_line<T, Index>(n, StepN(stride), f);
}

template <class T, class Index>
void max_line(const T* x, const int64_t* at, int64_t places, int64_t stride, int64_t n, T* out) {
  for_windows<T, Index>(stride, n, [&](auto zero, auto, auto step, int64_t i) __attribute__((always_inline)) {
    using V = decltype(zero);
    const T* p = x + i * step;
    V best = load_line<V>(p + at[0], step);
    for (int64_t k = 1; k < places; k++) {
      V v = load_line<V>(p + at[k], step);
      best = better(v, best) ? v : best;
    }
    vec_store(out + i, best);
  });
}

template <class T, class Index>
void first_line(const T* x, const int64_t* at, int64_t places, int64_t stride, int64_t n, Index* out) {
  for_windows<T, Index>(stride, n, [&](auto zero, auto none, auto step, int64_t i) __attribute__((always_inline)) {
    using V = decltype(zero);
    const T* p = x + i * step;
    V best = load_line<V>(p + at[0], step);
    auto place = none;
    for (int64_t k = 1; k < places; k++) {
      V v = load_line<V>(p + at[k], step);
      auto take = better(v, best), here = none + Index(k);
      best = take ? v : best;
      place = take ? here : place;
    }
    vec_store(out + i, place);
  });
}

template <class T, class Index>
void sum_line(const T* x, const int64_t* at, int64_t places, int64_t stride, int64_t n, T* out) {
  for_windows<T, Index>(stride, n, [&](auto zero, auto, auto step, int64_t i) __attribute__((always_inline)) {
    using V = decltype(zero);
    const T* p = x + i * step;
    V sum = load_line<V>(p + at[0], step);
    for (int64_t k = 1; k < places; k++) sum = sum + load_line<V>(p + at[k], step);
    vec_store(out + i, sum);
  });
}

template <class T>
void spread_line(const T* share, const int64_t* at, int64_t places, int64_t stride, int64_t n, T* x) {
  for (int64_t k = 0; k < places; k++) {
    T* p = x + at[k];
    if (stride == 1) {
      for (int64_t i = 0; i < n; i++) p[i] += share[i];
    } else {
      for (int64_t i = 0; i < n; i++) p[i * stride] += share[i];
    }
  }
}

}  // namespace

template <class T>
constexpr PoolRows<T> pool_rows() {
  return {max_row<T>, max_grad_row<T>, max_pick_row<T>, avg_row<T>, avg_grad_row<T>};
}
template <class T, class Index>
constexpr PoolLines<T, Index> pool_lines() {
  return {max_line<T, Index>, first_line<T, Index>, sum_line<T, Index>, spread_line<T>};
}
extern const PoolTable pool_table;
constexpr PoolTable pool_table = {pool_rows<float>(), pool_rows<double>(), pool_lines<float, int32_t>(),
                                  pool_lines<double, int64_t>()};

}  // namespace DL_ISA
}  // namespace dl
