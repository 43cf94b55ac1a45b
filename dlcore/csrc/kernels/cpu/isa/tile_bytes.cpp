// Micro-operations on bytes: truth values and 8-bit whole numbers that need not be widened.
#include "kernels/cpu/isa/tile_bytes.h"

#include "kernels/cpu/isa/tile_loops.h"

namespace dl {
namespace DL_ISA {
namespace {

DL_OP2(Add, T(a + b))
DL_OP2(Sub, T(a - b))
DL_OP2(BAnd, T(a& b))
DL_OP2(BOr, T(a | b))
DL_OP2(BXor, T(a ^ b))
DL_OP1(BNot, T(~a))
DL_OP1(Neg, T(-a))
DL_OP1(Abs, T(a < 0 ? -a : a))

// Products of bytes, two by two in lanes of 16 bits: the upper one's is left alone by what comes from below.
template <class T, int Scalars>
void product_loop(int64_t n, const void* pa, const void* pb, const void*, void* po) {
  using V = Vec<uint16_t>;
  const T *a = static_cast<const T*>(pa), *b = static_cast<const T*>(pb);
  T* o = static_cast<T*>(po);
  const T x = *a, y = *b;
  const V none{}, xs = none + uint16_t(uint8_t(x) * 0x101u), ys = none + uint16_t(uint8_t(y) * 0x101u);
  auto at = [&](int64_t i) __attribute__((always_inline)) {
    const V u = Scalars == 1 ? xs : vec_load<V>(a + i), v = Scalars == 2 ? ys : vec_load<V>(b + i);
    return V(((u * v) & uint16_t(0xff)) | ((u >> 8) * (v & uint16_t(0xff00))));
  };
  int64_t i = 0;
  for (; i + 2 * kVecBytes <= n; i += 2 * kVecBytes) {
    const V first = at(i), second = at(i + kVecBytes);
    vec_store(o + i, first);
    vec_store(o + i + kVecBytes, second);
  }
  for (; i < n; i++) o[i] = T((Scalars == 1 ? x : a[i]) * (Scalars == 2 ? y : b[i]));
}

template <class T>
constexpr TileTable make() {
  TileTable t{};
  set_common<T>(t);
  set2<Add, T>(t, TileOp::Add);
  set2<Sub, T>(t, TileOp::Sub);
  TileFn* multiply = t.fn[int(TileOp::Mul)];
  multiply[0] = product_loop<T, 0>;
  multiply[1] = product_loop<T, 1>;
  multiply[2] = product_loop<T, 2>;
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
