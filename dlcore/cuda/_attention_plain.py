"""Attention's tiles without tensor cores: 16 x 16 threads, each with a few rows and columns of a tile of scores.

Rows of both sides lie in shared memory as the type that is computed with; four numbers are moved at once (two of
float64). The weights take the place of the other side's rows there before they mix what is kept.
"""

from __future__ import annotations

PLAIN = r"""
#ifndef DL_ATTENTION_PLAIN
#define DL_ATTENTION_PLAIN
// T is stored, R computed with; a piece of the depth has DC columns, a block keeps MC of its result.
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

  // The rows and columns of a thread's scores: pairs are eight apart, as one block of random numbers serves them.
  static __device__ inline int row_of(int i) { return threadIdx.x / 16 % 8 + 8 * i + 8 * TM * (threadIdx.x / 128); }
  static __device__ inline int column_of(int j) {
    return threadIdx.x % 8 + 8 * (j % 2) + threadIdx.x % 16 / 8 * 16 + 32 * (j / 2);
  }

  // HIGH x WIDE numbers into shared memory, zeros where the array ends.
  template <int HIGH, int WIDE, int LINE>
  static __device__ inline void fetch(R* to, const T* from, long long step, long long rows_left,
                                      long long columns_left) {
    const int rows = dl_at_most(rows_left, HIGH), columns = dl_at_most(columns_left, WIDE);
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
    for (long long c = 0; c < depth; c += DC) {
      if (!kept) fetch<BM, DC, LD>(room.own, own + c, own_step, own_rows, depth - c);
      fetch<BM, DC, LD>(room.other, other + c, other_step, other_rows, depth - c);
      __syncthreads();
#pragma unroll 2
      for (int d = 0; d < DC; d += W) {
        dl_pack<R, W> a[TM], b[TM];
#pragma unroll
        for (int i = 0; i < TM; ++i) a[i] = *(const dl_pack<R, W>*)(room.own + row_of(i) * LD + d);
#pragma unroll
        for (int j = 0; j < TM; ++j) b[j] = *(const dl_pack<R, W>*)(room.other + column_of(j) * LD + d);
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
    const int tx = threadIdx.x % 16;
    for (int first = 0; first < BM && first < rows; first += XR) {
      fetch<XR, MC, MC>(room.mixed, x + first * step, step, rows - first, columns);
      __syncthreads();
#pragma unroll 1
      for (int r = 0; r < XR; r += W) {
        dl_pack<R, W> w[TM];
#pragma unroll
        for (int i = 0; i < TM; ++i) w[i] = *(const dl_pack<R, W>*)(room.other + row_of(i) * LW + first + r);
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

  // Scores with the mask, which begins at the tile; -inf where a query may not look or there is nothing.
  static __device__ inline void finish(R (&s)[TM][TM], const T* mask, const dl_seen& seen, R scale) {
#pragma unroll
    for (int i = 0; i < TM; ++i)
#pragma unroll
      for (int j = 0; j < TM; ++j) {
        const int row = row_of(i), column = column_of(j);
        const long long place = row * seen.own_step + column * seen.other_step;
        s[i][j] = seen.at(row, column) ? s[i][j] * scale + dl_get(mask[place]) : dl_least<R>();
      }
  }

  // Some of the weights, or of their slopes, become 0, the others larger.
  template <class D>
  static __device__ inline void thin(R (&s)[TM][TM], const D& drop, long long z, long long own, long long other,
                                     bool swapped) {
    if constexpr (D::some) {
#pragma unroll
      for (int i = 0; i < TM; i += 2)
#pragma unroll
        for (int j = 0; j < TM; j += 2)
          drop.thin(z, own + row_of(i), other + column_of(j), swapped, s[i][j], s[i][j + 1], s[i + 1][j],
                    s[i + 1][j + 1]);
    }
  }

  static __device__ inline void put_weights(Room& room, const R (&s)[TM][TM]) {
#pragma unroll
    for (int i = 0; i < TM; ++i)
#pragma unroll
      for (int j = 0; j < TM; ++j) room.other[row_of(i) * LW + column_of(j)] = s[i][j];
  }

  static __device__ inline void put_result(const R (&kept)[TM][NC], T* to, long long step, long long rows_left,
                                           long long columns_left) {
    const int rows = dl_at_most(rows_left, BM), columns = dl_at_most(columns_left, MC);
    const int tx = threadIdx.x % 16;
    const bool packed = (unsigned long long)to % (GW * sizeof(T)) == 0 && step % GW == 0;
#pragma unroll
    for (int i = 0; i < TM; ++i) {
      const int row = row_of(i);
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
  template <class D>
  static __device__ inline void forward(Room& room, const T* q, const T* k, const T* v, const T* mask, const D& drop,
                                        T* y, T* lse, const dl_attention& p, long long z, long long own,
                                        long long chunk) {
    const int tx = threadIdx.x % 16;
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
      finish(s, mask + own * p.mask.row + other * p.column, dl_seen(p, own, other, false, BM), (R)p.scale);
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
      thin(s, drop, z, own, other, false);
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
      const long long row = own + row_of(i);
      if (tx == 0 && chunk == 0 && row < p.queries) dl_put_sum(lse + 2 * (z * p.queries + row), top[i], sum[i]);
    }
    put_result(kept, dl_entry(y, p.y, p, z) + own * p.y.row + chunk, p.y.row, rows, p.width - chunk);
    __syncthreads();
  }

  // A tile of one of the gradients. stats: for each query the logarithm of its sum, and g y.
  template <class D>
  static __device__ inline void backward(Room& room, int what, const T* of_q, const T* of_k, const T* of_v,
                                         const T* mask, const D& drop, const T* of_g, const R* stats, T* to,
                                         const dl_steps& steps, const dl_attention& p, long long z, long long own,
                                         long long chunk) {
    const dl_gradient<T> f(what, of_q, of_k, of_v, of_g, p, z, own, BM);
    const long long columns = (f.slopes ? p.depth : p.width) - chunk;
    mask = dl_entry(mask, p.mask, p, z), stats += 2 * z * p.queries;
    R kept[TM][NC] = {};
    for (long long other = f.first; other < f.end; other += BM) {
      R s[TM][TM] = {}, t[TM][TM] = {};
      const long long left = f.others - other;
      multiply(s, room, f.a.row(own), f.a.step, f.rows, f.b.row(other), f.b.step, left, p.depth, false);
      if (f.slopes) multiply(t, room, f.c.row(own), f.c.step, f.rows, f.d.row(other), f.d.step, left, p.width, false);
      const dl_seen seen(p, own, other, f.swapped, BM);
      finish(s, mask + own * seen.own_step + other * seen.other_step, seen, (R)p.scale);
      if (f.slopes) thin(t, drop, z, own, other, f.swapped);
      const R* near = stats + 2 * (f.swapped ? other : own);
#pragma unroll
      for (int i = 0; i < TM; ++i)
#pragma unroll
        for (int j = 0; j < TM; ++j) {
          const int query = f.swapped ? column_of(j) : row_of(i);
          const bool there = query < (f.swapped ? seen.other : seen.own);
          s[i][j] = there ? f.weight(s[i][j], t[i][j], near + 2 * query, (R)p.scale) : (R)0;
        }
      if (!f.slopes) thin(s, drop, z, own, other, f.swapped);
      put_weights(room, s);
      mix(kept, room, f.x.row(other) + chunk, f.x.step, left, columns);
    }
    put_result(kept, dl_entry(to, steps, p, z) + own * steps.row + chunk, steps.row, f.rows, columns);
    __syncthreads();
  }
};
#endif
"""
