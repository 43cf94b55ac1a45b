// Tiles of attention scores, per instruction set: all lines of a tile in one call, so that their sums overlap.
#pragma once
#include <cstdint>

#include "kernels/cpu/isa/isa.h"

namespace dl {

// Where the random words of dropped weights come from (kernels/cpu/attention_drop.h).
struct DropWords {
  uint64_t seed, block;
  uint32_t threshold;
};

// `m` lines of `n` scores, `ld` numbers apart, with room for a whole vector behind each. Of line r only the first
// first + r * step count (at least none, at most all). `mask` may be null; so may `kept`, which lies like s and holds
// the factor of each weight, 0 where it is dropped.
template <class T>
struct ScoreTile {
  T* s;
  int64_t ld, m, n, first, step;
  T scale;
  const T* mask;
  int64_t mask_row;
  const T* kept;
};

template <class T>
struct AttentionTile {
  // top = the larger of top and of each line's s * scale (+ mask, which is then added in place, as is the scale).
  void (*largest)(const ScoreTile<T>& t, T* top);
  // s = exp(s * scale - top), or after a mask exp(s - top), and 0 where nothing counts; adds each line's sum to `sum`,
  // and then multiplies by what is kept.
  void (*exps)(const ScoreTile<T>& t, const T* top, T* sum);
  // s = exp(s * scale (+ mask) - lse), slope = s * (slope * kept - inner) * scale, then s * kept; both 0 where nothing
  // counts, and in lines whose lse is minus infinity. `slope` lies like s.
  void (*slopes)(const ScoreTile<T>& t, T* slope, const T* lse, const T* inner);
  // Each of m lines of x times its factor.
  void (*scaled)(T* x, int64_t row, int64_t m, int64_t n, const T* factor);
  // The products of m pairs of lines.
  void (*dots)(const T* a, int64_t a_row, const T* b, int64_t b_row, int64_t m, int64_t n, T* out);
  void (*logs)(T* x, int64_t n);
  // 16 numbers a group, in a line and in the one eight below it: 0 where the word of the place is below the threshold,
  // else `factor`. The lines' blocks begin at `first`.
  void (*factors)(const DropWords& from, uint64_t first, int64_t groups, T factor, T* line, T* below);
};
struct AttentionTable {
  AttentionTile<float> f32;
  AttentionTile<double> f64;
};
DL_ISA_TABLE(AttentionTable, attention_table)

}  // namespace dl
