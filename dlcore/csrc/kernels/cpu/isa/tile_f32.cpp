// Micro-operations on float registers.
#include "kernels/cpu/isa/tile_float_ops.h"

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
DL_OP1(Asin, __builtin_asinf(a))
DL_OP1(Acos, __builtin_acosf(a))
DL_OP1(Atan, __builtin_atanf(a))
DL_OP1(Asinh, __builtin_asinhf(a))
DL_OP1(Acosh, __builtin_acoshf(a))
DL_OP1(Atanh, __builtin_atanhf(a))
DL_OP2_LONG(Pow, vm_pow(a, b))
DL_OP2_LONG(Atan2, __builtin_atan2f(a, b))
DL_OP2_LONG(Hypot, ((vm_abs(a) == kInfF) | (vm_abs(b) == kInfF))
                       ? kInfF  // even beside a NaN
                       : float(vm_sqrt(double(a) * double(a) + double(b) * double(b))))
DL_OP1(RoundBf16, bfloat_to_float(float_to_bfloat(a)))
DL_OP1(RoundF16, half_to_float(float_to_half(a)))

constexpr TileTable make() {
  TileTable t{};
  set_float<float>(t);
  set_pow<Pow, float>(t);
  set_periodic<SinFast, SinSlow, float>(t, TileOp::Sin);
  set_periodic<CosFast, CosSlow, float>(t, TileOp::Cos);
  set_periodic<TanFast, TanSlow, float>(t, TileOp::Tan);
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
