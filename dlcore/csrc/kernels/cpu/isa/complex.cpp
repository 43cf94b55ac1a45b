// The loops of complex.h: the textbook product, as c_mul of complex_math.h. This file is compiled without joining
// products and sums to one rounding, so that a number times its conjugate is real.
#include "kernels/cpu/isa/complex.h"

#include <limits>
#include <type_traits>

#include "kernels/cpu/isa/vec.h"

namespace dl {
namespace DL_ISA {
namespace {

#if defined(__GNUC__) && !defined(__clang__)  // of the plain loop GCC makes joined products and sums all the same
template <class T>
struct Pairs {
  using V = Vec<T>;
  using I = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;
  static constexpr int64_t kLanes = lanes<T>();
  Vec<I> real, imaginary, swapped, sign;

  Pairs() {
    for (int k = 0; k < kLanes; k++) {
      real[k] = I(k & ~1);
      imaginary[k] = I(k | 1);
      swapped[k] = I(k ^ 1);
      sign[k] = k & 1 ? 0 : std::numeric_limits<I>::min();
    }
  }
  V product(V a, V b) const {
    const V turned = __builtin_shuffle(a, imaginary) * __builtin_shuffle(b, swapped);
    return __builtin_shuffle(a, real) * b + V(Vec<I>(turned) ^ sign);
  }
  V all(const T* one) const {
    V v;
    for (int k = 0; k < kLanes; k++) v[k] = one[k & 1];
    return v;
  }
};

template <class T, int Scalars>
void multiply(int64_t n, const void* pa, const void* pb, const void*, void* po) {
  using V = Vec<T>;
  constexpr int64_t lane = Pairs<T>::kLanes;
  const T *a = static_cast<const T*>(pa), *b = static_cast<const T*>(pb);
  T* o = static_cast<T*>(po);
  const Pairs<T> pairs;
  const V x = pairs.all(a), y = pairs.all(b);
  auto product = [&](const T* from, const T* other) __attribute__((always_inline)) {
    return pairs.product(Scalars == 1 ? x : vec_load<V>(from), Scalars == 2 ? y : vec_load<V>(other));
  };
  int64_t i = 0;
  for (; i + 2 * lane <= 2 * n; i += 2 * lane) {
    const V first = product(a + i, b + i), second = product(a + i + lane, b + i + lane);
    vec_store(o + i, first);
    vec_store(o + i + lane, second);
  }
  for (int64_t m; i < 2 * n; i += m) {
    m = 2 * n - i < lane ? 2 * n - i : lane;
    T rest[3][lane] = {};
    if (Scalars != 1) std::memcpy(rest[0], a + i, size_t(m) * sizeof(T));
    if (Scalars != 2) std::memcpy(rest[1], b + i, size_t(m) * sizeof(T));
    vec_store(rest[2], product(rest[0], rest[1]));
    std::memcpy(o + i, rest[2], size_t(m) * sizeof(T));
  }
}
#else
template <class T, int Scalars>
void multiply(int64_t n, const void* pa, const void* pb, const void*, void* po) {
  const T *a = static_cast<const T*>(pa), *b = static_cast<const T*>(pb);
  T* o = static_cast<T*>(po);
  const T ar = a[0], ai = a[1], br = b[0], bi = b[1];
  for (int64_t i = 0; i < n; i++) {
    const T x = Scalars == 1 ? ar : a[2 * i], y = Scalars == 1 ? ai : a[2 * i + 1];
    const T u = Scalars == 2 ? br : b[2 * i], v = Scalars == 2 ? bi : b[2 * i + 1];
    o[2 * i] = x * u - y * v;
    o[2 * i + 1] = x * v + y * u;
  }
}
#endif

}  // namespace

extern const ComplexTable complex_table;
constexpr ComplexTable complex_table = {{{multiply<float, 0>, multiply<float, 1>, multiply<float, 2>},
                                         {multiply<double, 0>, multiply<double, 1>, multiply<double, 2>}}};

}  // namespace DL_ISA
}  // namespace dl
