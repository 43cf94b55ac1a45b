// Layer normalisation of one contiguous line, per instruction set.
#pragma once
#include <cstdint>

#include "kernels/cpu/isa/isa.h"

namespace dl {

template <class T>
struct LayerNormLine {
  void (*forward)(const T* x, int64_t n, const T* gamma, const T* beta, T eps, T* y);
  // Writes dx, adds to dgamma and dbeta.
  void (*backward)(const T* g, const T* x, int64_t n, const T* gamma, T eps, T* dx, T* dgamma, T* dbeta);
};
struct LayerNormTable {
  LayerNormLine<float> f32;
  LayerNormLine<double> f64;
};
DL_ISA_TABLE(LayerNormTable, layer_norm_table)

}  // namespace dl
