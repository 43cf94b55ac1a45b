// What the kernels of attention share: sizes and mask of a call, a tile of its scores, the walk over a tile's keys.
#pragma once
#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

#include "kernels/cpu/attention_drop.h"
#include "kernels/cpu/attention_tiles.h"
#include "kernels/cpu/lines.h"

namespace dl {
namespace attend {

constexpr int64_t kQueries = 32, kKeys = 512;  // a tile of scores; kKeys is a multiple of the panels' columns

template <class T>
const AttentionTile<T>& isa() {
  if constexpr (std::is_same_v<T, float>)
    return pick_attention_table()->f32;
  else
    return pick_attention_table()->f64;
}

struct Sizes {
  Shape batch;
  int64_t queries, keys, depth, width;  // q (batch, queries, depth), k (batch, keys, depth), v (batch, keys, width)
};

template <class Call>
Sizes sizes(const Call& c, const Shape& q, const Shape& k, const Shape& v, const Shape& mask) {
  std::string op = c.op->name;
  auto all = [&] { return to_string(q) + ", " + to_string(k) + " and " + to_string(v); };
  if (q.n < 2 || k.n != q.n || v.n != q.n)
    throw ValueError(op + ": expected query, key and value of one number of dimensions, at least 2, got " + all());
  Sizes s{q, q[q.n - 2], k[q.n - 2], q[q.n - 1], v[q.n - 1]};
  s.batch.n -= 2;
  for (int i = 0; i < s.batch.n; i++)
    if (k[i] != q[i] || v[i] != q[i])
      throw ValueError(op + ": expected query, key and value with the same leading axes, got " + all());
  if (k[q.n - 1] != s.depth || v[q.n - 2] != s.keys)
    throw ValueError(op + ": expected query (..., l, d), key (..., s, d) and value (..., s, e), got " + all());
  Shape full = s.batch;
  full.push(s.queries), full.push(s.keys);
  if (broadcast_shapes(mask, full, op.c_str()) != full)
    throw ValueError(op + ": expected a mask that broadcasts to " + to_string(full) + ", got shape " + to_string(mask));
  return s;
}

// Lines of the mask as numbers of type T.
template <class T>
struct MaskLines {
  const T* data = nullptr;  // null: nothing is masked
  Shape batch;
  Dims steps;
  int64_t line = 0;
  Temp keep;

  MaskLines(const View& mask, const Sizes& s, DType t) : batch(s.batch) {
    Shape own = mask.shape;
    if (mask.numel() == 1) {
      Temp one;
      if (*as_contiguous(mask, t, one).template ptr<T>() == T(0)) return;
    }
    View wide = mask;
    if (own.n == 0) own = Shape{1}, wide.strides = Dims{0};
    wide.strides = wide.strides.n ? wide.strides : Dims{0};
    if (own[own.n - 1] != s.keys) wide.strides[own.n - 1] = 0, own[own.n - 1] = s.keys;
    wide.shape = own;
    View v = as_contiguous(wide, t, keep);
    Shape full = s.batch;
    full.push(s.queries), full.push(s.keys);
    steps = broadcast_strides(v.shape, v.strides, full);
    line = steps[full.n - 2];
    steps.n -= 2;
    data = v.template ptr<T>();
  }
  // The numbers for batch entry z, query i, from key j on.
  const T* at(int64_t z, int64_t i, int64_t j) const {
    return data ? data + offset_of(z, batch, steps) + i * line + j : nullptr;
  }
};

template <class T>
struct Problem {
  Sizes s;
  bool causal;
  T scale;
  MaskLines<T> mask;
  std::optional<Drop> drop;

  // From one line of a tile of scores to the next: no multiple of 1024 bytes, which would put all lines into a few sets
  // of the cache.
  int64_t ld() const { return (std::min(kKeys, s.keys) + 15) / 16 * 16 + 16; }

  // Keys that query i may look at.
  int64_t seen(int64_t i) const { return causal ? std::min(s.keys, i + 1) : s.keys; }

  // Scores of `m` queries from i on for `n` keys from j on, and in `room` the factors of their weights.
  ScoreTile<T> tile(T* scores, std::vector<T>& room, int64_t z, int64_t i, int64_t m, int64_t j, int64_t n) const {
    const T* kept = drop ? factors(room, z, i, m, j, n) : nullptr;
    return {scores, ld(), m, n, causal ? i + 1 - j : n, causal ? 1 : 0, scale, mask.at(z, i, j), mask.line, kept};
  }
  const T* factors(std::vector<T>& room, int64_t z, int64_t i, int64_t m, int64_t j, int64_t n) const {
    room.resize(size_t(kQueries * ld()));
    for (int64_t r = 0; r < m; r += r % 16 == 7 ? 9 : 1) {  // with the line eight below
      int64_t own = std::min(n, seen(std::min(i + r + 8, s.queries - 1)) - j);
      isa<T>().factors(*drop, drop->at(z, i + r, j), (own + 15) / 16, T(drop->factor), room.data() + r * ld(),
                       room.data() + (r + 8) * ld());
    }
    return room.data();
  }
};
static_assert(kQueries % 16 == 0 && kKeys % 16 == 0, "tiles begin where groups of factors begin");

// Inputs (q, k, v, mask[, key]).
template <class T>
Problem<T> problem(const KernelCall& c, bool dropped) {
  DType t = compute_type(c.out[0].dtype);
  Sizes s = sizes(c, c.in[0].shape, c.in[1].shape, c.in[2].shape, c.in[3].shape);
  std::optional<Drop> drop;
  if (dropped) drop.emplace(c.in[4], s.queries, s.keys, c.op->name.c_str());
  return {s, int_attr(c, "causal", 0) != 0, T(float_attr(c, "scale", 1)), MaskLines<T>(c.in[3], s, t), drop};
}

// `m` queries of entry z from i on: y (m, width) and, for each, the logarithm of its sum. score(j, n, to) makes the
// products with n keys from j on; add(j, n, weights, first) adds those of the weights and values to y, or begins it.
template <class T, class Score, class Add>
void forward_tile(const Problem<T>& p, int64_t z, int64_t i, int64_t m, T* y, int64_t y_row, T* lse, Score&& score,
                  Add&& add) {
  const auto& tiles = isa<T>();
  const T none = -std::numeric_limits<T>::infinity();
  static thread_local std::vector<T> scores, room;
  scores.resize(size_t(kQueries * p.ld()));
  T top[kQueries], before[kQueries], sum[kQueries], factor[kQueries];
  std::fill(top, top + m, none);
  std::fill(sum, sum + m, T(0));
  int64_t seen = p.seen(i + m - 1), width = p.s.width;
  for (int64_t r = 0; r < m && seen <= 0; r++) std::fill(y + r * y_row, y + r * y_row + width, T(0));
  for (int64_t j = 0; j < seen; j += kKeys) {
    int64_t n = std::min(kKeys, seen - j);
    score(j, n, scores.data());
    ScoreTile<T> tile = p.tile(scores.data(), room, z, i, m, j, n);
    std::copy(top, top + m, before);
    tiles.largest(tile, top);
    if (j) {  // what was summed up so far was relative to the largest score of that time
      for (int64_t r = 0; r < m; r++) {
        factor[r] = top[r] == before[r] ? T(1) : std::exp(before[r] - top[r]);
        sum[r] *= factor[r];
      }
      tiles.scaled(y, y_row, m, width, factor);
    }
    tiles.exps(tile, top, sum);
    add(j, n, scores.data(), j == 0);
  }
  for (int64_t r = 0; r < m; r++) factor[r] = sum[r] != T(0) ? T(1) / sum[r] : T(1);
  if (seen > 0) tiles.scaled(y, y_row, m, width, factor);
  std::copy(sum, sum + m, factor);
  tiles.logs(factor, m);
  for (int64_t r = 0; r < m; r++) lse[r] = sum[r] != T(0) ? top[r] + factor[r] : none;
}

// The logarithms (..., l) as two numbers each, (..., l, 2), that add up to them: one of 16 bits would be too coarse.
inline void write_split(const View& out, const View& lse) {
  View part[2] = {out, out};
  for (View& v : part) v.shape.n--, v.strides.n--;
  part[1].data = static_cast<char*>(out.data) + out.strides[out.shape.n - 1] * int64_t(itemsize(out.dtype));
  copy_view(part[0], lse);
  Temp keep;
  View rest = temp_view(lse.shape, lse.dtype, keep);
  copy_view(rest, part[0]);
  with_compute_type(lse.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* whole = lse.ptr<const T>();
    T* r = rest.ptr<T>();
    for (int64_t i = 0, n = lse.numel(); i < n; i++) r[i] = std::isfinite(r[i]) ? whole[i] - r[i] : T(0);
  });
  copy_view(part[1], rest);
}
inline View read_split(const View& given, DType t, Temp& keep, Temp& pairs) {
  View two = as_contiguous(given, t, pairs);
  Shape shape = given.shape;
  shape.n--;
  View r = temp_view(shape, t, keep);
  with_compute_type(t, [&](auto zero) {
    using T = decltype(zero);
    for (int64_t i = 0, n = r.numel(); i < n; i++) r.ptr<T>()[i] = two.ptr<T>()[2 * i] + two.ptr<T>()[2 * i + 1];
  });
  return r;
}

template <class T>
void clear_lines(T* x, int64_t row, int64_t lines, int64_t n) {
  for (int64_t i = 0; i < lines; i++) std::fill(x + i * row, x + i * row + n, T(0));
}

}  // namespace attend
}  // namespace dl
