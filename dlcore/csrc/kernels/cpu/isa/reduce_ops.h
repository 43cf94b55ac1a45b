// What reductions combine elements with. Include only from files of this folder.
#pragma once
#include <cstdint>
#include <limits>
#include <type_traits>

#include "kernels/cpu/isa/reduce_table.h"
#include "kernels/cpu/isa/vmath_base.h"

#define DL_MEMBER inline __attribute__((always_inline))

namespace dl {
namespace DL_ISA {
namespace {

template <class T>
DL_INLINE T add(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    using U = std::make_unsigned_t<T>;
    return T(U(a) + U(b));
  } else {
    return a + b;
  }
}
template <class T>
DL_INLINE T multiply(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    using U = std::make_unsigned_t<T>;
    return T(U(a) * U(b));
  } else {
    return a * b;
  }
}
template <ReduceOp Op, class T>
DL_INLINE T combine(T a, T b) {
  if constexpr (Op == ReduceOp::Sum) return add(a, b);
  if constexpr (Op == ReduceOp::Prod) return multiply(a, b);
  if constexpr (Op == ReduceOp::Max) return ((a > b) | (a != a)) ? a : b;
  if constexpr (Op == ReduceOp::Min) return ((a < b) | (a != a)) ? a : b;
}
template <ReduceOp Op, class T>
constexpr T identity() {
  using L = std::numeric_limits<T>;
  if constexpr (Op == ReduceOp::Sum) return T(0);
  if constexpr (Op == ReduceOp::Prod) return T(1);
  if constexpr (Op == ReduceOp::Max) return L::has_infinity ? -L::infinity() : L::min();
  if constexpr (Op == ReduceOp::Min) return L::has_infinity ? L::infinity() : L::max();
}

template <class T>
constexpr int kLanes =
    256 / int(sizeof(T));  // four vectors of the widest set: enough to hide the latency of an addition

template <class T>
using Bits = std::conditional_t<sizeof(T) == 8, int64_t, std::conditional_t<sizeof(T) == 4, int32_t, int8_t>>;

// A number's magnitude as bits, which sort as magnitudes do: NaN lies above infinity.
template <class T>
constexpr Bits<T> kInfBits = sizeof(T) == 8 ? Bits<T>(0x7ff0000000000000ll) : Bits<T>(0x7f800000);
template <class T>
DL_INLINE Bits<T> magnitude_bits(T v) {
  Bits<T> b;
  __builtin_memcpy(&b, &v, sizeof b);
  return b & std::numeric_limits<Bits<T>>::max();
}
template <class B>
DL_INLINE B larger(B a, B b) {
  return b > a ? b : a;
}

}  // namespace
}  // namespace DL_ISA
}  // namespace dl
