// What every kernel of random arrays shares: Philox words in bulk, and filling an output piece by piece.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/cpu/isa/cast_table.h"
#include "kernels/cpu/isa/random_table.h"
#include "kernels/cpu/views.h"
#include "runtime/random.h"

namespace dl {

constexpr int64_t kRandomBlock = 1024;  // elements made at a time; a multiple of 4
constexpr int64_t kRandomGrain = 16 * 1024;

// Calls make(begin, n) for pieces of [0, count), in parallel. `begin` is a multiple of 4, so its words start at a
// block.
template <class F>
void each_random_piece(int64_t count, F&& make, int64_t grain = kRandomGrain) {
  int64_t pieces = (count + kRandomBlock - 1) / kRandomBlock;
  parallel_for(pieces, std::max<int64_t>(grain / kRandomBlock, 1), [&](int64_t b, int64_t e) {
    for (int64_t k = b; k < e; k++) make(k * kRandomBlock, std::min(kRandomBlock, count - k * kRandomBlock));
  });
}

struct RandomWords {
  const RandomTable* table = pick_random_table();
  uint64_t seed, counter;
  explicit RandomWords(const KernelCall& c) : seed(c.seed), counter(c.counter) {}
  void get(int64_t begin, int64_t n, uint32_t stream, uint32_t* w) const {
    table->words(random_blocks(n), seed, counter + uint64_t(begin / 4), stream, w);
  }
};

// Fills `out` from pieces of type T (float, double or int64_t), converted to its dtype.
template <class T, class F>
void fill_random(const View& result, DType made, F&& make, int64_t grain = kRandomGrain) {
  Output output(result);
  const View& out = output.view();
  CastFn cast = pick_cast_table()->fn[int(made)][int(out.dtype)];
  size_t size = itemsize(out.dtype);
  each_random_piece(
      out.numel(),
      [&](int64_t begin, int64_t n) {
        T values[kRandomBlock];
        make(begin, n, values);
        cast(n, values, 1, out.ptr<char>() + size_t(begin) * size, 1);
      },
      grain);
  output.finish();
}

// float64 outputs by `twice` from two words an element, all others by `single` from one.
template <class F32, class F64>
void fill_random_float(const KernelCall& c, F32&& single, F64&& twice) {
  RandomWords words(c);
  if (c.out[0].dtype == DType::F64) {
    fill_random<double>(c.out[0], DType::F64, [&](int64_t begin, int64_t n, double* out) {
      uint32_t w[kRandomBlock], w2[kRandomBlock];
      words.get(begin, n, 0, w);
      words.get(begin, n, 1, w2);
      twice(words.table, n, w, w2, out);
    });
  } else {
    fill_random<float>(c.out[0], DType::F32, [&](int64_t begin, int64_t n, float* out) {
      uint32_t w[kRandomBlock];
      words.get(begin, n, 0, w);
      single(words.table, n, w, out);
    });
  }
}

// The largest number of a floating-point type that is below `high`.
template <class H>
double half_below(double high, H near) {
  if (double(to_float(near)) < high) return to_float(near);
  uint16_t bits;
  std::memcpy(&bits, &near, 2);
  bits = (bits & 0x7fff) == 0 ? 0x8001 : uint16_t(bits & 0x8000 ? bits + 1 : bits - 1);
  std::memcpy(&near, &bits, 2);
  return to_float(near);
}
inline double last_below(double high, DType t) {
  if (t == DType::F64) return std::nextafter(high, -INFINITY);
  if (t == DType::F16) return half_below(high, to_f16(float(high)));
  if (t == DType::BF16) return half_below(high, to_bf16(float(high)));
  return double(std::nextafterf(float(high), -INFINITY));
}

}  // namespace dl
