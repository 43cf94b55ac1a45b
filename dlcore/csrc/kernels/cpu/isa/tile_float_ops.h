// The micro-operations of the floating-point types, over overloads vm_*(float) and vm_*(double).
#pragma once
#include "kernels/cpu/isa/half.h"
#include "kernels/cpu/isa/tile_loops.h"
#include "kernels/cpu/isa/vmath_f32.h"
#include "kernels/cpu/isa/vspecial.h"

namespace dl {
namespace DL_ISA {
// Beside those for float, so that neither hides the other.
DL_INLINE double vm_erf(double x) { return __builtin_erf(x); }
// x P(x), where P is the normal distribution function (1 + erf(x / sqrt 2)) / 2, and its derivative P(x) + x P'(x).
DL_INLINE double vm_gelu(double x) {
  double half = 0.5 * x;
  return half * vm_erf(x * 0.7071067811865476) + half;
}
DL_INLINE double vm_gelu_slope(double x) {
  double p = 0.5 * vm_erf(x * 0.7071067811865476) + 0.5;
  return x * 0.3989422804014327 * vm_exp(-0.5 * x * x) + p;
}

namespace {

// C's remainder has the sign of the dividend; ours, as NumPy's and Python's, that of the divisor.
DL_INLINE float c_fmod(float a, float b) { return __builtin_fmodf(a, b); }
DL_INLINE double c_fmod(double a, double b) { return __builtin_fmod(a, b); }
template <class T>
DL_INLINE T floor_rem(T a, T b) {
  T m = c_fmod(a, b);
  if (m != 0) return (b < 0) != (m < 0) ? m + b : m;
  return vm_copysign(T(0), b);
}
template <class T>
DL_INLINE T floor_div(T a, T b) {
  if (b == 0) return a / b;
  T m = c_fmod(a, b);
  T q = (a - m) / b;  // nearly whole
  if (m != 0 && (b < 0) != (m < 0)) q -= 1;
  if (q == 0) return vm_copysign(T(0), a / b);
  T whole = vm_floor(q);
  return q - whole > T(0.5) ? whole + 1 : whole;
}

DL_OP2(Add, a + b)
DL_OP2(Sub, a - b)
DL_OP2(Mul, a* b)
DL_OP2(Div, a / b)
DL_OP2_LONG(FDiv, floor_div(a, b))
DL_OP2_LONG(Rem, floor_rem(a, b))
DL_OP3(Fma, a* b + c)  // one rounding or two, as the processor has it
DL_OP1(Neg, -a)
DL_OP1(Abs, vm_abs(a))
DL_OP1(Sign, a != a ? a : (a > T(0) ? T(1) : (a < T(0) ? T(-1) : T(0))))
DL_OP1(Sqrt, vm_sqrt(a))
DL_OP1(Rsqrt, T(1) / vm_sqrt(a))
DL_OP1(Exp, vm_exp(a))
DL_OP1(Expm1, vm_expm1(a))
DL_OP1(Log, vm_log(a))
DL_OP1(Log1p, vm_log1p(a))
DL_OP1(Log2, vm_log2(a))
DL_OP1(Sigmoid, vm_sigmoid(a))
DL_OP1(Tanh, vm_tanh(a))
DL_OP1(Floor, vm_floor(a))
DL_OP1(Ceil, vm_ceil(a))
DL_OP1(Round, vm_rint(a))
DL_OP1(Trunc, vm_trunc(a))
DL_OP1(IsNan, a != a ? T(1) : T(0))
DL_OP1(IsInf, vm_abs(a) == T(__builtin_inf()) ? T(1) : T(0))
DL_OP1(IsFinite, vm_abs(a) < T(__builtin_inf()) ? T(1) : T(0))
DL_OP2(Copysign, vm_copysign(a, b))
DL_OP1(Signbit, vm_copysign(T(1), a) < 0 ? T(1) : T(0))
DL_OP2_LONG(Fmod, c_fmod(a, b))
DL_OP1(Cbrt, T(__builtin_cbrt(double(a))))
DL_OP1(Exp2, vm_exp2(a))
DL_OP1(Lgamma, T(vm_lgamma(double(a))))
DL_OP1(Gamma, T(__builtin_tgamma(double(a))))
DL_OP2_LONG(Polygamma, T(vm_polygamma(a >= 0 && a < 2e9 ? int(a) : -1, double(b))))
DL_OP1(Erfinv, T(vm_erfinv(double(a))))
DL_OP1(Imag, ((void)a, T(0)))
DL_OP1(Angle, a != a ? a : vm_copysign(T(1), a) < 0 ? T(3.141592653589793) : T(0))
DL_OP1(Gelu, vm_gelu(a))
DL_OP1(GeluSlope, vm_gelu_slope(a))
DL_OP1(Square, a* a)
DL_OP1(Cube, a * a * a)
DL_OP1(Reciprocal, T(1) / a)

// The loop of x ** y that is given, with the exponents that people write as constants taken out.
template <class T, int Scalars, TileFn General>
void pow_loop(int64_t n, const void* a, const void* b, const void* c, void* o) {
  if constexpr (Scalars == 2) {
    const T y = *static_cast<const T*>(b);
    if (y == T(2)) return unary_loop<Square, T>(n, a, b, c, o);
    if (y == T(1)) return unary_loop<Identity, T>(n, a, b, c, o);
    if (y == T(3)) return unary_loop<Cube, T>(n, a, b, c, o);
    if (y == T(0.5)) return unary_loop<Sqrt, T>(n, a, b, c, o);
    if (y == T(-0.5)) return unary_loop<Rsqrt, T>(n, a, b, c, o);
    if (y == T(-1)) return unary_loop<Reciprocal, T>(n, a, b, c, o);
  }
  General(n, a, b, c, o);
}
template <class T, TileFn Arrays, TileFn OneBase, TileFn OneExponent>
constexpr void set_pow(TileTable& t) {
  t.fn[int(TileOp::Pow)][0] = pow_loop<T, 0, Arrays>;
  t.fn[int(TileOp::Pow)][1] = pow_loop<T, 1, OneBase>;
  t.fn[int(TileOp::Pow)][2] = pow_loop<T, 2, OneExponent>;
}

// Sine and kin: the vector formula where all of a tile is within its limit, else element by element, those beyond the
// limit through the C library. Either way an element's result does not depend on its neighbours.
template <class Fast, class Slow, class T>
void periodic_loop(int64_t n, const void* pa, const void* pb, const void* pc, void* po) {
  const T* a = static_cast<const T*>(pa);
  T* o = static_cast<T*>(po);
  const T limit = sizeof(T) == 4 ? T(kSinLimitF) : T(kSinLimitD);
  int beyond = 0;
#pragma omp simd reduction(| : beyond)
  for (int64_t i = 0; i < n; i++) beyond |= vm_abs(a[i]) > limit;
  if (!beyond) return unary_loop<Fast, T>(n, pa, pb, pc, po);
  for (int64_t i = 0; i < n; i++) o[i] = vm_abs(a[i]) > limit ? Slow::f(a[i]) : Fast::f(a[i]);
}
template <class Fast, class Slow, class T>
constexpr void set_periodic(TileTable& t, TileOp op) {
  t.fn[int(op)][0] = periodic_loop<Fast, Slow, T>;
}

template <class T>
constexpr void set_float(TileTable& t) {
  set_common<T>(t);
  set2<Add, T>(t, TileOp::Add);
  set2<Sub, T>(t, TileOp::Sub);
  set2<Mul, T>(t, TileOp::Mul);
  set2<Div, T>(t, TileOp::Div);
  set2<FDiv, T>(t, TileOp::FDiv);
  set2<Rem, T>(t, TileOp::Rem);
  set3<Fma, T>(t, TileOp::Fma);
  set1<Neg, T>(t, TileOp::Neg);
  set1<Abs, T>(t, TileOp::Abs);
  set1<Sign, T>(t, TileOp::Sign);
  set1<Sqrt, T>(t, TileOp::Sqrt);
  set1<Rsqrt, T>(t, TileOp::Rsqrt);
  set1<Exp, T>(t, TileOp::Exp);
  set1<Expm1, T>(t, TileOp::Expm1);
  set1<Log, T>(t, TileOp::Log);
  set1<Log1p, T>(t, TileOp::Log1p);
  set1<Log2, T>(t, TileOp::Log2);
  set1<Sigmoid, T>(t, TileOp::Sigmoid);
  set1<Tanh, T>(t, TileOp::Tanh);
  set1<Floor, T>(t, TileOp::Floor);
  set1<Ceil, T>(t, TileOp::Ceil);
  set1<Round, T>(t, TileOp::Round);
  set1<Trunc, T>(t, TileOp::Trunc);
  set1<IsNan, T>(t, TileOp::IsNan);
  set1<IsInf, T>(t, TileOp::IsInf);
  set1<IsFinite, T>(t, TileOp::IsFinite);
  set2<Copysign, T>(t, TileOp::Copysign);
  set1<Signbit, T>(t, TileOp::Signbit);
  set2<Fmod, T>(t, TileOp::Fmod);
  set1<Cbrt, T>(t, TileOp::Cbrt);
  set1<Exp2, T>(t, TileOp::Exp2);
  set1<Lgamma, T>(t, TileOp::Lgamma);
  set1<Gamma, T>(t, TileOp::Gamma);
  set2<Polygamma, T>(t, TileOp::Polygamma);
  set1<Erfinv, T>(t, TileOp::Erfinv);
  set1<Imag, T>(t, TileOp::Imag);
  set1<Angle, T>(t, TileOp::Angle);
  set1<Gelu, T>(t, TileOp::Gelu);
  set1<GeluSlope, T>(t, TileOp::GeluSlope);
}

}  // namespace
}  // namespace DL_ISA
}  // namespace dl
