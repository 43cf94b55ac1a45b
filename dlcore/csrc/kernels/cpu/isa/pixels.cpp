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

}  // namespace

#ifdef __FMA__
constexpr PixelTable pixel_table = {scale};
#else
constexpr PixelTable pixel_table = {nullptr};
#endif

}  // namespace DL_ISA
}  // namespace dl
