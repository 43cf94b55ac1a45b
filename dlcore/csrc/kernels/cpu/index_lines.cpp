// Positions that differ from line to line along an axis: pick, take_along_axis, put_along_axis, their gradients, and
// one_hot.
#include <algorithm>
#include <atomic>

#include "kernels/cpu/index.h"
#include "kernels/cpu/isa/move_table.h"

namespace dl {
namespace {

int axis_of(const KernelCall& c, const Shape& x) {
  return normalize_axis(int_attr(c, "axis", -1), x.n, c.op->name.c_str());
}

// x seen as (outer, n, inner), and `k` positions for each of its lines.
struct Lines {
  AxisSplit s;
  int64_t k;
  const int64_t* at;

  // f(position in x, position in the picked array) for every pick; lines are shared by threads.
  template <class F>
  void each(F&& f) const {
    parallel_for(s.outer, std::max<int64_t>(1, 4096 / std::max<int64_t>(1, k * s.inner)), [&](int64_t b, int64_t e) {
      const int64_t n = s.n, inner = s.inner, *positions = at;  // f may write what the compiler takes for our members
      for (int64_t o = b; o < e; o++) {
        for (int64_t q = o * k; inner == 1 && q < (o + 1) * k; q++) f(o * n + positions[q], q);
        for (int64_t j = 0; inner > 1 && j < k; j++)
          for (int64_t i = 0; i < inner; i++) {
            int64_t q = (o * k + j) * inner + i;
            f((o * n + positions[q]) * inner + i, q);
          }
      }
    });
  }
};

void read_lines(const KernelCall& c, const Lines& l) {
  Temp kx;
  View x = as_contiguous(c.in[0], kx);
  Output y(c.out[0]);
  with_size(x.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* px = x.ptr<const T>();
    T* py = y.view().ptr<T>();
    l.each([&](int64_t p, int64_t q) { py[q] = px[p]; });
  });
  y.finish();
}

// Zeros of the output's shape with g added at the positions.
void add_lines(const View& g_in, const View& out, const Lines& l) {
  DType t = sum_type(out.dtype);
  Temp kg, ko;
  // One number everywhere, as a sum's gradient is, is read where it lies.
  const bool one = g_in.dtype == t && std::all_of(g_in.strides.begin(), g_in.strides.end(), [](auto s) { return !s; });
  View g = one ? g_in : as_contiguous(g_in, t, kg);
  bool direct = out.dtype == t && is_contiguous(out.shape, out.strides);
  View to = direct ? out : temp_view(out.shape, t, ko);
  fill_zero(to);
  with_any_type(t, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (std::is_same_v<T, Compute<T>> && !std::is_same_v<T, bool>) {
      const T* pg = g.ptr<const T>();
      T* p = to.ptr<T>();
      if (one)
        l.each([&](int64_t i, int64_t) { p[i] = T(p[i] + *pg); });
      else
        l.each([&](int64_t i, int64_t q) { p[i] = T(p[i] + pg[q]); });
    }
  });
  if (!direct) copy_view(out, to);
}

// ---- pick: one position per line ----

Shape picked(const Shape& x, int axis, bool keep) {
  Shape s;
  for (int i = 0; i < x.n; i++) {
    if (i != axis)
      s.push(x[i]);
    else if (keep)
      s.push(1);
  }
  return s;
}

void check_index_shape(const std::string& op, const char* what, const Shape& index, const Shape& x, int axis) {
  if (index != picked(x, axis, false) && index != picked(x, axis, true))
    throw ValueError(op + ": expected " + what + " " + to_string(picked(x, axis, false)) + " for an array of shape " +
                     to_string(x) + ", got " + to_string(index));
}

void pick(const KernelCall& c) {
  const Shape& x = c.in[0].shape;
  int axis = axis_of(c, x);
  Temp ki;
  View at = checked_indices(c, c.in[1], axis, x[axis], ki);
  if (c.out[0].numel()) read_lines(c, {AxisSplit(x, axis), 1, at.ptr<const int64_t>()});
}
DL_KERNEL("pick", pick);

// Also the shape rule of losses with one label per line.
DL_INFER("pick", [](InferCall& c) {
  const Shape& x = c.in[0].shape;
  if (x.n == 0)
    throw ValueError(std::string(c.name()) + ": expected an array of at least 1 dimension, got a single number");
  int axis = normalize_axis(c.attr("axis").i, x.n, c.name());
  check_index_shape(c.op->name, c.op->inputs[1].name.c_str(), c.in[1].shape, x, axis);
  c.out[0].shape = picked(x, axis, int_attr(c, "keepdims", 0) != 0);
  c.out[0].strides = contiguous_strides(c.out[0].shape);
});

// Inputs (g, index, x for its shape).
void pick_grad(const KernelCall& c) {
  const Shape& x = c.out[0].shape;
  int axis = axis_of(c, x);
  check_index_shape(c.op->name, "index", c.in[1].shape, x, axis);
  check_index_shape(c.op->name, "g", c.in[0].shape, x, axis);
  Temp ki;
  View at = checked_indices(c, c.in[1], axis, x[axis], ki);
  add_lines(c.in[0], c.out[0], {AxisSplit(x, axis), 1, at.ptr<const int64_t>()});
}
DL_KERNEL("pick_grad", pick_grad);

// ---- take_along_axis ----

void check_along(const std::string& op, const Shape& index, const Shape& x, int axis) {
  bool fits = index.n == x.n;
  for (int i = 0; fits && i < x.n; i++) fits = i == axis || index[i] == x[i];
  if (!fits)
    throw ValueError(op + ": expected indices that differ from x " + to_string(x) + " in axis " + std::to_string(axis) +
                     " only, got " + to_string(index));
}

// Single numbers of row-major lines. False where a position is negative, out of range or of another dtype, which the
// general way sees to.
bool take_plain(const View& x, const View& at, const View& out, int axis) {
  const AxisSplit s(x.shape, axis);
  const int64_t k = at.shape.n ? at.shape[axis] : 1, size = s.n;
  for (const View* v : {&x, &at, &out})
    if (!is_contiguous(v->shape, v->strides)) return false;
  if (s.inner != 1 || at.dtype != DType::I64) return false;
  const int64_t* p = at.ptr<const int64_t>();
  const int64_t item = int64_t(itemsize(x.dtype));
  const PickFn pick = pick_move_table()->pick[move_size(item)];
  std::atomic<bool> within{true};
  parallel_for(s.outer, (1 << 14) / std::max<int64_t>(1, k) + 1, [&](int64_t b, int64_t e) {
    for (int64_t o = b; o < e; o++)
      if (!pick(k, p + o * k, size, x.ptr<const char>() + o * size * item, out.ptr<char>() + o * k * item))
        within = false;
  });
  return within;
}

void take_along_axis(const KernelCall& c) {
  const Shape& x = c.in[0].shape;
  int axis = axis_of(c, x);
  if (take_plain(c.in[0], c.in[1], c.out[0], axis)) return;
  Temp ki;
  View at = checked_indices(c, c.in[1], axis, x[axis], ki);
  if (c.out[0].numel()) read_lines(c, {AxisSplit(x, axis), at.shape[axis], at.ptr<const int64_t>()});
}
DL_KERNEL("take_along_axis", take_along_axis);

DL_INFER("take_along_axis", [](InferCall& c) {
  need_integers(c, 1);
  const Shape& x = c.in[0].shape;
  int axis = normalize_axis(c.attr("axis").i, x.n, c.name());
  check_along(c.op->name, c.in[1].shape, x, axis);
  c.out[0].shape = c.in[1].shape;
  c.out[0].strides = contiguous_strides(c.out[0].shape);
});

// Inputs (g, indices, x for its shape).
void take_along_axis_grad(const KernelCall& c) {
  const Shape& x = c.out[0].shape;
  int axis = axis_of(c, x);
  check_along(c.op->name, c.in[1].shape, x, axis);
  if (c.in[0].shape != c.in[1].shape)
    throw ValueError(c.op->name + ": expected g " + to_string(c.in[1].shape) + ", got " + to_string(c.in[0].shape));
  Temp ki;
  View at = checked_indices(c, c.in[1], axis, x[axis], ki);
  add_lines(c.in[0], c.out[0], {AxisSplit(x, axis), at.shape[axis], at.ptr<const int64_t>()});
}
DL_KERNEL("take_along_axis_grad", take_along_axis_grad);

// ---- put_along_axis ----

// Inputs (x, indices, value).
void put_along_axis(const KernelCall& c) {
  const View &x = c.in[0], &out = c.out[0];
  int axis = axis_of(c, x.shape);
  Temp ki, kv;
  View at = checked_indices(c, c.in[1], axis, x.shape[axis], ki);
  View value = stable_value(spread(c, c.in[2], at.shape), out, kv);
  if (overlap(at, out)) {
    View safe = temp_view(at.shape, DType::I64, ki);
    copy_view(safe, at);
    at = safe;
  }
  Output y(out);
  if (!same_window(x, y.view())) copy_view(y.view(), x);
  Lines lines{AxisSplit(x.shape, axis), at.shape[axis], at.ptr<const int64_t>()};
  with_size(out.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* from = value.ptr<const T>();
    T* to = y.view().ptr<T>();
    if (at.numel()) lines.each([&](int64_t p, int64_t q) { to[p] = from[q]; });
  });
  y.finish();
}
DL_KERNEL("put_along_axis", put_along_axis);

DL_INFER("put_along_axis", [](InferCall& c) {
  need_integers(c, 1);
  const Shape &x = c.in[0].shape, &at = c.in[1].shape;
  check_along(c.op->name, at, x, normalize_axis(c.attr("axis").i, x.n, c.name()));
  if (broadcast_shapes(c.in[2].shape, at, c.name()) != at)
    throw ValueError(std::string(c.name()) + ": a value of shape " + to_string(c.in[2].shape) +
                     " cannot be broadcast to the indices' shape " + to_string(at));
  c.out[0].shape = x;
});

// take_along_axis with zeros where a later position of the line names the same place: what of a write stays.
DL_KERNEL("along_last", [](const KernelCall& c) {
  const Shape& x = c.in[0].shape;
  int axis = axis_of(c, x);
  Temp ki, kx, kw;
  View at = checked_indices(c, c.in[1], axis, x[axis], ki);
  if (c.out[0].numel() == 0) return;
  View from = as_contiguous(c.in[0], kx), last = temp_view(x, DType::I64, kw);
  Lines lines{AxisSplit(x, axis), at.shape[axis], at.ptr<const int64_t>()};
  int64_t* writer = last.ptr<int64_t>();
  lines.each([&](int64_t p, int64_t q) { writer[p] = q; });
  Output y(c.out[0]);
  with_size(from.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* px = from.ptr<const T>();
    T* py = y.view().ptr<T>();
    lines.each([&](int64_t p, int64_t q) { py[q] = writer[p] == q ? px[p] : T(0); });
  });
  y.finish();
});

// ---- one_hot ----

void one_hot(const KernelCall& c) {
  int64_t depth = int_attr(c, "depth", 0);
  double on = float_attr(c, "on", 1.0), off = float_attr(c, "off", 0.0);
  int axis = c.in[0].shape.n;
  Temp ki, kr;
  View at = checked_indices(c, c.in[0], axis, depth, ki), raw = as_contiguous(c.in[0], DType::I64, kr);
  for (int64_t i = 0, n = raw.numel(); i < n; i++)
    if (int64_t v = raw.ptr<const int64_t>()[i]; v < 0)  // a label of -1 is a mark for "none" more often than the last
      throw IndexError(format("%s: index %lld is out of range for axis %d of size %lld", c.op->name.c_str(),
                              (long long)v, axis, (long long)depth));
  if (c.out[0].numel() == 0) return;
  const int64_t* p = at.ptr<const int64_t>();
  Output y(c.out[0]);
  with_any_type(c.out[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T one, zero;
    store(&one, on);
    store(&zero, off);
    T* out = y.view().ptr<T>();
    parallel_for(at.numel(), std::max<int64_t>(1, 8192 / depth), [&](int64_t b, int64_t e) {
      std::fill(out + b * depth, out + e * depth, zero);
      for (int64_t i = b; i < e; i++) out[i * depth + p[i]] = one;
    });
  });
  y.finish();
}
DL_KERNEL("one_hot", one_hot);

}  // namespace
}  // namespace dl
