// The loops of cumulative_table.h.
#include "kernels/cpu/isa/cumulative_table.h"

#include <type_traits>

#include "kernels/cpu/isa/vec.h"
#include "kernels/cpu/isa/vmath_base.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

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

template <class T>
DL_INLINE void put(T* y, Vec<T> v, std::false_type) {
  vec_store(y, v);
}
template <class T>
DL_INLINE void put(T* y, Vec<T> v, std::true_type) {
#if defined(__AVX512F__)
  _mm512_stream_si512(reinterpret_cast<__m512i*>(y), __m512i(v));
#elif defined(__AVX2__)
  _mm256_stream_si256(reinterpret_cast<__m256i*>(y), __m256i(v));
#elif defined(__SSE2__)
  _mm_stream_si128(reinterpret_cast<__m128i*>(y), __m128i(v));
#else
  vec_store(y, v);
#endif
}

// Some rows at once: as many streams from memory and to it, and `before` is read and written once for all of them.
template <class Op, class T, int Rows, class Far>
DL_INLINE void some_rows(int64_t n, T* before, const T* x, T* y, int64_t step, Far far) {
  constexpr int64_t lane = lanes<T>();
  int64_t k = 0;
  for (; k + lane <= n; k += lane) {
    Vec<T> v = vec_load<Vec<T>>(before + k);
#pragma GCC unroll 8
    for (int64_t r = 0; r < Rows; r++) {
      v = Op::of(v, vec_load<Vec<T>>(x + r * step + k));
      put(y + r * step + k, v, far);
    }
    vec_store(before + k, v);
  }
  for (; k < n; k++)
    for (int64_t r = 0; r < Rows; r++) y[r * step + k] = before[k] = Op::of(before[k], x[r * step + k]);
}
template <class Op, class T, class Far>
DL_INLINE void all_rows(int64_t count, int64_t n, T* before, const T* x, T* y, int64_t step, Far far) {
  int64_t r = 0;
  for (; r + 8 <= count; r += 8) some_rows<Op, T, 8>(n, before, x + r * step, y + r * step, step, far);
  for (; r < count; r++) some_rows<Op, T, 1>(n, before, x + r * step, y + r * step, step, far);
}
template <class Op, class T>
void rows(int64_t count, int64_t n, T* before, const T* x, T* y, int64_t step, bool far) {
  const bool aligned = (reinterpret_cast<uintptr_t>(y) | uintptr_t(step) * sizeof(T)) % kVecBytes == 0;
  if (far && aligned)
    all_rows<Op, T>(count, n, before, x, y, step, std::true_type());
  else
    all_rows<Op, T>(count, n, before, x, y, step, std::false_type());
}

template <class T>
constexpr CumulativeOps<T> ops() {
  return {{total<Plus, T>, line<Plus, T>, rows<Plus, T>}, {total<Times, T>, line<Times, T>, rows<Times, T>}};
}

}  // namespace

extern const CumulativeTable cumulative_table;
constexpr CumulativeTable cumulative_table = {ops<float>(), ops<double>(), ops<uint64_t>()};

}  // namespace DL_ISA
}  // namespace dl
