// The loops of random_table.h.
#include "kernels/cpu/isa/random_table.h"

#include "kernels/cpu/isa/philox.h"
#include "kernels/cpu/isa/vmath_f32.h"

namespace dl {
namespace DL_ISA {
namespace {

void words(int64_t blocks, uint64_t seed, uint64_t counter, uint32_t stream, uint32_t* out) {
#pragma omp simd
  for (int64_t j = 0; j < blocks; j++) {
    PhiloxWords w = philox_words(seed, counter + uint64_t(j), stream, 0);
    out[4 * j] = w.x0;
    out[4 * j + 1] = w.x1;
    out[4 * j + 2] = w.x2;
    out[4 * j + 3] = w.x3;
  }
}

DL_INLINE float unit(uint32_t w) { return float(int32_t(w >> 8)) * 0x1p-24f; }
DL_INLINE double unit(uint32_t w, uint32_t w2) {  // 53 bits: 32 and 21
  return (double(w) * 0x1p21 + double(w2 >> 11)) * 0x1p-53;
}

// Product and sum in loops of their own: a fused multiply-add would round differently from one machine to the next.
template <class T>
DL_INLINE void shift(int64_t n, T low, T span, T* out) {
  for (int64_t i = 0; i < n; i++) out[i] = out[i] * span;
  asm volatile("" ::: "memory");
  for (int64_t i = 0; i < n; i++) out[i] = out[i] + low;
}
void uniform_f32(int64_t n, const uint32_t* w, float low, float span, float* out) {
#pragma omp simd
  for (int64_t i = 0; i < n; i++) out[i] = unit(w[i]);
  if (low != 0.0f || span != 1.0f) shift(n, low, span, out);
}
void uniform_f64(int64_t n, const uint32_t* w, const uint32_t* w2, double low, double span, double* out) {
#pragma omp simd
  for (int64_t i = 0; i < n; i++) out[i] = unit(w[i], w2[i]);
  if (low != 0.0 || span != 1.0) shift(n, low, span, out);
}

// cos and sin of 2 pi u for u in [0, 1): the quarter turns come off exactly.
template <class T>
struct Turn {
  T cosine, sine;
};
DL_INLINE Turn<float> turn(float u) {
  float q = u * 4.0f, t = q + kMagicF, r = (q - (t - kMagicF)) * 1.57079633f, z = r * r;
  float s = 2.718304227275107e-06f;
  s = s * z + -0.00019839334082864853f;
  s = s * z + 0.008333329383581858f;
  s = s * z + -0.16666666641606995f;
  s = r + r * z * s;
  float c = 2.4438379554881335e-05f;
  c = c * z + -0.0013887366910859391f;
  c = c * z + 0.04166664685462495f;
  c = (1.0f - 0.5f * z) + z * z * c;
  uint32_t k = bits_of(t);
  bool odd = k & 1u;
  float cosine = odd ? s : c, sine = odd ? c : s;
  return {from_bits(bits_of(cosine) ^ (((k + 1u) & 2u) << 30)), from_bits(bits_of(sine) ^ ((k & 2u) << 30))};
}
DL_INLINE Turn<double> turn(double u) {
  double x = u * 6.283185307179586477;
  return {vm_cos(x), vm_sin(x)};
}

void normal_f32(int64_t blocks, const uint32_t* w, float loc, float scale, float* out) {
#pragma omp simd
  for (int64_t j = 0; j < 2 * blocks; j++) {
    float u = unit(w[2 * j]) + 0x1p-24f;  // (0, 1]
    float r = scale * vm_sqrt(-2.0f * vm_log(u));
    Turn<float> d = turn(unit(w[2 * j + 1]));
    out[2 * j] = r * d.cosine + loc;
    out[2 * j + 1] = r * d.sine + loc;
  }
}
void normal_f64(int64_t blocks, const uint32_t* w, const uint32_t* w2, double loc, double scale, double* out) {
#pragma omp simd
  for (int64_t j = 0; j < 2 * blocks; j++) {
    double u = unit(w[2 * j], w2[2 * j]) + 0x1p-53;
    double r = scale * vm_sqrt(-2.0 * vm_log(u));
    Turn<double> d = turn(unit(w[2 * j + 1], w2[2 * j + 1]));
    out[2 * j] = r * d.cosine + loc;
    out[2 * j + 1] = r * d.sine + loc;
  }
}

void choose(int64_t n, const uint32_t* w, uint32_t threshold, float below, float above, float* out) {
#pragma omp simd
  for (int64_t i = 0; i < n; i++) out[i] = (w[i] >> 8) < threshold ? below : above;
}

// Odd multiples of half a step, so that neither 0 nor 1 occurs and 1 - u is exact.
DL_INLINE float between(uint32_t w) { return (float(int32_t(w >> 9)) + 0.5f) * 0x1p-23f; }
DL_INLINE double between(uint32_t w, uint32_t w2) {  // 52 bits: 32 and 20
  return (double(w) * 0x1p20 + double(w2 >> 12) + 0.5) * 0x1p-52;
}

// out[i] = loc + scale * f(out[i]) for even numbers in `out`.
template <class T, class F>
DL_INLINE void by_formula(int64_t n, T loc, T scale, T* out, F&& f) {
#pragma omp simd
  for (int64_t i = 0; i < n; i++) out[i] = loc + scale * f(out[i]);
}
template <class T>
DL_INLINE void standard(RandomKind kind, int64_t n, T loc, T scale, T* out) {
  switch (kind) {
    case RandomKind::exponential: return by_formula(n, loc, scale, out, [](T u) { return -vm_log(u); });
    case RandomKind::gumbel: return by_formula(n, loc, scale, out, [](T u) { return -vm_log(-vm_log(u)); });
    case RandomKind::logistic: return by_formula(n, loc, scale, out, [](T u) { return vm_log(u) - vm_log(T(1) - u); });
    case RandomKind::laplace:
      return by_formula(n, loc, scale, out, [](T u) {
        bool left = u < T(0.5);
        T tail = vm_log(T(2) * (left ? u : T(1) - u));
        return left ? tail : -tail;
      });
  }
}
void standard_f32(RandomKind kind, int64_t n, const uint32_t* w, float loc, float scale, float* out) {
#pragma omp simd
  for (int64_t i = 0; i < n; i++) out[i] = between(w[i]);
  standard(kind, n, loc, scale, out);
}
void standard_f64(RandomKind kind, int64_t n, const uint32_t* w, const uint32_t* w2, double loc, double scale,
                  double* out) {
#pragma omp simd
  for (int64_t i = 0; i < n; i++) out[i] = between(w[i], w2[i]);
  standard(kind, n, loc, scale, out);
}

}  // namespace

constexpr RandomTable random_table = {words,      uniform_f32, uniform_f64,  normal_f32,
                                      normal_f64, choose,      standard_f32, standard_f64};

}  // namespace DL_ISA
}  // namespace dl
