// The loops of resize_table.h.
#include "kernels/cpu/isa/resize_table.h"

#ifdef __AVX2__
#include <immintrin.h>
#endif

namespace dl {
namespace DL_ISA {
namespace {

#if defined(__AVX512F__)
using Line = __m512;
inline __attribute__((always_inline)) Line pick(int64_t n, const int32_t* at, const float* x) {
  const int32_t first = at[0] < n - 16 ? at[0] : int32_t(n - 16);
  __m512i places = _mm512_sub_epi32(_mm512_loadu_si512(at), _mm512_set1_epi32(first));
  return _mm512_permutexvar_ps(places, _mm512_loadu_ps(x + first));
}
#elif defined(__AVX2__)
using Line = __m256;
inline __attribute__((always_inline)) Line pick(int64_t n, const int32_t* at, const float* x) {
  const int32_t first = at[0] < n - 8 ? at[0] : int32_t(n - 8);
  __m256i places = _mm256_sub_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)), _mm256_set1_epi32(first));
  return _mm256_permutevar8x32_ps(_mm256_loadu_ps(x + first), places);
}
#endif

#ifdef __AVX2__
constexpr int64_t kLanes = int64_t(sizeof(Line) / sizeof(float));
void two_taps(int64_t count, int64_t n, const int32_t* a, const int32_t* b, const float* w, const float* v,
              const float* x, float* y) {
  for (int64_t i = 0; i < count; i += kLanes) {
    Line first, second;
    __builtin_memcpy(&first, w + i, sizeof first);
    __builtin_memcpy(&second, v + i, sizeof second);
    first *= pick(n, a + i, x);
    second *= pick(n, b + i, x);
    asm("" : "+v"(first), "+v"(second));  // no fused product and sum: it rounds once
    first = (Line{} + first) + second;
    __builtin_memcpy(y + i, &first, sizeof first);
  }
}
#else
constexpr int64_t kLanes = 0;
void two_taps(int64_t, int64_t, const int32_t*, const int32_t*, const float*, const float*, const float*, float*) {}
#endif

}  // namespace

constexpr ResizeTable resize_table = {kLanes, two_taps};

}  // namespace DL_ISA
}  // namespace dl
