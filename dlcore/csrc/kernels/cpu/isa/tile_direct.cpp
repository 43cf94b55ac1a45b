// The loops of tile_direct.h.
#include "kernels/cpu/isa/tile_direct.h"

#include <type_traits>

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

template <class Op>
DL_INLINE auto compare(Vec<float> a, Vec<float> b) {
  if constexpr (std::is_same_v<Op, Eq>)
    return a == b;
  else if constexpr (std::is_same_v<Op, Ne>)
    return a != b;
  else if constexpr (std::is_same_v<Op, Lt>)
    return a < b;
  else if constexpr (std::is_same_v<Op, Le>)
    return a <= b;
  else if constexpr (std::is_same_v<Op, Gt>)
    return a > b;
  else
    return a >= b;
}

// Four vectors of comparisons as truth values.
template <class Truth>
DL_INLINE void put_truth(uint8_t* o, const Truth (&t)[4]) {
  [[maybe_unused]] constexpr int lane = int(lanes<float>());
#if defined(__AVX512F__)
  typedef uint8_t Bytes __attribute__((vector_size(lane)));
  for (int k = 0; k < 4; k++) vec_store(o + k * lane, Bytes(__builtin_convertvector(t[k], Bytes) & uint8_t(1)));
#elif defined(__AVX2__)
  const __m256i low = _mm256_packs_epi32(__m256i(t[0]), __m256i(t[1]));
  const __m256i high = _mm256_packs_epi32(__m256i(t[2]), __m256i(t[3]));
  const __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_packs_epi16(low, high),  // packing went by halves
                                                    _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
  vec_store(o, _mm256_and_si256(bytes, _mm256_set1_epi8(1)));
#else
  for (int k = 0; k < 4; k++)
    for (int j = 0; j < lane; j++) o[k * lane + j] = uint8_t(t[k][j] & 1);
#endif
}

template <class Op, class H, int Scalars>
void half_truth(int64_t n, const void* pa, const void* pb, const void*, void* po) {
  constexpr int64_t lane = lanes<float>();
  const uint16_t *a = static_cast<const uint16_t*>(pa), *b = static_cast<const uint16_t*>(pb);
  uint8_t* o = static_cast<uint8_t*>(po);
  const float x = number<0, Scalars>(pa), y = number<1, Scalars>(pb);
  const Vec<float> xs = all_of(x), ys = all_of(y);
  auto at = [&](int64_t i) __attribute__((always_inline)) {
    return compare<Op>(Scalars == 1 ? xs : H::load(a + i), Scalars == 2 ? ys : H::load(b + i));
  };
  int64_t i = 0;
  for (; i + 4 * lane <= n; i += 4 * lane) put_truth(o + i, {at(i), at(i + lane), at(i + 2 * lane), at(i + 3 * lane)});
  for (; i < n; i++) o[i] = Op::f(Scalars == 1 ? x : H::one(a[i]), Scalars == 2 ? y : H::one(b[i])) != 0.0f;
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
  each_comparison([&](auto op, TileOp at) { set_truth<decltype(op), T>(f, half, at); });
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
