// The gradient of pad_repeat: every number of the array gets the sum of what repeated it. Each is written by one thread
// and added up in one order, so that results do not depend on how many there are.
#include <algorithm>
#include <cstring>

#include "kernels/cpu/pad_pieces.h"

namespace dl {
namespace {

constexpr int64_t kBlock = 512;        // elements that are added up at a time
constexpr int64_t kGrain = 16 * 1024;  // elements of a share

// What sums are kept in: whole numbers in 64 bits, which wrap, and a bool is whether any was true.
template <class T>
struct SumOf {
  using type = std::conditional_t<std::is_integral_v<T>, uint64_t, double>;
};
template <class T>
struct SumOf<std::complex<T>> {
  using type = std::complex<double>;
};

// For each place of a leading axis the offsets of the rows of g that repeat it, its own first.
class Repeats {
 public:
  Repeats(const Padding& pad, int axis, int64_t stride) : begin_(size_t(pad.small[axis]) + 1) {
    const auto pieces = pad_pieces(pad.mode, pad.small[axis], pad.before[axis], pad.after(axis));
    each(pieces, [&](int64_t to, int64_t) { begin_[size_t(to) + 1]++; });
    for (size_t i = 1; i < begin_.size(); i++) begin_[i] += begin_[i - 1];
    rows_.resize(size_t(begin_.back()));
    std::vector<int64_t> next(begin_.begin(), begin_.end() - 1);
    for (int64_t i = 0; i < pad.small[axis]; i++) rows_[size_t(next[size_t(i)]++)] = (pad.before[axis] + i) * stride;
    each(pieces, [&](int64_t to, int64_t from) {
      if (from < pad.before[axis] || from >= pad.before[axis] + pad.small[axis])
        rows_[size_t(next[size_t(to)]++)] = from * stride;
    });
  }
  const int64_t* begin(int64_t i) const { return rows_.data() + begin_[size_t(i)]; }
  const int64_t* end(int64_t i) const { return rows_.data() + begin_[size_t(i) + 1]; }

 private:
  std::vector<int64_t> begin_, rows_;
  template <class F>
  static void each(const std::vector<PadPiece>& pieces, F&& f) {
    for (const PadPiece& p : pieces)
      for (int64_t k = 0; k < p.n; k++) f(p.from + k * p.by, p.at + k);
  }
};

template <class T>
struct Fold {
  using Sum = typename SumOf<T>::type;
  const Padding& pad;
  const PadRows split;
  const int64_t step;  // places of a block
  std::vector<Repeats> repeats;

  Fold(const Padding& p, const Shape& padded) : pad(p), split(p, kBlock), step(kBlock / split.inner) {
    const Dims strides = contiguous_strides(padded);
    for (int i = 0; i < split.lead; i++) repeats.emplace_back(p, i, strides[i]);
  }

  // Where each row of g begins that repeats row r of the array, its own first.
  template <class F>
  void each_row(int64_t r, F&& f) const {
    const int n = split.lead;
    const int64_t *at[kMaxDims], *first[kMaxDims], *stop[kMaxDims];
    for (int i = n - 1; i >= 0; r /= pad.small[i], i--) {
      const int64_t k = r % pad.small[i];
      at[i] = first[i] = repeats[size_t(i)].begin(k);
      stop[i] = repeats[size_t(i)].end(k);
    }
    for (int i = n - 1;;) {
      int64_t offset = 0;
      for (int k = 0; k < n; k++) offset += *at[k];
      f(offset);
      for (i = n - 1; i >= 0 && ++at[i] == stop[i]; i--) at[i] = first[i];
      if (i < 0) return;
    }
  }

  // Calls f(place, place of g, how many from there on) for what piece p repeats of places [b, e).
  template <class F>
  static void meet(const PadPiece& p, int64_t b, int64_t e, F&& f) {
    const int64_t low = p.by < 0 ? p.from - (p.n - 1) : p.from, high = p.by == 0 ? p.from + 1 : low + p.n;
    if (p.by == 0 && b <= low && low < e) return f(low, p.at, p.n);
    for (int64_t i = std::max(low, b); i < std::min(high, e); i++) f(i, p.at + (i - p.from) * p.by, 1);
  }

  // sum += places [b, e) of the row of g that is `row`.
  void add_row(const T* row, int64_t b, int64_t e, Sum* sum) const {
    const int64_t inner = split.inner;
    const T* own = row + (split.own + b) * inner;
    for (int64_t j = 0; j < (e - b) * inner; j++) sum[j] += Sum(load(own + j));
    add_ends(row, b, e, [&](int64_t j, Sum v) { sum[j] += v; });
  }
  // Calls add(element of the block, number) for what the ends of a row repeat.
  template <class F>
  void add_ends(const T* row, int64_t b, int64_t e, F&& add) const {
    const int64_t inner = split.inner;
    for (const PadPiece& p : split.pieces)
      if (p.at != split.own)
        meet(p, b, e, [&](int64_t place, int64_t from, int64_t count) {
          for (int64_t j = 0; j < inner; j++) {
            Sum v = 0;
            for (int64_t k = from; k < from + count; k++) v += Sum(load(row + k * inner + j));
            add((place - b) * inner + j, v);
          }
        });
  }

  void block(const T* g, int64_t r, int64_t b, int64_t e, T* to) const {
    const int64_t n = (e - b) * split.inner;
    int64_t rows = 0, first = 0;
    each_row(r, [&](int64_t row) { first = rows++ ? first : row; });
    if constexpr (kExact)
      if (rows == 1 && split.pieces.size() <= 3) {
        std::memcpy(to, g + first + (split.own + b) * split.inner, size_t(n) * sizeof(T));
        return add_ends(g + first, b, e, [&](int64_t j, Sum v) { to[j] = T(Sum(to[j]) + v); });
      }
    Sum sum[kBlock] = {};
    each_row(r, [&](int64_t row) { add_row(g + row, b, e, sum); });
    for (int64_t j = 0; j < n; j++) store(to + j, sum[j]);
  }

  void run(const T* g, T* out) const {
    const int64_t row = split.small * split.inner, blocks = (split.small + step - 1) / step;
    const int64_t size = std::min(row, step * split.inner);
    parallel_for(numel(pad.small) / row * blocks, kGrain / size + 1, [&](int64_t b, int64_t e) {
      for (int64_t k = b; k < e; k++) {
        const int64_t r = k / blocks, first = k % blocks * step;
        block(g, r, first, std::min(split.small, first + step), out + r * row + first * split.inner);
      }
    });
  }

 private:
  static constexpr bool kExact = std::is_same_v<T, float> || std::is_same_v<T, double> || (sizeof(Sum) == 16);
};

// Inputs (g, x for its shape).
DL_KERNEL("pad_repeat_grad", [](const KernelCall& c) {
  const View& out = c.out[0];
  if (out.numel() == 0) return;
  Temp keep;
  const View g = as_contiguous(c.in[0], keep);
  const Padding pad(c, out.shape, g.shape);
  Output y(out);
  with_any_type(out.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    Fold<T>(pad, g.shape).run(g.ptr<const T>(), y.view().ptr<T>());
  });
  y.finish();
});

}  // namespace
}  // namespace dl
