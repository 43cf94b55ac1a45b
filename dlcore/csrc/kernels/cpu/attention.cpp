// Scaled dot-product attention, forward and backward, in tiles: the matrix of scores is never stored (Dao et al.,
// FlashAttention, arXiv:2205.14135). Forward keeps the logarithm of each line's sum, from which backward makes the
// weights again, tile by tile; of those that are dropped (attention_drop.h) it makes the factors again.
#include "kernels/cpu/attention_pairs.h"
#include "kernels/cpu/attention_problem.h"

namespace dl {

using namespace attend;

namespace {

template <class T>
struct Heads {
  Lines<T> q, k, v;
  Heads(const KernelCall& c, DType t)
      : q(Lines<T>::in(c.in[0], t)), k(Lines<T>::in(c.in[1], t)), v(Lines<T>::in(c.in[2], t)) {}
};

// ---- forward ----

// Inputs (q, k, v, mask[, key]), outputs (y, lse).
template <bool kDrop>
void attention(const KernelCall& c) {
  if (c.out[1].numel() == 0 || attention_pairs(c, kDrop)) return;
  DType t = compute_type(c.out[0].dtype);
  with_compute_type(t, [&](auto zero) {
    using T = decltype(zero);
    const Problem<T> p = problem<T>(c, kDrop);
    const Heads<T> h(c, t);
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
          soon[0] = {{h.q.soon(z + 1), h.k.soon(z + 1)}};
          soon[1] = {{h.v.soon(z + 1), y.soon(z + 1)}};
        }
        keys.set(z, h.k, p.s.keys, p.s.depth);
        int64_t m = std::min(kQueries, p.s.queries - i);
        T* to = y.at(z, i);
        forward_tile(
            p, z, i, m, to, y.row(), lse.ptr<T>() + z * p.s.queries + i,
            [&](int64_t j, int64_t n, T* scores) {
              keys.product(m, j, n, h.q.at(z, i), h.q.row(), scores, p.ld(), soon[0]);
            },
            [&](int64_t j, int64_t n, const T* weights, bool first) {
              tile_product<T>(m, p.s.width, n, {weights, p.ld(), 1}, h.v.at(z, j), h.v.row(), to, y.row(), !first,
                              soon[1]);
            });
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

// All tiles of one batch entry.
template <class T>
void backward_entry(const Problem<T>& p, const Heads<T>& h, const Slopes<T>& d, int64_t z) {
  const auto& tiles = isa<T>();
  static thread_local std::vector<T> weights, slopes, room;
  const int64_t ld = p.ld();
  weights.resize(size_t(kQueries * ld));
  slopes.resize(size_t(kQueries * ld));
  T *w = weights.data(), *ds = slopes.data();
  int64_t l = p.s.queries, s = p.s.keys, depth = p.s.depth, width = p.s.width;
  Turned<T> keys(PanelRoom::keys), values(PanelRoom::values);
  keys.set(z, h.k, s, depth);
  values.set(z, h.v, s, width);
  T *dq = d.dq.at(z, 0), *dk = d.dk.at(z, 0), *dv = d.dv.at(z, 0);
  PanelBeside soon[4] = {{{h.q.soon(z + 1), h.k.soon(z + 1)}},
                         {{h.v.soon(z + 1), d.g.soon(z + 1)}},
                         {{d.y.soon(z + 1), d.dq.soon(z + 1)}},
                         {{d.dk.soon(z + 1), d.dv.soon(z + 1)}}};
  clear_lines(dq, d.dq.row(), l, depth), clear_lines(dk, d.dk.row(), s, depth), clear_lines(dv, d.dv.row(), s, width);
  for (int64_t i = 0; i < l; i += kQueries) {
    int64_t m = std::min(kQueries, l - i), seen = p.seen(i + m - 1);
    const T *q = h.q.at(z, i), *g = d.g.at(z, i), *lse = d.lse + z * l + i;
    T inner[kQueries];
    tiles.dots(g, d.g.row(), d.y.at(z, i), d.y.row(), m, width, inner);
    for (int64_t j = 0; j < seen; j += kKeys) {
      int64_t n = std::min(kKeys, seen - j);
      keys.product(m, j, n, q, h.q.row(), w, ld, soon[0]);
      values.product(m, j, n, g, d.g.row(), ds, ld, soon[1]);
      tiles.slopes(p.tile(w, room, z, i, m, j, n), ds, lse, inner);
      tile_product<T>(n, width, m, {w, 1, ld}, g, d.g.row(), dv + j * d.dv.row(), d.dv.row(), true, soon[2]);
      tile_product<T>(m, depth, n, {ds, ld, 1}, h.k.at(z, j), h.k.row(), dq + i * d.dq.row(), d.dq.row(), true,
                      soon[3]);
      tile_product<T>(n, depth, m, {ds, 1, ld}, q, h.q.row(), dk + j * d.dk.row(), d.dk.row(), true, soon[3]);
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
  if (attention_grad_pairs(c, kDrop)) return;
  with_compute_type(t, [&](auto zero) {
    using T = decltype(zero);
    const Problem<T> p = problem<T>(c, kDrop);
    const Heads<T> h(c, t);
    Temp keep, pairs;
    Slopes<T> d{Lines<T>::in(c.in[kMade], t), Lines<T>::in(c.in[kMade + 2], t),
                Lines<T>::out(c.out[0], t),   Lines<T>::out(c.out[1], t),
                Lines<T>::out(c.out[2], t),   read_split(c.in[kMade + 1], t, keep, pairs).template ptr<T>()};
    parallel_for(numel(p.s.batch), 1, [&](int64_t b, int64_t e) {
      for (int64_t z = b; z < e; z++) backward_entry(p, h, d, z);
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
