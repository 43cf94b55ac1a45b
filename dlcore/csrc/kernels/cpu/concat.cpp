// Joining arrays (concat, stack) and writing an array into a larger one (slice_grad, pad): strided copies into parts of
// the output.
#include <algorithm>
#include <vector>

#include "kernels/cpu/cast.h"
#include "kernels/cpu/row_copy.h"
#include "kernels/cpu/turns.h"
#include "kernels/cpu/views.h"

namespace dl {
namespace {

// Elements first, first + step, ... of `out` along each axis, as many as `shape` has.
View part_of(const View& out, const Dims& first, const Dims& step, const Shape& shape) {
  View v = out;
  int64_t offset = 0;
  for (int i = 0; i < out.shape.n; i++) {
    int64_t begin = i < first.n ? first[i] : 0, by = i < step.n ? step[i] : 1;
    offset += begin * out.strides[i];
    v.strides[i] = out.strides[i] * by;
  }
  v.shape = shape;
  v.data = v.ptr<char>() + offset * int64_t(itemsize(out.dtype));
  return v;
}

Dims along(int ndim, int axis, int64_t value) {
  Dims d;
  for (int i = 0; i < ndim; i++) d.push(i == axis ? value : 0);
  return d;
}

void need_one(const InferCall& c) {
  if (c.nin < 1) throw ValueError(std::string(c.name()) + ": needs at least one array, got none");
}

// ---- rows made of one part of every array ----

struct Part {
  const char* base;
  int64_t step, bytes;  // from row to row; of each
};

// Whether the axes from `axis` on lie close together and those before it are one axis of one step.
bool rows_of(const View& v, int axis, Part& part) {
  int64_t next = 1, item = int64_t(itemsize(v.dtype));
  int i = v.shape.n - 1;
  for (; i >= axis; i--) {
    if (v.shape[i] != 1 && v.strides[i] != next) return false;
    next *= v.shape[i];
  }
  part = {v.ptr<const char>(), 0, next * item};
  for (bool first = true; i >= 0; i--) {
    if (v.shape[i] == 1) continue;
    if (first) part.step = v.strides[i] * item;
    if (!first && v.strides[i] != next) return false;
    first = false;
    next = v.strides[i] * v.shape[i];
  }
  return true;
}

// The parts of all inputs one after the other in each row, so that the output is written in order. False where they are
// no such parts, or too short to be copied one by one.
bool join_rows(const KernelCall& c, int64_t rows, int axis) {
  const View& out = c.out[0];
  if (rows == 1 || !is_contiguous(out.shape, out.strides)) return false;
  const int64_t row = out.numel() / rows * int64_t(itemsize(out.dtype));
  if (row / c.nin < 64) return false;  // the general way takes many short rows at once
  std::vector<Part> parts(size_t(c.nin));
  for (int k = 0; k < c.nin; k++)
    if (c.in[k].dtype != out.dtype || !rows_of(c.in[k], axis, parts[size_t(k)])) return false;
  const RowCopy copy(out.data, rows * row, row / c.nin);
  parallel_for(rows, (1 << 16) / row + 1, [&](int64_t b, int64_t e) {
    char* to = out.ptr<char>() + b * row;
    for (int64_t r = b; r < e; r++)
      for (const Part& p : parts) {
        copy(p.bytes, p.base + r * p.step, to);
        to += p.bytes;
      }
    copy.finish();
  });
  return true;
}

// ---- concat ----

void concat(const KernelCall& c) {
  const View& out = c.out[0];
  int axis = normalize_axis(int_attr(c, "axis", 0), out.shape.n, c.op->name.c_str());
  if (out.numel() == 0 || join_rows(c, AxisSplit(out.shape, axis).outer, axis)) return;
  int64_t at = 0;
  for (int k = 0; k < c.nin; k++) {
    const View& x = c.in[k];
    if (x.numel()) copy_view(part_of(out, along(out.shape.n, axis, at), Dims(), x.shape), x);
    at += x.shape[axis];
  }
}
DL_KERNEL("concat", concat);

DL_INFER("concat", [](InferCall& c) {
  need_one(c);
  Shape out = c.in[0].shape;
  if (out.n == 0) throw ValueError(std::string(c.name()) + ": expected arrays with an axis, got shape (); use stack");
  int axis = normalize_axis(c.attr("axis").i, out.n, c.name());
  bool last = true;  // all channels-last: so is the result
  for (int k = 0; k < c.nin; k++) {
    const Shape& s = c.in[k].shape;
    bool fits = s.n == out.n;
    for (int i = 0; fits && i < s.n; i++) fits = i == axis || s[i] == out[i];
    if (!fits)
      throw ValueError(std::string(c.name()) + ": arrays of shape " + to_string(c.in[0].shape) + " and " +
                       to_string(s) + " cannot be joined along axis " + std::to_string(axis));
    if (k) out[axis] += s[axis];
    last &= is_channels_last(s, c.in[k].strides) && !is_contiguous(s, c.in[k].strides);
  }
  c.out[0].shape = out;
  c.out[0].strides = last ? channels_last_strides(out) : contiguous_strides(out);
});

// ---- stack ----

// Along the last axis: the elements of row-major arrays in turns.
bool stack_last(const KernelCall& c) {
  const View& out = c.out[0];
  const int64_t item = int64_t(itemsize(out.dtype)), k = c.nin, n = c.in[0].numel();
  if (k > kMostTurns || !is_contiguous(out.shape, out.strides)) return false;
  for (int j = 0; j < c.nin; j++)
    if (c.in[j].dtype != out.dtype || !is_contiguous(c.in[j].shape, c.in[j].strides)) return false;
  parallel_for(n, (1 << 16) / (k * item), [&](int64_t b, int64_t e) {
    const char* lines[kMostTurns];
    for (int j = 0; j < c.nin; j++) lines[j] = c.in[j].ptr<const char>() + b * item;
    put_in_turns(e - b, k, item, lines, out.ptr<char>() + b * k * item);
  });
  return true;
}

void stack(const KernelCall& c) {
  const View& out = c.out[0];
  int axis = normalize_axis(int_attr(c, "axis", 0), out.shape.n, c.op->name.c_str());
  if (out.numel() == 0 || join_rows(c, AxisSplit(out.shape, axis).outer, axis)) return;
  if (axis == out.shape.n - 1 && stack_last(c)) return;
  for (int k = 0; k < c.nin; k++) {
    View x = c.in[k], part = out;
    part.data = part.ptr<char>() + k * out.strides[axis] * int64_t(itemsize(out.dtype));
    part.shape = x.shape;
    part.strides = Dims();
    for (int i = 0; i < out.shape.n; i++)
      if (i != axis) part.strides.push(out.strides[i]);
    copy_view(part, x);
  }
}
DL_KERNEL("stack", stack);

DL_INFER("stack", [](InferCall& c) {
  need_one(c);
  const Shape& s = c.in[0].shape;
  for (int k = 1; k < c.nin; k++)
    if (c.in[k].shape != s)
      throw ValueError(std::string(c.name()) + ": arrays of shape " + to_string(s) + " and " +
                       to_string(c.in[k].shape) + " cannot be stacked");
  int axis = normalize_axis(c.attr("axis").i, s.n + 1, c.name());
  Shape out;
  for (int i = 0; i <= s.n; i++) out.push(i < axis ? s[i] : i == axis ? c.nin : s[i - 1]);
  c.out[0].shape = out;
  c.out[0].strides = contiguous_strides(out);
});

// ---- into a larger array ----

// Zeros of the output's shape with g at start, start + step, ... of the leading axes. Inputs (g, x for its shape).
void slice_grad(const KernelCall& c) {
  const View &g = c.in[0], &out = c.out[0];
  fill_zero(out);
  const Attr *start = find_attr(c, "start"), *step = find_attr(c, "step");
  Dims first = start->v, by = step && !step->none() ? step->v : Dims();
  if (g.shape.n != out.shape.n)
    throw ValueError(format("%s: expected g with the %d axes of x %s, got %s", c.op->name.c_str(), out.shape.n,
                            to_string(out.shape).c_str(), to_string(g.shape).c_str()));
  if (g.numel() == 0) return;
  for (int i = 0; i < out.shape.n; i++) {
    int64_t a = i < first.n ? first[i] : 0, b = a + (g.shape[i] - 1) * (i < by.n ? by[i] : 1);
    if (a < 0 || b < 0 || a >= out.shape[i] || b >= out.shape[i])
      throw IndexError(format("%s: elements %lld to %lld are outside axis %d of size %lld", c.op->name.c_str(),
                              (long long)a, (long long)b, i, (long long)out.shape[i]));
  }
  copy_view(part_of(out, first, by, g.shape), g);
}
DL_KERNEL("slice_grad", slice_grad);

// Elements begin ... begin + n - 1 of an axis.
View along_axis(View v, int axis, int64_t begin, int64_t n) {
  v.data = v.ptr<char>() + begin * v.strides[axis] * int64_t(itemsize(v.dtype));
  v.shape[axis] = n;
  return v;
}

constexpr int64_t kSmallMatrix = 1 << 14;  // bytes

// Row-major matrices `out` on the last two axes with those of x within: small ones are filled and the rows of x laid
// over that, all of it in the cache; of others every row is written once.
template <class T>
struct Padded {
  const View &x, &out;
  const Dims& before;
  const RowCopy& copy;
  T number;
  const int last = x.shape.n - 1, mid = last - 1;
  const int64_t n = x.shape[last], row = out.shape[last], height = out.shape[mid], left = before[last];
  const bool small = height * row * int64_t(sizeof(T)) <= kSmallMatrix;

  // Where matrix `k` begins in x; null where all of it is added.
  const T* origin(int64_t k) const {
    const T* at = x.ptr<const T>();
    for (int i = mid - 1; i >= 0; k /= out.shape[i], i--) {
      const int64_t place = k % out.shape[i] - before[i];
      if (place < 0 || place >= x.shape[i]) return nullptr;
      at += place * x.strides[i];
    }
    return at;
  }
  void fill(T* to, int64_t count) const { std::fill(to, to + count, number); }

  // Rows [begin, end) of matrix `k`.
  void write(int64_t k, int64_t begin, int64_t end) const {
    const int64_t bytes = n * int64_t(sizeof(T));
    const T* from = origin(k);
    T* to = out.ptr<T>() + k * height * row;
    if (!from || small) fill(to + begin * row, (end - begin) * row);
    if (!from) return;
    const int64_t top = before[mid], step = x.strides[mid];
    const int64_t first = std::clamp(top, begin, end), stop = std::clamp(top + x.shape[mid], begin, end);
    if (small)
      return pick_stream_table()->rows(stop - first, bytes, from + (first - top) * step, step * int64_t(sizeof(T)),
                                       to + first * row + left, row * int64_t(sizeof(T)));
    fill(to + begin * row, (first - begin) * row);
    for (int64_t r = first; r < stop; r++) {
      fill(to + r * row, left);
      copy(bytes, from + (r - top) * step, to + r * row + left);
      fill(to + r * row + left + n, row - left - n);
    }
    fill(to + stop * row, (end - stop) * row);
  }
};

// False where the rows do not lie close together, or are too few to be shared by threads.
bool pad_rows(const View& x, const View& out, const Dims& before, double value) {
  const int last = x.shape.n - 1;
  if (last < 1 || x.numel() == 0 || x.strides[last] != 1 || !is_contiguous(out.shape, out.strides)) return false;
  const int64_t row = out.shape[last], rows = out.numel() / row, height = out.shape[last - 1];
  if (rows < 16) return false;
  const int64_t item = int64_t(itemsize(x.dtype));
  const RowCopy copy(out.data, out.numel() * item, x.shape[last] * item);
  with_size(x.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T number;
    cast_fn(DType::F64, x.dtype)(1, &value, 1, &number, 1);
    const Padded<T> padded{x, out, before, copy, number};
    parallel_for(rows, (1 << 16) / (row * item) + 1, [&](int64_t b, int64_t e) {
      for (int64_t end; b < e; b = end) {
        end = std::min(e, (b / height + 1) * height);
        padded.write(b / height, b % height, b % height + end - b);
      }
      copy.finish();
    });
  });
  return true;
}

// What is added before and behind along each axis, then x: nothing is written twice.
void pad(const KernelCall& c) {
  const View& x = c.in[0];
  const Dims& before = find_attr(c, "before")->v;
  double value = float_attr(c, "value", 0.0);
  Dims none = x.strides;
  for (int64_t& s : none) s = 0;
  View out = c.out[0];
  if (pad_rows(x, out, before, value)) return;
  for (int i = 0; i < x.shape.n; i++) {
    const int64_t b = before[i], n = x.shape[i], behind = out.shape[i] - b - n;
    for (const View& added : {along_axis(out, i, 0, b), along_axis(out, i, b + n, behind)})
      copy_view(added, View{&value, DType::F64, added.shape, none});
    out = along_axis(out, i, b, n);
  }
  copy_view(out, x);
}
DL_KERNEL("pad", pad);

}  // namespace
}  // namespace dl
