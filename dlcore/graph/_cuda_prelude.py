"""The C++ functions that rendered kernels call: micro-operations that are more than one C expression.

Their meaning is that of the CPU's tile machine (dlcore/csrc/kernels/cpu/isa), down to the corner cases.
"""

PRELUDE = r"""
template <class T, int N> struct alignas(sizeof(T) * N) dl_pack { T at[N]; };
__device__ inline float dl_as_float(unsigned int u) { union { unsigned int u; float f; } x; x.u = u; return x.f; }
__device__ inline unsigned int dl_as_bits(float f) { union { unsigned int u; float f; } x; x.f = f; return x.u; }
__device__ inline float dl_inf() { return dl_as_float(0x7f800000u); }
__device__ inline float dl_nan() { return dl_as_float(0x7fc00000u); }
__device__ inline float dl_from_bf16(unsigned short h) { return dl_as_float((unsigned int)h << 16); }
__device__ inline unsigned short dl_to_bf16(float x) {  // nearest, ties to even; NaN stays NaN
  unsigned int u = dl_as_bits(x);
  if ((u & 0x7fffffffu) > 0x7f800000u) return (unsigned short)((u >> 16) | 0x40u);
  return (unsigned short)((u + 0x7fffu + ((u >> 16) & 1u)) >> 16);
}
__device__ inline float dl_from_f16(unsigned short h) {
  unsigned int magnitude = (unsigned int)(h & 0x7fffu) << 13;
  unsigned int scaled = dl_as_bits(dl_as_float(magnitude) * dl_as_float(0x77800000u));  // times 2^112
  unsigned int u = magnitude >= 0x0f800000u ? magnitude | 0x7f800000u : scaled;
  return dl_as_float(u | ((unsigned int)(h & 0x8000u) << 16));
}
__device__ inline unsigned short dl_to_f16(float x) {
  unsigned int u = dl_as_bits(x), a = u & 0x7fffffffu, sign = (u >> 16) & 0x8000u;
  if (a > 0x7f800000u) return (unsigned short)(sign | 0x7e00u);
  if (a >= 0x47800000u) return (unsigned short)(sign | 0x7c00u);
  if (a < 0x38800000u)  // adding 0.5 rounds to multiples of 2^-24
    return (unsigned short)(sign | (dl_as_bits(dl_as_float(a) + 0.5f) - dl_as_bits(0.5f)));
  return (unsigned short)(sign | ((a + 0xfffu + ((a >> 13) & 1u) - 0x38000000u) >> 13));
}
__device__ inline float dl_math_fmod(float a, float b) { return fmodf(a, b); }
__device__ inline double dl_math_fmod(double a, double b) { return fmod(a, b); }
__device__ inline float dl_math_rint(float a) { return rintf(a); }
__device__ inline double dl_math_rint(double a) { return rint(a); }
__device__ inline float dl_math_sqrt(float a) { return sqrtf(a); }
__device__ inline double dl_math_sqrt(double a) { return sqrt(a); }
__device__ inline float dl_math_exp(float a) { return expf(a); }
__device__ inline double dl_math_exp(double a) { return exp(a); }
__device__ inline float dl_math_floor(float a) { return floorf(a); }
__device__ inline double dl_math_floor(double a) { return floor(a); }
__device__ inline float dl_math_copysign(float a, float b) { return copysignf(a, b); }
__device__ inline double dl_math_copysign(double a, double b) { return copysign(a, b); }

template <class T> struct dl_kind { enum { real = 0, is_signed = 1 }; };
template <> struct dl_kind<float> { enum { real = 1, is_signed = 1 }; };
template <> struct dl_kind<double> { enum { real = 1, is_signed = 1 }; };
template <> struct dl_kind<unsigned long long> { enum { real = 0, is_signed = 0 }; };
template <bool> struct dl_tag {};

template <class T> __device__ inline T dl_neg(T a) { return dl_kind<T>::real ? -a : (T)(0 - (unsigned long long)a); }
template <> __device__ inline float dl_neg<float>(float a) { return -a; }
template <> __device__ inline double dl_neg<double>(double a) { return -a; }
template <class T> __device__ inline T dl_abs(T a) { return a < (T)0 ? dl_neg<T>(a) : (a == (T)0 ? (T)0 : a); }
template <class T> __device__ inline T dl_sign(T a) {
  return a != a ? a : (a > (T)0 ? (T)1 : (a < (T)0 ? dl_neg<T>((T)1) : (T)0));
}
template <class T> __device__ inline T dl_max(T a, T b) { return a > b || a != a ? a : b; }
template <class T> __device__ inline T dl_min(T a, T b) { return a < b || a != a ? a : b; }
template <class T> __device__ inline T dl_fma(T a, T b, T c) { return a * b + c; }
template <class T> __device__ inline T dl_rsqrt(T a) { return (T)1 / dl_math_sqrt(a); }
template <class T> __device__ inline T dl_sigmoid(T a) { return (T)1 / ((T)1 + dl_math_exp(-a)); }
template <class T> __device__ inline T dl_isnan(T a) { return (T)(a != a); }
template <class T> __device__ inline T dl_isinf(T a) { return (T)(a == a && a - a != a - a); }
template <class T> __device__ inline T dl_isfinite(T a) { return (T)(a - a == a - a); }

// Rounding: nothing to do for whole numbers.
template <class T> __device__ inline T dl_round_as(T a, dl_tag<true>) { return dl_math_rint(a); }
template <class T> __device__ inline T dl_round_as(T a, dl_tag<false>) { return a; }
template <class T> __device__ inline T dl_round(T a) { return dl_round_as(a, dl_tag<dl_kind<T>::real>()); }
template <class T> __device__ inline T dl_floor(T a) { return a; }
template <class T> __device__ inline T dl_ceil(T a) { return a; }
template <class T> __device__ inline T dl_trunc(T a) { return a; }
template <class T> __device__ inline T dl_round_bf16(T a) { return (T)dl_from_bf16(dl_to_bf16((float)a)); }
template <class T> __device__ inline T dl_round_f16(T a) { return (T)dl_from_f16(dl_to_f16((float)a)); }
template <class T> __device__ inline T dl_round_f32(T a) { return (T)(float)a; }
template <class T> __device__ inline T dl_wrap_i8(T a) { return (T)(signed char)a; }
template <class T> __device__ inline T dl_wrap_i16(T a) { return (T)(short)a; }
template <class T> __device__ inline T dl_wrap_i32(T a) { return (T)(int)a; }
template <class T> __device__ inline T dl_wrap_u8(T a) { return (T)(unsigned char)a; }
template <class T> __device__ inline T dl_wrap_u16(T a) { return (T)(unsigned short)a; }
template <class T> __device__ inline T dl_wrap_u32(T a) { return (T)(unsigned int)a; }

// Division of whole numbers: towards zero, by zero gives 0; remainders have the sign of the divisor.
template <class T> __device__ inline T dl_div(T a, T b) {
  if (b == 0) return 0;
  if (dl_kind<T>::is_signed && b == (T)-1) return dl_neg<T>(a);
  return a / b;
}
template <class T> __device__ inline T dl_rem_as(T a, T b, dl_tag<false>) {
  if (b == 0 || (dl_kind<T>::is_signed && b == (T)-1)) return 0;
  T m = a % b;
  return dl_kind<T>::is_signed && m != 0 && (m < 0) != (b < 0) ? m + b : m;
}
template <class T> __device__ inline T dl_rem_as(T a, T b, dl_tag<true>) {
  T m = dl_math_fmod(a, b);
  if (m != 0) return (b < 0) != (m < 0) ? m + b : m;
  return dl_math_copysign((T)0, b);
}
template <class T> __device__ inline T dl_rem(T a, T b) { return dl_rem_as(a, b, dl_tag<dl_kind<T>::real>()); }
template <class T> __device__ inline T dl_fdiv_as(T a, T b, dl_tag<false>) {
  T q = dl_div(a, b);
  bool below = dl_kind<T>::is_signed && b != 0 && b != (T)-1 && (a < 0) != (b < 0) && (T)(q * b) != a;
  return below ? q - 1 : q;
}
template <class T> __device__ inline T dl_fdiv_as(T a, T b, dl_tag<true>) {
  if (b == 0) return a / b;
  T m = dl_math_fmod(a, b), q = (a - m) / b;
  if (m != 0 && (b < 0) != (m < 0)) q -= 1;
  if (q == 0) return dl_math_copysign((T)0, a / b);
  T whole = dl_math_floor(q);
  return q - whole > (T)0.5 ? whole + 1 : whole;
}
template <class T> __device__ inline T dl_fdiv(T a, T b) { return dl_fdiv_as(a, b, dl_tag<dl_kind<T>::real>()); }
template <class T> __device__ inline T dl_pow(T a, T b) {  // whole numbers; a negative b gives 1 / a**-b, cut off
  if (dl_kind<T>::is_signed && b < 0) return a == 1 ? 1 : a == (T)-1 ? (b & 1 ? (T)-1 : (T)1) : (T)0;
  unsigned long long r = 1, x = (unsigned long long)a;
  for (unsigned long long e = (unsigned long long)b; e; e >>= 1) {
    if (e & 1) r *= x;
    x *= x;
  }
  return (T)r;
}
template <class T> __device__ inline T dl_bnot(T a) { return (T)~a; }
template <class T> __device__ inline T dl_shl(T a, T b) {
  return (unsigned long long)b < 8 * sizeof(T) ? (T)((unsigned long long)a << b) : (T)0;
}
template <class T> __device__ inline T dl_shr(T a, T b) {
  return (unsigned long long)b < 8 * sizeof(T) ? (T)(a >> b) : (a < 0 ? (T)-1 : (T)0);
}
template <class T> __device__ inline T dl_fmod(T a, T b) {  // sign of the dividend
  return b == 0 || (dl_kind<T>::is_signed && b == (T)-1) ? (T)0 : a % b;
}
template <class T> __device__ inline T dl_gcd(T a, T b) {
  unsigned long long x = (unsigned long long)(a < 0 ? dl_neg<T>(a) : a);
  unsigned long long y = (unsigned long long)(b < 0 ? dl_neg<T>(b) : b);
  if (sizeof(T) == 4) x &= 0xffffffffu, y &= 0xffffffffu;
  while (y) { unsigned long long r = x % y; x = y; y = r; }
  return (T)x;
}
template <class T> __device__ inline T dl_lcm(T a, T b) {
  T g = dl_gcd<T>(a, b);
  return g == 0 ? (T)0 : dl_abs<T>((T)((unsigned long long)(a / g) * (unsigned long long)b));
}
template <class T> __device__ inline bool dl_minus(T a, dl_tag<true>) { return dl_math_copysign((T)1, a) < 0; }
template <class T> __device__ inline bool dl_minus(T a, dl_tag<false>) { return a < 0; }
template <class T> __device__ inline T dl_signbit(T a) { return (T)dl_minus(a, dl_tag<dl_kind<T>::real>()); }
template <class T> __device__ inline T dl_real(T a) { return a; }
template <class T> __device__ inline T dl_conj(T a) { return a; }
template <class T> __device__ inline T dl_imag(T a) { return (T)0; }
template <class T> __device__ inline T dl_angle(T a) {
  return a != a ? a : dl_math_copysign((T)1, a) < 0 ? (T)3.141592653589793 : (T)0;
}

// The gamma family and the inverse error function; see dlcore/csrc/kernels/cpu/isa/vspecial.h for the formulas.
template <class T> __device__ inline T dl_gamma(T a) { return (T)tgamma((double)a); }
__device__ inline double dl_digamma(double x) {
  const double pi = 3.14159265358979323846;
  if (x == 0) return copysign((double)dl_inf(), -x);
  double r = 0;
  if (x < 0) {
    double part = x - rint(x);
    if (part == 0 || part != part) return dl_nan();
    r = -pi / tan(pi * part);
    x = 1 - x;
  }
  for (; x < 10; x += 1) r -= 1 / x;
  double z = 1 / (x * x);
  double s = ((1.0 / 12 * z - 691.0 / 32760) * z + 1.0 / 132) * z - 1.0 / 240;
  s = (((s * z + 1.0 / 252) * z - 1.0 / 120) * z + 1.0 / 12) * z;
  return r + log(x) - 0.5 / x - s;
}
__device__ inline double dl_zeta(int s, double q) {
  const double b[8] = {1.0 / 12, -1.0 / 720, 1.0 / 30240, -1.0 / 1209600, 1.0 / 47900160, -691.0 / 1307674368000.0,
                       1.0 / 74724249600.0, -3617.0 / 10670622842880000.0};
  if (q <= 0 && q == floor(q)) return dl_inf();
  if (q < -1e6) return dl_nan();
  double sum = 0;
  for (int k = 0; k < 9 || q < 10; k++, q += 1) {
    double term = pow(1 / q, (double)s);
    sum += term;
    if (fabs(term) < 1e-17 * fabs(sum)) return sum;
  }
  double last = pow(1 / q, (double)s), z = 1 / (q * q), rising = s, power = last / q;
  sum += last * (q / (s - 1) + 0.5);
  for (int k = 0; k < 8; k++) {
    sum += b[k] * rising * power;
    rising *= (double)(s + 2 * k + 1) * (double)(s + 2 * k + 2);
    power *= z;
  }
  return sum;
}
template <class T> __device__ inline T dl_polygamma(T order, T value) {
  int n = order >= 0 && order < 2e9 ? (int)order : -1;
  double x = value;
  if (n == 0) return (T)dl_digamma(x);
  if (n < 0 || x != x) return (T)dl_nan();
  if (x == (double)dl_inf()) return (T)0;
  double factorial = tgamma(n + 1.0);
  return (T)((n % 2 ? factorial : -factorial) * dl_zeta(n + 1, x));
}
template <class T> __device__ inline T dl_gelu(T x) {
  T half = (T)0.5 * x;
  return half * (T)erf(x * (T)0.7071067811865476) + half;
}
template <class T> __device__ inline T dl_gelu_slope(T x) {
  T p = (T)0.5 * (T)erf(x * (T)0.7071067811865476) + (T)0.5;
  return x * (T)0.3989422804014327 * (T)exp((T)-0.5 * x * x) + p;
}
template <class T> __device__ inline T dl_erfinv(T value) {
  double y = value, a = fabs(y);
  if (!(a < 1)) return a == 1 ? (T)copysign((double)dl_inf(), y) : (T)dl_nan();
  if (a < 1e-9) return (T)(y * 0.88622692545275801365);
  double l = log1p(-a * a), t = 4.33074675 + 0.5 * l;
  double x = sqrt(sqrt(t * t - l / 0.147) - t);
  for (int k = 0; k < 3; k++) {
    double miss = a < 0.5 ? erf(x) - a : (1 - a) - erfc(x);
    double u = miss / (1.12837916709551257390 * exp(-x * x));
    x -= u / (1 + x * u);
  }
  return (T)copysign(x, y);
}
"""
