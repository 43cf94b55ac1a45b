#include "kernels/cpu/count.h"

#include <algorithm>
#include <atomic>
#include <vector>

#include "kernels/cpu/search.h"
#include "kernels/cpu/views.h"
#include "tensor/fault.h"

namespace dl {
namespace {

constexpr int64_t kPart = 1 << 14;      // numbers that a thread is worth
constexpr uint64_t kNearBins = 1024;    // that have several counters each
constexpr uint64_t kOwnBins = 1 << 16;  // of a thread's own: they stay in its second-level cache
constexpr int kLanes = 4;               // counters of one bin: equal numbers in a row do not wait for each other

int64_t parts_of(int64_t n) {
  return std::max<int64_t>(1, std::min<int64_t>(num_threads() == 1 ? 1 : 2 * num_threads(), n / kPart));
}

// f(part, first, last) for `parts` parts of n numbers, in parallel.
template <class F>
void each_part(int64_t n, int64_t parts, F&& f) {
  parallel_for(parts, 1, [&](int64_t b, int64_t e) {
    for (int64_t i = b; i < e; i++) f(i, n * i / parts, n * (i + 1) / parts);
  });
}

// Counters of one thread, for as many bins as numbers have asked for so far.
class Counter {
 public:
  // False: a number is negative, or too large for counters of one's own.
  template <class T>
  bool take(const T* x, int64_t n) {
    for (int64_t i = 0; i < n;) {
      i = near() ? run<kLanes>(x, i, n) : run<1>(x, i, n);
      if (i < n && !make_room(bin(x[i]))) return false;
    }
    return true;
  }
  // Counts added to what `total` holds, which grows with the largest number.
  void add_to(std::vector<int64_t>& total) const {
    uint64_t n = size_;
    while (n && !sum(n - 1)) n--;
    if (total.size() < n) total.resize(n);
    for (uint64_t i = 0; i < n; i++) total[i] += sum(i);
  }

 private:
  template <class T>
  static uint64_t bin(T v) {
    return std::is_signed_v<T> ? uint64_t(int64_t(v)) : uint64_t(v);  // what is negative is larger than all
  }
  bool near() const { return size_ <= kNearBins; }
  int64_t sum(uint64_t i) const {
    if (!near()) return counts_[i];
    int64_t s = 0;
    for (int l = 0; l < kLanes; l++) s += counts_[uint64_t(l) * size_ + i];
    return s;
  }
  // Lane after lane, numbers in turn: `size_` is a power of two, so that one look tells whether several fit.
  template <int Lanes, class T>
  int64_t run(const T* x, int64_t i, int64_t n) {
    const uint64_t size = size_;
    int64_t* counts = counts_.data();
    for (; i + Lanes <= n; i += Lanes) {
      uint64_t at[Lanes], any = 0;
      for (int l = 0; l < Lanes; l++) any |= at[l] = bin(x[i + l]);
      if (any >= size) break;
      for (int l = 0; l < Lanes; l++) counts[uint64_t(l) * size + at[l]]++;
    }
    for (; i < n; i++) {
      uint64_t at = bin(x[i]);
      if (at >= size) break;
      counts[at]++;
    }
    return i;
  }
  bool make_room(uint64_t at) {
    if (at >= kOwnBins) return false;
    uint64_t size = size_;
    while (size <= at) size *= 4;
    std::vector<int64_t> wider(size <= kNearBins ? size * kLanes : size);
    for (uint64_t i = 0; i < size_; i++) wider[i] = sum(i);
    counts_.swap(wider);
    size_ = size;
    return true;
  }

  uint64_t size_ = 64;
  std::vector<int64_t> counts_ = std::vector<int64_t>(64 * kLanes);
};

// The same for a range that is too wide for caches; `top` counters, the numbers are known to fit.
template <class T>
void count_wide(const T* x, int64_t n, int64_t top, int64_t* counts) {
  const int64_t parts = top <= n / 8 ? std::min<int64_t>(num_threads(), parts_of(n)) : 1;
  Temp keep(size_t(parts - 1) * size_t(top) * sizeof(int64_t));
  auto mine = [&](int64_t part) { return part ? keep.ptr<int64_t>() + (part - 1) * top : counts; };
  each_part(n, parts, [&](int64_t part, int64_t first, int64_t last) {
    int64_t* to = mine(part);
    std::fill(to, to + top, 0);
    for (int64_t i = first; i < last; i++) to[int64_t(x[i])]++;
  });
  parallel_for(parts > 1 ? top : 0, kPart, [&](int64_t b, int64_t e) {
    for (int64_t part = 1; part < parts; part++)
      for (int64_t i = b; i < e; i++) counts[i] += mine(part)[i];
  });
}

template <class T>
Tensor count_all(const T* x, int64_t n, int64_t least) {
  const int64_t parts = parts_of(n);
  std::vector<Counter> counters{size_t(parts)};
  std::atomic<bool> fits{true};
  each_part(n, parts, [&](int64_t part, int64_t first, int64_t last) {
    if (!counters[size_t(part)].take(x + first, last - first)) fits = false;
  });
  std::vector<int64_t> total;
  if (fits) {
    for (const Counter& c : counters) c.add_to(total);
    const int64_t found = int64_t(total.size()), top = std::max(found, least);
    Tensor made = make_tensor(Shape{top}, DType::I64);
    auto* to = static_cast<int64_t*>(made->data());
    std::fill(std::copy(total.begin(), total.end(), to), to + top, 0);
    return made;
  }
  const auto [low, high] = std::minmax_element(x, x + n);
  if (*low < T(0)) throw ValueError("bincount: expected numbers of at least 0, got " + std::to_string(*low));
  if (uint64_t(*high) >= uint64_t(1) << 48)
    throw MemoryError("bincount: no memory for counts of all numbers up to " + std::to_string(*high));
  Tensor made = make_tensor(Shape{std::max(int64_t(*high) + 1, least)}, DType::I64);
  count_wide(x, n, made->numel(), static_cast<int64_t*>(made->data()));
  return made;
}

// Bins of one width: a guess is at most a few edges off.
template <class T>
void count_even(const T* x, int64_t n, const double* edges, int64_t bins, int64_t* counts) {
  const double first = edges[0], last = edges[bins], scale = double(bins) / (last - first);
  for (int64_t i = 0; i < n; i++) {
    const double v = double(load(x + i));
    if (!(v >= first && v <= last)) continue;
    const double guess = (v - first) * scale;  // infinite or NaN where the range is hardly wider than nothing
    int64_t at = guess < double(bins) ? int64_t(guess) : guess > 0 ? bins - 1 : 0;
    while (v < edges[at]) at--;
    while (at + 1 < bins && v >= edges[at + 1]) at++;
    counts[at]++;
  }
}

template <class T>
void count_uneven(const T* x, int64_t n, const double* edges, int64_t bins, int64_t* counts) {
  constexpr int64_t kBlock = 256;
  double v[kBlock];
  int64_t at[kBlock];
  for (int64_t i = 0; i < n; i += kBlock) {
    const int64_t here = std::min(kBlock, n - i);
    for (int64_t j = 0; j < here; j++) v[j] = double(load(x + i + j));
    search_ordered<true>(edges, bins + 1, v, here, at);
    for (int64_t j = 0; j < here; j++)
      if (v[j] >= edges[0] && v[j] <= edges[bins]) counts[std::min(at[j], bins) - 1]++;
  }
}

}  // namespace

Tensor count_numbers(const View& x, int64_t least) {
  Temp keep;
  const View v = as_contiguous(x, keep);
  Tensor made;
  with_type(x.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (std::is_integral_v<T>) made = count_all(v.ptr<const T>(), v.numel(), least);
  });
  if (!made) throw InternalError(std::string("bincount: expected whole numbers, got ") + dtype_name(x.dtype));
  return made;
}

Tensor count_in_bins(const View& x, const double* edges, int64_t bins, bool even) {
  Temp keep;
  const View v = as_contiguous(x, keep);
  const int64_t n = v.numel(), parts = parts_of(n);
  std::vector<std::vector<int64_t>> counts{size_t(parts), std::vector<int64_t>(size_t(bins))};
  with_type(x.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    each_part(n, parts, [&](int64_t part, int64_t first, int64_t last) {
      (even ? count_even<T> : count_uneven<T>)(v.ptr<const T>() + first, last - first, edges, bins,
                                               counts[size_t(part)].data());
    });
  });
  Tensor made = make_tensor(Shape{bins}, DType::I64);
  auto* to = static_cast<int64_t*>(made->data());
  std::fill(to, to + bins, 0);
  for (const auto& part : counts)
    for (int64_t i = 0; i < bins; i++) to[i] += part[size_t(i)];
  return made;
}

}  // namespace dl
