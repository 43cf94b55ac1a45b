#include "kernels/cpu/isa/select.h"

#include "kernels/cpu/isa/wide_half.h"

#ifdef __AVX512F__
#include <immintrin.h>
#endif

namespace dl {
namespace DL_ISA {
namespace {

#ifdef __AVX512F__
// 64 truth values at once, as the masks that vectors of numbers are blended by.
template <class T>
DL_INLINE __m512i choose(__mmask64 truth, __m512i a, __m512i b) {
  if constexpr (sizeof(T) == 1)
    return _mm512_mask_blend_epi8(truth, b, a);
  else if constexpr (sizeof(T) == 2)
    return _mm512_mask_blend_epi16(__mmask32(truth), b, a);
  else if constexpr (sizeof(T) == 4)
    return _mm512_mask_blend_epi32(__mmask16(truth), b, a);
  else
    return _mm512_mask_blend_epi64(__mmask8(truth), b, a);
}

template <class T, int Scalars>
DL_INLINE int64_t select_vectors(int64_t n, const uint8_t* m, const T* a, const T* b, T* o, T x, T y) {
  constexpr int lane = int(lanes<T>()), count = 64 / lane, group = count < 4 ? count : 4;
  Vec<T> xs = all_of(x), ys = all_of(y);
  int64_t i = 0;
  for (; i + 64 <= n; i += 64) {
    const __m512i flags = _mm512_loadu_si512(m + i);
    const __mmask64 truth = _mm512_test_epi8_mask(flags, flags);
#pragma GCC unroll 2
    for (int first = 0; first < count; first += group) {
      __m512i v[group];  // all are read before one is written
#pragma GCC unroll 4
      for (int k = 0; k < group; k++) {
        const int64_t at = i + (first + k) * lane;
        v[k] = choose<T>(truth >> (first + k) * lane, Scalars & 1 ? __m512i(xs) : _mm512_loadu_si512(a + at),
                         Scalars & 2 ? __m512i(ys) : _mm512_loadu_si512(b + at));
      }
#pragma GCC unroll 4
      for (int k = 0; k < group; k++) _mm512_storeu_si512(o + i + (first + k) * lane, v[k]);
    }
  }
  return i;
}
#endif

template <class T, int Scalars>
void select(int64_t n, const void* truth, const void* pa, const void* pb, void* po) {
  const uint8_t* m = static_cast<const uint8_t*>(truth);
  const T *a = static_cast<const T*>(pa), *b = static_cast<const T*>(pb);
  T* o = static_cast<T*>(po);
  const T x = *a, y = *b;
  int64_t i = 0;
#ifdef __AVX512F__
  i = select_vectors<T, Scalars>(n, m, a, b, o, x, y);
#endif
#pragma omp simd
  for (int64_t k = i; k < n; k++) {
    const T u = Scalars & 1 ? x : a[k], v = Scalars & 2 ? y : b[k];
    o[k] = m[k] != 0 ? u : v;
  }
}

struct Wide {
  uint64_t first, second;
};

template <int Scalars>
void select_wide(int64_t n, const void* truth, const void* pa, const void* pb, void* po) {
  const uint8_t* m = static_cast<const uint8_t*>(truth);
  const Wide *a = static_cast<const Wide*>(pa), *b = static_cast<const Wide*>(pb);
  Wide* o = static_cast<Wide*>(po);
  for (int64_t i = 0; i < n; i++) {
    const Wide u = a[Scalars & 1 ? 0 : i], v = b[Scalars & 2 ? 0 : i];
    o[i] = {m[i] ? u.first : v.first, m[i] ? u.second : v.second};
  }
}

template <class T>
constexpr void set(TileFn* fn) {
  fn[0] = select<T, 0>;
  fn[1] = select<T, 1>;
  fn[2] = select<T, 2>;
  fn[3] = select<T, 3>;
}

constexpr SelectTable make() {
  SelectTable t{};
  set<uint8_t>(t.fn[0]);
  set<uint16_t>(t.fn[1]);
  set<uint32_t>(t.fn[2]);
  set<uint64_t>(t.fn[3]);
  t.fn[4][0] = select_wide<0>;
  t.fn[4][1] = select_wide<1>;
  t.fn[4][2] = select_wide<2>;
  t.fn[4][3] = select_wide<3>;
  return t;
}

}  // namespace

extern const SelectTable select_table;
constexpr SelectTable select_table = make();

}  // namespace DL_ISA
}  // namespace dl
