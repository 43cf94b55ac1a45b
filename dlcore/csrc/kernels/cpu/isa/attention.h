// Tiles of attention scores, per instruction set: all lines of a tile in one call, so that their sums overlap.
#pragma once
#include <cstdint>

#include "kernels/cpu/isa/isa.h"

namespace dl {

// `m` lines of `n` scores, `ld` numbers apart, with room for a whole vector behind each. Of line r only the first
// first + r * step count (at least none, at most all). `mask` may be null.
template <class T>
struct ScoreTile {
  T* s;
  int64_t ld, m, n, first, step;
  T scale;
  const T* mask;
  int64_t mask_row;
};

template <class T>
struct AttentionTile {
  // top = the larger of top and of each line's s * scale (+ mask, which is then added in place, as is the scale).
  void (*largest)(const ScoreTile<T>& t, T* top);
  // s = exp(s * scale - top), or after a mask exp(s - top), and 0 where nothing counts; adds each line's sum to `sum`.
  void (*exps)(const ScoreTile<T>& t, const T* top, T* sum);
  // s = exp(s * scale (+ mask) - lse), slope = s * (slope - inner) * scale; both 0 where nothing counts, and in lines
  // whose lse is minus infinity. `slope` lies like s.
  void (*slopes)(const ScoreTile<T>& t, T* slope, const T* lse, const T* inner);
  // Each of m lines of x times its factor.
  void (*scaled)(T* x, int64_t row, int64_t m, int64_t n, const T* factor);
  // The products of m pairs of lines.
  void (*dots)(const T* a, int64_t a_row, const T* b, int64_t b_row, int64_t m, int64_t n, T* out);
  void (*logs)(T* x, int64_t n);
};
struct AttentionTable {
  AttentionTile<float> f32;
  AttentionTile<double> f64;
};
DL_ISA_TABLE(AttentionTable, attention_table)

}  // namespace dl
