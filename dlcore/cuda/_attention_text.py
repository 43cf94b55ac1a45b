"""Attention as CUDA C: one kernel forward, one backward, over tiles of scores that live in registers only.

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

// T is stored, R computed with; a piece of the depth has DC columns, a block keeps MC columns of its result.
template <class T, class R, int DC, int MC>
struct dl_tiles {
  enum {
    W = 16 / sizeof(R),  // numbers that are moved at once
    TM = sizeof(R) == 4 ? 4 : 2,  // rows, and columns of scores, of a thread
    BM = 16 * TM,
    ROWS = BM,
    COLUMNS = MC,
    LD = DC + W,  // rows in shared memory: eight of them in a line touch every bank once
    LW = BM + W,
    NC = MC / 16,  // columns of the result that a thread keeps
    GW = NC < W ? NC : W,
    XR = 8192 / sizeof(R) / MC  // rows that are mixed in at once
  };
  struct Room {
    alignas(16) R own[BM * LD];
    alignas(16) R other[BM * (LD > LW ? LD : LW)];  // then the weights
    alignas(16) R mixed[XR * MC];
  };

  // HIGH x WIDE numbers into shared memory, zeros where the array ends.
  template <int HIGH, int WIDE, int LINE>
  static __device__ inline void fetch(R* to, const T* from, long long step, long long rows, long long columns) {
    constexpr int N = 16 / sizeof(T), PIECES = WIDE / N;
    const bool packed = (unsigned long long)from % 16 == 0 && step % N == 0;
    for (int i = threadIdx.x; i < HIGH * PIECES; i += 256) {
      const int row = i / PIECES, column = i % PIECES * N;
      dl_pack<R, N> got;
      if (packed && row < rows && column + N <= columns) {
        const dl_pack<T, N> piece = *(const dl_pack<T, N>*)(from + row * step + column);
#pragma unroll
        for (int k = 0; k < N; ++k) got.at[k] = dl_get(piece.at[k]);
      } else {
#pragma unroll
        for (int k = 0; k < N; ++k)
          got.at[k] = row < rows && column + k < columns ? dl_get(from[row * step + column + k]) : (R)0;
      }
#pragma unroll
      for (int k = 0; k < N; k += W) {
        dl_pack<R, W> part;
#pragma unroll
        for (int h = 0; h < W; ++h) part.at[h] = got.at[k + h];
        *(dl_pack<R, W>*)(to + row * LINE + column + k) = part;
      }
    }
  }

  // s += own other^T over all of the depth; with `kept` the own rows lie in shared memory already.
  static __device__ inline void multiply(R (&s)[TM][TM], Room& room, const T* own, long long own_step,
                                         long long own_rows, const T* other, long long other_step,
                                         long long other_rows, long long depth, bool kept) {
    const int ty = threadIdx.x / 16, tx = threadIdx.x % 16;
    for (long long c = 0; c < depth; c += DC) {
      if (!kept) fetch<BM, DC, LD>(room.own, own + c, own_step, own_rows, depth - c);
      fetch<BM, DC, LD>(room.other, other + c, other_step, other_rows, depth - c);
      __syncthreads();
#pragma unroll 2
      for (int d = 0; d < DC; d += W) {
        dl_pack<R, W> a[TM], b[TM];
#pragma unroll
        for (int i = 0; i < TM; ++i) a[i] = *(const dl_pack<R, W>*)(room.own + (ty * TM + i) * LD + d);
#pragma unroll
        for (int j = 0; j < TM; ++j) b[j] = *(const dl_pack<R, W>*)(room.other + (tx + 16 * j) * LD + d);
#pragma unroll
        for (int k = 0; k < W; ++k)
#pragma unroll
          for (int i = 0; i < TM; ++i)
#pragma unroll
            for (int j = 0; j < TM; ++j) s[i][j] += a[i].at[k] * b[j].at[k];
      }
      __syncthreads();
    }
  }

  // kept += weights x, where x are rows of the other side and the weights lie in room.other.
  static __device__ inline void mix(R (&kept)[TM][NC], Room& room, const T* x, long long step, long long rows,
                                    long long columns) {
    const int ty = threadIdx.x / 16, tx = threadIdx.x % 16;
    for (int first = 0; first < BM && first < rows; first += XR) {
      fetch<XR, MC, MC>(room.mixed, x + first * step, step, rows - first, columns);
      __syncthreads();
#pragma unroll 1
      for (int r = 0; r < XR; r += W) {
        dl_pack<R, W> w[TM];
#pragma unroll
        for (int i = 0; i < TM; ++i) w[i] = *(const dl_pack<R, W>*)(room.other + (ty * TM + i) * LW + first + r);
#pragma unroll
        for (int k = 0; k < W; ++k)
#pragma unroll
          for (int n = 0; n < NC; n += GW) {
            const dl_pack<R, GW> b = *(const dl_pack<R, GW>*)(room.mixed + (r + k) * MC + n * 16 + tx * GW);
#pragma unroll
            for (int i = 0; i < TM; ++i)
#pragma unroll
              for (int h = 0; h < GW; ++h) kept[i][n + h] += w[i].at[k] * b.at[h];
          }
      }
      __syncthreads();
    }
  }

  // Scores with the mask; -inf where a query may not look or there is nothing. `swapped`: the own rows are keys.
  static __device__ inline void finish(R (&s)[TM][TM], const T* mask, const dl_attention& p, long long own,
                                       long long other, bool swapped) {
    const int ty = threadIdx.x / 16, tx = threadIdx.x % 16;
    const R scale = (R)p.scale;
#pragma unroll
    for (int i = 0; i < TM; ++i)
#pragma unroll
      for (int j = 0; j < TM; ++j) {
        const long long row = own + ty * TM + i, column = other + tx + 16 * j;
        const long long query = swapped ? column : row, key = swapped ? row : column;
        const bool seen = query < p.queries && key < p.keys && (!p.causal || key <= query);
        s[i][j] = seen ? s[i][j] * scale + dl_get(mask[query * p.mask.row + key * p.column]) : dl_least<R>();
      }
  }

  static __device__ inline void put_weights(Room& room, const R (&s)[TM][TM]) {
    const int ty = threadIdx.x / 16, tx = threadIdx.x % 16;
#pragma unroll
    for (int i = 0; i < TM; ++i)
#pragma unroll
      for (int j = 0; j < TM; ++j) room.other[(ty * TM + i) * LW + tx + 16 * j] = s[i][j];
  }

  static __device__ inline void put_result(const R (&kept)[TM][NC], T* to, long long step, long long rows,
                                           long long columns) {
    const int ty = threadIdx.x / 16, tx = threadIdx.x % 16;
    const bool packed = (unsigned long long)to % (GW * sizeof(T)) == 0 && step % GW == 0;
#pragma unroll
    for (int i = 0; i < TM; ++i) {
      const int row = ty * TM + i;
      if (row >= rows) continue;
#pragma unroll
      for (int n = 0; n < NC; n += GW) {
        const int column = n * 16 + tx * GW;
        if (packed && column + GW <= columns) {
          dl_pack<T, GW> piece;
#pragma unroll
          for (int h = 0; h < GW; ++h) dl_put(&piece.at[h], kept[i][n + h]);
          *(dl_pack<T, GW>*)(to + row * step + column) = piece;
        } else {
#pragma unroll
          for (int h = 0; h < GW; ++h)
            if (column + h < columns) dl_put(to + row * step + column + h, kept[i][n + h]);
        }
      }
    }
  }

  // A tile of queries: their values, and the logarithms of their sums as two numbers.
  static __device__ inline void forward(Room& room, const T* q, const T* k, const T* v, const T* mask, T* y, T* lse,
                                        const dl_attention& p, long long z, long long own, long long chunk) {
    const int ty = threadIdx.x / 16, tx = threadIdx.x % 16;
    const long long rows = p.queries - own, seen = p.causal && own + BM < p.keys ? own + BM : p.keys;
    const bool once = p.depth <= DC;
    q = dl_entry(q, p.q, p, z) + own * p.q.row;
    k = dl_entry(k, p.k, p, z), v = dl_entry(v, p.v, p, z) + chunk, mask = dl_entry(mask, p.mask, p, z);
    R top[TM], sum[TM], kept[TM][NC];
#pragma unroll
    for (int i = 0; i < TM; ++i) {
      top[i] = dl_least<R>(), sum[i] = 0;
#pragma unroll
      for (int n = 0; n < NC; ++n) kept[i][n] = 0;
    }
    if (once) fetch<BM, DC, LD>(room.own, q, p.q.row, rows, p.depth);
    for (long long other = 0; other < seen; other += BM) {
      R s[TM][TM] = {};
      multiply(s, room, q, p.q.row, rows, k + other * p.k.row, p.k.row, p.keys - other, p.depth, once);
      finish(s, mask, p, own, other, false);
#pragma unroll
      for (int i = 0; i < TM; ++i) {
        R high = top[i];
#pragma unroll
        for (int j = 0; j < TM; ++j) high = dl_max(high, s[i][j]);
#pragma unroll
        for (int o = 8; o; o >>= 1) high = dl_max(high, __shfl_xor_sync(0xffffffffu, high, o));
        const R from = high - high == 0 ? high : (R)0;  // a row that sees nothing has -inf
        const R fade = dl_math_exp(top[i] - from);
        top[i] = high;
        sum[i] *= fade;
#pragma unroll
        for (int j = 0; j < TM; ++j) s[i][j] = dl_math_exp(s[i][j] - from), sum[i] += s[i][j];
#pragma unroll
        for (int n = 0; n < NC; ++n) kept[i][n] *= fade;
      }
      put_weights(room, s);
      mix(kept, room, v + other * p.v.row, p.v.row, p.keys - other, p.width - chunk);
    }
#pragma unroll
    for (int i = 0; i < TM; ++i) {
#pragma unroll
      for (int o = 8; o; o >>= 1) sum[i] += __shfl_xor_sync(0xffffffffu, sum[i], o);
      const R part = sum[i] == 0 ? (R)1 : 1 / sum[i];
#pragma unroll
      for (int n = 0; n < NC; ++n) kept[i][n] *= part;
      const long long row = own + ty * TM + i;
      if (tx == 0 && chunk == 0 && row < p.queries) dl_put_sum(lse + 2 * (z * p.queries + row), top[i], sum[i]);
    }
    put_result(kept, dl_entry(y, p.y, p, z) + own * p.y.row + chunk, p.y.row, rows, p.width - chunk);
    __syncthreads();
  }

  // A tile of one of the gradients. stats: for each query the logarithm of its sum, and g y.
  static __device__ inline void backward(Room& room, int what, const T* of_q, const T* of_k, const T* of_v,
                                         const T* mask, const T* of_g, const R* stats, T* to, const dl_steps& steps,
                                         const dl_attention& p, long long z, long long own, long long chunk) {
    const int ty = threadIdx.x / 16, tx = threadIdx.x % 16;
    const dl_gradient<T> f(what, of_q, of_k, of_v, of_g, p, z, own, BM);
    const long long columns = (f.slopes ? p.depth : p.width) - chunk;
    mask = dl_entry(mask, p.mask, p, z), stats += 2 * z * p.queries;
    R kept[TM][NC] = {};
    for (long long other = f.first; other < f.end; other += BM) {
      R s[TM][TM] = {}, t[TM][TM] = {};
      const long long left = f.others - other;
      multiply(s, room, f.a.row(own), f.a.step, f.rows, f.b.row(other), f.b.step, left, p.depth, false);
      if (f.slopes) multiply(t, room, f.c.row(own), f.c.step, f.rows, f.d.row(other), f.d.step, left, p.width, false);
      finish(s, mask, p, own, other, f.swapped);
#pragma unroll
      for (int i = 0; i < TM; ++i)
#pragma unroll
        for (int j = 0; j < TM; ++j) {
          const long long query = f.swapped ? other + tx + 16 * j : own + ty * TM + i;
          s[i][j] = query < p.queries ? f.weight(s[i][j], t[i][j], stats + 2 * query, (R)p.scale) : (R)0;
        }
      put_weights(room, s);
      mix(kept, room, f.x.row(other) + chunk, f.x.step, left, columns);
    }
    put_result(kept, dl_entry(to, steps, p, z) + own * steps.row + chunk, steps.row, f.rows, columns);
    __syncthreads();
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

template <class Tiles, class T>
__device__ inline void dl_forward(typename Tiles::Room& room, const T* q, const T* k, const T* v, const T* mask, T* y,
                                  T* lse, const dl_attention& p) {
  typedef dl_unit<Tiles> Unit;
  for (long long unit = blockIdx.x; unit < Unit::count(p, p.queries, p.width); unit += gridDim.x) {
    const Unit u(p, unit, p.queries, p.width, true);
    Tiles::forward(room, q, k, v, mask, y, lse, p, u.z, u.own, u.chunk);
  }
}

template <class Tiles, class T, class R>
__device__ inline void dl_backward(typename Tiles::Room& room, const T* q, const T* k, const T* v, const T* mask,
                                   const T* g, const R* stats, T* dq, T* dk, T* dv, const dl_attention& p) {
  typedef dl_unit<Tiles> Unit;
  const long long by_query = Unit::count(p, p.queries, p.depth), by_key = Unit::count(p, p.keys, p.depth);
  const long long all = by_query + by_key + Unit::count(p, p.keys, p.width);
  for (long long unit = blockIdx.x; unit < all; unit += gridDim.x) {
    const int what = unit < by_query ? dl_by_query : unit < by_query + by_key ? dl_by_key : dl_by_value;
    const bool queries = what == dl_by_query;
    const long long before = queries ? 0 : what == dl_by_key ? by_query : by_query + by_key;
    const Unit u(p, unit - before, queries ? p.queries : p.keys, what == dl_by_value ? p.width : p.depth, queries);
    Tiles::backward(room, what, q, k, v, mask, g, stats, queries ? dq : what == dl_by_key ? dk : dv,
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
