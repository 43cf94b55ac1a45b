// Exponential numbers and their kin: one formula of one even number, u = (w >> 9 + 1/2) * 2^-23 of element i's word,
// and in float64 u = (w * 2^20 + (w' >> 12) + 1/2) * 2^-52 (words as in random.cpp). u and 1 - u are in (0, 1).
//
//   exponential  -log u          gumbel   -log(-log u)
//   logistic     log u - log(1 - u)       laplace  log 2u below 1/2, else -log 2(1 - u)
#include "kernels/cpu/random_fill.h"

namespace dl {
namespace {

template <RandomKind kind>
void random_standard(const KernelCall& c) {
  double loc = float_attr(c, "loc", 0.0), scale = float_attr(c, "scale", 1.0);
  if (!(scale >= 0)) throw ValueError(format("%s: scale must not be negative, got %g", c.op->name.c_str(), scale));
  fill_random_float(
      c,
      [=](const RandomTable* t, int64_t n, const uint32_t* w, float* out) {
        t->standard_f32(kind, n, w, float(loc), float(scale), out);
      },
      [=](const RandomTable* t, int64_t n, const uint32_t* w, const uint32_t* w2, double* out) {
        t->standard_f64(kind, n, w, w2, loc, scale, out);
      });
}

DL_KERNEL("random_exponential", random_standard<RandomKind::exponential>);
DL_KERNEL("random_gumbel", random_standard<RandomKind::gumbel>);
DL_KERNEL("random_logistic", random_standard<RandomKind::logistic>);
DL_KERNEL("random_laplace", random_standard<RandomKind::laplace>);

}  // namespace
}  // namespace dl
