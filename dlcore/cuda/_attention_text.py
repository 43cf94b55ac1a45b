"""Attention as CUDA C: one kernel forward, one backward, over tiles of scores that live in registers only.

What lives here is what every kind of tiles has in common: the arrays, what is seen of them, who does what, and the
logarithms of sums. The tiles are in `_attention_plain` and `_attention_mma`.

A block owns a tile of rows (queries, or keys in the gradients by keys and values) and goes over the rows of the other
side. Scores of a tile are sums over pieces of the depth; the weights that follow from them mix rows of the other side
into what the block keeps. Backward makes the weights again from the logarithms of the sums, and every number of a
result is summed by one thread in one order: no atomics, so that results do not change from run to run.
"""

from __future__ import annotations

TEXT = r"""
#ifndef DL_ATTENTION
#define DL_ATTENTION
struct dl_f16 { unsigned short bits; };
struct dl_bf16 { unsigned short bits; };
__device__ inline float dl_get(float x) { return x; }
__device__ inline double dl_get(double x) { return x; }
__device__ inline float dl_get(dl_f16 x) { return dl_from_f16(x.bits); }
__device__ inline float dl_get(dl_bf16 x) { return dl_from_bf16(x.bits); }
__device__ inline void dl_put(float* to, float x) { *to = x; }
__device__ inline void dl_put(double* to, double x) { *to = x; }
__device__ inline void dl_put(dl_f16* to, float x) { to->bits = dl_to_f16(x); }
__device__ inline void dl_put(dl_bf16* to, float x) { to->bits = dl_to_bf16(x); }
__device__ inline float dl_math_log(float a) { return logf(a); }
__device__ inline double dl_math_log(double a) { return log(a); }

struct dl_steps { long long z0, z1, row; };  // elements from one entry of the batch, or row, to the next
struct dl_attention {
  long long z1, batch, queries, keys, depth, width;  // an entry of the batch is z / z1, z % z1
  dl_steps q, k, v, y, g, dq, dk, dv, mask;
  long long column, causal;  // column: from one number of the mask to the next
  double scale;
};
enum { dl_by_query, dl_by_key, dl_by_value };  // which gradient

template <class T>
__device__ inline T* dl_entry(T* array, const dl_steps& steps, const dl_attention& p, long long z) {
  return array + z / p.z1 * steps.z0 + z % p.z1 * steps.z1;
}

// Rows of one side of the scores.
template <class T>
struct dl_side {
  const T* at;
  long long step;
  __device__ inline dl_side(const T* array, const dl_steps& steps, const dl_attention& p, long long z)
      : at(dl_entry(array, steps, p, z)), step(steps.row) {}
  __device__ inline const T* row(long long i) const { return at + i * step; }
};

__device__ inline int dl_at_most(long long left, int most) { return left < most ? (int)left : most; }

// What of a tile of scores is there, and which of it a query may look at; `swapped`: the own rows are keys.
struct dl_seen {
  int own, other, gap, sign;
  long long own_step, other_step;  // of the mask
  __device__ inline dl_seen(const dl_attention& p, long long own_from, long long other_from, bool swapped, int tile)
      : own(dl_at_most((swapped ? p.keys : p.queries) - own_from, tile)),
        other(dl_at_most((swapped ? p.queries : p.keys) - other_from, tile)),
        gap(p.causal ? -dl_at_most(swapped ? own_from - other_from : other_from - own_from, tile) : tile),
        sign(swapped ? -1 : 1), own_step(swapped ? p.column : p.mask.row),
        other_step(swapped ? p.mask.row : p.column) {}
  __device__ inline bool at(int row, int column) const {
    return row < own && column < other && sign * (column - row) <= gap;
  }
};

// Which weights are dropped: the key and the mapping of csrc/kernels/cpu/attention_drop.h. A block of random numbers
// serves rows i and i + 8, columns j and j + 8, all of one thread.
struct dl_nothing { enum { some = 0 }; };
template <class R>
struct dl_drop {
  enum { some = 1 };
  unsigned int key0, key1, at0, at1, threshold;
  long long rows, columns;
  R factor;
  __device__ inline dl_drop(const long long* key, const dl_attention& p)
      : key0((unsigned int)key[0]), key1((unsigned int)(key[0] >> 32)), at0((unsigned int)key[1]),
        at1((unsigned int)(key[1] >> 32)), threshold((unsigned int)key[2]), rows((p.queries + 15) / 16 * 8),
        columns((p.keys + 15) / 16 * 8), factor((R)16777216 / ((R)16777216 - (R)threshold)) {}
  // Of four weights, or slopes, of entry z, the first at this row and column; `swapped`: rows are keys.
  __device__ inline void thin(long long z, long long row, long long column, bool swapped, R& a, R& right, R& below,
                              R& both) const {
    const long long i = swapped ? column : row, j = swapped ? row : column;
    const unsigned long long n = (z * rows + i / 16 * 8 + i % 8) * columns + j / 16 * 8 + j % 8;
    unsigned int x0 = at0, x1 = at1, x2 = (unsigned int)n, x3 = (unsigned int)(n >> 32) | 0x80000000u;
    unsigned int k0 = key0, k1 = key1;
#pragma unroll
    for (int round = 0; round < 10; ++round, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
      const unsigned long long left = 0xD2511F53ull * x0, other = 0xCD9E8D57ull * x2;
      x0 = (unsigned int)(other >> 32) ^ x1 ^ k0, x1 = (unsigned int)other;
      x2 = (unsigned int)(left >> 32) ^ x3 ^ k1, x3 = (unsigned int)left;
    }
    keep(a, x0), keep(right, swapped ? x2 : x1), keep(below, swapped ? x1 : x2), keep(both, x3);
  }
  __device__ inline void keep(R& weight, unsigned int word) const {
    weight = word >> 8 < threshold ? (R)0 : weight * factor;
  }
};

template <class R> __device__ inline R dl_least() { return -(R)dl_inf(); }

// The logarithm of a query's sum, which is relative to `top`, as two numbers that add up to it.
template <class T, class R>
__device__ inline void dl_put_sum(T* pair, R top, R sum) {
  const R all = sum == 0 ? dl_least<R>() : (top - top == 0 ? top : (R)0) + dl_math_log(sum);
  dl_put(pair, all);
  const R high = dl_get(pair[0]);
  dl_put(pair + 1, high - high == 0 ? all - high : (R)0);
}

// What a tile of one of the gradients is made of: scores a b^T, slopes of weights c d^T, rows x that are mixed.
template <class T>
struct dl_gradient {
  bool swapped, slopes;  // whether the own rows are keys; whether c and d are needed
  dl_side<T> a, b, c, d, x;
  long long rows, others, first, end;  // own rows from here on, the other side, what of it is gone over
  __device__ inline dl_gradient(int what, const T* q, const T* k, const T* v, const T* g, const dl_attention& p,
                                long long z, long long own, int tile)
      : swapped(what != dl_by_query), slopes(what != dl_by_value), a(swapped ? k : q, swapped ? p.k : p.q, p, z),
        b(swapped ? q : k, swapped ? p.q : p.k, p, z), c(swapped ? v : g, swapped ? p.v : p.g, p, z),
        d(swapped ? g : v, swapped ? p.g : p.v, p, z), x(slopes ? b : d),
        rows((swapped ? p.keys : p.queries) - own), others(swapped ? p.queries : p.keys),
        first(swapped && p.causal ? own : 0),  // the first query that sees the key
        end(!swapped && p.causal && own + tile < others ? own + tile : others) {}
  // What the other side's row is multiplied by, from its score and slope; stats are those of the query.
  template <class R>
  __device__ inline R weight(R score, R slope, const R* stats, R scale) const {
    const R w = dl_math_exp(score - stats[0]);
    return slopes ? w * (slope - stats[1]) * scale : w;
  }
};

// Units of work: a tile of rows of an entry of the batch, and so many columns of the result.
template <class Tiles>
struct dl_unit {
  long long z, own, chunk;
  static __device__ inline long long chunks_of(long long columns) {
    return columns > Tiles::COLUMNS ? (columns + Tiles::COLUMNS - 1) / Tiles::COLUMNS : 1;
  }
  static __device__ inline long long count(const dl_attention& p, long long rows, long long columns) {
    return p.batch * ((rows + Tiles::ROWS - 1) / Tiles::ROWS) * chunks_of(columns);
  }
  __device__ inline dl_unit(const dl_attention& p, long long unit, long long rows, long long columns, bool queries) {
    const long long chunks = chunks_of(columns), tiles = (rows + Tiles::ROWS - 1) / Tiles::ROWS;
    chunk = unit % chunks * Tiles::COLUMNS, unit /= chunks;
    // The tiles with most to go over come first, so that none of them is begun at the end.
    const long long tile = p.causal ? unit / p.batch : unit % tiles;
    own = (p.causal && queries ? tiles - 1 - tile : tile) * Tiles::ROWS;
    z = p.causal ? unit % p.batch : unit / tiles;
  }
};

template <class Tiles, class T, class D>
__device__ inline void dl_forward(typename Tiles::Room& room, const T* q, const T* k, const T* v, const T* mask,
                                  const D& drop, T* y, T* lse, const dl_attention& p) {
  typedef dl_unit<Tiles> Unit;
  for (long long unit = blockIdx.x; unit < Unit::count(p, p.queries, p.width); unit += gridDim.x) {
    const Unit u(p, unit, p.queries, p.width, true);
    Tiles::forward(room, q, k, v, mask, drop, y, lse, p, u.z, u.own, u.chunk);
  }
}

template <class Tiles, class T, class D, class R>
__device__ inline void dl_backward(typename Tiles::Room& room, const T* q, const T* k, const T* v, const T* mask,
                                   const D& drop, const T* g, const R* stats, T* dq, T* dk, T* dv,
                                   const dl_attention& p) {
  typedef dl_unit<Tiles> Unit;
  const long long by_query = Unit::count(p, p.queries, p.depth), by_key = Unit::count(p, p.keys, p.depth);
  const long long all = by_query + by_key + Unit::count(p, p.keys, p.width);
  for (long long unit = blockIdx.x; unit < all; unit += gridDim.x) {
    const int what = unit < by_query ? dl_by_query : unit < by_query + by_key ? dl_by_key : dl_by_value;
    const bool queries = what == dl_by_query;
    const long long before = queries ? 0 : what == dl_by_key ? by_query : by_query + by_key;
    const Unit u(p, unit - before, queries ? p.queries : p.keys, what == dl_by_value ? p.width : p.depth, queries);
    Tiles::backward(room, what, q, k, v, mask, drop, g, stats, queries ? dq : what == dl_by_key ? dk : dv,
                    queries ? p.dq : what == dl_by_key ? p.dk : p.dv, p, u.z, u.own, u.chunk);
  }
}

// For each query the logarithm of its sum, +inf where it saw nothing, and g y; a warp a query.
template <class T, class R>
__device__ inline void dl_stats(const T* y, const T* lse, const T* g, R* stats, const dl_attention& p) {
  const int lane = threadIdx.x % 32;
  const long long first = (long long)blockIdx.x * 8 + threadIdx.x / 32;
  for (long long i = first; i < p.batch * p.queries; i += (long long)gridDim.x * 8) {
    const long long z = i / p.queries, row = i % p.queries;
    const T *own_y = dl_entry(y, p.y, p, z) + row * p.y.row, *own_g = dl_entry(g, p.g, p, z) + row * p.g.row;
    R sum = 0;
    for (long long c = lane; c < p.width; c += 32) sum += dl_get(own_y[c]) * dl_get(own_g[c]);
#pragma unroll
    for (int o = 16; o; o >>= 1) sum += __shfl_xor_sync(0xffffffffu, sum, o);
    const R all = dl_get(lse[2 * i]) + dl_get(lse[2 * i + 1]);
    if (lane == 0) stats[2 * i] = all == dl_least<R>() ? -all : all, stats[2 * i + 1] = sum;
  }
}
#endif
"""
