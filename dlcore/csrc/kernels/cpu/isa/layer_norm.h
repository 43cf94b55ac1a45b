// Layer normalisation of contiguous lines, and of a group of channels, per instruction set.
#pragma once
#include <cstdint>

#include "kernels/cpu/isa/isa.h"

namespace dl {

// `lines` lines of n numbers; what one gives does not depend on how many go together.
template <class T>
struct LayerNormLines {
  void (*forward)(const T* x, int64_t lines, int64_t n, const T* gamma, const T* beta, T eps, T* y);
  // Writes dx, adds to dgamma and dbeta, line after line.
  void (*backward)(const T* g, const T* x, int64_t lines, int64_t n, const T* gamma, T eps, T* dx, T* dgamma, T* dbeta);
};
// `each` channels of `places` numbers, one after the other; gamma and beta have one number for each channel.
template <class T>
struct ChannelNorm {
  void (*forward)(const T* x, int64_t each, int64_t places, const T* gamma, const T* beta, T eps, T* y);
  // Writes dx, and two numbers for each channel into sums: the sum of g times the normalised x, and the sum of g.
  void (*backward)(const T* g, const T* x, int64_t each, int64_t places, const T* gamma, T eps, T* dx, T* sums);
};
struct LayerNormTable {
  LayerNormLines<float> f32;
  LayerNormLines<double> f64;
  ChannelNorm<float> channel_f32;
  ChannelNorm<double> channel_f64;
};
DL_ISA_TABLE(LayerNormTable, layer_norm_table)

}  // namespace dl
