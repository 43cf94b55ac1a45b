// exp, log and kin in single precision. The ones that training leans on (exp, log, tanh, sigmoid, erf) stay in float;
// the rest go through double, where a short formula is already correct to the last place of a float. Polynomials are
// our own minimax fits (Remez exchange, relative error); each says its interval.
#pragma once
#include "kernels/cpu/isa/vmath_f64.h"

namespace dl {
namespace DL_ISA {

constexpr float kInfF = __builtin_inff();
constexpr float kNanF = __builtin_nanf("");
constexpr float kLn2HiF = 0.693359375f, kLn2LoF = -2.12194440e-4f;
constexpr float kLog2eF = 1.44269504f;

// e^r for |r| <= ln(2)/2, relative error 3.1e-9
DL_INLINE float exp_reduced(float r) {
  float p = 0.0013814599f;
  p = p * r + 0.008368717f;
  p = p * r + 0.04166839f;
  p = p * r + 0.16666521f;
  p = p * r + 0.49999994f;
  return (r * r) * p + r + 1.0f;
}

DL_INLINE float pow2_from_int(int32_t n) { return from_bits(uint32_t(n + 127) << 23); }

DL_INLINE float vm_exp(float x) {
  float c = x > 89.0f ? 89.0f : x;
  c = c < -104.0f ? -104.0f : c;
  float t = c * kLog2eF + kMagicF, n = t - kMagicF;
  float r = c - n * kLn2HiF;
  r = r - n * kLn2LoF;
  int32_t k = int32_t(bits_of(t) - bits_of(kMagicF));
  int32_t k1 = k >> 1;  // two factors: 2^128 and denormals are out of reach of one
  return exp_reduced(r) * pow2_from_int(k1) * pow2_from_int(k - k1);
}

// e^x where no result below 2^-126 is wanted, as of weights beside one of 1: those are 0. Infinite from 89 on.
DL_INLINE float vm_exp_normal(float x) {
  float c = x > 89.0f ? 89.0f : x;
  float t = c * kLog2eF + kMagicF, n = t - kMagicF;
  float r = c - n * kLn2HiF;
  r = r - n * kLn2LoF;
  float y = exp_reduced(r) * from_bits((bits_of(t) << 23) + 0x3f800000u);
  return x < -87.3f ? 0.0f : y;
}
DL_INLINE double vm_exp_normal(double x) { return vm_exp(x); }

DL_INLINE float expm1_core(float x) {  // -0 and infinity are the caller's
  float c = x > 88.8f ? 88.8f : x;
  c = c < -18.0f ? -18.0f : c;
  float t = c * kLog2eF + kMagicF, n = t - kMagicF;
  float r = c - n * kLn2HiF;
  r = r - n * kLn2LoF;
  float p = 0.00019845879f;  // (e^r - 1 - r)/r^2 for |r| <= ln(2)/2, relative error of the whole 2.4e-10
  p = p * r + 0.0013940628f;
  p = p * r + 0.00833339f;
  p = p * r + 0.041666362f;
  p = p * r + 0.16666666f;
  p = p * r + 0.5f;
  float e = (r * r) * p + r;
  float h = pow2_from_int(int32_t(bits_of(t) - bits_of(kMagicF)) - 1);  // half of 2^n: 2^128 does not exist
  return (e * h + (h - 0.5f)) * 2.0f;
}
DL_INLINE float vm_expm1(float x) {
  float y = expm1_core(x);
  return x == 0.0f || x == kInfF ? x : y;
}

// log of a positive, normal number times 2^shift; the edges of the domain are the caller's.
DL_INLINE float log_core(float v, float shift) {
  uint32_t u = bits_of(v);
  int32_t e = int32_t(u - 0x3f3504f3u) >> 23;  // exponent counted from sqrt(1/2)
  float m = from_bits(u - (uint32_t(e) << 23));
  float k = float(e) + shift;
  float f = m - 1.0f;
  float p =
      -0.076344945f;  // (log(1+f) - f + f^2/2)/f^3 for 1+f in [sqrt(1/2), sqrt(2)], relative error of the whole 5.8e-9
  p = p * f + 0.12761575f;
  p = p * f + -0.13160183f;
  p = p * f + 0.14201759f;
  p = p * f + -0.16623357f;
  p = p * f + 0.20001227f;
  p = p * f + -0.2500082f;
  p = p * f + 0.3333333f;
  float q = f * f;
  float y = (p * f) * q + k * kLn2LoF;
  y = (y - 0.5f * q) + f;
  return y + k * kLn2HiF;
}
DL_INLINE float log_special(float x, float y) {
  y = x == 0.0f ? -kInfF : y;
  y = x < 0.0f ? kNanF : y;
  y = x == kInfF ? x : y;
  return x != x ? x : y;
}
DL_INLINE float vm_log(float x) {
  bool tiny = x < 0x1p-126f;
  return log_special(x, log_core(tiny ? x * 0x1p25f : x, tiny ? -25.0f : 0.0f));
}

// log(1 + x): the rounding error of 1 + x is put back divided by 1 + x (Kahan).
DL_INLINE float vm_log1p(float x) {
  float u = 1.0f + x;
  float lost = x > 1.0f ? 1.0f - (u - x) : x - (u - 1.0f);
  float y = log_core(u, 0.0f) + lost / u;
  y = x == -1.0f ? -kInfF : y;
  y = x < -1.0f ? kNanF : y;
  y = x == kInfF || vm_abs(x) < 0x1p-25f ? x : y;
  return x != x ? x : y;
}

// m / (m + 2) with m = e^(2|x|) - 1, which neither overflows nor needs the last bits of ln(2): where n is large, the
// result hardly depends on m. Largest error 2.5 units in the last place.
DL_INLINE float vm_tanh(float x) {
  float a = vm_abs(x), c = a > 10.0f ? 20.0f : a + a;
  float t = c * kLog2eF + kMagicF, n = t - kMagicF, r = c - n * 0.693147182f;
  float p = 0.0013882520f;  // (e^r - 1 - r)/r^2 for |r| <= ln(2)/2, relative error of e^r - 1: 1.3e-8
  p = p * r + 0.0083665270f;
  p = p * r + 0.041667200f;
  p = p * r + 0.16666543f;
  p = p * r + 0.49999997f;
  float e = (r * r) * p + r, h = from_bits((bits_of(t) << 23) + 0x3f800000u);
  float m = e * h + (h - 1.0f);
  return vm_copysign(m / (m + 2.0f), x);
}

// 1 / (1 + e^-x), numerator and denominator multiplied by half of the power of two in e^-x: nothing overflows, and the
// smallest results are as exact as the others.
DL_INLINE float vm_sigmoid(float x) {
  float c = x > 104.0f ? 104.0f : x;
  c = c < -104.0f ? -104.0f : c;
  float t = kMagicF - c * kLog2eF, n = t - kMagicF;
  float r = -c - n * kLn2HiF;
  r = r - n * kLn2LoF;
  int32_t k = int32_t(bits_of(t) - bits_of(kMagicF)), half = k >> 1;
  float scale = pow2_from_int(-half);
  return scale / (scale + exp_reduced(r) * pow2_from_int(k - half));
}

// Near zero erf(x) = x (1 + P(x^2)); further out 1 - 2^(-t Q(t)), where t Q(t) is minus the binary logarithm of
// erfc(t).
DL_INLINE float vm_erf(float x) {
  float t = vm_abs(x), z = x * x;
  float p = -0.0005965798f;  // |x| <= 0.927, relative error 1.7e-8
  p = p * z + 0.0049883067f;
  p = p * z + -0.02676333f;
  p = p * z + 0.112817265f;
  p = p * z + -0.37612486f;
  p = p * z + 0.12837915f;
  float near = p * x + x;
  float c = t > 4.0f ? 4.0f : t;
  float q = -0.00030871434f;  // 0.92 <= t <= 4, relative error of the whole 3e-9
  q = q * c + 0.0046381955f;
  q = q * c + -0.033023223f;
  q = q * c + 0.15186073f;
  q = q * c + 0.9171477f;
  q = q * c + 1.6281021f;
  float a = -(q * c), s = a + kMagicF, r = a - (s - kMagicF);
  float e = 0.0013276472f;  // 2^r for |r| <= 1/2, relative error 7.5e-8, of a number below 0.2
  e = e * r + 0.009675541f;
  e = e * r + 0.05550713f;
  e = e * r + 0.2402212f;
  e = e * r + 0.69314694f;
  e = e * r + 1.0000001f;
  float far = vm_copysign(1.0f - from_bits(bits_of(e) + (bits_of(s) << 23)), x);
  return t < 0.925f ? near : (x != x ? x : far);
}

// Of the normal distribution at a >= 0: t = min(a, 13), e^(-a^2/2), and what lies beyond a, which is that times P(t).
// GELU and its derivative share them.
struct NormalTail {
  float t, bell, beyond;
};
DL_INLINE NormalTail normal_tail(float a) {
  float t = a > 13.0f ? 13.0f : a;
  float s = t * t * -0.72134752f, m = s + kMagicF, r = s - (m - kMagicF);
  float e = 0.0013264727f;  // 2^r for |r| <= 1/2, relative error 9.1e-8, exact at 0
  e = e * r + 0.009671513f;
  e = e * r + 0.055507336f;
  e = e * r + 0.24022242f;
  e = e * r + 0.693147f;
  e = e * r + 1.0f;
  float bell = from_bits(bits_of(e) + (bits_of(m) << 23));
  bell = a > 13.0f ? 0.0f : bell;
  float p = 5.9961955e-08f;  // e^(-t^2/2) times its error is at most 4.6e-9
  p = p * t + -1.6370667e-06f;
  p = p * t + 2.0230786e-05f;
  p = p * t + -0.00015173241f;
  p = p * t + 0.0007866848f;
  p = p * t + -0.0030719545f;
  p = p * t + 0.009685933f;
  p = p * t + -0.02609629f;
  p = p * t + 0.0622804f;
  p = p * t + -0.13292414f;
  p = p * t + 0.2499927f;
  p = p * t + -0.39894196f;
  p = p * t + 0.5f;
  return {t, bell, bell * p};
}
DL_INLINE float vm_gelu(float x) {
  NormalTail n = normal_tail(vm_abs(x));
  return x < 0.0f ? x * n.beyond : x - n.t * n.beyond;
}
DL_INLINE float vm_gelu_slope(float x) {
  NormalTail n = normal_tail(vm_abs(x));
  return x * 0.3989423f * n.bell + (x < 0.0f ? n.beyond : 1.0f - n.beyond);
}

// The binary logarithm of a positive float, in double.
DL_INLINE double log2_of_float(double a) {
  uint64_t u = bits_of(a) + 0x4000000000000000ull - 0x3fe6a09e667f3bcdull;  // exponent counted from sqrt(1/2)
  uint64_t e = u >> 52;
  double k = from_bits(e | 0x4330000000000000ull) - 4503599627370496.0 - 1024.0;
  double f = from_bits(bits_of(a) - ((e - 1024u) << 52)) - 1.0;
  // log2(1+f)/f for 1+f in [sqrt(1/2), sqrt(2)], relative error 1.6e-11; in pairs, so that few terms wait for others
  double g = f * f, h = g * g;
  double a0 = -0.7213475208610575 * f + 1.442695040870156, a1 = -0.36067367554001095 * f + 0.48089836111392;
  double a2 = -0.24045315057792344 * f + 0.2885373095341012, a3 = -0.1803005374762654 * f + 0.20617497205957133;
  double a4 = -0.14316051764021487 * f + 0.15877398496322317, a5 = -0.1428129857795511 * f + 0.14473204796346018;
  double b0 = a1 * g + a0, b1 = a3 * g + a2, b2 = a5 * g + a4;
  double p = ((0.07736679816070087 * h + b2) * h + b1) * h + b0;
  return k + p * f;
}

DL_INLINE float vm_log2(float x) { return float(log_special(double(x), log2_of_float(x))); }
DL_INLINE float vm_log10(float x) { return float(log_special(double(x), log2_of_float(x) * 0.30102999566398119521)); }

// |x| below kSinLimitF; in double two parts of pi/2 and short polynomials are enough for a float.
constexpr float kSinLimitF = 1.0e6f;
DL_INLINE float sin_core_f32(float xf, uint64_t quarter) {
  double x = xf;
  double t = x * kTwoOverPi + kMagicD, n = t - kMagicD;
  double r = x - n * kPio2A;
  r = r - n * 0x1.0b4611a626331p-34;
  double z = r * r;
  double s = 2.718304227275107e-06;  // |r| <= pi/4, relative error 4.9e-12
  s = s * z + -0.00019839334082864853;
  s = s * z + 0.008333329383581858;
  s = s * z + -0.16666666641606995;
  double sine = r + r * z * s;
  double c = 2.4438379554881335e-05;  // |r| <= pi/4, relative error 9.6e-11
  c = c * z + -0.0013887366910859391;
  c = c * z + 0.04166664685462495;
  double cosine = (1.0 - 0.5 * z) + z * z * c;
  uint64_t q = bits_of(t) + quarter;
  uint64_t odd = 0u - (q & 1u);
  uint64_t sign = (q & 2u) << 62;
  return float(from_bits(((bits_of(cosine) & odd) | (bits_of(sine) & ~odd)) ^ sign));
}
DL_INLINE float vm_sin(float x) { return x == 0.0f ? x : sin_core_f32(x, 0); }
DL_INLINE float vm_cos(float x) { return sin_core_f32(x, 1); }
DL_INLINE float vm_tan(float x) {
  return x == 0.0f ? x : float(double(sin_core_f32(x, 0)) / double(sin_core_f32(x, 1)));
}
DL_INLINE float vm_sinh(float x) {  // (e^x - e^-x)/2 = (m + m/(m+1))/2 with m = e^x - 1
  double m = vm_expm1(double(vm_abs(x)));
  double y = 0.5 * (m + m / (m + 1.0));
  y = m > 1e300 ? kInfD : y;
  return x != x ? x : vm_copysign(float(y), x);
}
DL_INLINE float vm_cosh(float x) {
  double e = vm_exp(double(vm_abs(x)));
  return float(0.5 * (e + 1.0 / e));
}

// 2^s in double for a float that becomes of it; NaN is the caller's.
DL_INLINE double exp2_for_float(double s) {
  s = s > 200.0 ? 200.0 : s;
  s = s < -200.0 ? -200.0 : s;
  double t = s + kMagicD, r = s - (t - kMagicD);
  double q = r * r;  // 2^r for |r| <= 1/2, relative error 1.9e-9
  double a0 = 0.69314720573726 * r + 1.0, a1 = 0.05550328776978021 * r + 0.24022646890621632;
  double a2 = 0.0013399931215134998 * r + 0.009618488958509456;
  double e = ((0.00015345811622245062 * q + a2) * q + a1) * q + a0;
  return from_bits(bits_of(e) + (bits_of(t) << 52));
}

// x^y of finite x > 0 and finite y.
DL_INLINE float vm_pow_positive(float x, float y) { return float(exp2_for_float(double(y) * log2_of_float(x))); }

// x^y = 2^(y log2|x|) with C's special cases.
DL_INLINE float vm_pow(float xf, float yf) {
  double x = xf, y = yf, a = vm_abs(x);
  double l = a == 0.0 ? -kInfD : (a == kInfD ? kInfD : log2_of_float(a)), s = y * l;
  double m = exp2_for_float(s);
  bool whole = vm_rint(y) == y, odd = whole && vm_rint(y * 0.5) != y * 0.5;
  m = a == 1.0 ? 1.0 : m;
  m = bits_of(x) >> 63 ? (odd ? -m : (whole || a == 0.0 || a == kInfD ? m : kNanD)) : m;
  m = x != x || y != y ? x + y : m;
  return float(x == 1.0 || y == 0.0 ? 1.0 : m);
}

}  // namespace DL_ISA
}  // namespace dl
