// Micro-operations on bytes: truth values and 8-bit whole numbers that need not be widened.
#include "kernels/cpu/isa/tile_bytes.h"

#include "kernels/cpu/isa/tile_loops.h"

namespace dl {
namespace DL_ISA {
namespace {

DL_OP2(Add, T(a + b))
DL_OP2(Sub, T(a - b))
DL_OP2(Mul, T(a* b))
DL_OP2(BAnd, T(a& b))
DL_OP2(BOr, T(a | b))
DL_OP2(BXor, T(a ^ b))
DL_OP1(BNot, T(~a))
DL_OP1(Neg, T(-a))
DL_OP1(Abs, T(a < 0 ? -a : a))

template <class T>
constexpr TileTable make() {
  TileTable t{};
  set_common<T>(t);
  set2<Add, T>(t, TileOp::Add);
  set2<Sub, T>(t, TileOp::Sub);
  set2<Mul, T>(t, TileOp::Mul);
  set2<BAnd, T>(t, TileOp::BAnd);
  set2<BOr, T>(t, TileOp::BOr);
  set2<BXor, T>(t, TileOp::BXor);
  set1<BNot, T>(t, TileOp::BNot);
  set1<Neg, T>(t, TileOp::Neg);
  set1<Abs, T>(t, TileOp::Abs);
  return t;
}

}  // namespace

constexpr TileTable tile_u8 = make<uint8_t>();
constexpr TileTable tile_i8 = make<int8_t>();

}  // namespace DL_ISA
}  // namespace dl
