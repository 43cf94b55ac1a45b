// 0, ..., n - 1 in random order: a stable sort by the keys w * 2^32 + w' of random.cpp.
//
// Keys are spread evenly, so not many more of their upper bits than n has leave few elements out of order: these bits
// are sorted digit by digit, what is left is moved into order. w alone is kept, above its position in one word, w' is
// asked for where two are equal.
#include <algorithm>
#include <vector>

#include "kernels/cpu/random_fill.h"

namespace dl {
namespace {

constexpr int64_t kTogether = 1 << 16;  // elements that are worth all threads

struct Digits {
  int bits, passes;
  int64_t count() const { return int64_t(1) << bits; }
  int below() const { return 64 - bits * passes; }
};
// Some more bits than n has: then hardly any element is out of order, which costs more than a digit.
Digits digits_for(int64_t n) {
  int need = 4;
  while (int64_t(1) << (need - 4) <= n) need++;
  const int passes = need <= 22 ? 2 : 3;
  return {std::min((need + passes - 1) / passes, 10), passes};
}

// How many elements have each value of each digit, all in one go: as long as there is one block, no pass changes it.
template <int Passes>
void count_all(const uint64_t* x, int64_t n, Digits by, uint32_t* found) {
  const uint64_t mask = uint64_t(by.count() - 1);
  const int below = by.below(), bits = by.bits;
  std::fill(found, found + Passes * by.count(), 0u);
  for (int64_t i = 0; i < n; i++) {
    const uint64_t key = x[i] >> below;
#pragma GCC unroll 3
    for (int p = 0; p < Passes; p++) found[int64_t(p) << bits | int64_t(key >> (p * bits) & mask)]++;
  }
}

// One stable pass over blocks of `size`; where an element lands does not depend on it. Unless `counted`, counts first.
void sort_digit(const uint64_t* x, uint64_t* y, int64_t n, int shift, int64_t digits, int64_t size, bool counted,
                uint32_t* count) {
  const uint64_t mask = uint64_t(digits - 1);
  const int64_t blocks = (n + size - 1) / size;
  if (!counted)
    parallel_for(blocks, 1, [&](int64_t first, int64_t last) {
      for (int64_t k = first; k < last; k++) {
        uint32_t* of = count + k * digits;
        std::fill(of, of + digits, 0u);
        for (int64_t i = k * size, e = std::min(n, i + size); i < e; i++) of[x[i] >> shift & mask]++;
      }
    });
  uint32_t sum = 0;
  for (int64_t d = 0; d < digits; d++)
    for (int64_t k = 0; k < blocks; k++) {
      const uint32_t found = count[k * digits + d];
      count[k * digits + d] = sum;
      sum += found;
    }
  parallel_for(blocks, 1, [&](int64_t first, int64_t last) {
    const uint64_t *from = x, wanted = mask;  // copies, which no write to y can change
    const int by = shift;
    uint64_t* out = y;
    for (int64_t k = first; k < last; k++) {
      uint32_t* to = count + k * digits;
      for (int64_t i = k * size, e = std::min(n, i + size); i < e; i++) out[to[from[i] >> by & wanted]++] = from[i];
    }
  });
}

// Elements whose sorted bits are equal lie side by side: moves them into order, where w is equal by w' and position.
void settle(const RandomWords& words, uint64_t* x, int64_t n) {
  bool equal = false;
  uint64_t largest = n ? x[0] : 0;
  for (int64_t i = 1; i < n; i++) {
    const uint64_t key = x[i];
    equal |= (key ^ largest) >> 32 == 0;
    if (key >= largest) {
      largest = key;
      continue;
    }
    int64_t k = i;
    for (; k > 0 && key < x[k - 1]; k--) x[k] = x[k - 1];
    x[k] = key;
    equal |= k > 0 && (x[k - 1] ^ key) >> 32 == 0;
  }
  if (!equal) return;
  auto second = [&](uint64_t key) {
    const int64_t at = int64_t(key & UINT32_MAX);
    uint32_t w[4];
    words.get(at & ~int64_t(3), 4, 1, w);
    return w[at & 3];
  };
  for (int64_t i = 1; i < n; i++) {
    if ((x[i] ^ x[i - 1]) >> 32) continue;
    int64_t end = i + 1;
    while (end < n && (x[i] ^ x[end]) >> 32 == 0) end++;
    std::stable_sort(x + i - 1, x + end, [&](uint64_t u, uint64_t v) { return second(u) < second(v); });
    i = end;
  }
}

void random_permutation(const KernelCall& c) {
  const int64_t n = c.out[0].numel();
  const RandomWords words(c);
  const Digits digits = digits_for(n);
  const int64_t blocks = n < kTogether ? 1 : num_threads(), size = (n + blocks - 1) / blocks;
  const bool alone = blocks == 1;
  Temp keep(size_t(2 * n) * sizeof(uint64_t));
  Temp counts(size_t((alone ? digits.passes : blocks) * digits.count()) * sizeof(uint32_t));
  uint64_t *x = keep.ptr<uint64_t>(), *other = x + n;
  uint32_t* found = counts.ptr<uint32_t>();
  each_random_piece(n, [&](int64_t begin, int64_t count) {
    uint32_t w[kRandomBlock];
    words.get(begin, count, 0, w);
    for (int64_t i = 0; i < count; i++) x[begin + i] = uint64_t(w[i]) << 32 | uint64_t(begin + i);
  });
  if (alone) (digits.passes == 2 ? count_all<2> : count_all<3>)(x, n, digits, found);
  for (int p = 0; n && p < digits.passes; p++, std::swap(x, other))
    sort_digit(x, other, n, digits.below() + p * digits.bits, digits.count(), size, alone,
               found + (alone ? p * digits.count() : 0));
  std::vector<int64_t> starts;  // of what a thread settles: where the sorted bits change
  for (int64_t k = 0; k <= blocks; k++) {
    int64_t at = n / blocks * k + std::min(k, n % blocks);
    while (at > 0 && at < n && x[at - 1] >> digits.below() == x[at] >> digits.below()) at++;
    starts.push_back(at);
  }
  parallel_for(blocks, 1, [&](int64_t first, int64_t last) {
    for (int64_t k = first; k < last; k++)
      settle(words, x + starts[size_t(k)], starts[size_t(k) + 1] - starts[size_t(k)]);
  });
  Temp wide;
  const View& out = c.out[0];
  const bool direct = out.dtype == DType::I64 && is_contiguous(out.shape, out.strides);
  View made = direct ? out : temp_view(out.shape, DType::I64, wide);
  int64_t* to = made.ptr<int64_t>();
  parallel_for(n, kRandomGrain, [&](int64_t b, int64_t e) {
    for (int64_t i = b; i < e; i++) to[i] = int64_t(x[i] & UINT32_MAX);
  });
  if (!direct) copy_view(out, made);
}
DL_KERNEL("random_permutation", random_permutation);

DL_INFER("permutation", [](InferCall& c) {  // asked before there is memory for so many
  const int64_t n = c.attr("n").i;
  if (n > int64_t(UINT32_MAX))
    throw ValueError(format("%s: expected n of at most %lld, got %lld", c.name(), (long long)UINT32_MAX, (long long)n));
  c.out[0].shape = Shape{n};
});

}  // namespace
}  // namespace dl
