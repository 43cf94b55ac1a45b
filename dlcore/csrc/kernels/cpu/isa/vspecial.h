// The gamma family and the inverse error function, one number at a time in double precision. Formulas: NIST Digital
// Library of Mathematical Functions (DLMF), chapters 5, 7 and 25. Include only from files of this folder.
#pragma once
#include <math.h>

#include "kernels/cpu/isa/vmath_f32.h"

namespace dl {
namespace DL_ISA {

DL_INLINE float vm_exp2(float x) {
  float c = x > 129.0f ? 129.0f : x;
  c = c < -151.0f ? -151.0f : c;
  float t = c + kMagicF, r = (c - (t - kMagicF)) * 0.69314718f;
  int32_t k = int32_t(bits_of(t) - bits_of(kMagicF)), k1 = k >> 1;  // two factors, as in vm_exp
  return exp_reduced(r) * pow2_from_int(k1) * pow2_from_int(k - k1);
}
DL_INLINE double vm_exp2(double x) { return __builtin_exp2(x); }

DL_INLINE double vm_lgamma(double x) {
#if defined(_WIN32)
  return __builtin_lgamma(x);
#else
  int sign;  // the plain function keeps the sign in a variable that all threads share
  return ::lgamma_r(x, &sign);
#endif
}

// B_2k / (2k), k = 1, 2, ...: the coefficients of digamma's asymptotic series (DLMF 5.11.2).
constexpr double kDigammaSeries[] = {1.0 / 12, -1.0 / 120, 1.0 / 252, -1.0 / 240, 1.0 / 132, -691.0 / 32760, 1.0 / 12};
// B_2k / (2k)!, k = 1, 2, ...
constexpr double kBernoulli[] = {1.0 / 12,
                                 -1.0 / 720,
                                 1.0 / 30240,
                                 -1.0 / 1209600,
                                 1.0 / 47900160,
                                 -691.0 / 1307674368000.0,
                                 1.0 / 74724249600.0,
                                 -3617.0 / 10670622842880000.0};

static double vm_digamma(double x) {
  constexpr double pi = 3.14159265358979323846;
  if (x == 0) return __builtin_copysign(__builtin_inf(), -x);
  double r = 0;
  if (x < 0) {
    double part = x - vm_rint(x);  // exact, and small where the tangent is steep
    if (part == 0 || part != part) return __builtin_nan("");
    r = -pi / __builtin_tan(pi * part);  // reflection, DLMF 5.5.4
    x = 1 - x;
  }
  for (; x < 10; x += 1) r -= 1 / x;
  double s = 0, z = 1 / (x * x);
  for (int k = 6; k >= 0; k--) s = (s + kDigammaSeries[k]) * z;
  return r + __builtin_log(x) - 0.5 / x - s;
}

// The Hurwitz zeta function for s >= 2 by Euler and Maclaurin (DLMF 25.11.28): terms up to q + 10, then an integral.
static double vm_zeta(int s, double q) {
  if (q <= 0 && q == __builtin_floor(q)) return __builtin_inf();
  if (q < -1e6) return __builtin_nan("");
  double sum = 0;
  for (int k = 0; k < 9 || q < 10; k++, q += 1) {
    double term = __builtin_powi(1 / q, s);
    sum += term;
    if (__builtin_fabs(term) < 1e-17 * __builtin_fabs(sum)) return sum;  // a large s: the series below would not settle
  }
  double last = __builtin_powi(1 / q, s), z = 1 / (q * q);
  sum += last * (q / (s - 1) + 0.5);
  double rising = s, power = last / q;  // s (s+1) ... (s+2k-2) / q^(s+2k-1)
  for (int k = 0; k < 8; k++) {
    sum += kBernoulli[k] * rising * power;
    rising *= double(s + 2 * k + 1) * double(s + 2 * k + 2);
    power *= z;
  }
  return sum;
}

// The n-th derivative of digamma (DLMF 5.15.1); n is a small whole number.
inline double vm_polygamma(int n, double x) {
  if (n == 0) return vm_digamma(x);
  if (n < 0 || x != x) return __builtin_nan("");
  if (x == __builtin_inf()) return 0;
  double factorial = __builtin_tgamma(n + 1.0);
  return (n % 2 ? factorial : -factorial) * vm_zeta(n + 1, x);
}

// A rational start (Winitzki), then Halley steps on erfc, which keeps its digits where erf is close to 1.
static double vm_erfinv(double y) {
  double a = __builtin_fabs(y);
  if (!(a < 1)) return a == 1 ? __builtin_copysign(__builtin_inf(), y) : __builtin_nan("");
  if (a < 1e-9) return y * 0.88622692545275801365;  // sqrt(pi) / 2
  double l = __builtin_log1p(-a * a), t = 4.33074675 + 0.5 * l;
  double x = __builtin_sqrt(__builtin_sqrt(t * t - l / 0.147) - t);
  for (int k = 0; k < 3; k++) {
    double miss = a < 0.5 ? __builtin_erf(x) - a : (1 - a) - __builtin_erfc(x);
    double u = miss / (1.12837916709551257390 * __builtin_exp(-x * x));
    x -= u / (1 + x * u);
  }
  return __builtin_copysign(x, y);
}

}  // namespace DL_ISA
}  // namespace dl
