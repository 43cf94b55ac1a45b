// Random arrays from Philox counters. The mapping, repeated by the GPU kernels and the NumPy interpreter:
//
//   element i (row-major) of a call reads word w = i % 4 of block counter + i / 4, that is of
//   philox(key = seed, counter words = {low 32, high 32 of counter + i / 4, stream, 0}), stream 0;
//   w' is the same word of stream 1. u = (w >> 8) * 2^-24, and in float64 u = (w * 2^21 + (w' >> 11)) * 2^-53.
//
//   uniform      low + u * (high - low), product and sum rounded each; a result of `high` or more becomes the number of
//                the output's type below it
//   normal       Box and Muller over the pairs (0, 1) and (2, 3) of a block: with u of the first word plus one unit, in
//                (0, 1], and v of the second, r = sqrt(-2 log u): loc + scale * r * cos(2 pi v), ... sin(2 pi v)
//   randint      low + the upper 64 bits of (w * 2^32 + w') * (high - low)
//   bernoulli    1 where (w >> 8) < ceil(p * 2^24), else 0;  dropout_mask, dropout_mask_at: 0 there, else 1 / (1 - p)
//   exponential  and its kin: random_standard.cpp;  gamma, poisson and all that draw again and again: random_sample.cpp
//   drop_key     the seed, the counter, ceil(p * 2^24), but at most 2^24 - 1
//   permutation  stable argsort of the keys w * 2^32 + w' (permutation.cpp)
//
// All but normal are the same to the last bit everywhere. 16-bit floats are rounded from float32.
#include <algorithm>
#include <cmath>

#include "kernels/cpu/copy.h"
#include "kernels/cpu/random_fill.h"

namespace dl {
namespace {

double float_of(const KernelCall& c, const char* name) { return float_attr(c, name, 0.0); }

template <class T>
void keep_below(int64_t n, T low, T high, T last, T* out) {
  if (!(low < high)) return;
  for (int64_t i = 0; i < n; i++) out[i] = out[i] < last ? out[i] : last;
}

void random_uniform(const KernelCall& c) {
  double low = float_of(c, "low"), high = float_of(c, "high"), last = last_below(high, c.out[0].dtype);
  if (!std::isfinite(low) || !std::isfinite(high))
    throw ValueError(format("%s: low and high must be finite, got low=%g and high=%g", c.op->name.c_str(), low, high));
  fill_random_float(
      c,
      [=](const RandomTable* t, int64_t n, const uint32_t* w, float* out) {
        t->uniform_f32(n, w, float(low), float(high - low), out);
        keep_below(n, float(low), float(high), float(last), out);
      },
      [=](const RandomTable* t, int64_t n, const uint32_t* w, const uint32_t* w2, double* out) {
        t->uniform_f64(n, w, w2, low, high - low, out);
        keep_below(n, low, high, last, out);
      });
}

void random_normal(const KernelCall& c) {
  double loc = float_of(c, "loc"), scale = float_of(c, "scale");
  if (!(scale >= 0)) throw ValueError(format("%s: scale must not be negative, got %g", c.op->name.c_str(), scale));
  fill_random_float(
      c,
      [=](const RandomTable* t, int64_t n, const uint32_t* w, float* out) {
        t->normal_f32(random_blocks(n), w, float(loc), float(scale), out);
      },
      [=](const RandomTable* t, int64_t n, const uint32_t* w, const uint32_t* w2, double* out) {
        t->normal_f64(random_blocks(n), w, w2, loc, scale, out);
      });
}

void random_randint(const KernelCall& c) {
  int64_t low = int_attr(c, "low", 0), high = int_attr(c, "high", 0);
  if (high <= low)
    throw ValueError(format("%s: high must be above low, got low=%lld and high=%lld", c.op->name.c_str(),
                            (long long)low, (long long)high));
  uint64_t range = uint64_t(high) - uint64_t(low);
  RandomWords words(c);
  fill_random<int64_t>(c.out[0], DType::I64, [&](int64_t begin, int64_t n, int64_t* out) {
    uint32_t w[kRandomBlock], w2[kRandomBlock];
    words.get(begin, n, 0, w);
    words.get(begin, n, 1, w2);
    for (int64_t i = 0; i < n; i++) {
      unsigned __int128 product = (unsigned __int128)(uint64_t(w[i]) << 32 | w2[i]) * range;
      out[i] = int64_t(uint64_t(low) + uint64_t(product >> 64));
    }
  });
}

uint32_t threshold_of(double p) { return uint32_t(std::ceil(p * 16777216.0)); }

// `below` with probability p, else `above`.
void choose(const KernelCall& c, double p, float below, float above) {
  RandomWords words(c);
  uint32_t threshold = threshold_of(p);
  fill_random<float>(c.out[0], DType::F32, [&](int64_t begin, int64_t n, float* out) {
    uint32_t w[kRandomBlock];
    words.get(begin, n, 0, w);
    words.table->choose(n, w, threshold, below, above, out);
  });
}

void random_bernoulli(const KernelCall& c) {
  double p = float_of(c, "p");
  if (!(p >= 0 && p <= 1)) throw ValueError(format("%s: p must be between 0 and 1, got %g", c.op->name.c_str(), p));
  choose(c, p, 1.0f, 0.0f);
}

void check_rate(const KernelCall& c, double p) {
  if (!(p >= 0 && p < 1))
    throw ValueError(format("%s: p must be at least 0 and below 1, got %g", c.op->name.c_str(), p));
}
void drop(const KernelCall& c, double p) {
  check_rate(c, p);
  if (c.out[0].dtype != DType::F64) return choose(c, p, 0.0f, float(1.0 / (1.0 - p)));
  RandomWords words(c);
  uint32_t threshold = threshold_of(p);
  fill_random<double>(c.out[0], DType::F64, [&](int64_t begin, int64_t n, double* out) {
    uint32_t w[kRandomBlock];
    words.get(begin, n, 0, w);
    for (int64_t i = 0; i < n; i++) out[i] = (w[i] >> 8) < threshold ? 0.0 : 1.0 / (1.0 - p);
  });
}

void dropout_mask(const KernelCall& c) { drop(c, float_of(c, "p")); }

// p from memory: it may change between two runs of a compiled program.
double rate_at(const KernelCall& c) {
  if (c.in[1].numel() != 1)
    throw ValueError(
        format("%s: p must be one number, got shape %s", c.op->name.c_str(), to_string(c.in[1].shape).c_str()));
  double p = 0;
  strided_copy(View{&p, DType::F64, {}, {}}, View{c.in[1].data, c.in[1].dtype, {}, {}});
  return p;
}
void dropout_mask_at(const KernelCall& c) { drop(c, rate_at(c)); }

// From what the factors of attention weights follow (attention_drop.h): seed, block, threshold.
void drop_key(const KernelCall& c) {
  double p = rate_at(c);
  check_rate(c, p);
  int64_t key[3] = {int64_t(c.seed), int64_t(c.counter), std::min(int64_t(threshold_of(p)), int64_t(0xffffff))};
  strided_copy(c.out[0], View{key, DType::I64, Shape{3}, Dims{1}});
}

DL_KERNEL("random_uniform", random_uniform);
DL_KERNEL("random_normal", random_normal);
DL_KERNEL("random_randint", random_randint);
DL_KERNEL("random_bernoulli", random_bernoulli);
DL_KERNEL("dropout_mask", dropout_mask);
DL_KERNEL("dropout_mask_at", dropout_mask_at);
DL_KERNEL("drop_key", drop_key);
DL_INFER("drop_key", [](InferCall& c) { c.out[0].shape = Shape{3}; });

}  // namespace
}  // namespace dl
