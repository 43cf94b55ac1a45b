// Vectors of floats from numbers that are stored as floats or as bfloat16, and back; V is Vec<float> or, for the end of
// a row, float itself.
#pragma once
#include "kernels/cpu/isa/half.h"
#include "kernels/cpu/isa/vec.h"

namespace dl {
namespace DL_ISA {

using Bits = uint32_t __attribute__((vector_size(kVecBytes)));
using Halves = uint16_t __attribute__((vector_size(kVecBytes / 2)));

template <class V, class T>
DL_INLINE V get(const T* p) {
  return vec_load<V>(p);
}
template <class V>
DL_INLINE V get(const uint16_t* p) {
  if constexpr (sizeof(V) == sizeof(float))
    return bfloat_to_float(*p);
  else
    return V(__builtin_convertvector(vec_load<Halves>(p), Bits) << 16);
}

// What a store would keep of v.
template <class V, class T>
DL_INLINE V rounded(V v, const T*) {
  return v;
}
DL_INLINE float rounded(float v, const uint16_t*) { return bfloat_to_float(float_to_bfloat(v)); }
DL_INLINE Vec<float> rounded(Vec<float> v, const uint16_t*) {  // nearest, ties to even; NaN stays NaN
  Bits u = Bits(v), r = u + 0x7fffu + ((u >> 16) & 1u);
  return Vec<float>((v == v ? r : u | 0x400000u) & 0xffff0000u);
}

// Stores a number that was rounded.
template <class V, class T>
DL_INLINE void put(T* p, V v) {
  vec_store(p, v);
}
template <class V>
DL_INLINE void put(uint16_t* p, V v) {
  if constexpr (sizeof(V) == sizeof(float))
    *p = float_to_bfloat(v);
  else
    vec_store(p, __builtin_convertvector(Bits(v) >> 16, Halves));
}

}  // namespace DL_ISA
}  // namespace dl
