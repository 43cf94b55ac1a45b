// The loops of cumulative_table.h.
#include "kernels/cpu/isa/cumulative_table.h"

#include <type_traits>

#include "kernels/cpu/isa/vmath_base.h"

namespace dl {
namespace DL_ISA {
namespace {

struct Plus {
  template <class T>
  DL_INLINE T of(T a, T b) {
    return a + b;
  }
  static constexpr int kIdentity = 0;
};
struct Times {
  template <class T>
  DL_INLINE T of(T a, T b) {
    return a * b;
  }
  static constexpr int kIdentity = 1;
};

// A group of 64 bytes in the same order on every instruction set: the line's pairs, fours, eights and so on.
template <class T>
constexpr int kGroup = 64 / int(sizeof(T));

#if defined(__GNUC__) && !defined(__clang__) && defined(__AVX512F__)
template <class T>
struct Wide {
  typedef T V __attribute__((vector_size(64)));
  using I = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;
  typedef I Index __attribute__((vector_size(64)));
};
// v shifted by `By` places towards its end, the identity coming in.
template <class Op, class T, int By>
DL_INLINE typename Wide<T>::V shifted(typename Wide<T>::V v) {
  constexpr int n = kGroup<T>;
  typename Wide<T>::V identity;
  typename Wide<T>::Index from;
  for (int k = 0; k < n; k++) {
    identity[k] = T(Op::kIdentity);
    from[k] = typename Wide<T>::I(k >= By ? n + k - By : 0);
  }
  return __builtin_shuffle(identity, v, from);
}
template <class Op, class T>
DL_INLINE void scan_group(const T* x, T* y) {
  typename Wide<T>::V v;
  __builtin_memcpy(&v, x, sizeof v);
  v = Op::of(v, shifted<Op, T, 1>(v));
  v = Op::of(v, shifted<Op, T, 2>(v));
  v = Op::of(v, shifted<Op, T, 4>(v));
  if constexpr (kGroup<T> == 16) v = Op::of(v, shifted<Op, T, 8>(v));
  __builtin_memcpy(y, &v, sizeof v);
}
#else
template <class Op, class T>
DL_INLINE void scan_group(const T* x, T* y) {
  T v[kGroup<T>];
  for (int k = 0; k < kGroup<T>; k++) v[k] = x[k];
  for (int by = 1; by < kGroup<T>; by *= 2)
    for (int k = kGroup<T> - 1; k >= by; k--) v[k] = Op::of(v[k], v[k - by]);
  for (int k = 0; k < kGroup<T>; k++) y[k] = v[k];
}
#endif

template <class Op, class T>
void forward(int64_t n, const T* x, T* y, T before) {
  constexpr int group = kGroup<T>;
  int64_t i = 0;
  for (; i + group <= n; i += group) {
    T made[group];
    scan_group<Op, T>(x + i, made);
    T next = Op::of(before, made[group - 1]);
#pragma omp simd
    for (int k = 0; k < group; k++) y[i + k] = Op::of(before, made[k]);
    before = next;
  }
  for (; i < n; i++) y[i] = before = Op::of(before, x[i]);
}

template <class Op, class T>
void line(int64_t n, const T* x, T* y, T before, bool reverse) {
  if (!reverse) return forward<Op, T>(n, x, y, before);
  constexpr int group = kGroup<T>;
  for (; n >= group; n -= group) {
    T turned[group], made[group];
    for (int k = 0; k < group; k++) turned[k] = x[n - 1 - k];
    forward<Op, T>(group, turned, made, before);
    before = made[group - 1];
    for (int k = 0; k < group; k++) y[n - 1 - k] = made[k];
  }
  while (n-- > 0) y[n] = before = Op::of(before, x[n]);
}

template <class Op, class T>
T total(int64_t n, const T* x) {
  constexpr int lanes = 4 * kGroup<T>;
  T lane[lanes];
  for (int k = 0; k < lanes; k++) lane[k] = T(Op::kIdentity);
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
#pragma omp simd
    for (int k = 0; k < lanes; k++) lane[k] = Op::of(lane[k], x[i + k]);
  }
  for (int64_t k = 0; k < n - i; k++) lane[k] = Op::of(lane[k], x[i + k]);
  for (int half = lanes / 2; half; half /= 2)
    for (int k = 0; k < half; k++) lane[k] = Op::of(lane[k], lane[k + half]);
  return lane[0];
}

template <class Op, class T>
void row(int64_t n, const T* before, const T* x, T* y) {
#pragma omp simd
  for (int64_t k = 0; k < n; k++) y[k] = Op::of(before[k], x[k]);
}

template <class T>
constexpr CumulativeOps<T> ops() {
  return {{total<Plus, T>, line<Plus, T>, row<Plus, T>}, {total<Times, T>, line<Times, T>, row<Times, T>}};
}

}  // namespace

extern const CumulativeTable cumulative_table;
constexpr CumulativeTable cumulative_table = {ops<float>(), ops<double>(), ops<uint64_t>()};

}  // namespace DL_ISA
}  // namespace dl
