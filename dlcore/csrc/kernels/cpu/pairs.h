// Products of bfloat16 matrices by our own kernel, on processors that multiply numbers of it two by two: sums, bias and
// what follows in float32, one rounding at the end.
//
// Packed and cut like the products of panels.h; results do not depend on the number of threads.
#pragma once
#include "kernels/cpu/panels.h"

namespace dl {

bool has_pairs();  // whether this processor has them, and nothing quicker

struct PairMatrix {
  const uint16_t* data;
  int64_t row, col;                                                                           // strides in elements
  PairMatrix at(int64_t i, int64_t j) const { return {data + i * row + j * col, row, col}; }  // from element (i, j) on
};

// What is done with whole sums: `finish` while they are in registers; or `block`, given rows [i, i + rows) and columns
// [j, j + cols) of them, which puts them where they belong; or neither.
struct PairThen {
  PanelFinish finish = PanelFinish::none;
  const uint16_t* other = nullptr;
  int64_t other_row = 0;
  const float* wide = nullptr;  // beside results in float32
  std::function<void(float* sums, int64_t sums_row, int64_t i, int64_t rows, int64_t j, int64_t cols)> block{};
};
// For tiles of larger things, in one thread: b (k, n) packed, and the numbers that takes.
int64_t packed_pairs(int64_t k, int64_t n);
void pack_pairs(const PairMatrix& b, int64_t k, int64_t n, uint16_t* to);
// `lines` lines of n numbers, `step` apart, as half as many of pairs, `to_step` apart; zeros beside a last line alone.
void pair_lines(int64_t lines, int64_t n, const uint16_t* from, int64_t step, uint16_t* to, int64_t to_step);
// sums (m, n) = a b or, with `add`, += a b, of lines [p, p + k) and columns [j, j + n) of b, packed with `lines` lines;
// p is even, j a multiple of 32, and columns end where a panel does. Of a the strides from line to line and from pair
// to pair.
void multiply_pairs(int64_t m, int64_t n, int64_t k, const PairMatrix& a, const uint16_t* packed, int64_t lines,
                    int64_t p, int64_t j, float* sums, int64_t sums_row, bool add);

// Where a product goes: rounded to bfloat16, or as float32. Lines have stride 1.
struct PairResult {
  uint16_t* half;
  float* whole;
  int64_t row;
};
// c (m, n) = a b (+ bias) on all threads.
void pair_product(int64_t m, int64_t n, int64_t k, const PairMatrix& a, const PairMatrix& b, const PairResult& c,
                  const float* bias, const PairThen& then = {});

}  // namespace dl
