// Loops over a tile, and the micro-operations that look the same for floating-point and integer types.
#pragma once
#include <cstring>

#include "kernels/cpu/isa/tile_table.h"
#include "kernels/cpu/isa/vec.h"
#include "kernels/cpu/isa/vmath_base.h"

namespace dl {
namespace DL_ISA {

template <class Op, class T>
void unary_loop(int64_t n, const void* pa, const void*, const void*, void* po) {
  const T* a = static_cast<const T*>(pa);
  T* o = static_cast<T*>(po);
#pragma omp simd
  for (int64_t i = 0; i < n; i++) o[i] = Op::f(a[i]);
}

// o[i] = f(i). Four pieces are read, then four are written: quicker than turn by turn once memory is the limit. Pieces
// as long as a vector (16 bytes also do for AVX2) stay in registers; one array of all four would go through the stack.
template <class T, class F>
DL_INLINE void fill_in_groups(int64_t n, T* o, F f) {
  constexpr int bytes = kVecBytes == 64 ? 64 : 16, piece = bytes / int(sizeof(T)), group = 4 * piece;
  int64_t i = 0;
  for (; i + group <= n; i += group) {
    T made[4][piece];
#pragma omp simd
    for (int k = 0; k < piece; k++) made[0][k] = f(i + k);
#pragma omp simd
    for (int k = 0; k < piece; k++) made[1][k] = f(i + piece + k);
#pragma omp simd
    for (int k = 0; k < piece; k++) made[2][k] = f(i + 2 * piece + k);
#pragma omp simd
    for (int k = 0; k < piece; k++) made[3][k] = f(i + 3 * piece + k);
    for (int j = 0; j < 4; j++) std::memcpy(o + i + j * piece, made[j], bytes);
  }
#pragma omp simd
  for (int64_t k = i; k < n; k++) o[k] = f(k);
}

template <class Op, class T, int Scalars>
void binary_loop(int64_t n, const void* pa, const void* pb, const void*, void* po) {
  const T* a = static_cast<const T*>(pa);
  const T* b = static_cast<const T*>(pb);
  T* o = static_cast<T*>(po);
  const T x = *a, y = *b;
  auto f = [&](int64_t i)
               __attribute__((always_inline)) { return Op::f(Scalars == 1 ? x : a[i], Scalars == 2 ? y : b[i]); };
  if constexpr (Op::kShort) {
    fill_in_groups(n, o, f);
  } else {
#pragma omp simd
    for (int64_t i = 0; i < n; i++) o[i] = f(i);
  }
}

template <class Op, class T, int Scalars>
void ternary_loop(int64_t n, const void* pa, const void* pb, const void* pc, void* po) {
  const T* a = static_cast<const T*>(pa);
  const T* b = static_cast<const T*>(pb);
  const T* c = static_cast<const T*>(pc);
  T* o = static_cast<T*>(po);
  const T x = *a, y = *b, z = *c;
  fill_in_groups(n, o, [&](int64_t i) __attribute__((always_inline)) {
    return Op::f(Scalars & 1 ? x : a[i], Scalars & 2 ? y : b[i], Scalars & 4 ? z : c[i]);
  });
}

template <class Op, class T>
constexpr void set1(TileTable& t, TileOp op) {
  t.fn[int(op)][0] = unary_loop<Op, T>;
}
template <class Op, class T>
constexpr void set2(TileTable& t, TileOp op) {
  t.fn[int(op)][0] = binary_loop<Op, T, 0>;
  t.fn[int(op)][1] = binary_loop<Op, T, 1>;
  t.fn[int(op)][2] = binary_loop<Op, T, 2>;
}
template <class Op, class T>
constexpr void set3(TileTable& t, TileOp op) {
  TileFn* f = t.fn[int(op)];
  f[0] = ternary_loop<Op, T, 0>;
  f[1] = ternary_loop<Op, T, 1>;
  f[2] = ternary_loop<Op, T, 2>;
  f[3] = ternary_loop<Op, T, 3>;
  f[4] = ternary_loop<Op, T, 4>;
  f[5] = ternary_loop<Op, T, 5>;
  f[6] = ternary_loop<Op, T, 6>;
}

#define DL_OP1(Name, expression) \
  struct Name {                  \
    template <class T>           \
    DL_INLINE T f(T a) {         \
      return expression;         \
    }                            \
  };
#define DL_OP2_OF(Name, expression, is_short) \
  struct Name {                               \
    static constexpr bool kShort = is_short;  \
    template <class T>                        \
    DL_INLINE T f(T a, T b) {                 \
      return expression;                      \
    }                                         \
  };
#define DL_OP2(Name, expression) DL_OP2_OF(Name, expression, true)
#define DL_OP2_LONG(Name, expression) DL_OP2_OF(Name, expression, false)  // so much work that memory is not the limit
#define DL_OP3(Name, expression)   \
  struct Name {                    \
    template <class T>             \
    DL_INLINE T f(T a, T b, T c) { \
      return expression;           \
    }                              \
  };

namespace {
DL_OP1(Identity, a)
DL_OP2(Eq, a == b ? T(1) : T(0))
DL_OP2(Ne, a != b ? T(1) : T(0))
DL_OP2(Lt, a < b ? T(1) : T(0))
DL_OP2(Le, a <= b ? T(1) : T(0))
DL_OP2(Gt, a > b ? T(1) : T(0))
DL_OP2(Ge, a >= b ? T(1) : T(0))
DL_OP2(And, ((a != T(0)) & (b != T(0))) ? T(1) : T(0))
DL_OP2(Or, ((a != T(0)) | (b != T(0))) ? T(1) : T(0))
DL_OP2(Xor, ((a != T(0)) ^ (b != T(0))) ? T(1) : T(0))
DL_OP1(Not, a == T(0) ? T(1) : T(0))
// NaN wins on either side. Both answers are there before one is taken: a loop with a branch is not made of vectors.
template <class T>
DL_INLINE T unless_nan(T a, T other) {
  return a != a ? a : other;
}
DL_OP2(Max, unless_nan(a, a > b ? a : b))
DL_OP2(Min, unless_nan(a, a < b ? a : b))
DL_OP3(Select, a != T(0) ? b : c)
}  // namespace

// set(operation, its number) for each comparison.
template <class Set>
constexpr void each_comparison(Set set) {
  set(Eq(), TileOp::Eq);
  set(Ne(), TileOp::Ne);
  set(Lt(), TileOp::Lt);
  set(Le(), TileOp::Le);
  set(Gt(), TileOp::Gt);
  set(Ge(), TileOp::Ge);
}

template <class T>
constexpr void set_common(TileTable& t) {
  each_comparison([&t](auto op, TileOp at) { set2<decltype(op), T>(t, at); });
  set2<And, T>(t, TileOp::And);
  set2<Or, T>(t, TileOp::Or);
  set2<Xor, T>(t, TileOp::Xor);
  set1<Not, T>(t, TileOp::Not);
  set2<Max, T>(t, TileOp::Max);
  set2<Min, T>(t, TileOp::Min);
  set3<Select, T>(t, TileOp::Select);
  set1<Identity, T>(t, TileOp::Real);
  set1<Identity, T>(t, TileOp::Conj);
}

}  // namespace DL_ISA
}  // namespace dl
