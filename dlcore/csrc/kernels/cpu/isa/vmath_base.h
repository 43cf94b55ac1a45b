// Bit tricks and roundings shared by the vector mathematics: branch-free scalar code that the compiler turns into
// vectors. Include only from files of this folder: everything lives in dl::DL_ISA.
#pragma once
#include <cmath>
#include <cstdint>

#define DL_INLINE static inline __attribute__((always_inline))

namespace dl {
namespace DL_ISA {

DL_INLINE uint32_t bits_of(float x) { return __builtin_bit_cast(uint32_t, x); }
DL_INLINE uint64_t bits_of(double x) { return __builtin_bit_cast(uint64_t, x); }
template <class Unsigned>
DL_INLINE auto from_bits(Unsigned u) {  // a 4-byte number gives a float, an 8-byte one a double
  if constexpr (sizeof u == 4)
    return __builtin_bit_cast(float, u);
  else
    return __builtin_bit_cast(double, u);
}

DL_INLINE float vm_abs(float x) { return from_bits(bits_of(x) & 0x7fffffffu); }
DL_INLINE double vm_abs(double x) { return from_bits(bits_of(x) & 0x7fffffffffffffffull); }
DL_INLINE float vm_copysign(float m, float s) {
  return from_bits((bits_of(m) & 0x7fffffffu) | (bits_of(s) & 0x80000000u));
}
DL_INLINE double vm_copysign(double m, double s) {
  return from_bits((bits_of(m) & 0x7fffffffffffffffull) | (bits_of(s) & 0x8000000000000000ull));
}

// Adding and taking away 1.5 * 2^(mantissa bits) rounds to the nearest integer (ties to even) for moderate x, and
// leaves that integer in the low bits of the sum.
constexpr float kMagicF = 12582912.0f;
constexpr double kMagicD = 6755399441055744.0;

#if defined(__x86_64__) && !defined(__SSE4_1__)  // no rounding instruction: build the roundings from additions
DL_INLINE float vm_rint(float x) {
  float a = vm_abs(x), r = (a + 8388608.0f) - 8388608.0f;
  return a < 8388608.0f ? vm_copysign(r, x) : x;
}
DL_INLINE double vm_rint(double x) {
  double a = vm_abs(x), r = (a + 4503599627370496.0) - 4503599627370496.0;
  return a < 4503599627370496.0 ? vm_copysign(r, x) : x;
}
template <class T>
DL_INLINE T vm_floor(T x) {
  T r = vm_rint(x);
  return vm_copysign(r > x ? r - 1 : r, x);
}
template <class T>
DL_INLINE T vm_ceil(T x) {
  T r = vm_rint(x);
  return vm_copysign(r < x ? r + 1 : r, x);
}
template <class T>
DL_INLINE T vm_trunc(T x) {
  T a = vm_abs(x), r = vm_rint(a);
  return vm_copysign(r > a ? r - 1 : r, x);
}
#else
DL_INLINE float vm_rint(float x) { return __builtin_rintf(x); }
DL_INLINE double vm_rint(double x) { return __builtin_rint(x); }
DL_INLINE float vm_floor(float x) { return __builtin_floorf(x); }
DL_INLINE double vm_floor(double x) { return __builtin_floor(x); }
DL_INLINE float vm_ceil(float x) { return __builtin_ceilf(x); }
DL_INLINE double vm_ceil(double x) { return __builtin_ceil(x); }
DL_INLINE float vm_trunc(float x) { return __builtin_truncf(x); }
DL_INLINE double vm_trunc(double x) { return __builtin_trunc(x); }
#endif

DL_INLINE float vm_sqrt(float x) { return __builtin_sqrtf(x); }
DL_INLINE double vm_sqrt(double x) { return __builtin_sqrt(x); }

}  // namespace DL_ISA
}  // namespace dl
