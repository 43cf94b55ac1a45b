// Micro-operations on float registers.
#include "kernels/cpu/isa/tile_float_ops.h"
#include "kernels/cpu/isa/vinverse.h"

namespace dl {
namespace DL_ISA {
namespace {

DL_OP1(Erf, vm_erf(a))
DL_OP1(Log10, vm_log10(a))
DL_OP1(SinFast, vm_sin(a))
DL_OP1(CosFast, vm_cos(a))
DL_OP1(TanFast, vm_tan(a))
DL_OP1(SinSlow, __builtin_sinf(a))
DL_OP1(CosSlow, __builtin_cosf(a))
DL_OP1(TanSlow, __builtin_tanf(a))
DL_OP1(Sinh, vm_sinh(a))
DL_OP1(Cosh, vm_cosh(a))
DL_OP1(Asin, vm_asin(a))
DL_OP1(Acos, vm_acos(a))
DL_OP1(Atan, vm_atan(a))
DL_OP1(Asinh, vm_asinh(a))
DL_OP1(Acosh, vm_acosh(a))
DL_OP1(Atanh, vm_atanh(a))
DL_OP2_LONG(Pow, vm_pow(a, b))
DL_OP2_LONG(PowPositive, vm_pow_positive(a, b))
DL_OP2_LONG(Atan2, vm_atan2(a, b))
DL_OP1(CbrtFast, vm_cbrt(a))
DL_OP1(LgammaPositive, vm_lgamma_positive(a))
DL_OP1(ErfinvFast, vm_erfinv(a))
DL_OP2_LONG(FmodFast, vm_fmod(a, b))
DL_OP2_LONG(RemFast, vm_floor_rem(a, b))
DL_OP2_LONG(Hypot, ((vm_abs(a) == kInfF) | (vm_abs(b) == kInfF))
                       ? kInfF  // even beside a NaN
                       : float(vm_sqrt(double(a) * double(a) + double(b) * double(b))))
DL_OP1(RoundBf16, bfloat_to_float(float_to_bfloat(a)))
DL_OP1(RoundF16, half_to_float(float_to_half(a)))

// Remainders: the vector formula where all of a tile has moderate quotients, else element by element. Both are exact.
template <class Fast, class Slow, int Scalars>
void remainder_loop(int64_t n, const void* pa, const void* pb, const void* pc, void* po) {
  const float *a = static_cast<const float*>(pa), *b = static_cast<const float*>(pb);
  const float x = *a, y = *b;
  int beyond = 0;
#pragma omp simd reduction(| : beyond)
  for (int64_t i = 0; i < n; i++) beyond |= !moderate_quotient(Scalars == 1 ? x : a[i], Scalars == 2 ? y : b[i]);
  if (beyond)
    binary_loop<Slow, float, Scalars>(n, pa, pb, pc, po);
  else
    binary_loop<Fast, float, Scalars>(n, pa, pb, pc, po);
}
template <class Fast, class Slow>
constexpr void set_remainder(TileTable& t, TileOp op) {
  t.fn[int(op)][0] = remainder_loop<Fast, Slow, 0>;
  t.fn[int(op)][1] = remainder_loop<Fast, Slow, 1>;
  t.fn[int(op)][2] = remainder_loop<Fast, Slow, 2>;
}

// Powers: without C's special cases where no number of a tile is one.
template <int Scalars>
void power_loop(int64_t n, const void* pa, const void* pb, const void* pc, void* po) {
  const float *a = static_cast<const float*>(pa), *b = static_cast<const float*>(pb);
  const float x = *a, y = *b;
  int special = 0;
#pragma omp simd reduction(| : special)
  for (int64_t i = 0; i < n; i++) {
    const float base = Scalars == 1 ? x : a[i], exponent = Scalars == 2 ? y : b[i];
    special |= !(base > 0.0f) | !(base < kInfF) | !(vm_abs(exponent) < kInfF);
  }
  if (special)
    binary_loop<Pow, float, Scalars>(n, pa, pb, pc, po);
  else
    binary_loop<PowPositive, float, Scalars>(n, pa, pb, pc, po);
}

// The logarithm of the gamma function: the vector formula where no number of a tile is negative, else element by
// element. Either way an element's result does not depend on its neighbours.
void lgamma_loop(int64_t n, const void* pa, const void* pb, const void* pc, void* po) {
  const float* a = static_cast<const float*>(pa);
  float* o = static_cast<float*>(po);
  int negative = 0;
#pragma omp simd reduction(| : negative)
  for (int64_t i = 0; i < n; i++) negative |= a[i] < 0.0f;
  if (!negative) return unary_loop<LgammaPositive, float>(n, pa, pb, pc, po);
  for (int64_t i = 0; i < n; i++) o[i] = a[i] < 0.0f ? float(vm_lgamma(double(a[i]))) : vm_lgamma_positive(a[i]);
}

constexpr TileTable make() {
  TileTable t{};
  set_float<float>(t);
  set_pow<float, power_loop<0>, power_loop<1>, power_loop<2>>(t);
  set_periodic<SinFast, SinSlow, float>(t, TileOp::Sin);
  set_periodic<CosFast, CosSlow, float>(t, TileOp::Cos);
  set_periodic<TanFast, TanSlow, float>(t, TileOp::Tan);
  set_remainder<FmodFast, Fmod>(t, TileOp::Fmod);
  set_remainder<RemFast, Rem>(t, TileOp::Rem);
  t.fn[int(TileOp::Lgamma)][0] = lgamma_loop;
  set1<CbrtFast, float>(t, TileOp::Cbrt);
  set1<ErfinvFast, float>(t, TileOp::Erfinv);
  set1<Erf, float>(t, TileOp::Erf);
  set1<Log10, float>(t, TileOp::Log10);
  set1<Sinh, float>(t, TileOp::Sinh);
  set1<Cosh, float>(t, TileOp::Cosh);
  set1<Asin, float>(t, TileOp::Asin);
  set1<Acos, float>(t, TileOp::Acos);
  set1<Atan, float>(t, TileOp::Atan);
  set1<Asinh, float>(t, TileOp::Asinh);
  set1<Acosh, float>(t, TileOp::Acosh);
  set1<Atanh, float>(t, TileOp::Atanh);
  set2<Atan2, float>(t, TileOp::Atan2);
  set2<Hypot, float>(t, TileOp::Hypot);
  set1<RoundBf16, float>(t, TileOp::RoundBf16);
  set1<RoundF16, float>(t, TileOp::RoundF16);
  set1<Identity, float>(t, TileOp::RoundF32);
  return t;
}

}  // namespace

constexpr TileTable tile_f32 = make();

}  // namespace DL_ISA
}  // namespace dl
