// Numbers as unsigned integers of the same width that sort in the same order, so that one radix sort serves every
// dtype.
#pragma once
#include <cstring>

#include "kernels/cpu/views.h"

namespace dl {

template <size_t Bytes>
struct UnsignedOf;
template <>
struct UnsignedOf<1> {
  using type = uint8_t;
};
template <>
struct UnsignedOf<2> {
  using type = uint16_t;
};
template <>
struct UnsignedOf<4> {
  using type = uint32_t;
};
template <>
struct UnsignedOf<8> {
  using type = uint64_t;
};
template <class T>
using KeyOf = typename UnsignedOf<sizeof(T)>::type;

// Keys of a dtype: NaN has the largest key in either direction. With `Join`, -0 and 0 have the same key (for positions,
// where equal numbers keep their order); without it a key can be turned back into its number.
template <class T>
struct SortKey {
  using K = KeyOf<T>;
  static constexpr bool kFloat = std::is_floating_point_v<T> || !std::is_same_v<T, Compute<T>>;
  static constexpr K kTop = K(K(1) << (8 * sizeof(T) - 1));
  static constexpr bool kSigned = std::is_signed_v<T>;
  // The bits of infinity: above it, sign apart, lies NaN.
  static constexpr K kInf = sizeof(T) == 8            ? K(0x7ff0000000000000ull)
                            : sizeof(T) == 4          ? K(0x7f800000u)
                            : std::is_same_v<T, bf16> ? K(0x7f80u)
                                                      : K(0x7c00u);

  K flip;  // all ones to sort from the largest down
  explicit SortKey(bool descending) : flip(descending ? K(~K(0)) : K(0)) {}

  template <bool Join>
  K key(T v) const {
    K b;
    std::memcpy(&b, &v, sizeof b);
    if constexpr (kFloat) {
      K size = K(b & K(~kTop));
      if (Join && size == 0) b = 0;
      K sign = K(K(0) - K(b >> (8 * sizeof(T) - 1)));
      K k = K((b ^ (sign | kTop)) ^ flip);
      return size > kInf ? K(~K(0)) : k;
    } else {
      return K((kSigned ? K(b ^ kTop) : b) ^ flip);
    }
  }
  T number(K k) const {
    K b = K(k ^ flip);
    if constexpr (kFloat) {
      K sign = K(K(b >> (8 * sizeof(T) - 1)) - 1);  // all ones where the number was negative
      b = k == K(~K(0)) ? K(kInf | K(kInf >> 1)) : K(b ^ (sign | kTop));
    } else if (kSigned) {
      b = K(b ^ kTop);
    }
    T v;
    std::memcpy(&v, &b, sizeof v);
    return v;
  }
};

}  // namespace dl
