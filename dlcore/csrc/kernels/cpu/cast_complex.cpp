// Conversions from and to complex numbers, over the real conversions: a complex array is a real one with strides of
// two.
#include <complex>
#include <cstring>
#include <utility>

#include "kernels/cpu/cast.h"

namespace dl {
namespace {

template <class T>
constexpr int kPart = int(sizeof(T) == 4 ? DType::F32 : DType::F64);

template <class T, int From>
void to_complex(int64_t n, const void* src, int64_t ss, void* dst, int64_t ds) {
  T* d = static_cast<T*>(dst);
  pick_cast_table()->fn[From][kPart<T>](n, src, ss, d, 2 * ds);
  for (int64_t i = 0; i < n; i++) d[2 * i * ds + 1] = 0;
}

template <class T, int To>
void from_complex(int64_t n, const void* src, int64_t ss, void* dst, int64_t ds) {
  if constexpr (DType(To) == DType::Bool) {
    const T* s = static_cast<const T*>(src);
    uint8_t* d = static_cast<uint8_t*>(dst);
    for (int64_t i = 0; i < n; i++) d[i * ds] = (s[2 * i * ss] != 0) | (s[2 * i * ss + 1] != 0);
  } else {
    pick_cast_table()->fn[kPart<T>][To](n, src, 2 * ss, dst, ds);
  }
}

template <class T, class U>
void between(int64_t n, const void* src, int64_t ss, void* dst, int64_t ds) {
  const T* s = static_cast<const T*>(src);
  U* d = static_cast<U*>(dst);
  if (ss == 1 && ds == 1) {
    if constexpr (sizeof(T) == sizeof(U))
      std::memmove(d, s, size_t(n) * 2 * sizeof(T));
    else
      for (int64_t i = 0; i < 2 * n; i++) d[i] = U(s[i]);
    return;
  }
  for (int64_t i = 0; i < n; i++) {
    U re = U(s[2 * i * ss]), im = U(s[2 * i * ss + 1]);
    d[2 * i * ds] = re;
    d[2 * i * ds + 1] = im;
  }
}

struct Table {
  CastFn to[2][kNumRealDTypes], from[2][kNumRealDTypes];
};
template <int... D>
constexpr Table make(std::integer_sequence<int, D...>) {
  return {{{to_complex<float, D>...}, {to_complex<double, D>...}},
          {{from_complex<float, D>...}, {from_complex<double, D>...}}};
}
constexpr Table table = make(std::make_integer_sequence<int, kNumRealDTypes>());
constexpr CastFn both[2][2] = {{between<float, float>, between<float, double>},
                               {between<double, float>, between<double, double>}};

}  // namespace

CastFn complex_cast(DType from, DType to) {
  int wide_from = from == DType::C128, wide_to = to == DType::C128;
  if (is_complex(from) && is_complex(to)) return both[wide_from][wide_to];
  return is_complex(to) ? table.to[wide_to][int(from)] : table.from[wide_from][int(to)];
}

}  // namespace dl
