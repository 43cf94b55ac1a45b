#include "kernels/cpu/isa/norm.h"

#include "kernels/cpu/isa/vec_half.h"

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
template <class X, class T>
void stats(const X* x, int64_t rows, int64_t c, T* mean, T* m2) {
  int64_t few = rows < 16 ? rows : 16;
  for_strips<T>(c, [&](auto zero, int64_t i) {
    using V = decltype(zero);
    V centre = V{}, sum = V{}, squares = V{};
    for (int64_t r = 0; r < few; r++) centre += get<V>(x + r * c + i);
    centre *= T(1) / T(few);
    for (int64_t r = 0; r < rows; r++) {
      V d = get<V>(x + r * c + i) - centre;
      sum += d;
      squares += d * d;
    }
    sum *= T(1) / T(rows);
    vec_store(mean + i, V(centre + sum));
    vec_store(m2 + i, V(squares - sum * sum * T(rows)));
  });
}

template <class X, class T>
void grad_sums(const X* g, const X* x, int64_t rows, int64_t c, const T* mean, T* sum_g, T* sum_gx) {
  for_strips<T>(c, [&](auto zero, int64_t i) {
    using V = decltype(zero);
    V m = vec_load<V>(mean + i), sg = V{}, sx = V{};
    for (int64_t r = 0; r < rows; r++) {
      V q = get<V>(g + r * c + i);
      sg += q;
      sx += q * (get<V>(x + r * c + i) - m);
    }
    vec_store(sum_g + i, sg);
    vec_store(sum_gx + i, sx);
  });
}

template <class X, class T>
void apply(const X* x, int64_t rows, int64_t c, const T* mean, const T* scale, const T* shift, X* y) {
  for (int64_t r = 0; r < rows; r++) {
    const X* p = x + r * c;
    X* q = y + r * c;
#pragma omp simd
    for (int64_t i = 0; i < c; i++) put(q + i, T((get<T>(p + i) - mean[i]) * scale[i] + shift[i]));
  }
}

template <class X, class T>
void grad(const X* g, const X* x, int64_t rows, int64_t c, const T* mean, const T* a, const T* b, const T* k, X* dx) {
  for (int64_t r = 0; r < rows; r++) {
    const X *p = x + r * c, *q = g + r * c;
    X* d = dx + r * c;
#pragma omp simd
    for (int64_t i = 0; i < c; i++) put(d + i, T(a[i] * get<T>(q + i) + (b[i] * (get<T>(p + i) - mean[i]) + k[i])));
  }
}

template <class X, class T>
T line_sum(const X* x, int64_t n) {
  T s = 0;
#pragma omp simd reduction(+ : s)
  for (int64_t i = 0; i < n; i++) s += get<T>(x + i);
  return s;
}

template <class X, class T>
T line_squares(const X* x, int64_t n, T mean) {
  T s = 0;
#pragma omp simd reduction(+ : s)
  for (int64_t i = 0; i < n; i++) s += (get<T>(x + i) - mean) * (get<T>(x + i) - mean);
  return s;
}

template <class X, class T>
T line_products(const X* g, const X* x, int64_t n, T mean) {
  T s = 0;
#pragma omp simd reduction(+ : s)
  for (int64_t i = 0; i < n; i++) s += get<T>(g + i) * (get<T>(x + i) - mean);
  return s;
}

template <class X, class T>
void line_apply(const X* x, int64_t n, T mean, T scale, T shift, X* __restrict y) {
  for (int64_t i = 0; i < n; i++) put(y + i, T((get<T>(x + i) - mean) * scale + shift));
}

template <class X, class T>
void line_grad(const X* g, const X* x, int64_t n, T mean, T a, T b, T k, X* __restrict dx) {
  for (int64_t i = 0; i < n; i++) put(dx + i, T(a * get<T>(g + i) + (b * (get<T>(x + i) - mean) + k)));
}

template <class X, class T>
constexpr NormRows<X, T> rows() {
  return {stats<X, T>,        grad_sums<X, T>,     apply<X, T>,      grad<X, T>,     line_sum<X, T>,
          line_squares<X, T>, line_products<X, T>, line_apply<X, T>, line_grad<X, T>};
}

}  // namespace

extern const NormTable norm_table;
constexpr NormTable norm_table = {rows<float, float>(), rows<double, double>(), rows<uint16_t, float>()};

}  // namespace DL_ISA
}  // namespace dl
