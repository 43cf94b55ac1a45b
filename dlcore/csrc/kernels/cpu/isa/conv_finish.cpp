#include "kernels/cpu/isa/conv_finish.h"

#include "kernels/cpu/isa/half.h"

namespace dl {
namespace DL_ISA {
namespace {

DL_INLINE float load(const float* p) { return *p; }
DL_INLINE double load(const double* p) { return *p; }
DL_INLINE float load(const uint16_t* p) { return bfloat_to_float(*p); }
DL_INLINE void store(float* p, float v) { *p = v; }
DL_INLINE void store(double* p, double v) { *p = v; }
DL_INLINE void store(uint16_t* p, float v) { *p = float_to_bfloat(v); }

template <Act act, class C>
DL_INLINE C bounded(C v) {
  if constexpr (act != Act::none) v = v < 0 ? C(0) : v;
  if constexpr (act == Act::relu6) v = v > 6 ? C(6) : v;
  return v;
}

template <Act act, class T>
void run(int64_t n, const T* add, T* y) {
  if (add) {
#pragma omp simd
    for (int64_t i = 0; i < n; i++) store(y + i, bounded<act>(load(y + i) + load(add + i)));
  } else {
#pragma omp simd
    for (int64_t i = 0; i < n; i++) store(y + i, bounded<act>(load(y + i)));
  }
}

template <class T>
void finish(int64_t n, const T* add, Act act, T* y) {
  switch (act) {
    case Act::none: return run<Act::none>(n, add, y);
    case Act::relu: return run<Act::relu>(n, add, y);
    case Act::relu6: return run<Act::relu6>(n, add, y);
  }
}

}  // namespace

extern const ConvFinishTable conv_finish_table;
constexpr ConvFinishTable conv_finish_table = {finish<float>, finish<double>, finish<uint16_t>};

}  // namespace DL_ISA
}  // namespace dl
