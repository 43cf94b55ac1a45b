// Strided copies with conversion: the kernel "copy", and what cast, contiguous, reshape and assignment come down to.
#include "kernels/cpu/copy.h"

#include <algorithm>

#include "kernels/cpu/isa/move_table.h"
#include "kernels/cpu/isa/stream.h"
#include "kernels/cpu/isa/transpose_table.h"
#include "kernels/cpu/tile_plan.h"
#include "kernels/cpu/turns.h"
#include "runtime/pool.h"

namespace dl {
namespace {

constexpr int64_t kGrainElements = 16 * 1024;
constexpr int64_t kSide = 64;       // of the squares that a transposing copy works in
constexpr int64_t kBlock = 256;     // elements that are made in the cache before they are written past it
constexpr int64_t kLongRow = 1024;  // bytes: shorter ones would end in half lines beside the caches

struct Copy {
  TileGeometry geo;
  TileOperand ops[2];  // destination, source
  CastFn cast;
  bool far;  // written past the caches
  const StreamTable* stream = pick_stream_table();
  const MoveTable* move = pick_move_table();
  bool same_type() const { return ops[0].dtype == ops[1].dtype; }
  void finish() const {
    if (far) stream->finish();
  }
};

// Adds the offsets of position `at` (counted over axes [0, n)) to both pointers.
void advance(const Copy& c, int n, int64_t at, char*& dst, const char*& src) {
  for (int i = n - 1; i >= 0; i--) {
    int64_t k = at % c.geo.shape[i];
    at /= c.geo.shape[i];
    dst += k * c.ops[0].stride[i] * c.ops[0].itemsize;
    src += k * c.ops[1].stride[i] * c.ops[1].itemsize;
  }
}

// How many of `left` elements a block for `to` has: the next one then begins with a line of the cache.
int64_t block_at(const char* to, int64_t itemsize, int64_t left) {
  return std::min(left, kBlock - int64_t(reinterpret_cast<uintptr_t>(to) & 63) / itemsize);
}

// n elements to neighbouring places, the first from `src`, each of the others from the place before.
void copy_reversed(const Copy& c, int64_t n, const char* src, char* dst) {
  const TileOperand &d = c.ops[0], &s = c.ops[1];
  const ReverseFn reverse = c.move->reverse[move_size(d.itemsize)];
  if (c.same_type() && !c.far) return reverse(1, n, src - (n - 1) * s.itemsize, 0, dst, 0);
  alignas(64) char block[kBlock * 16];
  char converted[kBlock * 16];
  for (int64_t i = 0, m; i < n; i += m) {
    m = block_at(dst + i * d.itemsize, d.itemsize, n - i);
    const char* from = src - (i + m - 1) * s.itemsize;
    char* to = dst + i * d.itemsize;
    if (!c.same_type()) {
      c.cast(m, from, 1, converted, 1);
      from = converted;
    }
    reverse(1, m, from, 0, c.far ? block : to, 0);
    if (c.far) c.stream->copy(m * d.itemsize, block, to);
  }
}

// n elements to neighbouring places. Large results are written past the caches, from a block that is converted in them.
void copy_run(const Copy& c, int64_t n, const char* src, int64_t src_stride, char* dst) {
  const TileOperand &d = c.ops[0], &s = c.ops[1];
  if (src_stride == -1) return copy_reversed(c, n, src, dst);
  if (src_stride == 1 && c.same_type()) return (c.far ? c.stream->copy : c.stream->through)(n * d.itemsize, src, dst);
  if (!c.far) return c.cast(n, src, src_stride, dst, 1);
  alignas(64) char block[kBlock * 16];
  for (int64_t i = 0, m; i < n; i += m) {
    m = block_at(dst + i * d.itemsize, d.itemsize, n - i);
    c.cast(m, src + i * src_stride * s.itemsize, src_stride, block, 1);
    const Ask next{src + (i + m) * s.itemsize, kBlock * s.itemsize};
    c.stream->send(m * d.itemsize, block, dst + i * d.itemsize, &next, src_stride == 1);
  }
}

void copy_line(const Copy& c) {
  parallel_for(c.geo.shape[0], kGrainElements, [&](int64_t b, int64_t e) {
    const TileOperand &d = c.ops[0], &s = c.ops[1];
    const char* src = s.base + b * s.stride[0] * s.itemsize;
    char* dst = d.base + b * d.stride[0] * d.itemsize;
    if (d.stride[0] == 1)
      copy_run(c, e - b, src, s.stride[0], dst);
    else
      c.cast(e - b, src, s.stride[0], dst, d.stride[0]);
    c.finish();
  });
}

void copy_rows(Copy& c) {
  int last = c.geo.nd - 1;
  int64_t n = c.geo.shape[last], rows = 1;
  for (int i = 0; i < last; i++) rows *= c.geo.shape[i];
  c.far &= n * c.ops[0].itemsize >= kLongRow;
  const TileOperand &d = c.ops[0], &s = c.ops[1];
  const bool runs = d.stride[last] == 1, near = runs && c.same_type() && !c.far;
  const ReverseFn reverse = c.move->reverse[move_size(d.itemsize)];
  int64_t group = c.geo.shape[last - 1], to_next = d.stride[last - 1] * d.itemsize,
          from_next = s.stride[last - 1] * s.itemsize;
  parallel_for(rows, kGrainElements / n + 1, [&](int64_t b, int64_t e) {
    for (int64_t r = b; r < e;) {
      char* dst = d.base;
      const char* src = s.base;
      advance(c, last, r, dst, src);
      const int64_t stop = std::min(e, (r / group + 1) * group);
      if (near && s.stride[last] == 1) {
        c.stream->rows(stop - r, n * d.itemsize, src, from_next, dst, to_next);
        r = stop;
      } else if (near && s.stride[last] == -1) {
        reverse(stop - r, n, src - (n - 1) * s.itemsize, from_next, dst, to_next);
        r = stop;
      }
      for (; r < stop; r++, dst += to_next, src += from_next)
        if (runs)
          copy_run(c, n, src, s.stride[last], dst);
        else
          c.cast(n, src, s.stride[last], dst, d.stride[last]);
    }
    c.finish();
  });
}

int size_class(int itemsize) { return itemsize == 1 ? 0 : itemsize == 2 ? 1 : itemsize == 4 ? 2 : 3; }

// The last axis is unit-strided in the destination, the one before it in the source.
void copy_transposed(const Copy& c) {
  int across = c.geo.nd - 1, along = c.geo.nd - 2;
  const TileOperand &d = c.ops[0], &s = c.ops[1];
  TransposeFn transpose = pick_transpose_table()->fn[size_class(s.itemsize)];
  int64_t n = c.geo.shape[across], m = c.geo.shape[along], outer = 1;
  for (int i = 0; i < along; i++) outer *= c.geo.shape[i];
  int64_t nb = (n + kSide - 1) / kSide, mb = (m + kSide - 1) / kSide;
  parallel_for(outer * nb * mb, kGrainElements / (kSide * kSide), [&](int64_t b, int64_t e) {
    alignas(64) char block[kSide * kSide * 8];
    for (int64_t k = b; k < e; k++) {
      int64_t i = k % nb * kSide, j = k / nb % mb * kSide;
      int64_t rows = std::min(kSide, n - i), cols = std::min(kSide, m - j);
      char* dst = d.base;
      const char* src = s.base;
      advance(c, along, k / (nb * mb), dst, src);
      dst += (i + j * d.stride[along]) * d.itemsize;
      src += (i * s.stride[across] + j) * s.itemsize;
      if (c.same_type() && !c.far) {
        transpose(rows, cols, src, s.stride[across], dst, d.stride[along]);
        continue;
      }
      transpose(rows, cols, src, s.stride[across], block, kSide);
      for (int64_t r = 0; r < cols; r++)
        copy_run(c, rows, block + r * kSide * s.itemsize, 1, dst + r * d.stride[along] * d.itemsize);
    }
    c.finish();
  });
}

// The last axis is short, the one before it neighbouring elements in the source (or the last is one element again and
// again), both together neighbouring elements in the destination: lines whose elements take turns.
bool takes_turns(const Copy& c) {
  int last = c.geo.nd - 1;
  const TileOperand &d = c.ops[0], &s = c.ops[1];
  int64_t k = c.geo.shape[last];
  return c.same_type() && s.stride[last - 1] == 1 && d.stride[last] == 1 && d.stride[last - 1] == k &&
         (k <= 3 || (s.stride[last] == 0 && k <= kMostTurns));
}

void copy_in_turns(const Copy& c) {
  const int last = c.geo.nd - 1;
  const TileOperand &d = c.ops[0], &s = c.ops[1];
  const int64_t k = c.geo.shape[last], n = c.geo.shape[last - 1], piece = std::min(n, kGrainElements / k);
  const int64_t pieces = (n + piece - 1) / piece;
  int64_t outer = 1;
  for (int i = 0; i < last - 1; i++) outer *= c.geo.shape[i];
  parallel_for(outer * pieces, kGrainElements / (piece * k), [&](int64_t b, int64_t e) {
    const char* lines[kMostTurns];
    for (int64_t p = b; p < e; p++) {
      const int64_t first = p % pieces * piece;
      char* dst = d.base;
      const char* src = s.base;
      advance(c, last - 1, p / pieces, dst, src);
      for (int64_t j = 0; j < k; j++) lines[j] = src + (first + j * s.stride[last]) * s.itemsize;
      put_in_turns(std::min(piece, n - first), k, d.itemsize, lines, dst + first * k * d.itemsize);
    }
  });
}

void swap_axes(Copy& c, int i, int j) {
  std::swap(c.geo.shape[i], c.geo.shape[j]);
  for (TileOperand& o : c.ops) std::swap(o.stride[i], o.stride[j]);
}

TileOperand operand(const View& v, const Shape& target) {
  TileOperand o;
  o.base = static_cast<char*>(v.data);
  o.dtype = v.dtype;
  o.itemsize = int(itemsize(v.dtype));
  Dims strides = broadcast_strides(v.shape, v.strides, target);
  for (int i = 0; i < target.n; i++) o.stride[i] = strides[i];
  return o;
}

void copy_kernel(const KernelCall& c) { strided_copy(c.out[0], c.in[0]); }

}  // namespace

void strided_copy(const View& dst, const View& src) {
  Copy c;
  if (dst.numel() == 0) return;
  c.cast = cast_fn(src.dtype, dst.dtype);
  c.far = dst.numel() * int64_t(itemsize(dst.dtype)) >= stream_bytes();
  c.geo.nd = dst.shape.n;
  for (int i = 0; i < dst.shape.n; i++) c.geo.shape[i] = dst.shape[i];
  c.ops[0] = operand(dst, dst.shape);
  c.ops[1] = operand(src, dst.shape);
  collapse_axes(c.geo, c.ops, 2);
  int last = c.geo.nd - 1;
  if (last == 0) return copy_line(c);
  if (takes_turns(c)) return copy_in_turns(c);
  int unit = -1;  // the axis along which the source is contiguous
  for (int i = 0; i < last; i++)
    if (c.ops[1].stride[i] == 1) unit = i;
  bool narrow = c.ops[0].itemsize <= 8 && c.ops[1].itemsize <= 8;  // as the squares' elements are
  if (narrow && unit >= 0 && c.ops[0].stride[last] == 1 && c.ops[1].stride[last] != 0 && c.geo.shape[unit] > 3 &&
      c.geo.shape[last] > 3) {
    for (int i = unit; i + 1 < last; i++) swap_axes(c, i, i + 1);  // the others keep their order
    return copy_transposed(c);
  }
  if (c.geo.shape[last] < 8 && c.geo.shape[last - 1] > c.geo.shape[last]) swap_axes(c, last - 1, last);
  if (c.geo.shape[last] * c.ops[1].itemsize >= kLongRow)  // to all its places while it is in the cache
    for (int i = last - 2; i >= 0; i--)
      for (int k = i; c.ops[1].stride[k] == 0 && k + 1 < last && c.ops[1].stride[k + 1] != 0; k++)
        swap_axes(c, k, k + 1);
  copy_rows(c);
}

DL_KERNEL("copy", copy_kernel);

}  // namespace dl
