// Random arrays from Philox counters. The mapping, repeated by the GPU kernels and the NumPy interpreter:
//
//   element i (row-major) of a call reads word w = i % 4 of block counter + i / 4, that is of
//   philox(key = seed, counter words = {low 32, high 32 of counter + i / 4, stream, 0}), stream 0;
//   w' is the same word of stream 1. u = (w >> 8) * 2^-24, and in float64 u = (w * 2^21 + (w' >> 11)) * 2^-53.
//
//   uniform      low + u * (high - low), product and sum rounded each; a result of `high` becomes the number below it
//   normal       Box and Muller over the pairs (0, 1) and (2, 3) of a block: with u of the first word plus one unit, in
//                (0, 1], and v of the second, r = sqrt(-2 log u): loc + scale * r * cos(2 pi v), ... sin(2 pi v)
//   randint      low + the upper 64 bits of (w * 2^32 + w') * (high - low)
//   bernoulli    1 where (w >> 8) < ceil(p * 2^24), else 0;  dropout_mask: 0 there, else 1 / (1 - p)
//   permutation  stable argsort of the keys w * 2^32 + w'
//
// All but normal are the same to the last bit everywhere. 16-bit floats are rounded from float32.
#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/cpu/isa/cast_table.h"
#include "kernels/cpu/isa/random_table.h"
#include "kernels/cpu/views.h"
#include "runtime/random.h"

namespace dl {
namespace {

constexpr int64_t kBlock = 1024;  // elements made at a time; a multiple of 4
constexpr int64_t kGrain = 16 * 1024;

double float_of(const KernelCall& c, const char* name) { return float_attr(c, name, 0.0); }

// Calls make(begin, n, words) for pieces of [0, count), in parallel. `begin` is a multiple of 4, so `words` starts at a
// block.
template <class F>
void each_piece(int64_t count, F&& make) {
  int64_t pieces = (count + kBlock - 1) / kBlock;
  parallel_for(pieces, kGrain / kBlock, [&](int64_t b, int64_t e) {
    for (int64_t k = b; k < e; k++) make(k * kBlock, std::min(kBlock, count - k * kBlock));
  });
}

struct Words {
  const RandomTable* table = pick_random_table();
  uint64_t seed, counter;
  explicit Words(const KernelCall& c) : seed(c.seed), counter(c.counter) {}
  void get(int64_t begin, int64_t n, uint32_t stream, uint32_t* w) const {
    table->words(random_blocks(n), seed, counter + uint64_t(begin / 4), stream, w);
  }
};

// Fills `out` from pieces of type T (float, double or int64_t), converted to its dtype.
template <class T, class F>
void fill(const View& result, DType made, F&& make) {
  Output output(result);
  const View& out = output.view();
  CastFn cast = pick_cast_table()->fn[int(made)][int(out.dtype)];
  size_t size = itemsize(out.dtype);
  each_piece(out.numel(), [&](int64_t begin, int64_t n) {
    T values[kBlock];
    make(begin, n, values);
    cast(n, values, 1, out.ptr<char>() + size_t(begin) * size, 1);
  });
  output.finish();
}

template <class F32, class F64>
void fill_float(const KernelCall& c, F32&& single, F64&& twice) {
  Words words(c);
  if (c.out[0].dtype == DType::F64) {
    fill<double>(c.out[0], DType::F64, [&](int64_t begin, int64_t n, double* out) {
      uint32_t w[kBlock], w2[kBlock];
      words.get(begin, n, 0, w);
      words.get(begin, n, 1, w2);
      twice(words.table, n, w, w2, out);
    });
  } else {
    fill<float>(c.out[0], DType::F32, [&](int64_t begin, int64_t n, float* out) {
      uint32_t w[kBlock];
      words.get(begin, n, 0, w);
      single(words.table, n, w, out);
    });
  }
}

template <class T>
void keep_below(int64_t n, T low, T high, T* out) {
  if (!(low < high)) return;
  T last = std::nextafter(high, low);
  for (int64_t i = 0; i < n; i++) out[i] = out[i] < high ? out[i] : last;
}

void random_uniform(const KernelCall& c) {
  double low = float_of(c, "low"), high = float_of(c, "high");
  fill_float(
      c,
      [=](const RandomTable* t, int64_t n, const uint32_t* w, float* out) {
        t->uniform_f32(n, w, float(low), float(high - low), out);
        keep_below(n, float(low), float(high), out);
      },
      [=](const RandomTable* t, int64_t n, const uint32_t* w, const uint32_t* w2, double* out) {
        t->uniform_f64(n, w, w2, low, high - low, out);
        keep_below(n, low, high, out);
      });
}

void random_normal(const KernelCall& c) {
  double loc = float_of(c, "loc"), scale = float_of(c, "scale");
  if (!(scale >= 0)) throw ValueError(format("%s: scale must not be negative, got %g", c.op->name.c_str(), scale));
  fill_float(
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
  Words words(c);
  fill<int64_t>(c.out[0], DType::I64, [&](int64_t begin, int64_t n, int64_t* out) {
    uint32_t w[kBlock], w2[kBlock];
    words.get(begin, n, 0, w);
    words.get(begin, n, 1, w2);
    for (int64_t i = 0; i < n; i++) {
      unsigned __int128 product = (unsigned __int128)(uint64_t(w[i]) << 32 | w2[i]) * range;
      out[i] = int64_t(uint64_t(low) + uint64_t(product >> 64));
    }
  });
}

// `below` with probability p, else `above`.
void choose(const KernelCall& c, double p, float below, float above) {
  Words words(c);
  uint32_t threshold = uint32_t(std::ceil(p * 16777216.0));
  fill<float>(c.out[0], DType::F32, [&](int64_t begin, int64_t n, float* out) {
    uint32_t w[kBlock];
    words.get(begin, n, 0, w);
    words.table->choose(n, w, threshold, below, above, out);
  });
}

void random_bernoulli(const KernelCall& c) {
  double p = float_of(c, "p");
  if (!(p >= 0 && p <= 1)) throw ValueError(format("%s: p must be between 0 and 1, got %g", c.op->name.c_str(), p));
  choose(c, p, 1.0f, 0.0f);
}

void dropout_mask(const KernelCall& c) {
  double p = float_of(c, "p");
  if (!(p >= 0 && p < 1))
    throw ValueError(format("%s: p must be at least 0 and below 1, got %g", c.op->name.c_str(), p));
  if (c.out[0].dtype != DType::F64) return choose(c, p, 0.0f, float(1.0 / (1.0 - p)));
  Words words(c);
  uint32_t threshold = uint32_t(std::ceil(p * 16777216.0));
  fill<double>(c.out[0], DType::F64, [&](int64_t begin, int64_t n, double* out) {
    uint32_t w[kBlock];
    words.get(begin, n, 0, w);
    for (int64_t i = 0; i < n; i++) out[i] = (w[i] >> 8) < threshold ? 0.0 : 1.0 / (1.0 - p);
  });
}

void random_permutation(const KernelCall& c) {
  struct Key {
    uint64_t key;
    int64_t index;
    bool operator<(const Key& o) const { return key != o.key ? key < o.key : index < o.index; }
  };
  int64_t n = c.out[0].numel();
  std::vector<Key> keys{size_t(n)};
  Words words(c);
  each_piece(n, [&](int64_t begin, int64_t count) {
    uint32_t w[kBlock], w2[kBlock];
    words.get(begin, count, 0, w);
    words.get(begin, count, 1, w2);
    for (int64_t i = 0; i < count; i++) keys[size_t(begin + i)] = {uint64_t(w[i]) << 32 | w2[i], begin + i};
  });
  std::sort(keys.begin(), keys.end());
  fill<int64_t>(c.out[0], DType::I64, [&](int64_t begin, int64_t count, int64_t* out) {
    for (int64_t i = 0; i < count; i++) out[i] = keys[size_t(begin + i)].index;
  });
}

DL_KERNEL("random_uniform", random_uniform);
DL_KERNEL("random_normal", random_normal);
DL_KERNEL("random_randint", random_randint);
DL_KERNEL("random_bernoulli", random_bernoulli);
DL_KERNEL("dropout_mask", dropout_mask);
DL_KERNEL("random_permutation", random_permutation);

}  // namespace
}  // namespace dl
