// Accumulators of a reduction. Include only from files of this folder.
#pragma once
#include "kernels/cpu/isa/reduce_ops.h"

namespace dl {
namespace DL_ISA {
namespace {

// Accumulators side by side. The extreme of floats is found in two parts, both one instruction a vector: the extreme of
// the numbers, and the largest magnitude as bits, which is above infinity's where there was a NaN.
template <ReduceOp Op, class T, int Width>
struct Lanes {
  static constexpr bool kSplit = std::is_floating_point_v<T> && (Op == ReduceOp::Max || Op == ReduceOp::Min);
  T value[Width];
  Bits<T> size[kSplit ? Width : 1];

  DL_MEMBER void clear(int64_t n = Width) {
    for (int64_t k = 0; k < n; k++) value[k] = identity<Op, T>();
    if constexpr (kSplit)
      for (int64_t k = 0; k < n; k++) size[k] = 0;
  }
  DL_MEMBER void take(const T* x) {
#pragma omp simd
    for (int k = 0; k < Width; k++) take_one(x[k], k);
  }
  DL_MEMBER void take(const T* x, int64_t n) {
#pragma omp simd
    for (int64_t k = 0; k < n; k++) take_one(x[k], k);
  }
  // Eight rows, one after the other, that lie `apart` from each other.
  DL_MEMBER void take_rows(const T* x, int64_t apart, int64_t n) {
#pragma omp simd
    for (int64_t k = 0; k < n; k++) {
      Lanes<Op, T, 1> one;
      one.value[0] = value[k];
      if constexpr (kSplit) one.size[0] = size[k];
#pragma GCC unroll 8
      for (int r = 0; r < 8; r++) one.take_one(x[k + r * apart], 0);
      value[k] = one.value[0];
      if constexpr (kSplit) size[k] = one.size[0];
    }
  }
  // Fewer than Width, a vector at a time and the last one in part.
  DL_MEMBER void take_rest(const T* x, int64_t n) {
    constexpr int part = Width / 4;
    int64_t i = 0;
#pragma GCC unroll 3
    for (int j = 0; j < 3; j++) {
      if (i + part > n) break;
#pragma omp simd
      for (int k = 0; k < part; k++) take_one(x[i + k], j * part + k);
      i += part;
    }
#pragma omp simd
    for (int k = 0; k < part; k++) {
      T v = identity<Op, T>();
      if (i + k < n) v = x[i + k];
      take_one(v, 3 * part + k);
    }
  }
  DL_MEMBER void take_one(T v, int64_t k) {
    if constexpr (kSplit) {
      size[k] = larger(size[k], magnitude_bits(v));
      if constexpr (Op == ReduceOp::Max)
        value[k] = v > value[k] ? v : value[k];
      else
        value[k] = v < value[k] ? v : value[k];
    } else {
      value[k] = combine<Op, T>(value[k], v);
    }
  }
  DL_MEMBER T get(int64_t k) const {
    if constexpr (kSplit) return size[k] > kInfBits<T> ? std::numeric_limits<T>::quiet_NaN() : value[k];
    return value[k];
  }
  template <int Half>
  DL_MEMBER void halve() {  // a template, so that every step is whole vectors or one short one
#pragma omp simd
    for (int k = 0; k < Half; k++) value[k] = combine<Op, T>(value[k], value[k + Half]);
    if constexpr (Half > 1) halve<Half / 2>();
  }
  // All lanes in one, by a tree.
  DL_MEMBER T fold() {
    bool nan = false;
    if constexpr (kSplit) {
      Bits<T> largest = 0;
      for (int k = 0; k < Width; k++) largest = size[k] > largest ? size[k] : largest;
      nan = largest > kInfBits<T>;
    }
    halve<Width / 2>();
    return nan ? std::numeric_limits<T>::quiet_NaN() : value[0];
  }
};

}  // namespace
}  // namespace DL_ISA
}  // namespace dl
