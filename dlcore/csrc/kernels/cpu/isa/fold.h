// The lanes of a vector added up. Include only from files of this folder.
#pragma once
#include <type_traits>

#include "kernels/cpu/isa/vec.h"
#include "kernels/cpu/isa/vmath_base.h"

namespace dl {
namespace DL_ISA {

// The lanes, each with those that lie a multiple of `Last` before or behind it, by a tree.
template <int Half, int Last, class T>
DL_INLINE Vec<T> halve(Vec<T> v) {
#if defined(__GNUC__) && !defined(__clang__)
  Vec<std::conditional_t<sizeof(T) == 4, int32_t, int64_t>> other;
  for (int k = 0; k < int(lanes<T>()); k++) other[k] = k ^ Half;
  v += __builtin_shuffle(v, other);
#else
  Vec<T> turned;
  for (int k = 0; k < int(lanes<T>()); k++) turned[k] = v[k ^ Half];
  v += turned;
#endif
  if constexpr (Half > Last) return halve<Half / 2, Last, T>(v);
  return v;
}
template <class T>
DL_INLINE T fold(Vec<T> v) {
  return halve<int(lanes<T>()) / 2, 1, T>(v)[0];
}

}  // namespace DL_ISA
}  // namespace dl
