// Long lines, sorted on the way from one place to another with little memory beside. Numbers are moved once, into
// buckets of neighbouring keys that are chosen by counting the leading bits; each bucket is then put in order in a
// cache. A bucket that is too large for that (many numbers close together, and some far away) is cut in its place.
#pragma once
#include <algorithm>
#include <limits>
#include <mutex>
#include <vector>

#include "kernels/cpu/sort_kinds.h"

namespace dl {

constexpr int64_t kBuckets = 256, kBucketBytes = 32 * 1024;  // as many at most, or smaller ones
constexpr int kLeading = 13, kFewBits = 10;  // bits that are counted, before others where many share them
constexpr int64_t kEvery = 31, kCrowd = 48;  // of numbers that are looked at, the part that is too many
constexpr int64_t kOwnDigits = 1 << 16, kCountBytes = 1 << 20;  // keys that are counted one by one; room for counts

// f(keys, how many, the first one's place) for all keys of [begin, end), some at a time: they are made side by side.
template <class B, class F>
void each_keys(const B& line, int64_t begin, int64_t end, F&& f) {
  constexpr int64_t kSome = 256;
  typename B::Key keys[kSome];
  for (; begin < end; begin += kSome) {
    const int64_t here = std::min(kSome, end - begin);
    if (line.x.step == 1) {
      const auto* from = &line.x[begin];
      for (int64_t i = 0; i < here; i++) keys[i] = line.keys.template key<!B::kNumbers>(from[i]);
    } else {
      for (int64_t i = 0; i < here; i++) keys[i] = line.keys.template key<!B::kNumbers>(line.x[begin + i]);
    }
    f(keys, here, begin);
  }
}

// The least key, and how far the greatest lies from it.
struct KeyRange {
  uint64_t least = ~uint64_t(0), width = 0;
};
template <class B>
KeyRange key_range(const B& line, int64_t n) {
  if (sizeof(typename B::Key) <= 2) return {0, std::numeric_limits<typename B::Key>::max()};
  std::mutex one;
  KeyRange all;
  uint64_t most = 0;
  parallel_for(n, kParallelSort / 4, [&](int64_t b, int64_t e) {
    using K = typename B::Key;
    K low = K(~K(0)), high = 0;
    each_keys(line, b, e, [&](const K* keys, int64_t count, int64_t) {
      K here = low, top = high;
      for (int64_t i = 0; i < count; i++) {
        here = std::min(here, keys[i]);
        top = std::max(top, keys[i]);
      }
      low = here, high = top;
    });
    std::lock_guard<std::mutex> lock(one);
    all.least = std::min<uint64_t>(all.least, low);
    most = std::max<uint64_t>(most, high);
  });
  all.width = most - all.least;
  return all;
}

// Keys in order by few numbers: their leading bits.
struct LeadingDigits {
  uint64_t least;
  int shift;
  int64_t size;
  LeadingDigits(const KeyRange& r, int bits) : least(r.least), shift(std::max(0, leading_bit(r.width) + 1 - bits)) {
    size = int64_t(r.width >> shift) + 1;
  }
  size_t of(uint64_t key) const { return size_t((key - least) >> shift); }
};

// The same with as many more bits as it takes where, as some numbers of the line show, many share the leading ones.
class SplitDigits {
 public:
  SplitDigits(const LeadingDigits& leading, const std::vector<int64_t>& seen, int64_t looked) : leading_(leading) {
    for (int64_t count : seen) {
      const int more = std::min(leading.shift, leading_bit(uint64_t(count * kDigits / looked)) + (count > 0));
      parts_.push_back({uint32_t(size), uint16_t((1 << more) - 1), uint16_t(leading.shift - more)});
      size += int64_t(1) << more;
    }
  }
  size_t of(uint64_t key) const {
    const Part& p = parts_[leading_.of(key)];
    return p.first + ((key - leading_.least) >> p.shift & p.mask);
  }
  int64_t size = 0;

 private:
  static constexpr int64_t kDigits = 2048;
  struct Part {
    uint32_t first;
    uint16_t mask, shift;
  };
  LeadingDigits leading_;
  std::vector<Part> parts_;
};

// How often each occurs, in runs of the line, one a thread.
template <class B, class D>
struct Counts {
  const B& line;
  const D& digits;
  int64_t n, runs, size;
  std::vector<uint32_t> counts;

  Counts(const B& l, const D& d, int64_t length) : line(l), digits(d), n(length), size(d.size) {
    const int64_t room = kCountBytes / (size * int64_t(sizeof(uint32_t)));
    runs = std::max(std::clamp<int64_t>(num_threads(), 1, std::max<int64_t>(1, room)), n / UINT32_MAX + 1);
    counts.resize(size_t(runs * size));
    parallel_for(runs, 1, [&](int64_t b, int64_t e) {
      for (int64_t r = b; r < e; r++) {
        uint32_t* to = counts.data() + r * size;
        each_keys(line, start(r), start(r + 1), [&](const typename B::Key* keys, int64_t here, int64_t) {
          for (int64_t i = 0; i < here; i++) to[digits.of(keys[i])]++;
        });
      }
    });
  }
  int64_t start(int64_t run) const { return n / runs * run + std::min(run, n % runs); }
  int64_t of(int64_t run, int64_t digit) const { return counts[size_t(run * size + digit)]; }
  int64_t total(int64_t digit) const {
    int64_t sum = 0;
    for (int64_t r = 0; r < runs; r++) sum += of(r, digit);
    return sum;
  }
};

// Digits that follow each other, together: which bucket each belongs to, and where buckets begin.
struct BucketMap {
  std::vector<uint16_t> of;
  std::vector<int64_t> start{0};

  template <class C>
  BucketMap(const C& counts, int64_t want) {
    int64_t here = 0, sum = 0;
    for (int64_t d = 0; d < counts.size; d++) {
      const int64_t count = counts.total(d);
      if (here > 0 && here + count > 2 * want) start.push_back(sum), here = 0;
      of.push_back(uint16_t(start.size() - 1));
      here += count;
      sum += count;
      if (here >= want) start.push_back(sum), here = 0;
    }
    if (here > 0) start.push_back(sum);
  }
  int64_t size() const { return int64_t(start.size()) - 1; }
};

// Every number to its bucket: runs side by side, each behind those before it.
template <class C>
void move_to_buckets(const C& c, const BucketMap& map) {
  std::vector<std::vector<int64_t>> to(size_t(c.runs), map.start);
  for (int64_t r = 0; r + 1 < c.runs; r++) {
    to[size_t(r) + 1] = to[size_t(r)];
    for (int64_t d = 0; d < c.size; d++) to[size_t(r) + 1][map.of[size_t(d)]] += c.of(r, d);
  }
  const auto near = [&](int64_t run, auto step) {
    int64_t* at = to[size_t(run)].data();
    const uint16_t* of = map.of.data();
    const auto digits = c.digits;  // its own: what is written could not be them
    auto* y = c.line.y.at;
    each_keys(c.line, c.start(run), c.start(run + 1), [&](const auto* keys, int64_t here, int64_t first) {
      for (int64_t i = 0; i < here; i++) y[at[of[digits.of(keys[i])]]++ * step] = c.line.item(keys[i], first + i);
    });
  };
  parallel_for(c.runs, 1, [&](int64_t b, int64_t e) {
    for (int64_t r = b; r < e; r++)
      if (c.line.y.step == 1)
        near(r, std::integral_constant<int64_t, 1>());
      else
        near(r, c.line.y.step);
  });
}

// A line of numbers whose keys have digits of their own: as many of each as there are.
template <class C>
void write_counted(const C& c) {
  std::vector<int64_t> end;
  for (int64_t d = 0, sum = 0; d < c.size; d++) end.push_back(sum += c.total(d));
  parallel_for(c.n, kParallelSort / 4, [&](int64_t b, int64_t e) {
    for (size_t d = size_t(std::upper_bound(end.begin(), end.end(), b) - end.begin()); b < e; d++)
      for (const int64_t stop = std::min(e, end[d]); b < stop; b++)
        c.line.number(b, typename std::decay_t<decltype(c.line)>::Key(c.digits.least + d));
  });
}

// Every number to its bucket; where buckets begin.
template <class B, class D>
std::vector<int64_t> to_buckets(const B& line, const D& digits, int64_t n, int64_t want) {
  const Counts<B, D> counts(line, digits, n);
  const BucketMap map(counts, want);
  move_to_buckets(counts, map);
  return map.start;
}
template <class B>
std::vector<int64_t> to_buckets(const B& line, const KeyRange& range, int64_t n, int64_t want) {
  const LeadingDigits leading(range, kLeading);
  std::vector<int64_t> seen(size_t(leading.size), 0);
  int64_t looked = 0, most = 0;
  for (int64_t i = 0; i < n; i += kEvery, looked++) most = std::max(most, ++seen[leading.of(line.key(i))]);
  if (!leading.shift || most <= looked / kCrowd) return to_buckets(line, leading, n, want);
  const LeadingDigits first(range, kFewBits);
  seen.assign(size_t(first.size), 0);
  for (int64_t i = 0; i < n; i += kEvery) seen[first.of(line.key(i))]++;
  return to_buckets(line, SplitDigits(first, seen, looked), n, want);
}

// A line in order; what is read lies apart from what is written. Lines of packed keys are shorter than 2^32.
template <class B>
void sort_by_buckets(B line, int64_t n) {
  using Element = typename B::Element;
  const KeyRange range = key_range(line, n);
  if constexpr (B::kPrefix) {
    line.least = range.least;
    line.places = leading_bit(uint64_t(n)) + 1;
    line.shift = std::max(0, leading_bit(range.width) + 1 + line.places - 64);
  }
  if constexpr (B::kNumbers)
    if (range.width < kOwnDigits && int64_t(range.width) < n / 8) {
      const LeadingDigits own(range, 64);
      return write_counted(Counts<B, LeadingDigits>(line, own, n));
    }
  const int64_t near = kBucketBytes / int64_t(sizeof(Element)), want = std::max(near, n / kBuckets);
  const std::vector<int64_t> start = to_buckets(line, range, n, want);
  const int64_t share = n * int64_t(sizeof(typename B::Item)) / (40 * int64_t(sizeof(Element)) * num_threads());
  const int64_t cap = std::max(4 * near, share);
  parallel_for(int64_t(start.size()) - 1, 1, [&](int64_t b, int64_t e) {
    int64_t widest = 0;
    for (int64_t k = b; k < e; k++) widest = std::max(widest, start[size_t(k) + 1] - start[size_t(k)]);
    const Temp keep(size_t(2 * std::min(widest, cap)) * sizeof(Element));
    Element* room = keep.template ptr<Element>();
    for (int64_t k = b; k < e; k++) {
      const int64_t first = start[size_t(k)], last = start[size_t(k) + 1];
      if (last - first <= cap)
        line.finish(first, last, room);
      else
        line.finish_large(first, last, room, cap);
    }
  });
}

}  // namespace dl
