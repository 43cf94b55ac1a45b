// Lines of attention scores, per instruction set.
#pragma once
#include <cstdint>

#include "kernels/cpu/isa/isa.h"

namespace dl {

template <class T>
struct AttentionLine {
  // s = s * scale (+ mask); returns the larger of `before` and the largest of s.
  T (*scores)(T* s, int64_t n, T scale, const T* mask, T before);
  // s = exp(s - m); returns the sum.
  T (*exps)(T* s, int64_t n, T m);
  // s = exp(s * scale (+ mask) - lse).
  void (*weights)(T* s, int64_t n, T scale, const T* mask, T lse);
  // dp = p * (dp - d) * scale.
  void (*slopes)(const T* p, T* dp, int64_t n, T d, T scale);
  void (*scaled)(T* x, int64_t n, T factor);
  T (*dot)(const T* a, const T* b, int64_t n);
};
struct AttentionTable {
  AttentionLine<float> f32;
  AttentionLine<double> f64;
};
DL_ISA_TABLE(AttentionTable, attention_table)

}  // namespace dl
