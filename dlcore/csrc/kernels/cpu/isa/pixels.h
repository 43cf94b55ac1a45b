// Bytes of pictures: to the floating-point numbers that networks take, and rows of them weighed for another size.
#pragma once
#include <cstdint>

#include "kernels/cpu/isa/isa.h"

namespace dl {

// (v / first - mean) / second with three roundings; a quotient is a product with the divisor's reciprocal and with
// what that lacks of the true one, which rounds as the division does for all but rare bytes: whoever uses it compares.
struct PixelScale {
  float first, first_rest, mean, second, second_rest;
};
// Weights of pixels are whole numbers, in parts of 2^-22.
constexpr int kPixelBits = 22;

struct PixelTable {
  void (*scale)(int64_t n, const uint8_t* src, const PixelScale& s, float* dst);  // null without fused products
  // dst[i] = sum of weights[k] * src[k * stride + i], rounded and kept within a byte.
  void (*weigh_rows)(int64_t n, const uint8_t* src, int64_t stride, int64_t count, const int32_t* weights,
                     uint8_t* dst);
};
DL_ISA_TABLE(PixelTable, pixel_table)

}  // namespace dl
