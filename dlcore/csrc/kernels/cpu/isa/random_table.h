// Philox words in bulk, and what is made of them. The mapping is written down in kernels/cpu/random.cpp.
#pragma once
#include <cstdint>

#include "kernels/cpu/isa/isa.h"

namespace dl {

// Distributions whose numbers are a formula of one even number: a location of 0 and a scale of 1.
enum class RandomKind { exponential, gumbel, logistic, laplace };

struct RandomTable {
  // Blocks counter, counter + 1, ... of (seed, stream): four words each.
  void (*words)(int64_t blocks, uint64_t seed, uint64_t counter, uint32_t stream, uint32_t* out);
  void (*uniform_f32)(int64_t n, const uint32_t* w, float low, float span, float* out);
  void (*uniform_f64)(int64_t n, const uint32_t* w, const uint32_t* w2, double low, double span, double* out);
  void (*normal_f32)(int64_t blocks, const uint32_t* w, float loc, float scale, float* out);
  void (*normal_f64)(int64_t blocks, const uint32_t* w, const uint32_t* w2, double loc, double scale, double* out);
  // out[i] = below where the top 24 bits of the word are less than `threshold`, else above
  void (*choose)(int64_t n, const uint32_t* w, uint32_t threshold, float below, float above, float* out);
  void (*standard_f32)(RandomKind kind, int64_t n, const uint32_t* w, float loc, float scale, float* out);
  void (*standard_f64)(RandomKind kind, int64_t n, const uint32_t* w, const uint32_t* w2, double loc, double scale,
                       double* out);
};
DL_ISA_TABLE(RandomTable, random_table)

}  // namespace dl
