// The micro-operations of the tile machine and the tables of their loops.
#pragma once
#include <cstdint>

#include "kernels/cpu/isa/isa.h"

namespace dl {

// name, mnemonic, number of operands
// clang-format off
#define DL_TILE_OPS(X) \
  X(Const, "const", 0) X(Add, "add", 2) X(Sub, "sub", 2) X(Mul, "mul", 2) X(Div, "div", 2) \
  X(FDiv, "fdiv", 2) X(Rem, "rem", 2) X(Pow, "pow", 2) X(Neg, "neg", 1) X(Abs, "abs", 1) X(Sign, "sign", 1) \
  X(Sqrt, "sqrt", 1) X(Rsqrt, "rsqrt", 1) X(Exp, "exp", 1) X(Expm1, "expm1", 1) X(Log, "log", 1) \
  X(Log1p, "log1p", 1) X(Log2, "log2", 1) X(Log10, "log10", 1) X(Sin, "sin", 1) X(Cos, "cos", 1) \
  X(Tan, "tan", 1) X(Asin, "asin", 1) X(Acos, "acos", 1) X(Atan, "atan", 1) X(Sinh, "sinh", 1) \
  X(Cosh, "cosh", 1) X(Tanh, "tanh", 1) X(Asinh, "asinh", 1) X(Acosh, "acosh", 1) X(Atanh, "atanh", 1) \
  X(Erf, "erf", 1) X(Sigmoid, "sigmoid", 1) X(Floor, "floor", 1) X(Ceil, "ceil", 1) X(Round, "round", 1) \
  X(Trunc, "trunc", 1) X(Max, "max", 2) X(Min, "min", 2) X(Eq, "eq", 2) X(Ne, "ne", 2) X(Lt, "lt", 2) X(Le, "le", 2) \
  X(Gt, "gt", 2) X(Ge, "ge", 2) X(And, "and", 2) X(Or, "or", 2) X(Xor, "xor", 2) X(Not, "not", 1) \
  X(BAnd, "band", 2) X(BOr, "bor", 2) X(BXor, "bxor", 2) X(BNot, "bnot", 1) X(Shl, "shl", 2) \
  X(Shr, "shr", 2) X(IsNan, "isnan", 1) X(IsInf, "isinf", 1) X(IsFinite, "isfinite", 1) \
  X(Select, "select", 3) X(Fma, "fma", 3) X(Atan2, "atan2", 2) X(Hypot, "hypot", 2) \
  X(RoundBf16, "round_bf16", 1) X(RoundF16, "round_f16", 1) X(RoundF32, "round_f32", 1) \
  X(WrapI8, "wrap_i8", 1) X(WrapI16, "wrap_i16", 1) X(WrapI32, "wrap_i32", 1) X(WrapU8, "wrap_u8", 1) \
  X(WrapU16, "wrap_u16", 1) X(WrapU32, "wrap_u32", 1) X(Copysign, "copysign", 2) X(Signbit, "signbit", 1) \
  X(Fmod, "fmod", 2) X(Cbrt, "cbrt", 1) X(Exp2, "exp2", 1) X(Lgamma, "lgamma", 1) X(Gamma, "gamma", 1) \
  X(Polygamma, "polygamma", 2) X(Erfinv, "erfinv", 1) X(Gcd, "gcd", 2) X(Lcm, "lcm", 2) X(Real, "real", 1) \
  X(Imag, "imag", 1) X(Conj, "conj", 1) X(Angle, "angle", 1) X(Complex, "complex", 2) \
  X(Gelu, "gelu", 1) X(GeluSlope, "gelu_slope", 1)
// clang-format on

enum class TileOp : uint8_t {
#define X(name, text, arity) name,
  DL_TILE_OPS(X)
#undef X
      Count
};
inline constexpr int kTileOps = int(TileOp::Count);

// out[i] = op(a[i], b[i], c[i]); out may be one of the operands. Bit k of the variant says that operand k is a single
// value.
using TileFn = void (*)(int64_t n, const void* a, const void* b, const void* c, void* out);
struct TileTable {
  TileFn fn[kTileOps][8];  // null: not defined for this type
};
DL_ISA_TABLE(TileTable, tile_f32)
DL_ISA_TABLE(TileTable, tile_f64)
DL_ISA_TABLE(TileTable, tile_i32)
DL_ISA_TABLE(TileTable, tile_i64)
DL_ISA_TABLE(TileTable, tile_u64)

}  // namespace dl
