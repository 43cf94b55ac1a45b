// float16 and bfloat16 to and from float, over runs and one by one, without branches.
#pragma once
#include "kernels/cpu/isa/vmath_base.h"
#ifdef __F16C__
#include <immintrin.h>
#endif

namespace dl {
namespace DL_ISA {

DL_INLINE float half_to_float(uint16_t h) {
  uint32_t magnitude = uint32_t(h & 0x7fffu) << 13;
  uint32_t scaled = bits_of(from_bits(magnitude) * 0x1p112f);  // moves the exponent's bias; right for denormals too
  uint32_t u = magnitude >= 0x0f800000u ? magnitude | 0x7f800000u : scaled;
  return from_bits(u | (uint32_t(h & 0x8000u) << 16));
}

DL_INLINE uint16_t float_to_half(float x) {  // nearest, ties to even
  uint32_t u = bits_of(x), a = u & 0x7fffffffu;
  uint32_t normal = (a + 0xfffu + ((a >> 13) & 1u) - 0x38000000u) >> 13;
  uint32_t denormal = bits_of(from_bits(a) + 0.5f) - bits_of(0.5f);  // the addition rounds to multiples of 2^-24
  uint32_t r = a < 0x38800000u ? denormal : normal;
  r = a >= 0x47800000u ? 0x7c00u : r;
  r = a > 0x7f800000u ? 0x7e00u | ((a >> 13) & 0x3ffu) : r;
  return uint16_t(r | ((u >> 16) & 0x8000u));
}

DL_INLINE float bfloat_to_float(uint16_t h) { return from_bits(uint32_t(h) << 16); }

DL_INLINE uint16_t float_to_bfloat(float x) {
  uint32_t u = bits_of(x);
  uint32_t r = (u + 0x7fffu + ((u >> 16) & 1u)) >> 16;
  return uint16_t((u & 0x7fffffffu) > 0x7f800000u ? (u >> 16) | 0x40u : r);
}

// double to float, rounded to odd: a second rounding to a shorter format then gives what one rounding would have given.
DL_INLINE float narrow_to_odd(double x) {
  float y = float(x);
  uint32_t u = bits_of(y);
  bool inexact = double(y) != x && x == x;
  bool above = vm_abs(double(y)) > vm_abs(x);
  u = inexact && above ? u - 1 : u;
  return from_bits(inexact ? u | 1u : u);
}

DL_INLINE void halfs_to_floats(int64_t n, const uint16_t* src, float* dst) {
  int64_t i = 0;
#ifdef __F16C__
  for (; i + 8 <= n; i += 8)
    _mm256_storeu_ps(dst + i, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(src + i))));
#endif
#pragma omp simd
  for (int64_t j = i; j < n; j++) dst[j] = half_to_float(src[j]);
}

DL_INLINE void floats_to_halfs(int64_t n, const float* src, uint16_t* dst) {
  int64_t i = 0;
#ifdef __F16C__
  for (; i + 8 <= n; i += 8)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(dst + i),
                     _mm256_cvtps_ph(_mm256_loadu_ps(src + i), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
#endif
#pragma omp simd
  for (int64_t j = i; j < n; j++) dst[j] = float_to_half(src[j]);
}

}  // namespace DL_ISA
}  // namespace dl
