// The first k positions of a stable argsort, without sorting the rest: a bound lets few numbers through, and these are
// selected from whenever enough have come together. Order is total (equal numbers go by position), so that blocks of a
// long line may be searched by several threads and joined.
#include <algorithm>
#include <type_traits>
#include <vector>

#include "kernels/cpu/isa/topk.h"
#include "kernels/cpu/lines.h"
#include "kernels/cpu/sort_keys.h"

namespace dl {
namespace {

constexpr int64_t kLongLine = 64 * 1024;

template <class K>
struct Candidate {
  K key;
  int64_t at;
  bool operator<(const Candidate& o) const { return key < o.key || (key == o.key && at < o.at); }
};

// Keeps the k first of all that it was given.
template <class T>
class Selection {
 public:
  using K = KeyOf<T>;
  explicit Selection(int64_t k) : k_(size_t(k)) { kept_.reserve(2 * k_ + 64); }

  // Positions must come in order: what equals the bound then comes too late.
  void take(const T* x, int64_t first, int64_t last, const SortKey<T>& keys) {
    constexpr int64_t block = 64;
    for (int64_t i = first; i < last; i += block) {
      int64_t m = std::min(block, last - i);
      K key[block];
      for (int64_t j = 0; j < m; j++) key[j] = keys.template key<true>(x[i + j]);
      if (full_) {
        int any = 0;
        for (int64_t j = 0; j < m; j++) any |= key[j] < bound_;
        if (!any) continue;
      }
      for (int64_t j = 0; j < m; j++)
        if (!full_ || key[j] < bound_) kept_.push_back({key[j], i + j});
      if (kept_.size() >= 2 * k_) select();
    }
  }
  void take(const Selection& o) {
    kept_.insert(kept_.end(), o.kept_.begin(), o.kept_.end());
    select();
  }
  void finish(int64_t* out) {
    select();
    std::sort(kept_.begin(), kept_.end());
    for (size_t i = 0; i < k_; i++) out[i] = kept_[i].at;
  }

 private:
  void select() {
    if (kept_.size() < k_ || k_ == 0) return;
    if (kept_.size() > k_) {
      std::nth_element(kept_.begin(), kept_.begin() + std::ptrdiff_t(k_ - 1), kept_.end());
      kept_.resize(k_);
    }
    bound_ = std::max_element(kept_.begin(), kept_.end())->key;
    full_ = true;
  }

  size_t k_;
  bool full_ = false;
  K bound_{};
  std::vector<Candidate<K>> kept_;
};

constexpr int64_t kShortBytes = 16 * 1024;  // of a short line's keys, which are kept

// The first k of a short line; false, with nothing done, where another way is better.
template <class T>
bool short_line(const T* x, int64_t n, int64_t k, const SortKey<T>& keys, int64_t* out) {
  using S = std::make_signed_t<KeyOf<T>>;  // all processors compare these quickly
  if (n * int64_t(sizeof(T)) > kShortBytes || !suits_short_topk(n, k)) return false;
  S key[kShortBytes / int64_t(sizeof(S)) + kShortRoom];
  for (int64_t i = 0; i < n; i++) key[i] = S(keys.template key<true>(x[i]) ^ SortKey<T>::kTop);
  return pick_short_topk_table()->of(key, n, k, out);
}

template <class T>
void long_line(const T* x, int64_t n, int64_t k, const SortKey<T>& keys, int64_t* out) {
  int64_t blocks = std::min<int64_t>(num_threads() * 2, n / (kLongLine / 4)), size = (n + blocks - 1) / blocks;
  std::vector<Selection<T>> found{size_t(blocks), Selection<T>{k}};
  parallel_for(blocks, 1, [&](int64_t b, int64_t e) {
    for (int64_t i = b; i < e; i++) found[size_t(i)].take(x, std::min(n, i * size), std::min(n, (i + 1) * size), keys);
  });
  for (int64_t i = 1; i < blocks; i++) found[0].take(found[size_t(i)]);
  found[0].finish(out);
}

// Inputs (x), attributes k, axis, descending.
void argtopk(const KernelCall& c) {
  int axis = normalize_axis(int_attr(c, "axis", -1), c.in[0].shape.n, c.op->name.c_str());
  bool descending = int_attr(c, "descending", 1) != 0;
  int64_t k = int_attr(c, "k", 1);
  if (c.out[0].numel() == 0) return;
  Temp keep;
  View x = as_contiguous(axis_last(c.in[0], axis), keep);
  LineOutput y(c.out[0], axis, DType::I64);
  int64_t n = x.shape[x.shape.n - 1], lines = x.numel() / n;
  with_type(x.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    SortKey<T> keys(descending);
    if (n >= kLongLine && lines < 2 * num_threads() && num_threads() > 1) {
      for (int64_t i = 0; i < lines; i++)
        long_line(x.ptr<const T>() + i * n, n, k, keys, y.view.ptr<int64_t>() + i * k);
      return;
    }
    parallel_for(lines, 8 * 1024 / n + 1, [&](int64_t b, int64_t e) {
      for (int64_t i = b; i < e; i++) {
        const T* line = x.ptr<const T>() + i * n;
        int64_t* places = y.view.ptr<int64_t>() + i * k;
        if (short_line(line, n, k, keys, places)) continue;
        Selection<T> best(k);
        best.take(line, 0, n, keys);
        best.finish(places);
      }
    });
  });
  y.finish();
}
DL_KERNEL("argtopk", argtopk);

DL_INFER("argtopk", [](InferCall& c) {
  Shape s = c.in[0].shape;
  int axis = normalize_axis(c.attr("axis").i, s.n, c.name());
  int64_t k = c.attr("k").i;
  if (k < 0 || k > s[axis])
    throw ValueError(format("%s: expected k of 0 to %lld, the length of axis %d of shape %s, got %lld", c.name(),
                            (long long)s[axis], axis, to_string(s).c_str(), (long long)k));
  s[axis] = k;
  c.out[0].shape = s;
  c.out[0].strides = contiguous_strides(s);
});

}  // namespace
}  // namespace dl
