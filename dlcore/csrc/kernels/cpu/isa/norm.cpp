#include "kernels/cpu/isa/norm.h"

#include "kernels/cpu/isa/vec.h"

namespace dl {
namespace DL_ISA {
namespace {

// Calls f(V(), i) for strips of channels as wide as a vector (or one number at the end of a row).
template <class T, class F>
inline __attribute__((always_inline)) void for_strips(int64_t c, F&& f) {
  int64_t i = 0;
  for (; i + lanes<T>() <= c; i += lanes<T>()) f(Vec<T>(), i);
  for (; i < c; i++) f(T(), i);
}

// Distances are taken from the mean of the block's first rows, which is near enough to the block's own mean for a
// single pass to keep its accuracy.
template <class T>
void stats(const T* x, int64_t rows, int64_t c, T* mean, T* m2) {
  int64_t few = rows < 16 ? rows : 16;
  for_strips<T>(c, [&](auto zero, int64_t i) {
    using V = decltype(zero);
    V centre = V{}, sum = V{}, squares = V{};
    for (int64_t r = 0; r < few; r++) centre += vec_load<V>(x + r * c + i);
    centre *= T(1) / T(few);
    for (int64_t r = 0; r < rows; r++) {
      V d = vec_load<V>(x + r * c + i) - centre;
      sum += d;
      squares += d * d;
    }
    sum *= T(1) / T(rows);
    vec_store(mean + i, V(centre + sum));
    vec_store(m2 + i, V(squares - sum * sum * T(rows)));
  });
}

template <class T>
void grad_sums(const T* g, const T* x, int64_t rows, int64_t c, const T* mean, T* sum_g, T* sum_gx) {
  for_strips<T>(c, [&](auto zero, int64_t i) {
    using V = decltype(zero);
    V m = vec_load<V>(mean + i), sg = V{}, sx = V{};
    for (int64_t r = 0; r < rows; r++) {
      V q = vec_load<V>(g + r * c + i);
      sg += q;
      sx += q * (vec_load<V>(x + r * c + i) - m);
    }
    vec_store(sum_g + i, sg);
    vec_store(sum_gx + i, sx);
  });
}

template <class T>
void apply(const T* x, int64_t rows, int64_t c, const T* mean, const T* scale, const T* shift, T* y) {
  for (int64_t r = 0; r < rows; r++) {
    const T* p = x + r * c;
    T* q = y + r * c;
#pragma omp simd
    for (int64_t i = 0; i < c; i++) q[i] = (p[i] - mean[i]) * scale[i] + shift[i];
  }
}

template <class T>
void grad(const T* g, const T* x, int64_t rows, int64_t c, const T* mean, const T* a, const T* b, const T* k, T* dx) {
  for (int64_t r = 0; r < rows; r++) {
    const T *p = x + r * c, *q = g + r * c;
    T* d = dx + r * c;
#pragma omp simd
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
