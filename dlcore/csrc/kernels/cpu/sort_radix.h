// Stable radix sort, least significant digit first: passes over digits that are equal everywhere are left out. Long
// lines are cut into runs, one a thread, and merged by all threads; where an element lands does not depend on the cut.
#pragma once
#include <algorithm>
#include <atomic>
#include <cstdint>

#include "kernels/cpu/views.h"

namespace dl {

// b or a, without a branch that a processor would guess wrongly.
template <class K>
K chosen(bool b_wanted, K a, K b) {
  return K(a ^ ((a ^ b) & K(K(0) - K(b_wanted))));
}

// What is sorted: a key alone, or a key with the position it came from. For keys of at most 32 bits (and lines as short
// as that) both fit into one word.
template <class K>
struct KeyOnly {
  K key;
  static constexpr int kBytes = int(sizeof(K));
  uint64_t word() const { return key; }
  bool operator<(const KeyOnly& o) const { return key < o.key; }
  KeyOnly or_if(bool other, KeyOnly o) const { return {chosen(other, key, o.key)}; }
};
struct PackedKey {
  uint64_t both;  // the key above the position
  static constexpr int kBytes = 4;
  uint64_t word() const { return both >> 32; }
  bool operator<(const PackedKey& o) const { return both >> 32 < o.both >> 32; }
  PackedKey or_if(bool other, PackedKey o) const { return {chosen(other, both, o.both)}; }
};
struct WideKey {
  uint64_t key;
  int64_t at;
  static constexpr int kBytes = 8;
  uint64_t word() const { return key; }
  bool operator<(const WideKey& o) const { return key < o.key; }
  WideKey or_if(bool other, WideKey o) const {
    return {chosen(other, key, o.key), int64_t(chosen(other, uint64_t(at), uint64_t(o.at)))};
  }
};

constexpr int64_t kInsertionSort = 24;
constexpr int64_t kParallelSort = 1 << 15;
constexpr int64_t kWideDigits = 4096, kWideBytes = 2 << 20;
constexpr int kFewPasses = 2;  // over all of a line cost less than to merge what threads have sorted

template <class E>
void insertion_sort(E* x, int64_t n) {
  for (int64_t i = 1; i < n; i++) {
    E v = x[i];
    int64_t k = i;
    for (; k > 0 && v < x[k - 1]; k--) x[k] = x[k - 1];
    x[k] = v;
  }
}

// The bits in which keys differ.
template <class E>
uint64_t differing(const E* x, int64_t n) {
  uint64_t bits = 0;
  for (int64_t i = 0; i < n; i++) bits |= x[i].word() ^ x[0].word();
  return bits;
}

// Sorts x[0, n) with the help of `other` by the digits of `Bits` bits that `bits` has a part of; returns which of the
// two holds the result.
template <int Bits, class E>
E* radix_sort_digits(E* x, E* other, int64_t n, uint64_t bits) {
  constexpr int kDigits = (8 * E::kBytes + Bits - 1) / Bits, kSize = 1 << Bits;
  constexpr uint64_t kMask = kSize - 1;
  int shifts[kDigits], used = 0;
  for (int d = 0; d < kDigits; d++)
    if (bits >> (Bits * d) & kMask) shifts[used++] = Bits * d;
  uint32_t count[kDigits][kSize] = {};  // lines here are shorter than 2^32
  if (used == kDigits) {
    for (int64_t i = 0; i < n; i++)
      for (int d = 0; d < kDigits; d++) count[d][x[i].word() >> (Bits * d) & kMask]++;
  } else if (used == 2) {
    const int low = shifts[0], high = shifts[1];
    for (int64_t i = 0; i < n; i++) {
      count[0][x[i].word() >> low & kMask]++;
      count[1][x[i].word() >> high & kMask]++;
    }
  } else {
    for (int u = 0; u < used; u++)
      for (int64_t i = 0; i < n; i++) count[u][x[i].word() >> shifts[u] & kMask]++;
  }
  for (int u = 0; u < used; u++) {
    uint32_t *to = count[u], sum = 0;
    for (int d = 0; d < kSize; d++) {
      uint32_t c = to[d];
      to[d] = sum;
      sum += c;
    }
    const int shift = shifts[u];
    for (int64_t i = 0; i < n; i++) other[to[x[i].word() >> shift & kMask]++] = x[i];
    std::swap(x, other);
  }
  return x;
}

// Whether wider digits than bytes pay: for as many elements as their counters, in memory that stays in a cache.
template <class E>
bool suits_wide_digits(int64_t n, uint64_t bits) {
  const bool fewer = bits >> 24 || (bits >> 16 && !(bits >> 22));  // times that all is moved
  return E::kBytes >= 4 && fewer && n >= kWideDigits && n * int64_t(sizeof(E)) <= kWideBytes;
}
template <class E>
E* radix_sort_line(E* x, E* other, int64_t n, uint64_t bits, bool wide) {
  return wide ? radix_sort_digits<11>(x, other, n, bits) : radix_sort_digits<8>(x, other, n, bits);
}

// Two ordered runs as one; of equal elements those of the first run come first.
template <class E>
struct Runs {
  const E *a, *b;
  int64_t na, nb;

  // How many of the first `count` come from a.
  int64_t from_first(int64_t count) const {
    int64_t low = std::max<int64_t>(0, count - nb), high = std::min(na, count);
    while (low < high) {
      int64_t mid = low + (high - low) / 2;
      if (b[count - mid - 1] < a[mid])
        high = mid;
      else
        low = mid + 1;
    }
    return low;
  }
  // Places [first, last) of what they make, from both ends: neither waits for what the other compares.
  void merge(int64_t first, int64_t last, E* to) const {
    int64_t i = from_first(first), i_end = from_first(last), j = first - i, j_end = last - i_end;
    E *low = to + first, *high = to + last;
    auto begin = [&] {
      const E x = a[i], y = b[j];
      const bool second = y < x;
      *low++ = x.or_if(second, y);
      j += second;
      i += !second;
    };
    auto end = [&] {
      const E x = a[i_end - 1], y = b[j_end - 1];
      const bool second = !(y < x);
      *--high = x.or_if(second, y);
      j_end -= second;
      i_end -= !second;
    };
    while (int64_t sure = std::min(i_end - i, j_end - j) / 2)  // so many steps from either end, whatever they take
      for (; sure > 0; sure--) begin(), end();
    while (i < i_end && j < j_end) begin();
    low = std::copy(a + i, a + i_end, low);
    std::copy(b + j, b + j_end, low);
  }
};

// x[0, n) in the order of one byte, to `other`: runs are counted, then moved, side by side.
template <class E, class F>
void radix_pass_parallel(const E* x, E* other, int64_t runs, int byte, F&& start) {
  Temp keep(size_t(runs) * 256 * sizeof(int64_t));
  int64_t *count = keep.ptr<int64_t>(), sum = 0;
  parallel_for(runs, 1, [&](int64_t b, int64_t e) {
    for (int64_t r = b; r < e; r++) {
      int64_t local[256] = {};
      for (int64_t i = start(r), end = start(r + 1); i < end; i++) local[x[i].word() >> (8 * byte) & 255]++;
      std::copy(local, local + 256, count + r * 256);
    }
  });
  for (int d = 0; d < 256; d++)
    for (int64_t r = 0; r < runs; r++) {
      int64_t c = count[r * 256 + d];
      count[r * 256 + d] = sum;
      sum += c;
    }
  parallel_for(runs, 1, [&](int64_t b, int64_t e) {
    for (int64_t r = b; r < e; r++) {
      int64_t to[256];
      std::copy(count + r * 256, count + r * 256 + 256, to);
      for (int64_t i = start(r), end = start(r + 1); i < end; i++) other[to[x[i].word() >> (8 * byte) & 255]++] = x[i];
    }
  });
}

// The same for one long line by all threads.
template <class E>
E* radix_sort_parallel(E* x, E* other, int64_t n) {
  const int64_t most = std::max<int64_t>(num_threads(), n / UINT32_MAX + 1);
  const int64_t runs = std::min<int64_t>(most, n / (kParallelSort / 4)), pieces = 4 * runs;
  auto start = [&](int64_t run) { return n / runs * std::min(run, runs) + std::min(run, n % runs); };
  std::atomic<uint64_t> bits{0};
  parallel_for(n, kParallelSort / 4,
               [&](int64_t b, int64_t e) { bits |= differing(x + b, e - b) | (x[b].word() ^ x[0].word()); });
  int bytes[E::kBytes], used = 0;
  for (int b = 0; b < E::kBytes; b++)
    if (bits >> (8 * b) & 255) bytes[used++] = b;
  if (used <= kFewPasses) {
    for (int u = 0; u < used; u++) {
      radix_pass_parallel(x, other, runs, bytes[u], start);
      std::swap(x, other);
    }
    return x;
  }
  E* sorted = x;
  const bool wide = suits_wide_digits<E>(start(1), bits);  // for all runs: they end in the same memory
  parallel_for(runs, 1, [&](int64_t b, int64_t e) {
    for (int64_t r = b; r < e; r++) {
      const E* made = radix_sort_line(x + start(r), other + start(r), start(r + 1) - start(r), bits, wide);
      if (r == 0) sorted = made == x ? x : other;
    }
  });
  E* to = sorted == x ? other : x;
  for (int64_t width = 1; width < runs; width *= 2) {
    parallel_for(pieces, 1, [&](int64_t b, int64_t e) {
      const int64_t first = n * b / pieces, last = n * e / pieces;
      for (int64_t r = 0; r < runs; r += 2 * width) {
        const int64_t low = start(r), mid = start(r + width), high = start(r + 2 * width);
        if (high <= first || low >= last) continue;
        const Runs<E> pair{sorted + low, sorted + mid, mid - low, high - mid};
        pair.merge(std::max(first, low) - low, std::min(last, high) - low, to + low);
      }
    });
    std::swap(sorted, to);
  }
  return sorted;
}

// The same by this thread alone, of fewer than 2^32 elements.
template <class E>
E* radix_sort_alone(E* x, E* other, int64_t n) {
  if (n <= kInsertionSort) {
    insertion_sort(x, n);
    return x;
  }
  const uint64_t bits = differing(x, n);
  return radix_sort_line(x, other, n, bits, suits_wide_digits<E>(n, bits));
}

template <class E>
E* radix_sort(E* x, E* other, int64_t n) {
  const bool alone = n < kParallelSort || (num_threads() == 1 && n <= UINT32_MAX);
  return alone ? radix_sort_alone(x, other, n) : radix_sort_parallel(x, other, n);
}

}  // namespace dl
