// Kernels argmax and argmin: the first of equal elements, a NaN before all others (as NumPy).
#include <algorithm>

#include "kernels/cpu/isa/reduce_table.h"
#include "kernels/cpu/lines.h"

namespace dl {
namespace {

// What is compared: small integers as int32, so that there is vector code for every type.
DType compared_in(DType t) {
  switch (t) {
    case DType::F64:
    case DType::I64:
    case DType::U64: return t;
    case DType::U32: return DType::I64;
    default: return is_float(t) ? DType::F32 : DType::I32;
  }
}

const ReduceFns& fns_of(bool max, DType t) {
  ReduceType type = t == DType::F32   ? ReduceType::F32
                    : t == DType::F64 ? ReduceType::F64
                    : t == DType::I32 ? ReduceType::I32
                    : t == DType::I64 ? ReduceType::I64
                                      : ReduceType::U64;
  return pick_reduce_table()->fn[int(max ? ReduceOp::Max : ReduceOp::Min)][int(type)];
}

// One long line: the extreme of each block, the first of those, and where it is in its block.
int64_t find_in_long_line(int64_t n, const char* x, int64_t size, const ReduceFns& fns) {
  constexpr int64_t kBlock = 16 * 1024;
  int64_t blocks = (n + kBlock - 1) / kBlock, block, at;
  Temp keep(size_t(blocks * 8));
  char* best = keep.ptr<char>();
  fns.init(blocks, best);
  parallel_for(blocks, 2, [&](int64_t b, int64_t e) {
    for (int64_t k = b; k < e; k++) fns.run(std::min(kBlock, n - k * kBlock), x + k * kBlock * size, best + k * size);
  });
  fns.find_lines(1, blocks, best, &block);
  fns.find_lines(1, std::min(kBlock, n - block * kBlock), x + block * kBlock * size, &at);
  return block * kBlock + at;
}

void lines(const View& in, int64_t n, int64_t* out, const ReduceFns& fns) {
  constexpr int64_t kLong = 32 * 1024;
  int64_t size = int64_t(itemsize(in.dtype)), count = in.numel() / n;
  const char* x = in.ptr<const char>();
  if (n < kLong) {
    parallel_for(count, 16 * 1024 / n + 1,
                 [&](int64_t b, int64_t e) { fns.find_lines(e - b, n, x + b * n * size, out + b); });
  } else if (count == 1) {
    out[0] = find_in_long_line(n, x, size, fns);
  } else {
    parallel_for(count, 1, [&](int64_t b, int64_t e) {
      for (int64_t k = b; k < e; k++) out[k] = find_in_long_line(n, x + k * n * size, size, fns);
    });
  }
}

// The axis has a stride: strips of `inner` neighbouring answers are kept up to date row by row.
void columns(const View& in, const AxisSplit& s, int64_t* out, const ReduceFns& fns) {
  constexpr int64_t kStrip = 2048;
  int64_t strips = (s.inner + kStrip - 1) / kStrip, size = int64_t(itemsize(in.dtype));
  parallel_for(s.outer * strips, 16 * 1024 / (std::min(kStrip, s.inner) * s.n) + 1, [&](int64_t b, int64_t e) {
    for (int64_t u = b; u < e; u++) {
      int64_t o = u / strips, first = u % strips * kStrip, m = std::min(kStrip, s.inner - first);
      fns.find_rows(s.n, m, in.ptr<char>() + (o * s.n * s.inner + first) * size, s.inner, out + o * s.inner + first);
    }
  });
}

template <bool Max>
void arg_reduce(const KernelCall& c) {
  const Attr* axis = find_attr(c, "axis");
  const Shape& shape = c.in[0].shape;
  if (c.out[0].numel() == 0) return;
  if (c.in[0].numel() == 0)
    throw ValueError(format("%s: zero-size array of shape %s has no %s", c.op->name.c_str(), to_string(shape).c_str(),
                            Max ? "largest element" : "smallest element"));
  Temp keep_in, keep_out;
  DType type = compared_in(c.in[0].dtype);
  View in = as_contiguous(c.in[0], type, keep_in);
  View out = temp_view(Shape{c.out[0].numel()}, DType::I64, keep_out);
  bool all = !axis || axis->none();
  int at = all ? 0 : normalize_axis(axis->i, shape.n, c.op->name.c_str());
  const ReduceFns& fns = fns_of(Max, type);
  AxisSplit s(shape, at);
  if (all || s.inner == 1)
    lines(in, all ? in.numel() : s.n, out.ptr<int64_t>(), fns);
  else
    columns(in, s, out.ptr<int64_t>(), fns);
  out.shape = c.out[0].shape;
  out.strides = contiguous_strides(out.shape);
  copy_view(c.out[0], out);
}

DL_KERNEL("argmax", arg_reduce<true>);
DL_KERNEL("argmin", arg_reduce<false>);

}  // namespace
}  // namespace dl
