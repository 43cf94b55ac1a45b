// What long lines are put in order of: numbers, positions beside keys, or positions alone; and how a bucket of them is.
#pragma once
#include <algorithm>
#include <cstring>

#include "kernels/cpu/sort_keys.h"
#include "kernels/cpu/sort_radix.h"

namespace dl {

template <class T>
struct SortLine {
  T* at;
  int64_t step;
  T& operator[](int64_t i) const { return at[i * step]; }
};

inline int leading_bit(uint64_t bits) {
  int n = 0;
  for (int half = 32; half; half /= 2)
    if (bits >> half) bits >>= half, n += half;
  return n;
}

// y[begin, end) cut by the highest eight bits in which words differ, until parts have at most `cap` elements or all
// words are equal: finish(begin, end) is called for these. Equal words do not keep their order.
template <class Item, class Word, class Finish>
void cut_in_place(const SortLine<Item>& y, int64_t begin, int64_t end, int64_t cap, const Word& word,
                  const Finish& finish) {
  uint64_t bits = 0;
  const uint64_t first = end - begin > cap ? word(y[begin]) : 0;
  for (int64_t i = begin; i < end && end - begin > cap; i++) bits |= word(y[i]) ^ first;
  if (!bits) return finish(begin, end);
  const int shift = std::max(0, leading_bit(bits) - 7);
  auto digit = [&](const Item& v) { return int(word(v) >> shift & 255); };
  int64_t at[256], stop[256] = {}, sum = begin;
  for (int64_t i = begin; i < end; i++) stop[digit(y[i])]++;
  for (int d = 0; d < 256; d++) {
    at[d] = sum;
    sum += stop[d];
    stop[d] = sum;
  }
  for (int d = 0; d < 256; d++)
    for (; at[d] < stop[d]; at[d]++) {
      Item v = y[at[d]];
      for (int to = digit(v); to != d; to = digit(v)) std::swap(v, y[at[to]++]);
      y[at[d]] = v;
    }
  for (int d = 0; d < 256; d++) {
    const int64_t from = d ? stop[d - 1] : begin;
    if (stop[d] > from) cut_in_place(y, from, stop[d], cap, word, finish);
  }
}

// What a kind of sort puts into its result: `item` for each number of the line, which `finish` puts in order in its
// bucket with room for twice as many elements, and makes of it what is wanted. Numbers themselves:
template <class T>
struct NumberBuckets {
  static constexpr bool kNumbers = true, kPrefix = false;
  using Key = KeyOf<T>;
  using Item = Key;
  using Element = KeyOnly<Key>;
  SortLine<const T> x;
  SortLine<Item> y;
  SortKey<T> keys;
  uint64_t key(int64_t i) const { return keys.template key<false>(x[i]); }
  Item item(Key key, int64_t) const { return key; }

  void number(int64_t i, Key key) const {
    const T v = keys.number(key);
    std::memcpy(&y[i], &v, sizeof v);
  }
  void finish(int64_t begin, int64_t end, Element* room) const {
    const int64_t n = end - begin;
    Element *a = y.step == 1 ? reinterpret_cast<Element*>(&y[begin]) : room, *other = room + n;
    Key least = y[begin];
    for (int64_t i = 1; i < n; i++) least = std::min(least, y[begin + i]);
    for (int64_t i = 0; i < n; i++) a[i].key = Key(y[begin + i] - least);  // fewer bits
    const Element* sorted = radix_sort_alone(a, other, n);
    for (int64_t i = 0; i < n; i++) number(begin + i, Key(sorted[i].key + least));
  }
  void finish_large(int64_t begin, int64_t end, Element* room, int64_t cap) const {
    auto word = [](Item v) { return uint64_t(v); };
    cut_in_place(y, begin, end, cap, word, [&](int64_t b, int64_t e) {
      if (e - b <= cap) return finish(b, e, room);
      for (int64_t i = b; i < e; i++) number(i, y[i]);  // all equal
    });
  }
};

// Their positions, beside a key of at most 32 bits: the words differ, so that any order of them is the one order.
template <class T>
struct PackedBuckets {
  static constexpr bool kNumbers = false, kPrefix = false;
  using Key = KeyOf<T>;
  using Item = uint64_t;
  using Element = PackedKey;
  SortLine<const T> x;
  SortLine<Item> y;
  SortKey<T> keys;
  uint64_t key(int64_t i) const { return keys.template key<true>(x[i]); }
  Item item(Key key, int64_t i) const { return uint64_t(key) << 32 | uint64_t(i); }

  void finish(int64_t begin, int64_t end, Element* room) const {
    const int64_t n = end - begin;
    Element *a = y.step == 1 ? reinterpret_cast<Element*>(&y[begin]) : room, *other = room + n;
    uint64_t least = y[begin];
    for (int64_t i = 1; i < n; i++) least = std::min(least, y[begin + i]);
    least = least >> 32 << 32;
    for (int64_t i = 0; i < n; i++) a[i].both = y[begin + i] - least;  // fewer bits
    const Element* sorted = radix_sort_alone(a, other, n);
    for (int64_t i = 0; i < n; i++) y[begin + i] = sorted[i].both & UINT32_MAX;
  }
  void finish_large(int64_t begin, int64_t end, Element* room, int64_t cap) const {
    uint64_t bits = 0;
    for (int64_t i = begin; i < end; i++) bits |= (y[i] ^ y[begin]) >> 32;
    if (!bits) {  // equal numbers still stand in their order
      for (int64_t i = begin; i < end; i++) y[i] &= UINT32_MAX;
      return;
    }
    using Word = KeyOnly<uint64_t>;
    auto word = [](Item v) { return v; };
    cut_in_place(y, begin, end, cap, word, [&](int64_t b, int64_t e) {
      Word* a = reinterpret_cast<Word*>(room);
      for (int64_t i = b; i < e; i++) a[i - b].key = y[i];
      const Word* sorted = radix_sort_alone(a, a + (e - b), e - b);
      for (int64_t i = b; i < e; i++) y[i] = sorted[i - b].key & UINT32_MAX;
    });
  }
};

// Their positions beside the leading bits of wider keys, as many as there is room for; where these are equal, keys are
// looked up.
template <class T>
struct PrefixBuckets {
  static constexpr bool kNumbers = false, kPrefix = true;
  using Key = KeyOf<T>;
  using Item = uint64_t;
  using Element = KeyOnly<uint64_t>;
  SortLine<const T> x;
  SortLine<Item> y;  // side by side
  SortKey<T> keys;
  uint64_t least = 0;
  int shift = 0, places = 32;  // bits of a key that are left out, and of a position
  uint64_t key(int64_t i) const { return keys.template key<true>(x[i]); }
  Item item(Key key, int64_t i) const { return (uint64_t(key) - least) >> shift << places | uint64_t(i); }

  void finish(int64_t begin, int64_t end, Element* room) const {
    Element* a = reinterpret_cast<Element*>(&y[begin]);
    const uint64_t bits = differing(a, end - begin) >> places << places;  // positions are in their order
    const bool wide = suits_wide_digits<Element>(end - begin, bits);
    const Element* sorted = radix_sort_line(a, room, end - begin, bits, wide);
    if (sorted != a) std::copy(sorted, sorted + (end - begin), a);
    settle(begin, end);
  }
  void finish_large(int64_t begin, int64_t end, Element* room, int64_t cap) const {
    auto word = [](Item v) { return v; };
    cut_in_place(y, begin, end, cap, word, [&](int64_t b, int64_t e) {
      Element* a = reinterpret_cast<Element*>(&y[b]);
      const Element* sorted = radix_sort_alone(a, room, e - b);
      if (sorted != a) std::copy(sorted, sorted + (e - b), a);
    });
    settle(begin, end);
  }
  // Positions of what stands in the order of its leading bits.
  void settle(int64_t begin, int64_t end) const {
    const uint64_t place = (uint64_t(1) << places) - 1;
    auto before = [&](Item p, Item q) {
      const uint64_t a = key(int64_t(p & place)), b = key(int64_t(q & place));
      return a != b ? a < b : p < q;
    };
    for (int64_t i = begin, next; i < end; i = next) {
      for (next = i + 1; next < end && y[next] >> places == y[i] >> places; next++) {
      }
      if (next > i + 1 && shift && !std::is_sorted(&y[i], &y[i] + (next - i), before))
        std::sort(&y[i], &y[i] + (next - i), before);
      for (int64_t k = i; k < next; k++) y[k] &= place;
    }
  }
};

// Their positions alone, where keys are as wide: a key is looked up where its number lies.
template <class T>
struct WideBuckets {
  static constexpr bool kNumbers = false, kPrefix = false;
  using Key = KeyOf<T>;
  using Item = uint64_t;
  using Element = WideKey;
  SortLine<const T> x;
  SortLine<Item> y;
  SortKey<T> keys;
  uint64_t key(int64_t i) const { return keys.template key<true>(x[i]); }
  Item item(Key, int64_t i) const { return uint64_t(i); }

  void finish(int64_t begin, int64_t end, Element* room) const {
    const int64_t n = end - begin;
    uint64_t least = ~uint64_t(0);
    for (int64_t i = 0; i < n; i++) {
      room[i] = {key(int64_t(y[begin + i])), int64_t(y[begin + i])};
      least = std::min(least, room[i].key);
    }
    for (int64_t i = 0; i < n; i++) room[i].key -= least;  // fewer bits
    const Element* sorted = radix_sort_alone(room, room + n, n);
    for (int64_t i = 0; i < n; i++) y[begin + i] = uint64_t(sorted[i].at);
  }
  void finish_large(int64_t begin, int64_t end, Element* room, int64_t cap) const {
    uint64_t bits = 0;
    const uint64_t first = key(int64_t(y[begin]));
    for (int64_t i = begin; i < end; i++) bits |= key(int64_t(y[i])) ^ first;
    if (!bits) return;  // equal numbers still stand in their order
    auto word = [&](Item v) { return key(int64_t(v)); };
    auto place = [](Item v) { return v; };
    // Cutting has mixed the positions: in their order first, then by key, which keeps it.
    cut_in_place(y, begin, end, cap, word, [&](int64_t b, int64_t e) {
      cut_in_place(y, b, e, cap, place, [&](int64_t from, int64_t to) {
        for (int64_t i = from; i < to; i++) room[i - from].at = int64_t(y[i]);
        std::sort(room, room + (to - from), [](const Element& p, const Element& q) { return p.at < q.at; });
        for (int64_t i = from; i < to; i++) y[i] = uint64_t(room[i - from].at);
      });
      if (e - b <= cap) finish(b, e, room);
    });
  }
};

}  // namespace dl
