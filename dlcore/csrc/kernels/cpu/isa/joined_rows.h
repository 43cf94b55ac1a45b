// Narrow rows that follow each other, as fewer rows of whole vectors. Include only from files of this folder.
#pragma once
#include "kernels/cpu/isa/vmath_base.h"

namespace dl {
namespace DL_ISA {

// Calls rows(count, n, x, acc), which reduces rows of n elements that follow each other, with `join` rows as one (a
// power of two), then makes of its `join` results one. `none` is what a result starts from, both(a, b) makes one of
// two. Most: the elements that a joined row may have.
template <int64_t Most, class X, class A, class Both, class Rows>
DL_INLINE void joined_rows(int64_t count, int64_t n, int64_t join, const X* x, A* acc, A none, Both&& both,
                           Rows&& rows) {
  A joined[Most];
  const int64_t whole = count / join;
  for (int64_t k = 0; k < join * n; k++) joined[k] = none;
  rows(whole, join * n, x, joined);
  for (int64_t half = join / 2; half; half /= 2) {
#pragma omp simd
    for (int64_t k = 0; k < half * n; k++) joined[k] = both(joined[k], joined[k + half * n]);
  }
  for (int64_t k = 0; k < n; k++) acc[k] = both(acc[k], joined[k]);
  if (whole * join < count) rows(count - whole * join, n, x + whole * join * n, acc);
}

}  // namespace DL_ISA
}  // namespace dl
