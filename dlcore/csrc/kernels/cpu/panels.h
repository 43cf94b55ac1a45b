// Products of float32 matrices by our own kernel: the right side packed into panels, the left read where it lies.
//
// It needs no making of primitives, starts its sums from a bias or from what is there, and reaches the processor's
// limit for the sizes of training steps; every result sums over k in one order, whatever the number of threads.
#pragma once
#include <cstdint>
#include <functional>

#include "kernels/cpu/isa/panels.h"
#include "tensor/dtype.h"

namespace dl {

struct PanelMatrix {
  const float* data;
  int64_t row, col;                                                                            // strides in elements
  PanelMatrix at(int64_t i, int64_t j) const { return {data + i * row + j * col, row, col}; }  // from element (i, j) on
};

// Aligned memory of this thread, at least `count` numbers, kept from call to call; `slot` tells users apart.
enum class PanelRoom { rows, packed, product, keys, values, sums, count };  // product: panel_product, pair_product
float* panel_room(PanelRoom slot, int64_t count);

// Numbers that packed panels of b (k, n) take, and packing: panel after panel, each k lines of its width.
int64_t packed_size(int64_t k, int64_t n);
void pack_panels(const PanelMatrix& b, int64_t k, int64_t n, float* to);
// c (m, n) = a b with packed b, in this thread, and what `beside` says.
void multiply_packed(int64_t m, int64_t n, int64_t k, const PanelMatrix& a, const float* packed, float* c,
                     int64_t c_row, PanelStart start = PanelStart::zero, const float* bias = nullptr,
                     PanelBeside* beside = nullptr);

// What is done with c: to each number while it is in a register, and to a block that is whole while it is in the cache:
// rows [i, i + rows), columns [j, j + cols).
struct PanelThen {
  PanelFinish finish = PanelFinish::none;
  const float* other = nullptr;
  int64_t other_row = 0;
  std::function<void(int64_t i, int64_t rows, int64_t j, int64_t cols)> block{};
};
// c (m, n) = a b (+ bias), or c += a b with `add`, on all threads; c has stride 1 along its lines. Without AVX2 oneDNN
// is quicker.
void panel_product(int64_t m, int64_t n, int64_t k, const PanelMatrix& a, const PanelMatrix& b, float* c, int64_t c_row,
                   const float* bias, bool add = false, const PanelThen& then = {});
// A matrix of another dtype, strides in elements.
struct CastMatrix {
  const char* data;
  DType dtype;
  int64_t row, col;
  CastMatrix at(int64_t i, int64_t j) const {
    return {data + (i * row + j * col) * int64_t(itemsize(dtype)), dtype, row, col};
  }
};
// c (m, n) = a b (+ bias) of dtype `made`, computed in float32; c has stride 1 along its lines.
void cast_product(int64_t m, int64_t n, int64_t k, const CastMatrix& a, const CastMatrix& b, char* c, DType made,
                  int64_t c_row, const float* bias);
// c (m, n) = a b, its lines one after the other, and the m sums of a's lines, each added up kSummed numbers at a time.
// False: not done, as a and b do not both lie line by line of k.
constexpr int64_t kSummed = 256;
bool panel_product_sums(int64_t m, int64_t n, int64_t k, const PanelMatrix& a, const PanelMatrix& b, float* c,
                        float* sums);

}  // namespace dl
