// Kernels argmax and argmin: the first of equal elements, a NaN before all others (as NumPy).
#include <algorithm>
#include <cstring>

#include "kernels/cpu/isa/reduce_table.h"
#include "kernels/cpu/lines.h"

namespace dl {
namespace {

constexpr int64_t kPiece = 16 * 1024;  // elements

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
  constexpr int64_t line = 64;  // columns, at least: whole vectors
  const int64_t size = int64_t(itemsize(in.dtype)), widest = 16384 / size;
  const int64_t wanted = std::max<int64_t>((s.inner + widest - 1) / widest, num_threads() / s.outer);
  const int64_t strip = ((s.inner + wanted - 1) / wanted + line - 1) / line * line;
  const int64_t strips = (s.inner + strip - 1) / strip;
  parallel_for(s.outer * strips, 16 * 1024 / (std::min(strip, s.inner) * s.n) + 1, [&](int64_t b, int64_t e) {
    for (int64_t u = b; u < e; u++) {
      int64_t o = u / strips, first = u % strips * strip, m = std::min(strip, s.inner - first);
      fns.find_rows(s.n, m, in.ptr<char>() + (o * s.n * s.inner + first) * size, s.inner, out + o * s.inner + first);
    }
  });
}

// Where the extreme of all elements is, in row-major order, of an array that does not lie so or has another dtype than
// is compared in: a piece at a time is laid out.
int64_t find_in_pieces(const View& v, DType type, const ReduceFns& fns) {
  int cut = v.shape.n;  // the last axis before those that fit into a piece
  int64_t rest = 1;
  while (cut > 0 && rest * v.shape[cut - 1] <= kPiece) rest *= v.shape[--cut];
  if (cut == 0) {
    Temp keep;
    int64_t at;
    fns.find_lines(1, rest, as_contiguous(v, type, keep).data, &at);
    return at;
  }
  const int axis = cut - 1;
  const int64_t n = v.shape[axis], some = kPiece / rest, groups = (n + some - 1) / some;
  const int64_t pieces = v.numel() / (n * rest) * groups, size = int64_t(itemsize(type));
  Shape lead;
  for (int i = 0; i < axis; i++) lead.push(v.shape[i]);
  Temp keep(size_t(pieces * 16));
  int64_t* at = keep.ptr<int64_t>();
  char* best = keep.ptr<char>() + pieces * 8;
  parallel_for(pieces, 2, [&](int64_t b, int64_t e) {
    for (int64_t p = b; p < e; p++) {
      const int64_t first = p % groups * some, start = offset_of(p / groups, lead, v.strides) + first * v.strides[axis];
      View part = v;
      part.data = v.ptr<char>() + start * int64_t(itemsize(v.dtype));
      for (int i = 0; i < axis; i++) part.shape[i] = 1;
      part.shape[axis] = std::min(some, n - first);
      Temp keep_part;
      const char* x = as_contiguous(part, type, keep_part).ptr<const char>();
      fns.find_lines(1, part.numel(), x, at + p);
      std::memcpy(best + p * size, x + at[p] * size, size_t(size));
    }
  });
  int64_t p;
  fns.find_lines(1, pieces, best, &p);
  return (p / groups * n + p % groups * some) * rest + at[p];
}

// The output with the searched axis in its place, which has no stride.
View beside_input(const View& out, const View& in, int axis) {
  const bool keepdims = out.shape.n == in.shape.n;
  View r{out.data, out.dtype, in.shape, in.strides};
  for (int i = 0, k = 0; i < in.shape.n; i++) {
    r.strides[i] = i == axis ? 0 : out.strides[k];
    if (i != axis || keepdims) k++;
  }
  return r;
}

// An array without gaps, in the order of its axes in memory.
void as_it_lies(View in, View out, int axis, const ReduceFns& fns) {
  for (int i = 1; i < in.shape.n; i++)
    for (int j = i; j > 0 && in.strides[j - 1] < in.strides[j]; j--) {
      for (View* v : {&in, &out}) {
        std::swap(v->shape[j - 1], v->shape[j]);
        std::swap(v->strides[j - 1], v->strides[j]);
      }
      axis = axis == j ? j - 1 : axis == j - 1 ? j : axis;
    }
  AxisSplit s(in.shape, axis);
  out.shape[axis] = 1;
  Temp keep;
  View found = temp_view(out.shape, DType::I64, keep);
  if (s.inner == 1)
    lines(in, s.n, found.ptr<int64_t>(), fns);
  else
    columns(in, s, found.ptr<int64_t>(), fns);
  copy_view(out, found);
}

template <bool Max>
void arg_reduce(const KernelCall& c) {
  const Attr* axis = find_attr(c, "axis");
  const Shape& shape = c.in[0].shape;
  if (c.out[0].numel() == 0) return;
  if (c.in[0].numel() == 0)
    throw ValueError(format("%s: zero-size array of shape %s has no %s", c.op->name.c_str(), to_string(shape).c_str(),
                            Max ? "largest element" : "smallest element"));
  DType type = compared_in(c.in[0].dtype);
  const ReduceFns& fns = fns_of(Max, type);
  const bool ready = c.in[0].dtype == type;
  if (!axis || axis->none()) {
    Temp keep;
    View found = temp_view(c.out[0].shape, DType::I64, keep);
    if (ready && is_contiguous(shape, c.in[0].strides))
      lines(c.in[0], numel(shape), found.ptr<int64_t>(), fns);
    else
      *found.ptr<int64_t>() = find_in_pieces(c.in[0], type, fns);
    return copy_view(c.out[0], found);
  }
  const int at = normalize_axis(axis->i, shape.n, c.op->name.c_str());
  const View out = beside_input(c.out[0], c.in[0], at);
  if (ready && is_dense(shape, c.in[0].strides)) return as_it_lies(c.in[0], out, at, fns);
  each_few_lines(axis_last(c.in[0], at), axis_last(out, at), [&](const View& in, const View& to) {
    Temp keep, keep_found;
    View found = temp_view(Shape{to.shape[0]}, DType::I64, keep_found);
    if (in.shape[1] > kPiece && in.shape[0] == 1)
      *found.ptr<int64_t>() = find_in_pieces(in, type, fns);
    else
      fns.find_lines(in.shape[0], in.shape[1], as_contiguous(in, type, keep).data, found.ptr<int64_t>());
    copy_view(View{to.data, to.dtype, found.shape, Dims{to.strides[0]}}, found);
  });
}

DL_KERNEL("argmax", arg_reduce<true>);
DL_KERNEL("argmin", arg_reduce<false>);

}  // namespace
}  // namespace dl
