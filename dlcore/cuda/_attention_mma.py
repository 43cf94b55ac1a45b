"""Attention's tiles on tensor cores, for 16-bit floats: products of 16 x 16 by 16 x 8 that a warp computes as one.

A warp owns 16 rows. Scores leave the products in the very registers in which the next product wants its left side, so
weights are rounded to 16 bits and multiplied without a way through memory. Which lane holds what is that of
mma.m16n8k16 and ldmatrix in NVIDIA's PTX ISA; the sums are float32.
"""

from __future__ import annotations

MMA = r"""
#ifndef DL_ATTENTION_MMA
#define DL_ATTENTION_MMA
#ifdef __CUDACC__
// d += a b: a is 16 x 16 by rows, b 16 x 8 by columns.
__device__ inline void dl_mma(float (&d)[4], const unsigned int (&a)[4], unsigned int b0, unsigned int b1, dl_bf16) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
__device__ inline void dl_mma(float (&d)[4], const unsigned int (&a)[4], unsigned int b0, unsigned int b1, dl_f16) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
// Four matrices of 8 x 8 from shared memory; lane 8 m + r names row r of matrix m.
__device__ inline void dl_ldmatrix(unsigned int (&to)[4], const void* row) {
  const unsigned int at = (unsigned int)__cvta_generic_to_shared(row);
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3]) : "r"(at) : "memory");
}
__device__ inline void dl_ldmatrix_turned(unsigned int (&to)[4], const void* row) {
  const unsigned int at = (unsigned int)__cvta_generic_to_shared(row);
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3]) : "r"(at) : "memory");
}
#endif

// T is stored; a piece of the depth has DC columns, a block keeps MC columns of its result.
template <class T, int DC, int MC>
struct dl_mma_tiles {
  enum {
    BM = 64, ROWS = BM, COLUMNS = MC, THREADS = 128,
    LD = DC + 8, LX = MC + 8,  // eight rows in a line touch every bank once
    ST = BM / 8, KT = MC / 8,  // pieces of 8 columns of scores, of the result
    XR = MC > 128 ? 32 : 64  // rows that are mixed in at once
  };
  struct Room {
    alignas(16) T own[BM * LD];
    alignas(16) T other[BM * LD];
    alignas(16) T mixed[XR * LX];
  };
  typedef float Scores[ST][4];
  typedef float Kept[KT][4];
  typedef unsigned int Weights[BM / 16][4];

  static __device__ inline int lane() { return threadIdx.x % 32; }
  // The row and the column of number r of a lane, in a piece of 16 x 8.
  static __device__ inline int row_of(int r) { return threadIdx.x / 32 * 16 + lane() / 4 + r / 2 * 8; }
  static __device__ inline int column_of(int r) { return lane() % 4 * 2 + r % 2; }

  // HIGH x WIDE numbers into shared memory, zeros where the array ends.
  template <int HIGH, int WIDE, int LINE>
  static __device__ inline void fetch(T* to, const T* from, long long step, long long rows_left,
                                      long long columns_left) {
    const int rows = dl_at_most(rows_left, HIGH), columns = dl_at_most(columns_left, WIDE);
    constexpr int PIECES = WIDE / 8;
    const bool packed = (unsigned long long)from % 16 == 0 && step % 8 == 0;
    for (int i = threadIdx.x; i < HIGH * PIECES; i += THREADS) {
      const int row = i / PIECES, column = i % PIECES * 8;
      dl_pack<T, 8> piece;
      if (packed && row < rows && column + 8 <= columns) {
        piece = *(const dl_pack<T, 8>*)(from + row * step + column);
      } else {
#pragma unroll
        for (int k = 0; k < 8; ++k) {
          piece.at[k].bits = 0;
          if (row < rows && column + k < columns) piece.at[k] = from[row * step + column + k];
        }
      }
      *(dl_pack<T, 8>*)(to + row * LINE + column) = piece;
    }
  }

  // s += own other^T over all of the depth; with `kept` the own rows lie in shared memory already.
  static __device__ inline void multiply(Scores& s, Room& room, const T* own, long long own_step, long long own_rows,
                                         const T* other, long long other_step, long long other_rows, long long depth,
                                         bool kept) {
    const T* left = room.own + (threadIdx.x / 32 * 16 + lane() % 16) * LD + lane() / 16 * 8;
    const T* right = room.other + (lane() / 16 * 8 + lane() % 8) * LD + lane() / 8 % 2 * 8;
    for (long long c = 0; c < depth; c += DC) {
      if (!kept) fetch<BM, DC, LD>(room.own, own + c, own_step, own_rows, depth - c);
      fetch<BM, DC, LD>(room.other, other + c, other_step, other_rows, depth - c);
      __syncthreads();
#pragma unroll
      for (int d = 0; d < DC; d += 16) {
        unsigned int a[4], b[4];
        dl_ldmatrix(a, left + d);
#pragma unroll
        for (int n = 0; n < ST; n += 2) {
          dl_ldmatrix(b, right + n * 8 * LD + d);
          dl_mma(s[n], a, b[0], b[1], T());
          dl_mma(s[n + 1], a, b[2], b[3], T());
        }
      }
      __syncthreads();
    }
  }

  // Some of the weights, or of their slopes, become 0, the others larger.
  template <class D>
  static __device__ inline void thin(Scores& s, const D& drop, long long z, long long own, long long other,
                                     bool swapped) {
    if constexpr (D::some) {
#pragma unroll
      for (int n = 0; n < ST; n += 2)
#pragma unroll
        for (int r = 0; r < 2; ++r)
          drop.thin(z, own + row_of(r), other + n * 8 + column_of(r), swapped, s[n][r], s[n + 1][r], s[n][r + 2],
                    s[n + 1][r + 2]);
    }
  }

  static __device__ inline unsigned int pair(float low, float high) {
    T a, b;
    dl_put(&a, low), dl_put(&b, high);
    return (unsigned int)a.bits | (unsigned int)b.bits << 16;
  }

  // The weights as the left side of a product: two pieces of scores are one of 16 x 16.
  static __device__ inline void as_left(Weights& w, const Scores& s) {
#pragma unroll
    for (int k = 0; k < BM / 16; ++k) {
      w[k][0] = pair(s[2 * k][0], s[2 * k][1]), w[k][1] = pair(s[2 * k][2], s[2 * k][3]);
      w[k][2] = pair(s[2 * k + 1][0], s[2 * k + 1][1]), w[k][3] = pair(s[2 * k + 1][2], s[2 * k + 1][3]);
    }
  }

  // kept += weights x, where x are rows of the other side.
  static __device__ inline void mix(Kept& kept, Room& room, const Weights& w, const T* x, long long step,
                                    long long rows, long long columns) {
    const T* right = room.mixed + lane() % 16 * LX + lane() / 16 * 8;
#pragma unroll
    for (int first = 0; first < BM; first += XR) {
      if (first >= rows) break;
      fetch<XR, MC, LX>(room.mixed, x + first * step, step, rows - first, columns);
      __syncthreads();
#pragma unroll
      for (int k = 0; k < XR; k += 16)
#pragma unroll
        for (int n = 0; n < KT; n += 2) {
          unsigned int b[4];
          dl_ldmatrix_turned(b, right + k * LX + n * 8);
          dl_mma(kept[n], w[(first + k) / 16], b[0], b[1], T());
          dl_mma(kept[n + 1], w[(first + k) / 16], b[2], b[3], T());
        }
      __syncthreads();
    }
  }

  // Scores with the mask, which begins at the tile; -inf where a query may not look or there is nothing.
  static __device__ inline void finish(Scores& s, const T* mask, const dl_seen& seen, float scale) {
#pragma unroll
    for (int n = 0; n < ST; ++n)
#pragma unroll
      for (int r = 0; r < 4; ++r) {
        const int row = row_of(r), column = n * 8 + column_of(r);
        const long long place = row * seen.own_step + column * seen.other_step;
        s[n][r] = seen.at(row, column) ? s[n][r] * scale + dl_get(mask[place]) : dl_least<float>();
      }
  }

  static __device__ inline void put_result(const Kept& kept, T* to, long long step, long long rows_left,
                                           long long columns_left) {
    const int rows = dl_at_most(rows_left, BM), columns = dl_at_most(columns_left, MC);
    const bool packed = (unsigned long long)to % 4 == 0 && step % 2 == 0;
#pragma unroll
    for (int n = 0; n < KT; ++n)
#pragma unroll
      for (int r = 0; r < 4; r += 2) {
        const int row = row_of(r), column = n * 8 + column_of(r);
        if (row >= rows || column >= columns) continue;
        T* at = to + row * step + column;
        if (packed && column + 1 < columns) {
          *(unsigned int*)at = pair(kept[n][r], kept[n][r + 1]);
        } else {
          dl_put(at, kept[n][r]);
          if (column + 1 < columns) dl_put(at + 1, kept[n][r + 1]);
        }
      }
  }

  // A tile of queries: their values, and the logarithms of their sums as two numbers.
  template <class D>
  static __device__ inline void forward(Room& room, const T* q, const T* k, const T* v, const T* mask, const D& drop,
                                        T* y, T* lse, const dl_attention& p, long long z, long long own,
                                        long long chunk) {
    const long long rows = p.queries - own, seen = p.causal && own + BM < p.keys ? own + BM : p.keys;
    const bool once = p.depth <= DC;
    q = dl_entry(q, p.q, p, z) + own * p.q.row;
    k = dl_entry(k, p.k, p, z), v = dl_entry(v, p.v, p, z) + chunk, mask = dl_entry(mask, p.mask, p, z);
    float top[2] = {dl_least<float>(), dl_least<float>()}, sum[2] = {0, 0};
    Kept kept = {};
    if (once) fetch<BM, DC, LD>(room.own, q, p.q.row, rows, p.depth);
    for (long long other = 0; other < seen; other += BM) {
      Scores s = {};
      Weights w;
      multiply(s, room, q, p.q.row, rows, k + other * p.k.row, p.k.row, p.keys - other, p.depth, once);
      finish(s, mask + own * p.mask.row + other * p.column, dl_seen(p, own, other, false, BM), (float)p.scale);
#pragma unroll
      for (int h = 0; h < 2; ++h) {
        float high = top[h];
#pragma unroll
        for (int n = 0; n < ST; ++n) high = dl_max(dl_max(high, s[n][2 * h]), s[n][2 * h + 1]);
        high = dl_max(high, __shfl_xor_sync(0xffffffffu, high, 1));
        high = dl_max(high, __shfl_xor_sync(0xffffffffu, high, 2));
        const float from = high - high == 0 ? high : 0.0f;  // a row that sees nothing has -inf
        const float fade = dl_math_exp(top[h] - from);
        top[h] = high;
        sum[h] *= fade;
#pragma unroll
        for (int n = 0; n < ST; ++n)
#pragma unroll
          for (int r = 2 * h; r < 2 * h + 2; ++r) s[n][r] = dl_math_exp(s[n][r] - from), sum[h] += s[n][r];
#pragma unroll
        for (int n = 0; n < KT; ++n) kept[n][2 * h] *= fade, kept[n][2 * h + 1] *= fade;
      }
      thin(s, drop, z, own, other, false);
      as_left(w, s);
      mix(kept, room, w, v + other * p.v.row, p.v.row, p.keys - other, p.width - chunk);
    }
#pragma unroll
    for (int h = 0; h < 2; ++h) {
      sum[h] += __shfl_xor_sync(0xffffffffu, sum[h], 1);
      sum[h] += __shfl_xor_sync(0xffffffffu, sum[h], 2);
      const float part = sum[h] == 0 ? 1.0f : 1 / sum[h];
#pragma unroll
      for (int n = 0; n < KT; ++n) kept[n][2 * h] *= part, kept[n][2 * h + 1] *= part;
      const long long row = own + row_of(2 * h);
      if (lane() % 4 == 0 && chunk == 0 && row < p.queries)
        dl_put_sum(lse + 2 * (z * p.queries + row), top[h], sum[h]);
    }
    put_result(kept, dl_entry(y, p.y, p, z) + own * p.y.row + chunk, p.y.row, rows, p.width - chunk);
    __syncthreads();
  }

  // A tile of one of the gradients. stats: for each query the logarithm of its sum, and g y.
  template <class D>
  static __device__ inline void backward(Room& room, int what, const T* of_q, const T* of_k, const T* of_v,
                                         const T* mask, const D& drop, const T* of_g, const float* stats, T* to,
                                         const dl_steps& steps, const dl_attention& p, long long z, long long own,
                                         long long chunk) {
    const dl_gradient<T> f(what, of_q, of_k, of_v, of_g, p, z, own, BM);
    const long long columns = (f.slopes ? p.depth : p.width) - chunk;
    mask = dl_entry(mask, p.mask, p, z), stats += 2 * z * p.queries;
    Kept kept = {};
    for (long long other = f.first; other < f.end; other += BM) {
      Scores s = {}, t = {};
      Weights w;
      const long long left = f.others - other;
      multiply(s, room, f.a.row(own), f.a.step, f.rows, f.b.row(other), f.b.step, left, p.depth, false);
      if (f.slopes) multiply(t, room, f.c.row(own), f.c.step, f.rows, f.d.row(other), f.d.step, left, p.width, false);
      const dl_seen seen(p, own, other, f.swapped, BM);
      finish(s, mask + own * seen.own_step + other * seen.other_step, seen, (float)p.scale);
      if (f.slopes) thin(t, drop, z, own, other, f.swapped);
      const float* near = stats + 2 * (f.swapped ? other : own);
#pragma unroll
      for (int n = 0; n < ST; ++n)
#pragma unroll
        for (int r = 0; r < 4; ++r) {
          const int query = f.swapped ? n * 8 + column_of(r) : row_of(r);
          const bool there = query < (f.swapped ? seen.other : seen.own);
          s[n][r] = there ? f.weight(s[n][r], t[n][r], near + 2 * query, (float)p.scale) : 0.0f;
        }
      if (!f.slopes) thin(s, drop, z, own, other, f.swapped);
      as_left(w, s);
      mix(kept, room, w, f.x.row(other) + chunk, f.x.step, left, columns);
    }
    put_result(kept, dl_entry(to, steps, p, z) + own * steps.row + chunk, steps.row, f.rows, columns);
    __syncthreads();
  }
};
#endif
"""
