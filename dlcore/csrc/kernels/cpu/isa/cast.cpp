// The conversion loops of cast_table.h.
#include "kernels/cpu/isa/cast_table.h"

#include <type_traits>

#include "kernels/cpu/isa/half.h"

namespace dl {
namespace DL_ISA {
namespace {

struct Bool {
  uint8_t v;
};
struct Half {
  uint16_t v;
};
struct BFloat {
  uint16_t v;
};

DL_INLINE int32_t to_i32(double x) { return x > -2147483649.0 && x < 2147483648.0 ? int32_t(x) : INT32_MIN; }
DL_INLINE int32_t to_i32(float x) { return x >= -2147483648.0f && x < 2147483648.0f ? int32_t(x) : INT32_MIN; }
template <class F>
DL_INLINE int64_t to_i64(F x) {
  return x >= F(-9223372036854775808.0) && x < F(9223372036854775808.0) ? int64_t(x) : INT64_MIN;
}
template <class F>
DL_INLINE uint64_t to_u64(F x) {
  bool upper = x >= F(9223372036854775808.0) && x < F(18446744073709551616.0);
  uint64_t u = uint64_t(to_i64(upper ? x - F(9223372036854775808.0) : x));
  return upper ? u ^ 0x8000000000000000ull : u;
}

// Everything is read as a plain number first, then turned into what is stored.
template <class S>
DL_INLINE auto plain(S x) {
  if constexpr (std::is_same_v<S, Bool>)
    return uint8_t(x.v != 0);
  else if constexpr (std::is_same_v<S, Half>)
    return half_to_float(x.v);
  else if constexpr (std::is_same_v<S, BFloat>)
    return bfloat_to_float(x.v);
  else
    return x;
}
template <class P>
DL_INLINE float rounding_source(P x) {  // a float that rounds to 16 bits as x itself would
  if constexpr (std::is_same_v<P, float>)
    return x;
  else if constexpr (sizeof(P) <= 2)
    return float(x);
  else
    return narrow_to_odd(double(x));
}
template <class D, class S>
DL_INLINE D number(S x) {
  using P = S;
  if constexpr (std::is_same_v<D, Bool>)
    return Bool{uint8_t(x != 0)};
  else if constexpr (std::is_same_v<D, Half>)
    return Half{float_to_half(rounding_source(x))};
  else if constexpr (std::is_same_v<D, BFloat>)
    return BFloat{float_to_bfloat(rounding_source(x))};
  else if constexpr (std::is_floating_point_v<P> && std::is_integral_v<D>) {
    if constexpr (std::is_same_v<D, uint64_t>)
      return to_u64(x);
    else if constexpr (std::is_same_v<D, int64_t> || std::is_same_v<D, uint32_t>)
      return D(to_i64(x));
    else
      return D(to_i32(x));
  } else {
    return D(x);
  }
}
template <class D, class S>
DL_INLINE D convert(S x) {
  if constexpr (std::is_same_v<D, S>)
    return x;
  else
    return number<D>(plain(x));
}

template <class S, class D>
void cast_run(int64_t n, const void* src, int64_t ss, void* dst, int64_t ds) {
  const S* s = static_cast<const S*>(src);
  D* d = static_cast<D*>(dst);
  if (ds == 1 && ss == 1) {
    if constexpr (std::is_same_v<S, Half> && std::is_same_v<D, float>) {
      halfs_to_floats(n, reinterpret_cast<const uint16_t*>(s), d);
    } else if constexpr (std::is_same_v<S, float> && std::is_same_v<D, Half>) {
      floats_to_halfs(n, s, reinterpret_cast<uint16_t*>(d));
    } else if constexpr (std::is_same_v<S, D>) {
      __builtin_memmove(d, s, size_t(n) * sizeof(D));
    } else if constexpr (std::is_same_v<S, Bool>) {  // one of two numbers: a conversion of each was no vector code
      const uint8_t* truth = static_cast<const uint8_t*>(src);
      const D one = number<D>(uint8_t(1)), zero = number<D>(uint8_t(0));
#pragma omp simd
      for (int64_t i = 0; i < n; i++) d[i] = truth[i] != 0 ? one : zero;
    } else {
#pragma omp simd
      for (int64_t i = 0; i < n; i++) d[i] = convert<D>(s[i]);
    }
  } else if (ds == 1 && ss == 2 && std::is_same_v<S, D>) {  // every second one, or parts of complex numbers
#pragma omp simd
    for (int64_t i = 0; i < n; i++) d[i] = convert<D>(s[2 * i]);
  } else if (ds == 1 && ss == 0) {
    D v = convert<D>(*s);
    for (int64_t i = 0; i < n; i++) d[i] = v;
  } else {
    for (int64_t i = 0; i < n; i++) d[i * ds] = convert<D>(s[i * ss]);
  }
}

template <class S>
constexpr void row(CastFn* f) {
  f[0] = cast_run<S, Bool>;
  f[1] = cast_run<S, int8_t>;
  f[2] = cast_run<S, int16_t>;
  f[3] = cast_run<S, int32_t>;
  f[4] = cast_run<S, int64_t>;
  f[5] = cast_run<S, uint8_t>;
  f[6] = cast_run<S, uint16_t>;
  f[7] = cast_run<S, uint32_t>;
  f[8] = cast_run<S, uint64_t>;
  f[9] = cast_run<S, Half>;
  f[10] = cast_run<S, BFloat>;
  f[11] = cast_run<S, float>;
  f[12] = cast_run<S, double>;
}

// Whole vectors, the last of each row running over into the next row, which is written after it.
template <class T>
void expand(int64_t rows, int64_t cols, const void* src, void* dst) {
  constexpr int64_t lanes = 64 / int64_t(sizeof(T));
  const T* s = static_cast<const T*>(src);
  T* d = static_cast<T*>(dst);
  for (int64_t r = 0; r < rows; r++) {
    T vector[lanes];
    for (int64_t i = 0; i < lanes; i++) vector[i] = s[r];
    for (int64_t c = 0; c < cols; c += lanes) __builtin_memcpy(d + r * cols + c, vector, sizeof vector);
  }
}

constexpr CastTable make() {
  CastTable t{};
  row<Bool>(t.fn[0]);
  row<int8_t>(t.fn[1]);
  row<int16_t>(t.fn[2]);
  row<int32_t>(t.fn[3]);
  row<int64_t>(t.fn[4]);
  row<uint8_t>(t.fn[5]);
  row<uint16_t>(t.fn[6]);
  row<uint32_t>(t.fn[7]);
  row<uint64_t>(t.fn[8]);
  row<Half>(t.fn[9]);
  row<BFloat>(t.fn[10]);
  row<float>(t.fn[11]);
  row<double>(t.fn[12]);
  t.expand[0] = expand<uint32_t>;
  t.expand[1] = expand<uint64_t>;
  return t;
}

}  // namespace

constexpr CastTable cast_table = make();

}  // namespace DL_ISA
}  // namespace dl
