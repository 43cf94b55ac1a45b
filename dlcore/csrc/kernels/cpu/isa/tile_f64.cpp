// Micro-operations on double registers. Functions with no short vector form go to the C library.
#include "kernels/cpu/isa/tile_float_ops.h"

namespace dl {
namespace DL_ISA {
namespace {

DL_OP1(SinFast, vm_sin(a))
DL_OP1(CosFast, vm_cos(a))
DL_OP1(SinSlow, __builtin_sin(a))
DL_OP1(CosSlow, __builtin_cos(a))
DL_OP1(Tan, __builtin_tan(a))
DL_OP1(Erf, vm_erf(a))
DL_OP1(Log10, __builtin_log10(a))
DL_OP1(Sinh, __builtin_sinh(a))
DL_OP1(Cosh, __builtin_cosh(a))
DL_OP1(Asin, __builtin_asin(a))
DL_OP1(Acos, __builtin_acos(a))
DL_OP1(Atan, __builtin_atan(a))
DL_OP1(Asinh, __builtin_asinh(a))
DL_OP1(Acosh, __builtin_acosh(a))
DL_OP1(Atanh, __builtin_atanh(a))
DL_OP2_LONG(Pow, __builtin_pow(a, b))
DL_OP2_LONG(Atan2, __builtin_atan2(a, b))
DL_OP2_LONG(Hypot, __builtin_hypot(a, b))
DL_OP1(RoundF32, double(float(a)))
DL_OP1(RoundBf16, double(bfloat_to_float(float_to_bfloat(narrow_to_odd(a)))))
DL_OP1(RoundF16, double(half_to_float(float_to_half(narrow_to_odd(a)))))

constexpr TileTable make() {
  TileTable t{};
  set_float<double>(t);
  set_pow<double, binary_loop<Pow, double, 0>, binary_loop<Pow, double, 1>, binary_loop<Pow, double, 2>>(t);
  set_periodic<SinFast, SinSlow, double>(t, TileOp::Sin);
  set_periodic<CosFast, CosSlow, double>(t, TileOp::Cos);
  set1<Tan, double>(t, TileOp::Tan);
  set1<Erf, double>(t, TileOp::Erf);
  set1<Log10, double>(t, TileOp::Log10);
  set1<Sinh, double>(t, TileOp::Sinh);
  set1<Cosh, double>(t, TileOp::Cosh);
  set1<Asin, double>(t, TileOp::Asin);
  set1<Acos, double>(t, TileOp::Acos);
  set1<Atan, double>(t, TileOp::Atan);
  set1<Asinh, double>(t, TileOp::Asinh);
  set1<Acosh, double>(t, TileOp::Acosh);
  set1<Atanh, double>(t, TileOp::Atanh);
  set2<Atan2, double>(t, TileOp::Atan2);
  set2<Hypot, double>(t, TileOp::Hypot);
  set1<RoundF32, double>(t, TileOp::RoundF32);
  set1<RoundBf16, double>(t, TileOp::RoundBf16);
  set1<RoundF16, double>(t, TileOp::RoundF16);
  return t;
}

}  // namespace

constexpr TileTable tile_f64 = make();

}  // namespace DL_ISA
}  // namespace dl
