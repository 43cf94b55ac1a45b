// Scaled dot-product attention, forward and backward, in tiles: the matrix of scores is never stored (Dao et al.,
// FlashAttention, arXiv:2205.14135). Forward keeps the logarithm of each line's sum, from which backward makes the
// weights again, tile by tile; of those that are dropped (attention_drop.h) it makes the factors again.
#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

#include "kernels/cpu/attention_drop.h"
#include "kernels/cpu/attention_tiles.h"
#include "kernels/cpu/lines.h"

namespace dl {
namespace {

constexpr int64_t kQueries = 32, kKeys = 512;  // a tile of scores; kKeys is a multiple of the panels' columns

template <class T>
const AttentionTile<T>& isa() {
  if constexpr (std::is_same_v<T, float>)
    return pick_attention_table()->f32;
  else
    return pick_attention_table()->f64;
}

// ---- the arrays of a call ----

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
  Lines<T> q, k, v;
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
template <class T, bool kDrop>
Problem<T> problem(const KernelCall& c) {
  DType t = compute_type(c.out[0].dtype);
  Sizes s = sizes(c, c.in[0].shape, c.in[1].shape, c.in[2].shape, c.in[3].shape);
  std::optional<Drop> drop;
  if (kDrop) drop.emplace(c.in[4], s.queries, s.keys, c.op->name.c_str());
  return {s,
          int_attr(c, "causal", 0) != 0,
          T(float_attr(c, "scale", 1)),
          Lines<T>::in(c.in[0], t),
          Lines<T>::in(c.in[1], t),
          Lines<T>::in(c.in[2], t),
          MaskLines<T>(c.in[3], s, t),
          drop};
}

// ---- forward ----

// `m` queries from i on: y (m, width) and, for each, the logarithm of its sum.
template <class T>
void forward_tile(const Problem<T>& p, const Turned<T>& keys, int64_t z, int64_t i, int64_t m, const Lines<T>& to,
                  T* lse, PanelBeside (&soon)[2]) {
  const auto& tiles = isa<T>();
  const T none = -std::numeric_limits<T>::infinity();
  static thread_local std::vector<T> scores, room;
  scores.resize(size_t(kQueries * p.ld()));
  T top[kQueries], before[kQueries], sum[kQueries], factor[kQueries];
  std::fill(top, top + m, none);
  std::fill(sum, sum + m, T(0));
  T* y = to.at(z, i);
  int64_t seen = p.seen(i + m - 1), width = p.s.width;
  for (int64_t r = 0; r < m && seen <= 0; r++) std::fill(y + r * to.row(), y + r * to.row() + width, T(0));
  for (int64_t j = 0; j < seen; j += kKeys) {
    int64_t n = std::min(kKeys, seen - j);
    keys.product(m, j, n, p.q.at(z, i), p.q.row(), scores.data(), p.ld(), soon[0]);
    ScoreTile<T> tile = p.tile(scores.data(), room, z, i, m, j, n);
    std::copy(top, top + m, before);
    tiles.largest(tile, top);
    if (j) {  // what was summed up so far was relative to the largest score of that time
      for (int64_t r = 0; r < m; r++) {
        factor[r] = top[r] == before[r] ? T(1) : std::exp(before[r] - top[r]);
        sum[r] *= factor[r];
      }
      tiles.scaled(y, to.row(), m, width, factor);
    }
    tiles.exps(tile, top, sum);
    tile_product<T>(m, width, n, {scores.data(), p.ld(), 1}, p.v.at(z, j), p.v.row(), y, to.row(), j > 0, soon[1]);
  }
  for (int64_t r = 0; r < m; r++) factor[r] = sum[r] != T(0) ? T(1) / sum[r] : T(1);
  if (seen > 0) tiles.scaled(y, to.row(), m, width, factor);
  std::copy(sum, sum + m, factor);
  tiles.logs(factor, m);
  for (int64_t r = 0; r < m; r++) lse[r] = sum[r] != T(0) ? top[r] + factor[r] : none;
}

// The logarithms (..., l) as two numbers each, (..., l, 2), that add up to them: one of 16 bits would be too coarse.
void write_split(const View& out, const View& lse) {
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
View read_split(const View& given, DType t, Temp& keep, Temp& pairs) {
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

// Inputs (q, k, v, mask[, key]), outputs (y, lse).
template <bool kDrop>
void attention(const KernelCall& c) {
  if (c.out[1].numel() == 0) return;
  DType t = compute_type(c.out[0].dtype);
  with_compute_type(t, [&](auto zero) {
    using T = decltype(zero);
    Problem<T> p = problem<T, kDrop>(c);
    auto y = Lines<T>::out(c.out[0], t);
    Temp sums;
    Shape lines = p.s.batch;
    lines.push(p.s.queries);
    View lse = temp_view(lines, t, sums);
    int64_t tiles = (p.s.queries + kQueries - 1) / kQueries;
    parallel_for(numel(p.s.batch) * tiles, 1, [&](int64_t b, int64_t e) {
      Turned<T> keys(PanelRoom::keys);
      PanelBeside soon[2] = {};
      for (int64_t w = b; w < e; w++) {
        int64_t z = w / tiles, i = w % tiles * kQueries;
        if (i == 0) {
          soon[0] = {{p.q.soon(z + 1), p.k.soon(z + 1)}};
          soon[1] = {{p.v.soon(z + 1), y.soon(z + 1)}};
        }
        keys.set(z, p.k, p.s.keys, p.s.depth);
        forward_tile(p, keys, z, i, std::min(kQueries, p.s.queries - i), y, lse.ptr<T>() + z * p.s.queries + i, soon);
      }
    });
    y.finish();
    write_split(c.out[1], lse);
  });
}
DL_KERNEL("attention", attention<false>);
DL_KERNEL("attention_dropped", attention<true>);

// ---- backward ----

template <class T>
struct Slopes {
  Lines<T> y, g, dq, dk, dv;
  const T* lse;
};

template <class T>
void clear_lines(T* x, int64_t row, int64_t lines, int64_t n) {
  for (int64_t i = 0; i < lines; i++) std::fill(x + i * row, x + i * row + n, T(0));
}

// All tiles of one batch entry.
template <class T>
void backward_entry(const Problem<T>& p, const Slopes<T>& d, int64_t z) {
  const auto& tiles = isa<T>();
  static thread_local std::vector<T> weights, slopes, room;
  const int64_t ld = p.ld();
  weights.resize(size_t(kQueries * ld));
  slopes.resize(size_t(kQueries * ld));
  T *w = weights.data(), *ds = slopes.data();
  int64_t l = p.s.queries, s = p.s.keys, depth = p.s.depth, width = p.s.width;
  Turned<T> keys(PanelRoom::keys), values(PanelRoom::values);
  keys.set(z, p.k, s, depth);
  values.set(z, p.v, s, width);
  T *dq = d.dq.at(z, 0), *dk = d.dk.at(z, 0), *dv = d.dv.at(z, 0);
  PanelBeside soon[4] = {{{p.q.soon(z + 1), p.k.soon(z + 1)}},
                         {{p.v.soon(z + 1), d.g.soon(z + 1)}},
                         {{d.y.soon(z + 1), d.dq.soon(z + 1)}},
                         {{d.dk.soon(z + 1), d.dv.soon(z + 1)}}};
  clear_lines(dq, d.dq.row(), l, depth), clear_lines(dk, d.dk.row(), s, depth), clear_lines(dv, d.dv.row(), s, width);
  for (int64_t i = 0; i < l; i += kQueries) {
    int64_t m = std::min(kQueries, l - i), seen = p.seen(i + m - 1);
    const T *q = p.q.at(z, i), *g = d.g.at(z, i), *lse = d.lse + z * l + i;
    T inner[kQueries];
    tiles.dots(g, d.g.row(), d.y.at(z, i), d.y.row(), m, width, inner);
    for (int64_t j = 0; j < seen; j += kKeys) {
      int64_t n = std::min(kKeys, seen - j);
      keys.product(m, j, n, q, p.q.row(), w, ld, soon[0]);
      values.product(m, j, n, g, d.g.row(), ds, ld, soon[1]);
      tiles.slopes(p.tile(w, room, z, i, m, j, n), ds, lse, inner);
      tile_product<T>(n, width, m, {w, 1, ld}, g, d.g.row(), dv + j * d.dv.row(), d.dv.row(), true, soon[2]);
      tile_product<T>(m, depth, n, {ds, ld, 1}, p.k.at(z, j), p.k.row(), dq + i * d.dq.row(), d.dq.row(), true,
                      soon[3]);
      tile_product<T>(n, depth, m, {ds, 1, ld}, q, p.q.row(), dk + j * d.dk.row(), d.dk.row(), true, soon[3]);
    }
  }
}

// Inputs (q, k, v, mask[, key], y, lse, g), outputs (dq, dk, dv).
template <bool kDrop>
void attention_grad(const KernelCall& c) {
  constexpr int kMade = kDrop ? 5 : 4;
  DType t = compute_type(c.out[0].dtype);
  if (c.in[kMade].numel() == 0 || c.in[1].numel() == 0) {
    for (int i = 0; i < 3; i++) fill_zero(c.out[i]);
    return;
  }
  with_compute_type(t, [&](auto zero) {
    using T = decltype(zero);
    Problem<T> p = problem<T, kDrop>(c);
    Temp keep, pairs;
    Slopes<T> d{Lines<T>::in(c.in[kMade], t), Lines<T>::in(c.in[kMade + 2], t),
                Lines<T>::out(c.out[0], t),   Lines<T>::out(c.out[1], t),
                Lines<T>::out(c.out[2], t),   read_split(c.in[kMade + 1], t, keep, pairs).template ptr<T>()};
    parallel_for(numel(p.s.batch), 1, [&](int64_t b, int64_t e) {
      for (int64_t z = b; z < e; z++) backward_entry(p, d, z);
    });
    d.dq.finish();
    d.dk.finish();
    d.dv.finish();
  });
}
DL_KERNEL("attention_grad", attention_grad<false>);
DL_KERNEL("attention_dropped_grad", attention_grad<true>);

// ---- shapes and dtypes ----

// The key of what is dropped has a dtype of its own.
DL_DTYPE("attention", [](DTypeCall& c) {
  DTypeCall arrays{c.op, c.in, std::min(c.nin, 4), c.attrs, c.out};
  find_dtype_rule("promote")(arrays);
  c.common = arrays.common;
});

Sizes checked(InferCall& c) {
  if (!is_float(c.out[0].dtype))
    throw TypeError(std::string(c.name()) + ": needs floating-point arrays, got " + dtype_name(c.out[0].dtype));
  return sizes(c, c.in[0].shape, c.in[1].shape, c.in[2].shape, c.in[3].shape);
}
// (batch, queries, n): the results, with n = width, and what is kept of each line, with n = 2.
Shape lines_of(const Sizes& s, int64_t n) {
  Shape y = s.batch;
  y.push(s.queries);
  y.push(n);
  return y;
}
template <bool kDrop>
void infer_attention(InferCall& c) {
  Sizes s = checked(c);
  if (kDrop) check_drop_key(c, 4);
  c.out[0].shape = lines_of(s, s.width);
  c.out[1].shape = lines_of(s, 2);
}
template <bool kDrop>
void infer_attention_grad(InferCall& c) {
  constexpr int kMade = kDrop ? 5 : 4;
  Sizes s = checked(c);
  if (kDrop) check_drop_key(c, 4);
  Shape y = lines_of(s, s.width), lse = lines_of(s, 2);
  if (c.in[kMade].shape != y || c.in[kMade + 1].shape != lse || c.in[kMade + 2].shape != y)
    throw ValueError(std::string(c.name()) + ": expected y and g " + to_string(y) + " and lse " + to_string(lse) +
                     ", got " + to_string(c.in[kMade].shape) + ", " + to_string(c.in[kMade + 2].shape) + " and " +
                     to_string(c.in[kMade + 1].shape));
  for (int i = 0; i < 3; i++) c.out[size_t(i)].shape = c.in[i].shape;
}
DL_INFER("attention", infer_attention<false>);
DL_INFER("attention_dropped", infer_attention<true>);
DL_INFER("attention_grad", infer_attention_grad<false>);
DL_INFER("attention_dropped_grad", infer_attention_grad<true>);

}  // namespace
}  // namespace dl
