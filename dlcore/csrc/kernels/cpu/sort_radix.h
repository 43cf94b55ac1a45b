// Stable radix sort, least significant byte first: passes over bytes that are equal everywhere are left out. Long lines
// are cut into blocks that threads count and move side by side; where an element lands does not depend on the cut.
#pragma once
#include <algorithm>
#include <cstdint>

#include "kernels/cpu/views.h"

namespace dl {

// What is sorted: a key alone, or a key with the position it came from. For keys of at most 32 bits (and lines as short
// as that) both fit into one word.
template <class K>
struct KeyOnly {
  K key;
  static constexpr int kBytes = int(sizeof(K));
  int digit(int byte) const { return int(key >> (8 * byte)) & 255; }
  bool operator<(const KeyOnly& o) const { return key < o.key; }
};
struct PackedKey {
  uint64_t both;  // the key above the position
  static constexpr int kBytes = 4;
  int digit(int byte) const { return int(both >> (8 * byte + 32)) & 255; }
  bool operator<(const PackedKey& o) const { return both >> 32 < o.both >> 32; }
};
struct WideKey {
  uint64_t key;
  int64_t at;
  static constexpr int kBytes = 8;
  int digit(int byte) const { return int(key >> (8 * byte)) & 255; }
  bool operator<(const WideKey& o) const { return key < o.key; }
};

constexpr int64_t kInsertionSort = 24;
constexpr int64_t kParallelSort = 1 << 16;

template <class E>
void insertion_sort(E* x, int64_t n) {
  for (int64_t i = 1; i < n; i++) {
    E v = x[i];
    int64_t k = i;
    for (; k > 0 && v < x[k - 1]; k--) x[k] = x[k - 1];
    x[k] = v;
  }
}

// Turns counts into where each digit begins; true if one digit holds all n.
template <class C>
bool starts_of(C* count, int64_t n) {
  C sum = 0;
  for (int d = 0; d < 256; d++) {
    C c = count[d];
    if (int64_t(c) == n) return true;
    count[d] = sum;
    sum = C(sum + c);
  }
  return false;
}

// Sorts x[0, n) with the help of `other`; returns which of the two holds the result.
template <class E>
E* radix_sort_line(E* x, E* other, int64_t n) {
  if (n <= kInsertionSort) {
    insertion_sort(x, n);
    return x;
  }
  uint32_t count[E::kBytes][256] = {};  // lines here are shorter than 2^32
  for (int64_t i = 0; i < n; i++)
    for (int b = 0; b < E::kBytes; b++) count[b][x[i].digit(b)]++;
  for (int b = 0; b < E::kBytes; b++) {
    if (starts_of(count[b], n)) continue;
    uint32_t* to = count[b];
    for (int64_t i = 0; i < n; i++) other[to[x[i].digit(b)]++] = x[i];
    std::swap(x, other);
  }
  return x;
}

// The same for one long line by all threads.
template <class E>
E* radix_sort_parallel(E* x, E* other, int64_t n) {
  int64_t blocks = std::min<int64_t>(2 * num_threads(), n / (kParallelSort / 4)), size = (n + blocks - 1) / blocks;
  Temp keep(size_t(blocks) * 256 * sizeof(int64_t));
  int64_t* count = keep.ptr<int64_t>();
  for (int b = 0; b < E::kBytes; b++) {
    parallel_for(blocks, 1, [&](int64_t first, int64_t last) {
      for (int64_t k = first; k < last; k++) {
        int64_t local[256] = {};
        for (int64_t i = k * size, e = std::min(n, i + size); i < e; i++) local[x[i].digit(b)]++;
        std::copy(local, local + 256, count + k * 256);
      }
    });
    int64_t sum = 0;
    bool one = false;
    for (int d = 0; d < 256; d++) {
      int64_t before = sum;
      for (int64_t k = 0; k < blocks; k++) {
        int64_t c = count[k * 256 + d];
        count[k * 256 + d] = sum;
        sum += c;
      }
      one |= sum - before == n;
    }
    if (one) continue;
    parallel_for(blocks, 1, [&](int64_t first, int64_t last) {
      for (int64_t k = first; k < last; k++) {
        int64_t to[256];
        std::copy(count + k * 256, count + k * 256 + 256, to);
        for (int64_t i = k * size, e = std::min(n, i + size); i < e; i++) other[to[x[i].digit(b)]++] = x[i];
      }
    });
    std::swap(x, other);
  }
  return x;
}

template <class E>
E* radix_sort(E* x, E* other, int64_t n) {
  bool alone = n < kParallelSort || (num_threads() == 1 && n <= UINT32_MAX);
  return alone ? radix_sort_line(x, other, n) : radix_sort_parallel(x, other, n);
}

}  // namespace dl
