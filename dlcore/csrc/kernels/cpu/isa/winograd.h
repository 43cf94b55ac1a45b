// The transforms of Winograd's convolution F(4 x 4, 3 x 3), per instruction set; channels side by side.
//
// Lavin and Gray, "Fast algorithms for convolutional neural networks", CVPR 2016: 4 x 4 results from a patch of 6 x 6
// numbers and a filter of 3 x 3 need 36 products where sums of products need 144. The 36 points of a transformed patch
// lie `point` numbers apart.
#pragma once
#include <cstdint>

#include "kernels/cpu/isa/conv_finish.h"

namespace dl {

// Part of an array of rows and columns of `channels` numbers; only rows [row0, row1) and columns [col0, col1) of the
// patch exist, `data` is the first of them.
struct WinogradPatch {
  const void* data;
  int64_t row, col;  // steps in numbers
  int row0, row1, col0, col1;
};

// For images and weights of one dtype; transformed numbers are float32 whatever it is.
struct WinogradImages {
  // 6 x 6 image patch (zeros where it does not exist) -> 36 points.
  void (*input)(const WinogradPatch& x, int64_t channels, float* v, int64_t point);
  // 36 points -> the upper left rows x cols of act(4 x 4 results + bias + add), rounded after each sum; `bias` and
  // `add`, which lies like y, may be null.
  void (*output)(const float* m, int64_t point, int64_t channels, const float* bias, const void* add, Act act, int rows,
                 int cols, void* y, int64_t row, int64_t col);
  // The adjoint of `output`: a 4 x 4 patch of a gradient -> 36 points.
  void (*output_adjoint)(const WinogradPatch& g, int64_t channels, float* e, int64_t point);
  // `count` filters, `lane` apart, taps `row` and `col` apart -> 36 points.
  void (*filter)(const void* w, int64_t lane, int64_t row, int64_t col, int64_t count, float* u, int64_t point);
  // The adjoint of `filter`: 36 points -> `count` gradients.
  void (*filter_adjoint)(const float* s, int64_t point, int64_t count, void* w, int64_t lane, int64_t row, int64_t col);
};
struct WinogradTable {
  WinogradImages f32, bf16;
};
DL_ISA_TABLE(WinogradTable, winograd_table)

}  // namespace dl
