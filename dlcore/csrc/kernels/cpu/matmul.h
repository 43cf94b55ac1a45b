// One matrix product for every batch index, for the kernels that are products.
#pragma once
#include <utility>

#include "kernels/cpu/views.h"

namespace dl {

// C = A B; all sizes and strides in elements.
struct Product {
  int64_t m, n, k;
  Shape batch;
  View a, b, c;                // shape (batch..., rows, cols) each, batch strides 0 where an operand is broadcast
  const View* bias = nullptr;  // (n,), added to every row
};

// The product where it is float32 and has one row or column; false, with nothing done, where that is not so.
bool line_product(const Product& p, const View& out);
// The same where it has only a few numbers.
bool tiny_product(const Product& p, const View& out);

// Writes the call's first output; `p.c` need not be set.
void matrix_product(const KernelCall& c, const Product& p);

inline void swap_last(Dims& d) { std::swap(d[d.n - 1], d[d.n - 2]); }

}  // namespace dl
