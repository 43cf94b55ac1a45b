// The loops of tile_direct.h.
#include "kernels/cpu/isa/tile_direct.h"

#include "kernels/cpu/isa/tile_float_ops.h"
#include "kernels/cpu/isa/wide_half.h"

namespace dl {
namespace DL_ISA {
namespace {

struct Magnitude {
  DL_INLINE float f(float a) { return vm_abs(a); }
  DL_INLINE Vec<float> f(Vec<float> a) { return Vec<float>(Bits(a) & 0x7fffffffu); }
};

template <int Operand, int Scalars>
DL_INLINE float number(const void* p) {
  return Scalars >> Operand & 1 ? *static_cast<const float*>(p) : 0.0f;
}

template <class Op, class H>
void half_unary(int64_t n, const void* pa, const void*, const void*, void* po) {
  constexpr int64_t lane = lanes<float>();
  const uint16_t* a = static_cast<const uint16_t*>(pa);
  uint16_t* o = static_cast<uint16_t*>(po);
  int64_t i = 0;
  for (; i + lane <= n; i += lane) H::store(o + i, Op::f(H::load(a + i)));
  for (; i < n; i++) o[i] = H::bits(Op::f(H::one(a[i])));
}

// Two vectors are read, then two are written, as fill_in_groups does.
template <class Op, class H, int Scalars>
void half_binary(int64_t n, const void* pa, const void* pb, const void*, void* po) {
  constexpr int64_t two = 2 * lanes<float>();
  const uint16_t *a = static_cast<const uint16_t*>(pa), *b = static_cast<const uint16_t*>(pb);
  uint16_t* o = static_cast<uint16_t*>(po);
  const float x = number<0, Scalars>(pa), y = number<1, Scalars>(pb);
  const Both xs = {all_of(x), all_of(x)}, ys = {all_of(y), all_of(y)};
  int64_t i = 0;
  for (; i + two <= n; i += two) {
    const Both u = Scalars == 1 ? xs : H::load_both(a + i), v = Scalars == 2 ? ys : H::load_both(b + i);
    H::store_both(o + i, {Op::f(u.first, v.first), Op::f(u.second, v.second)});
  }
  for (; i < n; i++) o[i] = H::bits(Op::f(Scalars == 1 ? x : H::one(a[i]), Scalars == 2 ? y : H::one(b[i])));
}

template <class Op, class T, int Scalars>
void truth_loop(int64_t n, const void* pa, const void* pb, const void*, void* po) {
  const T *a = static_cast<const T*>(pa), *b = static_cast<const T*>(pb);
  uint8_t* o = static_cast<uint8_t*>(po);
  const T x = *a, y = *b;
#pragma omp simd
  for (int64_t i = 0; i < n; i++) o[i] = Op::f(Scalars == 1 ? x : a[i], Scalars == 2 ? y : b[i]) != T(0);
}

// Widened block by block.
template <class Op, class H, int Scalars>
void half_truth(int64_t n, const void* pa, const void* pb, const void*, void* po) {
  constexpr int64_t block = 256, lane = lanes<float>();
  const uint16_t *a = static_cast<const uint16_t*>(pa), *b = static_cast<const uint16_t*>(pb);
  float x[block], y[block];
  auto widen = [](int64_t m, const uint16_t* from, float* to) {
    int64_t i = 0;
    for (; i + lane <= m; i += lane) vec_store(to + i, H::load(from + i));
    for (; i < m; i++) to[i] = H::one(from[i]);
  };
  for (int64_t i = 0; i < n; i += block) {
    const int64_t m = n - i < block ? n - i : block;
    if (Scalars != 1) widen(m, a + i, x);
    if (Scalars != 2) widen(m, b + i, y);
    truth_loop<Op, float, Scalars>(m, Scalars == 1 ? pa : x, Scalars == 2 ? pb : y, nullptr,
                                   static_cast<uint8_t*>(po) + i);
  }
}

// As Min of Max, whose second operand stays where both are equal, with one comparison for each.
template <class T>
void clamp(int64_t n, const void* pa, const void* pb, const void* pc, void* po) {
  const T* a = static_cast<const T*>(pa);
  T* o = static_cast<T*>(po);
  const T low = *static_cast<const T*>(pb), high = *static_cast<const T*>(pc);
  if (low != low || high != high) {
    for (int64_t i = 0; i < n; i++) o[i] = low != low ? low : high;
    return;
  }
  fill_in_groups(n, o, [&](int64_t i) __attribute__((always_inline)) {
    const T v = a[i] <= low ? low : a[i];
    return v >= high ? high : v;
  });
}

template <class Op, class H>
constexpr void set_half(DirectFns& f, TileOp op) {
  f[int(op)][0] = half_binary<Op, H, 0>;
  f[int(op)][1] = half_binary<Op, H, 1>;
  f[int(op)][2] = half_binary<Op, H, 2>;
}
template <class H>
constexpr void set_halves(DirectFns& f) {
  set_half<Add, H>(f, TileOp::Add);
  set_half<Sub, H>(f, TileOp::Sub);
  set_half<Mul, H>(f, TileOp::Mul);
  set_half<Div, H>(f, TileOp::Div);
  set_half<Max, H>(f, TileOp::Max);
  set_half<Min, H>(f, TileOp::Min);
  f[int(TileOp::Neg)][0] = half_unary<Neg, H>;
  f[int(TileOp::Abs)][0] = half_unary<Magnitude, H>;
}

template <class Op, class T>
constexpr void set_truth(DirectFns& f, DirectFns* half, TileOp op) {
  f[int(op)][0] = truth_loop<Op, T, 0>;
  f[int(op)][1] = truth_loop<Op, T, 1>;
  f[int(op)][2] = truth_loop<Op, T, 2>;
  if (!half) return;
  half[0][int(op)][0] = half_truth<Op, Float16, 0>;
  half[0][int(op)][1] = half_truth<Op, Float16, 1>;
  half[0][int(op)][2] = half_truth<Op, Float16, 2>;
  half[1][int(op)][0] = half_truth<Op, BFloat16, 0>;
  half[1][int(op)][1] = half_truth<Op, BFloat16, 1>;
  half[1][int(op)][2] = half_truth<Op, BFloat16, 2>;
}
template <class T>
constexpr void set_truths(DirectFns& f, DirectFns* half = nullptr) {
  set_truth<Eq, T>(f, half, TileOp::Eq);
  set_truth<Ne, T>(f, half, TileOp::Ne);
  set_truth<Lt, T>(f, half, TileOp::Lt);
  set_truth<Le, T>(f, half, TileOp::Le);
  set_truth<Gt, T>(f, half, TileOp::Gt);
  set_truth<Ge, T>(f, half, TileOp::Ge);
}

constexpr DirectTable make() {
  DirectTable t{};
  set_halves<Float16>(t.half[0]);
  set_halves<BFloat16>(t.half[1]);
  set_truths<float>(t.truth[0], t.half_truth);
  set_truths<double>(t.truth[1]);
  set_truths<int32_t>(t.truth[2]);
  set_truths<int64_t>(t.truth[3]);
  t.clamp[0] = clamp<float>;
  t.clamp[1] = clamp<double>;
  return t;
}

}  // namespace

extern const DirectTable direct_table;
constexpr DirectTable direct_table = make();

}  // namespace DL_ISA
}  // namespace dl
