// Writing rows at positions that may repeat, by several threads and yet in order: positions are told apart by the part
// of the array that they name. Each part is written by one thread, in the order in which its positions came, so that
// results do not depend on threads, and no two of them write to one line of the cache again and again.
#pragma once
#include <algorithm>
#include <vector>

#include "kernels/cpu/index.h"
#include "kernels/cpu/isa/stream.h"
#include "kernels/cpu/prefetch.h"

namespace dl {

inline constexpr int64_t kOwnCache = 1 << 19;  // bytes that a core's own cache keeps beside other things

// Items of the parts, one part after the other; those of part p are [starts[p], starts[p + 1]).
template <class Item>
struct IndexParts {
  int shift = 0;  // the part that a position names is position >> shift
  std::vector<int64_t> starts;
  Temp memory;
  const Item* items() const { return memory.ptr<const Item>(); }
  int64_t count() const { return int64_t(starts.size()) - 1; }
};

// `count` positions from 0 to n - 1 in at most `parts` parts; make(item, k, shift) sets the item of position k.
template <class Item, class Make>
IndexParts<Item> split_positions(const int64_t* at, int64_t count, int64_t n, int64_t parts, Make&& make) {
  IndexParts<Item> r;
  while ((n - 1) >> r.shift >= parts) r.shift++;
  parts = ((n - 1) >> r.shift) + 1;
  const int64_t blocks = count < (1 << 15) ? 1 : num_threads(), size = (count + blocks - 1) / blocks;
  std::vector<int64_t> next(size_t(blocks * parts));  // of each block and part: how many, then where the next one goes
  auto each = [&](auto&& f) {
    parallel_for(blocks, 1, [&](int64_t first, int64_t last) {
      for (int64_t b = first; b < last; b++)
        for (int64_t k = b * size, end = std::min(count, k + size); k < end; k++)
          f(next[size_t(b * parts + (at[k] >> r.shift))], k);
    });
  };
  each([](int64_t& found, int64_t) { found++; });
  int64_t sum = 0;
  for (int64_t p = 0; p < parts; p++) {
    r.starts.push_back(sum);
    for (int64_t b = 0; b < blocks; b++) {
      const int64_t found = next[size_t(b * parts + p)];
      next[size_t(b * parts + p)] = sum;
      sum += found;
    }
  }
  r.starts.push_back(sum);
  r.memory = Temp(size_t(count) * sizeof(Item));
  Item* items = r.memory.template ptr<Item>();
  each([&](int64_t& to, int64_t k) { make(items[to++], k, r.shift); });
  return r;
}

// write(row of `to`, row of `from`, how many numbers) for all positions, each of which has a row of `from`.
template <class T, class Write>
void write_rows(const Rows& r, const T* from, T* to, Write&& write) {
  struct Item {
    int64_t from, to;
  };
  if (r.outer * r.count * r.inner == 0) return;
  const int64_t inner = r.inner, row = inner * int64_t(sizeof(T)), asked = std::min<int64_t>(row, 1024);
  const int64_t ahead = 2048 / row + 1;
  const bool far = r.n * row > kOwnCache;
  auto in_order = [&](int64_t o) {
    const T* s = from + o * r.count * inner;
    T* d = to + o * r.n * inner;
    for (int64_t k = 0; k < r.count; k++) {
      if (far && k + ahead < r.count) ask_for(d + r.at[k + ahead] * inner, asked);
      write(d + r.at[k] * inner, s + k * inner, inner);
    }
  };
  constexpr int64_t kShared = 1 << 17;  // numbers that are worth several threads
  const int64_t threads = num_threads(), all = r.count * inner;
  if (threads == 1 || r.outer >= 2 * threads || r.n == 1 || r.outer * all < kShared) {
    parallel_for(r.outer, std::max<int64_t>(1, kShared / all), [&](int64_t b, int64_t e) {
      for (int64_t o = b; o < e; o++) in_order(o);
    });
    return;
  }
  const auto parts = split_positions<Item>(r.at, r.count, r.n, 16 * threads,
                                           [&](Item& item, int64_t k, int) { item.from = k, item.to = r.at[k]; });
  const Item* items = parts.items();
  for (int64_t o = 0; o < r.outer; o++) {
    const T* s = from + o * r.count * inner;
    T* d = to + o * r.n * inner;
    parallel_for(parts.count(), 1, [&](int64_t b, int64_t e) {
      for (int64_t i = parts.starts[size_t(b)], end = parts.starts[size_t(e)]; i < end; i++) {
        if (i + ahead < end) {
          ask_for(s + items[i + ahead].from * inner, asked);
          if (far) ask_for(d + items[i + ahead].to * inner, asked);
        }
        write(d + items[i].to * inner, s + items[i].from * inner, inner);
      }
    });
  }
}

// The same for rows of one number each. Where the array is in no cache, several threads write parts that are.
template <class T, class Write>
void write_numbers(const Rows& r, const T* from, T* to, Write&& write) {
  struct Item {
    uint32_t to;  // within the part
    T value;
  };
  if (r.outer * r.count == 0) return;
  const int64_t bytes = r.n * int64_t(sizeof(T));
  if (num_threads() == 1 || bytes < stream_bytes() || 16 * r.count < r.n) {
    parallel_for(r.outer, std::max<int64_t>(1, (1 << 15) / r.count), [&](int64_t b, int64_t e) {
      const int64_t count = r.count, *at = r.at;  // not members: `to` may be of their type
      for (int64_t o = b; o < e; o++)
        for (int64_t k = 0; k < count; k++) write(to[o * r.n + at[k]], from[o * count + k]);
    });
    return;
  }
  const int64_t wanted = std::clamp<int64_t>(bytes / kOwnCache, 4 * num_threads(), 512);
  for (int64_t o = 0; o < r.outer; o++) {
    const T* s = from + o * r.count;
    const auto parts = split_positions<Item>(r.at, r.count, r.n, wanted, [&](Item& item, int64_t k, int shift) {
      item.to = uint32_t(r.at[k] & ((int64_t(1) << shift) - 1)), item.value = s[k];
    });
    parallel_for(parts.count(), 1, [&](int64_t b, int64_t e) {
      for (int64_t p = b; p < e; p++) {
        T* d = to + o * r.n + (p << parts.shift);
        const Item* items = parts.items();
        for (int64_t i = parts.starts[size_t(p)], end = parts.starts[size_t(p) + 1]; i < end; i++)
          write(d[items[i].to], items[i].value);
      }
    });
  }
}

}  // namespace dl
