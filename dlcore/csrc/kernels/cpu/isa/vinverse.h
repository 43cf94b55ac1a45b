// Inverse functions, cube root and remainders in single precision, computed in double: a short formula is then correct
// to the last place of a float. Branch-free, so that the compiler makes vectors of them. Polynomials are our own fits,
// near to minimax. Include only from files of this folder.
#pragma once
#include "kernels/cpu/isa/vmath_f32.h"

namespace dl {
namespace DL_ISA {

constexpr double kPi = 3.14159265358979323846;

// The angle of the point (x, y).
DL_INLINE double angle_of(double y, double x) {
  double a = vm_abs(y), b = vm_abs(x);
  bool steep = a > b;
  double low = steep ? b : a, high = steep ? a : b;
  double t = low == high ? 1.0 : low / high;  // infinity beside infinity is half a right angle
  t = high == 0.0 ? 0.0 : t;
  bool wide = t > 0.41421356237309503;  // tan(pi/8)
  double r = wide ? (t - 1.0) / (t + 1.0) : t, z = r * r;
  double p = 0.047143348704833506;  // atan(r)/r for |r| <= tan(pi/8), relative error 2.1e-11
  p = p * z + -0.08459798610620331;
  p = p * z + 0.11041187462531735;
  p = p * z + -0.14281651143597834;
  p = p * z + 0.1999988637787355;
  p = p * z + -0.33333332134952115;
  p = p * z + 0.9999999999792978;
  double angle = p * r + (wide ? 0.25 * kPi : 0.0);
  angle = steep ? 0.5 * kPi - angle : angle;
  angle = bits_of(x) >> 63 ? kPi - angle : angle;
  return a != a || b != b ? kNanD : vm_copysign(angle, y);
}
DL_INLINE float vm_atan2(float y, float x) { return float(angle_of(y, x)); }
DL_INLINE float vm_atan(float x) { return float(angle_of(x, 1.0)); }

// asin(a) of a >= 0; beyond a half it is pi/2 less twice the arcsine of sqrt((1 - a)/2), which is `part` then.
struct Arcsine {
  double part;
  bool far;
};
DL_INLINE Arcsine arcsine_of(double a) {
  bool far = a > 0.5;
  double z = far ? 0.5 - 0.5 * a : a * a, s = far ? vm_sqrt(z) : a;
  double p = 0.034951578787595174;  // asin(s)/s for s <= 1/2, relative error 1.5e-11
  p = p * z + 0.007223807053922168;
  p = p * z + 0.024711549943760944;
  p = p * z + 0.03009220805432342;
  p = p * z + 0.04466203564939291;
  p = p * z + 0.07499938198611639;
  p = p * z + 0.1666666742167411;
  p = p * z + 0.9999999999849019;
  return {p * s, far};
}
DL_INLINE float vm_asin(float x) {
  Arcsine r = arcsine_of(vm_abs(x));
  return vm_copysign(float(r.far ? 0.5 * kPi - 2.0 * r.part : r.part), x);
}
DL_INLINE float vm_acos(float x) {
  Arcsine r = arcsine_of(vm_abs(x));
  double near = 0.5 * kPi - (x < 0.0f ? -r.part : r.part);
  double far = x < 0.0f ? kPi - 2.0 * r.part : 2.0 * r.part;
  return float(r.far ? far : near);
}

DL_INLINE float vm_asinh(float x) {
  double a = vm_abs(x), square = a * a;
  double y = vm_log1p(a + square / (1.0 + vm_sqrt(1.0 + square)));
  return a < kInfD ? vm_copysign(float(y), x) : x;
}
DL_INLINE float vm_acosh(float x) {
  double t = double(x) - 1.0;
  double y = vm_log1p(t + vm_sqrt(t * (t + 2.0)));
  y = t < 0.0 ? kNanD : y;
  return x == kInfF ? x : float(y);
}
DL_INLINE float vm_atanh(float x) {
  double a = vm_abs(x), y = 0.34657359027997265 * log2_of_float((1.0 + a) / (1.0 - a));
  y = a < 1e-3 ? a + a * a * a * (1.0 / 3.0) : y;
  y = a == 1.0 ? kInfD : y;
  return vm_copysign(float(a <= 1.0 ? y : kNanD), x);
}

// The logarithm of the gamma function at x >= 0: Stirling's series (DLMF 5.11.1) from 8 on, brought there by
// gamma(x + 8) = gamma(x) x (x + 1) ... (x + 7).
DL_INLINE float vm_lgamma_positive(float xf) {
  double x = xf, far = x < 8.0 ? x + 8.0 : x, z = x * (x + 7.0);
  double rising = z * (z + 6.0) * ((z + 10.0) * (z + 12.0));
  double u = 1.0 / far, v = u * u;
  double s = 0.00084175084175084175;
  s = s * v + -0.00059523809523809524;
  s = s * v + 0.00079365079365079365;
  s = s * v + -0.0027777777777777778;
  s = s * v + 0.083333333333333333;
  double y = (far - 0.5) * vm_log(far) - far + (0.91893853320467274178 + s * u);
  y = x < 8.0 ? y - vm_log(rising) : y;
  y = x == 1.0 || x == 2.0 ? 0.0 : y;
  return x < kInfD ? float(y) : xf;
}

// A start by a third of the exponent's bits, then two steps of Halley's rule.
DL_INLINE float vm_cbrt(float x) {
  double a = vm_abs(x);
  uint32_t high = uint32_t(bits_of(a) >> 32) / 3u + 715094163u;  // (1 - 1/3) times the exponents' offset
  double y = from_bits(uint64_t(high) << 32);
#pragma GCC unroll 2
  for (int k = 0; k < 2; k++) {
    double cube = y * y * y;
    y = y * ((cube + 2.0 * a) / (2.0 * cube + a));
  }
  return a == 0.0 || !(a < kInfD) ? x : vm_copysign(float(y), x);
}

// x P(w) with w = -log(1 - x^2): Giles, "Approximating the erfinv function" (2012), for the method.
DL_INLINE float vm_erfinv(float x) {
  double a = vm_abs(x), rest = (1.0 - a) * (1.0 + a);
  double w = log2_of_float(rest) * -0.69314718055994531, n = w - 2.75;
  double p = 5.400957835358755e-10;  // w <= 5.5, relative error 3.9e-9
  p = p * n + -7.189885918278523e-09;
  p = p * n + -2.7784254049776103e-09;
  p = p * n + 4.7415153816220127e-07;
  p = p * n + -2.5935770092490382e-06;
  p = p * n + -9.457228795759405e-06;
  p = p * n + 0.0002091182624052339;
  p = p * n + -0.0010386189903507945;
  p = p * n + -0.005036016446549823;
  p = p * n + 0.2443302718093581;
  p = p * n + 1.5627896164952726;
  double f = vm_sqrt(w) - 3.25;
  double q = -3.4932654866712775e-05;  // 5.4 <= w <= 17.5, relative error 5e-10
  q = q * f + 8.385347462080918e-05;
  q = q * f + 1.0751782650226587e-05;
  q = q * f + -0.00036454171078711884;
  q = q * f + 0.0009594356987825392;
  q = q * f + -0.001685417792319272;
  q = q * f + 0.002490190081363495;
  q = q * f + -0.003751581567426488;
  q = q * f + 0.005371006049799003;
  q = q * f + 1.0052589818269329;
  q = q * f + 3.083885609432471;
  double y = a * (w < 5.5 ? p : q);
  y = a == 1.0 ? kInfD : y;
  return a <= 1.0 ? vm_copysign(float(y), x) : kNanF;
}

// Exact where |a| <= kQuotientLimit |b|: the quotient and its product with b then have room in a double.
constexpr float kQuotientLimit = 0x1p28f;
DL_INLINE bool moderate_quotient(float a, float b) { return vm_abs(a) <= kQuotientLimit * vm_abs(b) && b != 0.0f; }
DL_INLINE float vm_fmod(float a, float b) {
  double x = vm_abs(a), y = vm_abs(b), q = vm_trunc(x / y), m = q == 0.0 ? x : x - q * y;
  m = m < 0.0 ? m + y : m;  // the quotient was rounded up to a whole number
  return a != a || b != b ? kNanF : vm_copysign(float(m), a);
}
DL_INLINE float vm_floor_rem(float a, float b) {  // the sign of the divisor
  float m = vm_fmod(a, b), other = (b < 0) != (m < 0) ? m + b : m;
  return m == 0.0f ? vm_copysign(0.0f, b) : other;
}

}  // namespace DL_ISA
}  // namespace dl
