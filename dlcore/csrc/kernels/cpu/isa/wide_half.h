// Whole vectors of floats from 16-bit floats in memory, and back. Include only from files of this folder.
#pragma once
#include "kernels/cpu/isa/vec_half.h"

namespace dl {
namespace DL_ISA {

template <class T>
DL_INLINE Vec<T> all_of(T x) {
  Vec<T> v{};
  for (int64_t k = 0; k < lanes<T>(); k++) v[k] = x;
  return v;
}

// Two vectors of neighbouring numbers, in any order, for loops that take each number for itself.
struct Both {
  Vec<float> first, second;
};

struct Float16 {
#if defined(__AVX512F__)
  static constexpr __mmask16 kAll = 0xffff;  // the forms without a mask make GCC warn of what they leave undefined
#endif
  DL_INLINE float one(uint16_t h) { return half_to_float(h); }
  DL_INLINE uint16_t bits(float x) { return float_to_half(x); }
  DL_INLINE Vec<float> load(const uint16_t* p) {
#if defined(__AVX512F__)
    return Vec<float>(_mm512_maskz_cvtph_ps(kAll, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))));
#elif defined(__F16C__)
    return Vec<float>(_mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
#else
    Vec<float> v{};
    for (int64_t k = 0; k < lanes<float>(); k++) v[k] = half_to_float(p[k]);
    return v;
#endif
  }
  DL_INLINE void store(uint16_t* p, Vec<float> v) {
#if defined(__AVX512F__)
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p),
                        _mm512_maskz_cvtps_ph(kAll, __m512(v), _MM_FROUND_TO_NEAREST_INT));
#elif defined(__F16C__)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_cvtps_ph(__m256(v), _MM_FROUND_TO_NEAREST_INT));
#else
    for (int64_t k = 0; k < lanes<float>(); k++) p[k] = float_to_half(v[k]);
#endif
  }
  DL_INLINE Both load_both(const uint16_t* p) { return {load(p), load(p + lanes<float>())}; }
  DL_INLINE void store_both(uint16_t* p, Both v) {
    store(p, v.first);
    store(p + lanes<float>(), v.second);
  }
};

struct BFloat16 {
  DL_INLINE float one(uint16_t h) { return bfloat_to_float(h); }
  DL_INLINE uint16_t bits(float x) { return float_to_bfloat(x); }
  DL_INLINE Vec<float> load(const uint16_t* p) { return get<Vec<float>>(p); }
  DL_INLINE void store(uint16_t* p, Vec<float> v) { put(p, rounded(v, p)); }
  // The even ones and the odd ones, which are the halves of 32 bits.
  DL_INLINE Both load_both(const uint16_t* p) {
    const Bits pair = vec_load<Bits>(p);
    return {Vec<float>(pair << 16), Vec<float>(pair & 0xffff0000u)};
  }
  DL_INLINE void store_both(uint16_t* p, Both v) {
    vec_store(p, Bits(Bits(rounded(v.first, p)) >> 16 | Bits(rounded(v.second, p))));
  }
};

}  // namespace DL_ISA
}  // namespace dl
