// Micro-operations on integer registers. Sums and products are taken unsigned, so that wrapping round is well defined.
#include <type_traits>

#include "kernels/cpu/isa/tile_loops.h"

namespace dl {
namespace DL_ISA {
namespace {

template <class T>
using U = std::make_unsigned_t<T>;
template <class T>
constexpr bool kSigned = std::is_signed_v<T>;
template <class T>
constexpr int kBits = int(sizeof(T)) * 8;

template <class T>
DL_INLINE T int_div(T a, T b) {  // towards zero; by zero gives 0, and the one overflow wraps
  if (b == 0) return 0;
  if (kSigned<T> && b == T(-1)) return T(U<T>(0) - U<T>(a));
  return T(a / b);
}
template <class T>
DL_INLINE T int_rem(T a, T b) {  // sign of the divisor
  if (b == 0 || (kSigned<T> && b == T(-1))) return 0;
  T m = T(a % b);
  return kSigned<T> && m != 0 && (m < 0) != (b < 0) ? T(m + b) : m;
}
template <class T>
DL_INLINE T int_floor_div(T a, T b) {
  T q = int_div(a, b);
  return kSigned<T> && b != 0 && b != T(-1) && (a < 0) != (b < 0) && T(q * b) != a ? T(q - 1) : q;
}
template <class T>
DL_INLINE T int_pow(T a, T b) {  // a negative exponent gives the reciprocal, truncated
  if (kSigned<T> && b < 0) return a == 1 ? T(1) : a == T(-1) ? (b & 1 ? T(-1) : T(1)) : T(0);
  U<T> r = 1, x = U<T>(a);
  for (U<T> e = U<T>(b); e; e >>= 1) {
    if (e & 1) r *= x;
    x *= x;
  }
  return T(r);
}

template <class T>
DL_INLINE T int_fmod(T a, T b) {  // sign of the dividend
  return b == 0 || (kSigned<T> && b == T(-1)) ? T(0) : T(a % b);
}
template <class T>
DL_INLINE U<T> magnitude(T a) {
  return a < 0 ? U<T>(U<T>(0) - U<T>(a)) : U<T>(a);
}
template <class T>
DL_INLINE T int_gcd(T a, T b) {  // Euclid
  U<T> x = magnitude(a), y = magnitude(b);
  while (y) {
    U<T> r = x % y;
    x = y;
    y = r;
  }
  return T(x);
}
template <class T>
DL_INLINE T int_lcm(T a, T b) {  // 0 when either is; wraps round when it does not fit
  U<T> g = U<T>(int_gcd(a, b));
  return g ? T(magnitude(a) / g * magnitude(b)) : T(0);
}

// The same of 32-bit numbers through double, which holds them and tells their quotient from the next whole number; of
// these there are vectors.
DL_INLINE int32_t quotient32(int32_t a, int32_t b) {  // towards zero; b is neither 0 nor -1
  return int32_t(double(a) / double(b));
}
DL_INLINE int32_t vm_rem32(int32_t a, int32_t b) {
  bool plain = b != 0 && b != -1;
  int32_t by = plain ? b : 1, m = a - quotient32(a, by) * by;
  m = m != 0 && (m < 0) != (by < 0) ? m + by : m;
  return plain ? m : 0;
}
DL_INLINE int32_t vm_floor_div32(int32_t a, int32_t b) {
  bool plain = b != 0 && b != -1;
  int32_t by = plain ? b : 1, q = quotient32(a, by);
  q = q * by != a && (a < 0) != (by < 0) ? q - 1 : q;
  int32_t edge = b == 0 ? 0 : int32_t(0u - uint32_t(a));
  return plain ? q : edge;
}

DL_OP2(Add, T(U<T>(a) + U<T>(b)))
DL_OP2(Sub, T(U<T>(a) - U<T>(b)))
DL_OP2(Mul, T(U<T>(a) * U<T>(b)))
DL_OP2_LONG(Div, int_div(a, b))
DL_OP2_LONG(FDiv, int_floor_div(a, b))
DL_OP2_LONG(Rem, int_rem(a, b))
DL_OP2_LONG(FDiv32, vm_floor_div32(a, b))
DL_OP2_LONG(Rem32, vm_rem32(a, b))
DL_OP2_LONG(Pow, int_pow(a, b))
DL_OP3(Fma, T(U<T>(a) * U<T>(b) + U<T>(c)))
DL_OP1(Neg, T(U<T>(0) - U<T>(a)))
DL_OP1(Abs, a < 0 ? T(U<T>(0) - U<T>(a)) : a)
DL_OP1(Sign, T(a > 0) - T(a < 0))
DL_OP2(BAnd, T(a& b))
DL_OP2(BOr, T(a | b))
DL_OP2(BXor, T(a ^ b))
DL_OP1(BNot, T(~a))
DL_OP2(Shl, U<T>(b) < U<T>(kBits<T>) ? T(U<T>(a) << (U<T>(b) & U<T>(kBits<T> - 1))) : T(0))
DL_OP2(Shr, U<T>(b) < U<T>(kBits<T>) ? T(a >> (U<T>(b) & U<T>(kBits<T> - 1))) : (a < 0 ? T(-1) : T(0)))
DL_OP2_LONG(Fmod, int_fmod(a, b))
DL_OP2_LONG(Gcd, int_gcd(a, b))
DL_OP2_LONG(Lcm, int_lcm(a, b))
DL_OP1(Zero, T(a ^ a))
DL_OP1(Signbit, T(a < 0))
DL_OP1(One, T((a ^ a) + 1))
DL_OP1(WrapI8, T(int8_t(a)))
DL_OP1(WrapI16, T(int16_t(a)))
DL_OP1(WrapI32, T(int32_t(a)))
DL_OP1(WrapU8, T(uint8_t(a)))
DL_OP1(WrapU16, T(uint16_t(a)))
DL_OP1(WrapU32, T(uint32_t(a)))

template <class T>
constexpr TileTable make() {
  TileTable t{};
  set_common<T>(t);
  set2<Add, T>(t, TileOp::Add);
  set2<Sub, T>(t, TileOp::Sub);
  set2<Mul, T>(t, TileOp::Mul);
  set2<Div, T>(t, TileOp::Div);
  set2<FDiv, T>(t, TileOp::FDiv);
  set2<Rem, T>(t, TileOp::Rem);
  if constexpr (std::is_same_v<T, int32_t>) {
    set2<FDiv32, T>(t, TileOp::FDiv);
    set2<Rem32, T>(t, TileOp::Rem);
  }
  set2<Pow, T>(t, TileOp::Pow);
  set3<Fma, T>(t, TileOp::Fma);
  set1<Neg, T>(t, TileOp::Neg);
  set1<Abs, T>(t, TileOp::Abs);
  set1<Sign, T>(t, TileOp::Sign);
  set2<BAnd, T>(t, TileOp::BAnd);
  set2<BOr, T>(t, TileOp::BOr);
  set2<BXor, T>(t, TileOp::BXor);
  set1<BNot, T>(t, TileOp::BNot);
  set2<Shl, T>(t, TileOp::Shl);
  set2<Shr, T>(t, TileOp::Shr);
  set1<Identity, T>(t, TileOp::Floor);
  set1<Identity, T>(t, TileOp::Ceil);
  set1<Identity, T>(t, TileOp::Round);
  set1<Identity, T>(t, TileOp::Trunc);
  set1<Zero, T>(t, TileOp::IsNan);
  set1<Zero, T>(t, TileOp::IsInf);
  set1<One, T>(t, TileOp::IsFinite);
  set2<Fmod, T>(t, TileOp::Fmod);
  set2<Gcd, T>(t, TileOp::Gcd);
  set2<Lcm, T>(t, TileOp::Lcm);
  set1<Zero, T>(t, TileOp::Imag);
  set1<Signbit, T>(t, TileOp::Signbit);
  set1<WrapI8, T>(t, TileOp::WrapI8);
  set1<WrapI16, T>(t, TileOp::WrapI16);
  set1<WrapI32, T>(t, TileOp::WrapI32);
  set1<WrapU8, T>(t, TileOp::WrapU8);
  set1<WrapU16, T>(t, TileOp::WrapU16);
  set1<WrapU32, T>(t, TileOp::WrapU32);
  return t;
}

}  // namespace

constexpr TileTable tile_i32 = make<int32_t>();
constexpr TileTable tile_i64 = make<int64_t>();
constexpr TileTable tile_u64 = make<uint64_t>();

}  // namespace DL_ISA
}  // namespace dl
