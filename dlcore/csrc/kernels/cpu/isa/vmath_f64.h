// exp, log and kin in double precision, written so that a loop over them vectorises. Errors stay below 4 ulp (most
// below 1.5). Polynomials are our own minimax fits (Remez exchange, relative error); each says its interval.
#pragma once
#include "kernels/cpu/isa/vmath_base.h"

namespace dl {
namespace DL_ISA {

constexpr double kInfD = __builtin_inf();
constexpr double kNanD = __builtin_nan("");
// ln 2 and pi/2 in parts: products of the first parts with a small integer are exact (Cody and Waite's reduction).
constexpr double kLn2Hi = 0x1.62e42fee00000p-1, kLn2Lo = 0x1.a39ef35793c76p-33;
constexpr double kLog2e = 0x1.71547652b82fep+0;
constexpr double kPio2A = 0x1.921fb54400000p+0, kPio2B = 0x1.0b4611a600000p-34, kPio2C = 0x1.3198a2e037073p-69;
constexpr double kTwoOverPi = 0x1.45f306dc9c883p-1;

// 2^n for an integer n in [-1022, 1023], given kMagicD + n.
DL_INLINE double pow2_from_magic(double t) { return from_bits((bits_of(t) + 1023u) << 52); }

// (e^r - 1 - r) / r^2 for |r| <= ln(2)/2, relative error of the whole 2.6e-19
DL_INLINE double expm1_tail(double r) {
  double p = 2.0875329145806604e-09;
  p = p * r + 2.5108978960202475e-08;
  p = p * r + 2.755740264667844e-07;
  p = p * r + 2.755724437398684e-06;
  p = p * r + 2.4801587172532393e-05;
  p = p * r + 0.00019841269885966103;
  p = p * r + 0.0013888888888962374;
  p = p * r + 0.008333333333321691;
  p = p * r + 0.04166666666666651;
  p = p * r + 0.16666666666666677;
  return p * r + 0.5;
}

DL_INLINE double vm_exp(double x) {
  double c = x > 710.0 ? 710.0 : x;
  c = c < -746.0 ? -746.0 : c;
  double n = (c * kLog2e + kMagicD) - kMagicD;
  double r = c - n * kLn2Hi;
  r = r - n * kLn2Lo;
  double p = (r * r) * expm1_tail(r) + r + 1.0;
  double t1 = n * 0.5 + kMagicD;  // two factors, so that results near overflow and denormals come out right
  double t2 = (n - (t1 - kMagicD)) + kMagicD;
  return p * pow2_from_magic(t1) * pow2_from_magic(t2);
}

DL_INLINE double expm1_core(double x) {  // -0 and infinity are the caller's
  double c = x > 709.9 ? 709.9 : x;
  c = c < -40.0 ? -40.0 : c;
  double n = (c * kLog2e + kMagicD) - kMagicD;
  double r = c - n * kLn2Hi;
  r = r - n * kLn2Lo;
  double e = (r * r) * expm1_tail(r) + r;
  double h = pow2_from_magic(n - 1.0 + kMagicD);  // half of 2^n: 2^1024 itself does not exist
  return (e * h + (h - 0.5)) * 2.0;
}
DL_INLINE double vm_expm1(double x) {
  double y = expm1_core(x);
  return x == 0.0 || x == kInfD ? x : y;
}

// log of a positive number times 2^shift; zero, infinities and NaN are the caller's.
DL_INLINE double log_core(double x, double shift) {
  uint64_t u = bits_of(x) + 0x4000000000000000ull - 0x3fe6a09e667f3bcdull;  // exponent counted from sqrt(1/2)
  uint64_t e = u >> 52;
  double k = from_bits(e | 0x4330000000000000ull) - 4503599627370496.0 - 1024.0;
  double m = from_bits(bits_of(x) - ((e - 1024u) << 52));
  k = k + shift;
  double f = m - 1.0, s = f / (2.0 + f), z = s * s;
  double p = 0.14797507719057545;  // (2 atanh(s)/s - 2)/s^2 for |s| <= 0.1716, relative error 2.5e-18
  p = p * z + 0.15313903245641833;
  p = p * z + 0.18183569739853522;
  p = p * z + 0.2222219847598521;
  p = p * z + 0.2857142874326269;
  p = p * z + 0.3999999999941109;
  p = p * z + 0.6666666666666735;
  double h = 0.5 * f * f;  // log(1+f) = f - (h - s (h + z p)): f enters exactly
  return k * kLn2Hi - ((h - (s * (h + z * p) + k * kLn2Lo)) - f);
}

DL_INLINE double log_special(double x, double y) {  // the edges of the domain
  y = x == 0.0 ? -kInfD : y;
  y = x < 0.0 ? kNanD : y;
  y = x == kInfD ? x : y;
  return x != x ? x : y;
}

DL_INLINE double vm_log(double x) {
  bool tiny = x < 0x1p-1022;
  return log_special(x, log_core(tiny ? x * 0x1p54 : x, tiny ? -54.0 : 0.0));
}

DL_INLINE double vm_log2(double x) {
  bool tiny = x < 0x1p-1022;
  double v = tiny ? x * 0x1p54 : x;
  uint64_t u = bits_of(v) + 0x4000000000000000ull - 0x3fe6a09e667f3bcdull;
  uint64_t e = u >> 52;
  double k = from_bits(e | 0x4330000000000000ull) - 4503599627370496.0 - 1024.0;
  double m = from_bits(bits_of(v) - ((e - 1024u) << 52));
  return log_special(x, (tiny ? k - 54.0 : k) + log_core(m, 0.0) * kLog2e);
}

// log(1 + x): the rounding error of 1 + x is put back divided by 1 + x (Kahan).
DL_INLINE double vm_log1p(double x) {
  double u = 1.0 + x;
  double lost = x > 1.0 ? 1.0 - (u - x) : x - (u - 1.0);
  double y = log_core(u, 0.0) + lost / u;
  y = x == -1.0 ? -kInfD : y;
  y = x < -1.0 ? kNanD : y;
  y = x == kInfD || vm_abs(x) < 0x1p-54 ? x : y;
  return x != x ? x : y;
}

DL_INLINE double vm_sigmoid(double x) {
  double e = vm_exp(-vm_abs(x)), d = 1.0 / (1.0 + e);
  return x >= 0.0 ? d : (x != x ? x : e * d);
}

DL_INLINE double vm_tanh(double x) {
  double a = vm_abs(x), c = a > 20.0 ? 20.0 : a;
  double t = expm1_core(2.0 * c);
  return x != x ? x : vm_copysign(t / (t + 2.0), x);
}

// Sine of x + quarter * pi/2, for |x| below kSinLimitD.
constexpr double kSinLimitD = 1.0e6;
DL_INLINE double sin_core(double x, uint64_t quarter) {
  double t = x * kTwoOverPi + kMagicD;
  double n = t - kMagicD;
  double r = x - n * kPio2A;
  double w = n * kPio2B;
  double r1 = r - w;
  double lo = (r - r1) - w - n * kPio2C;
  double y = r1 + lo, tail = (r1 - y) + lo;  // y + tail is the reduced argument
  uint64_t q = bits_of(t) + quarter;
  double z = y * y;
  double s = -7.578748143428575e-13;  // (sin(y)/y - 1)/y^2 for |y| <= pi/4, relative error 1.9e-21
  s = s * z + 1.6058367623395964e-10;
  s = s * z + -2.5052104919255425e-08;
  s = s * z + 2.7557319214219264e-06;
  s = s * z + -0.00019841269841255123;
  s = s * z + 0.008333333333333323;
  s = s * z + -0.16666666666666666;
  double sine = y + (y * z * s + tail * (1.0 - 0.5 * z));
  double c = 4.738122377736003e-14;  // (cos(y) - 1 + y^2/2)/y^4 for |y| <= pi/4, relative error 2.2e-23
  c = c * z + -1.1470293563504037e-11;
  c = c * z + 2.0876754368792435e-09;
  c = c * z + -2.7557319215387593e-07;
  c = c * z + 2.4801587301571523e-05;
  c = c * z + -0.0013888888888888874;
  c = c * z + 0.041666666666666664;
  double half = 0.5 * z, one = 1.0 - half;
  double cosine = one + (((1.0 - one) - half) + (z * z * c - y * tail));
  uint64_t odd = 0u - (q & 1u);
  uint64_t sign = (q & 2u) << 62;
  return from_bits(((bits_of(cosine) & odd) | (bits_of(sine) & ~odd)) ^ sign);
}
DL_INLINE double vm_sin(double x) { return x == 0.0 ? x : sin_core(x, 0); }
DL_INLINE double vm_cos(double x) { return sin_core(x, 1); }

}  // namespace DL_ISA
}  // namespace dl
