#include "kernels/cpu/isa/layer_norm.h"

#include "kernels/cpu/isa/vec.h"
#include "kernels/cpu/isa/vmath_base.h"

namespace dl {
namespace DL_ISA {
namespace {

constexpr int kTogether = 4;  // lines whose sums are made side by side: one sum would wait for each addition

template <class T>
DL_INLINE T sum_of(Vec<T> v) {
  T a[lanes<T>()];
  vec_store(a, v);
  for (int64_t w = lanes<T>() / 2; w; w /= 2)
    for (int64_t i = 0; i < w; i++) a[i] += a[i + w];
  return a[0];
}

// Calls f(V(), i) for vectors of a line and for the numbers at its end.
template <class T, class F>
DL_INLINE void for_parts(int64_t n, F&& f) {
  int64_t i = 0;
  for (; i + lanes<T>() <= n; i += lanes<T>()) f(Vec<T>(), i);
  for (; i < n; i++) f(T(), i);
}

// R sums over a line each: of vectors, and of the numbers at its end.
template <int R, class T>
struct Sums {
  Vec<T> many[R] = {};
  T rest[R] = {};
  inline __attribute__((always_inline)) void add(int k, Vec<T> v) { many[k] += v; }
  inline __attribute__((always_inline)) void add(int k, T v) { rest[k] += v; }
  inline __attribute__((always_inline)) T of(int k) const { return sum_of<T>(many[k]) + rest[k]; }
};

// Mean, and one over the standard deviation. Two passes: the lines are in the first-level cache after one.
template <int R, class T>
DL_INLINE void statistics(const T* x, int64_t n, T eps, T* mean, T* r) {
  Sums<R, T> sum, squares;
  for_parts<T>(n, [&](auto zero, int64_t i) {
    using V = decltype(zero);
    for (int k = 0; k < R; k++) sum.add(k, vec_load<V>(x + k * n + i));
  });
  for (int k = 0; k < R; k++) mean[k] = sum.of(k) / T(n);
  for_parts<T>(n, [&](auto zero, int64_t i) {
    using V = decltype(zero);
    for (int k = 0; k < R; k++) {
      V d = vec_load<V>(x + k * n + i) - mean[k];
      squares.add(k, V(d * d));
    }
  });
  for (int k = 0; k < R; k++) r[k] = T(1) / vm_sqrt(squares.of(k) / T(n) + eps);
}

template <int R, class T>
void forward_lines(const T* x, int64_t n, const T* gamma, const T* beta, T eps, T* y) {
  T mean[R], r[R];
  statistics<R>(x, n, eps, mean, r);
  for_parts<T>(n, [&](auto zero, int64_t i) {
    using V = decltype(zero);
    V scale = vec_load<V>(gamma + i), shift = vec_load<V>(beta + i);
    for (int k = 0; k < R; k++)
      vec_store(y + k * n + i, V((vec_load<V>(x + k * n + i) - mean[k]) * r[k] * scale + shift));
  });
}

template <int R, class T>
void backward_lines(const T* g, const T* x, int64_t n, const T* gamma, T eps, T* dx, T* dgamma, T* dbeta) {
  T mean[R], r[R], a[R], b[R];
  statistics<R>(x, n, eps, mean, r);
  Sums<R, T> sum, products;
  for_parts<T>(n, [&](auto zero, int64_t i) {
    using V = decltype(zero);
    V scale = vec_load<V>(gamma + i);
    for (int k = 0; k < R; k++) {
      V h = (vec_load<V>(x + k * n + i) - mean[k]) * r[k], t = vec_load<V>(g + k * n + i) * scale;
      sum.add(k, t);
      products.add(k, V(t * h));
    }
  });
  for (int k = 0; k < R; k++) a[k] = sum.of(k) / T(n), b[k] = products.of(k) / T(n);
  for_parts<T>(n, [&](auto zero, int64_t i) {
    using V = decltype(zero);
    V scale = vec_load<V>(gamma + i), to_gamma = vec_load<V>(dgamma + i), to_beta = vec_load<V>(dbeta + i);
    for (int k = 0; k < R; k++) {
      V h = (vec_load<V>(x + k * n + i) - mean[k]) * r[k], up = vec_load<V>(g + k * n + i);
      vec_store(dx + k * n + i, V(r[k] * (up * scale - a[k] - h * b[k])));
      to_gamma += up * h;
      to_beta += up;
    }
    vec_store(dgamma + i, to_gamma);
    vec_store(dbeta + i, to_beta);
  });
}

template <class T>
void forward(const T* x, int64_t lines, int64_t n, const T* gamma, const T* beta, T eps, T* y) {
  int64_t i = 0;
  for (; i + kTogether <= lines; i += kTogether) forward_lines<kTogether>(x + i * n, n, gamma, beta, eps, y + i * n);
  for (; i < lines; i++) forward_lines<1>(x + i * n, n, gamma, beta, eps, y + i * n);
}

template <class T>
void backward(const T* g, const T* x, int64_t lines, int64_t n, const T* gamma, T eps, T* dx, T* dgamma, T* dbeta) {
  int64_t i = 0;
  for (; i + kTogether <= lines; i += kTogether)
    backward_lines<kTogether>(g + i * n, x + i * n, n, gamma, eps, dx + i * n, dgamma, dbeta);
  for (; i < lines; i++) backward_lines<1>(g + i * n, x + i * n, n, gamma, eps, dx + i * n, dgamma, dbeta);
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
constexpr LayerNormLines<T> whole_lines() {
  return {forward<T>, backward<T>};
}
template <class T>
constexpr ChannelNorm<T> channels() {
  return {group_forward<T>, group_backward<T>};
}

}  // namespace

extern const LayerNormTable layer_norm_table;
constexpr LayerNormTable layer_norm_table = {whole_lines<float>(), whole_lines<double>(), channels<float>(),
                                             channels<double>()};

}  // namespace DL_ISA
}  // namespace dl
