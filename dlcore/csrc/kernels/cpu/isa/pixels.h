// Bytes of pictures to the floating-point numbers that networks take.
#pragma once
#include <cstdint>

#include "kernels/cpu/isa/isa.h"

namespace dl {

// (v / first - mean) / second with three roundings; a quotient is a product with the divisor's reciprocal and with
// what that lacks of the true one, which rounds as the division does for all but rare bytes: whoever uses it compares.
struct PixelScale {
  float first, first_rest, mean, second, second_rest;
};
struct PixelTable {
  void (*scale)(int64_t n, const uint8_t* src, const PixelScale& s, float* dst);  // null without fused products
};
DL_ISA_TABLE(PixelTable, pixel_table)

}  // namespace dl
