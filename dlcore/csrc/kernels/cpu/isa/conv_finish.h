// What is done to the results of a convolution while they are still in the cache, per instruction set.
#pragma once
#include <cstdint>

#include "kernels/cpu/isa/isa.h"

namespace dl {

enum class Act : uint8_t { none, relu, relu6 };  // NaN stays NaN

// y = act(y + add) for `n` numbers side by side; `add` may be null. bfloat16 is rounded after the sum, as memory would.
struct ConvFinishTable {
  void (*f32)(int64_t n, const float* add, Act act, float* y);
  void (*f64)(int64_t n, const double* add, Act act, double* y);
  void (*bf16)(int64_t n, const uint16_t* add, Act act, uint16_t* y);
};
DL_ISA_TABLE(ConvFinishTable, conv_finish_table)

}  // namespace dl
