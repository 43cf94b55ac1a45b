#include "kernels/cpu/isa/pixels.h"

namespace dl {
namespace DL_ISA {
namespace {

#ifdef __FMA__
void scale(int64_t n, const uint8_t* src, const PixelScale& given, float* dst) {
  const PixelScale s = given;
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    float v = float(int32_t(src[i]));
    float t = __builtin_fmaf(v, s.first, v * s.first_rest) - s.mean;
    dst[i] = __builtin_fmaf(t, s.second, t * s.second_rest);
  }
}
#endif

// Sums of a few columns at a time, which stay in registers.
constexpr int64_t kColumns = 64;

__attribute__((always_inline)) inline void weigh(int64_t n, const uint8_t* src, int64_t stride, int64_t count,
                                                 const int32_t* weights, uint8_t* dst) {
  int32_t sums[kColumns];
  for (int64_t j = 0; j < n; j++) sums[j] = 1 << (kPixelBits - 1);
  for (int64_t k = 0; k < count; k++) {
    int32_t w = weights[k];
    const uint8_t* row = src + k * stride;
#pragma omp simd
    for (int64_t j = 0; j < n; j++) sums[j] += w * int32_t(row[j]);
  }
#pragma omp simd
  for (int64_t j = 0; j < n; j++) {
    int32_t v = sums[j] >> kPixelBits;
    dst[j] = uint8_t(v < 0 ? 0 : v > 255 ? 255 : v);
  }
}

void weigh_rows(int64_t n, const uint8_t* src, int64_t stride, int64_t count, const int32_t* weights, uint8_t* dst) {
  int64_t i = 0;
  for (; i + kColumns <= n; i += kColumns) weigh(kColumns, src + i, stride, count, weights, dst + i);
  if (i < n) weigh(n - i, src + i, stride, count, weights, dst + i);
}

}  // namespace

#ifdef __FMA__
constexpr PixelTable pixel_table = {scale, weigh_rows};
#else
constexpr PixelTable pixel_table = {nullptr, weigh_rows};
#endif

}  // namespace DL_ISA
}  // namespace dl
