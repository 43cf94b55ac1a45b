// Reading rows by position and the scatter-adds that are their gradients: take, gather_nd, index_put, index_add.
//
// Threads share columns, never rows, so that repeated positions are added in order and results do not depend on
// threads.
#include "kernels/cpu/index.h"

#include <algorithm>
#include <cstring>

namespace dl {
namespace {

// `rows` positions into an array seen as (outer, n, inner): all that the kernels below need.
struct Rows {
  int64_t outer, n, inner, count;
  const int64_t* at;
};

// f(outer index, first column, last column) in parallel.
template <class F>
void for_columns(const Rows& r, F&& f) {
  int64_t width = std::max<int64_t>(1, std::min<int64_t>(r.inner, 64)), blocks = (r.inner + width - 1) / width;
  int64_t grain = std::max<int64_t>(1, (1 << 13) / std::max<int64_t>(1, width * r.count));
  parallel_for(r.outer * blocks, grain, [&](int64_t b, int64_t e) {
    for (int64_t i = b; i < e; i++) {
      int64_t col = i % blocks * width;
      f(i / blocks, col, std::min(r.inner, col + width));
    }
  });
}

void gather(const Rows& r, const char* x, char* y, size_t item) {
  size_t row = size_t(r.inner) * item;
  parallel_for(r.outer * r.count, std::max<int64_t>(1, (1 << 14) / std::max<int64_t>(1, int64_t(row))),
               [&](int64_t b, int64_t e) {
                 for (int64_t i = b; i < e; i++)
                   std::memcpy(y + size_t(i) * row, x + size_t(i / r.count * r.n + r.at[i % r.count]) * row, row);
               });
}

template <class T>
void add_rows(const Rows& r, const T* g, T* out) {
  for_columns(r, [&](int64_t o, int64_t begin, int64_t end) {
    for (int64_t k = 0; k < r.count; k++) {
      T* d = out + (o * r.n + r.at[k]) * r.inner;
      const T* s = g + (o * r.count + k) * r.inner;
      for (int64_t i = begin; i < end; i++) d[i] = T(d[i] + s[i]);
    }
  });
}

template <class T>
void put_rows(const Rows& r, const T* value, T* out) {
  for_columns(r, [&](int64_t o, int64_t begin, int64_t end) {
    for (int64_t k = 0; k < r.count; k++)
      std::memcpy(out + (o * r.n + r.at[k]) * r.inner + begin, value + (o * r.count + k) * r.inner + begin,
                  size_t(end - begin) * sizeof(T));
  });
}

// out (row-major, sum type) += g at the rows.
void add_rows(DType t, const Rows& r, const View& g, const View& out) {
  with_type(t, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (std::is_same_v<T, Compute<T>> && !std::is_same_v<T, bool>)
      add_rows(r, g.ptr<const T>(), out.ptr<T>());
  });
}

// out = start (zeros when null) with g added at the rows.
void scatter_add(const Rows& r, const View* start, const View& g, const View& out) {
  DType t = sum_type(out.dtype);
  Temp kg, ko;
  View from = as_contiguous(g, t, kg);
  bool direct = out.dtype == t && is_contiguous(out.shape, out.strides);
  View to = direct ? out : temp_view(out.shape, t, ko);
  if (start)
    copy_view(to, *start);
  else
    fill_zero(to);
  add_rows(t, r, from, to);
  if (!direct) copy_view(out, to);
}

// ---- take ----

int axis_of(const KernelCall& c, const Shape& x) {
  return normalize_axis(int_attr(c, "axis", 0), x.n, c.op->name.c_str());
}

void take(const KernelCall& c) {
  int axis = axis_of(c, c.in[0].shape);
  AxisSplit s(c.in[0].shape, axis);
  Temp ki, kx;
  View at = checked_indices(c, c.in[1], axis, s.n, ki);
  if (c.out[0].numel() == 0) return;
  View x = as_contiguous(c.in[0], kx);
  Output y(c.out[0]);
  gather({s.outer, s.n, s.inner, at.numel(), at.ptr<const int64_t>()}, x.ptr<const char>(), y.view().ptr<char>(),
         itemsize(x.dtype));
  y.finish();
}
DL_KERNEL("take", take);

Shape take_shape(const InferCall& c, const Shape& x, const Shape& indices) {
  if (x.n == 0)
    throw ValueError(std::string(c.name()) + ": expected an array of at least 1 dimension, got a single number");
  int axis = normalize_axis(c.attr("axis").i, x.n, c.name());
  Shape out;
  for (int i = 0; i < axis; i++) out.push(x[i]);
  for (int64_t v : indices) out.push(v);
  for (int i = axis + 1; i < x.n; i++) out.push(x[i]);
  return out;
}
DL_INFER("take", [](InferCall& c) {
  need_integers(c, 1);
  c.out[0].shape = take_shape(c, c.in[0].shape, c.in[1].shape);
  c.out[0].strides = contiguous_strides(c.out[0].shape);
});

// Inputs (g, indices, x for its shape).
void take_grad(const KernelCall& c) {
  const Shape& x = c.out[0].shape;
  int axis = axis_of(c, x);
  AxisSplit s(x, axis);
  Temp ki;
  View at = checked_indices(c, c.in[1], axis, s.n, ki);
  if (c.in[0].numel() != s.outer * at.numel() * s.inner)
    throw ValueError(c.op->name + ": g " + to_string(c.in[0].shape) + " does not belong to x " + to_string(x) +
                     " and indices " + to_string(c.in[1].shape));
  scatter_add({s.outer, s.n, s.inner, at.numel(), at.ptr<const int64_t>()}, nullptr, c.in[0], c.out[0]);
}
DL_KERNEL("take_grad", take_grad);

// ---- several index arrays over the leading axes ----

template <class Call>
Shape joint_shape(const Call& c, int first) {
  Shape joint;
  for (int i = first; i < c.nin; i++) joint = broadcast_shapes(joint, c.in[i].shape, c.op->name.c_str());
  return joint;
}

void check_count(const std::string& op, int count, const Shape& x) {
  if (count < 1 || count > x.n)
    throw IndexError(op + ": " + std::to_string(count) + " indices for an array of " + std::to_string(x.n) +
                     " dimensions");
}

// Flat row numbers of x[i0, i1, ...]; the index arrays are inputs `first` and later.
Rows joint_rows(const KernelCall& c, int first, const Shape& x, Temp& keep) {
  int count = c.nin - first;
  check_count(c.op->name, count, x);
  Shape joint = joint_shape(c, first);
  View flat = temp_view(joint, DType::I64, keep);
  fill_zero(flat);
  int64_t* p = flat.ptr<int64_t>();
  Rows r{1, 1, 1, flat.numel(), p};
  for (int a = 0; a < count; a++) {
    View index = c.in[first + a];
    index.strides = broadcast_strides(index.shape, index.strides, joint);
    index.shape = joint;
    Temp ki;
    View at = checked_indices(c, index, a, x[a], ki);
    for (int64_t i = 0; i < r.count; i++) p[i] = p[i] * x[a] + at.ptr<const int64_t>()[i];
    r.n *= x[a];
  }
  for (int i = count; i < x.n; i++) r.inner *= x[i];
  return r;
}

// The shape of x[i0, i1, ...].
template <class Call>
Shape picked_shape(const Call& c, int first, const Shape& x) {
  Shape s = joint_shape(c, first);
  for (int i = c.nin - first; i < x.n; i++) s.push(x[i]);
  return s;
}

void gather_nd(const KernelCall& c) {
  Temp ki, kx;
  Rows r = joint_rows(c, 1, c.in[0].shape, ki);
  if (c.out[0].numel() == 0) return;
  View x = as_contiguous(c.in[0], kx);
  Output y(c.out[0]);
  gather(r, x.ptr<const char>(), y.view().ptr<char>(), itemsize(x.dtype));
  y.finish();
}
DL_KERNEL("gather_nd", gather_nd);

DL_INFER("gather_nd", [](InferCall& c) {
  check_count(c.op->name, c.nin - 1, c.in[0].shape);
  for (int i = 1; i < c.nin; i++) need_integers(c, i);
  c.out[0].shape = picked_shape(c, 1, c.in[0].shape);
  c.out[0].strides = contiguous_strides(c.out[0].shape);
});

// A value (or gradient) spread over the shape that the indices address.
View spread(const KernelCall& c, const View& value, const Shape& want) {
  if (broadcast_shapes(value.shape, want, c.op->name.c_str()) != want)
    throw ValueError(c.op->name + ": a value of shape " + to_string(value.shape) + " cannot be broadcast to " +
                     to_string(want));
  View v = value;
  v.strides = broadcast_strides(value.shape, value.strides, want);
  v.shape = want;
  return v;
}

// Inputs (g, x for its shape, indices...).
void gather_nd_grad(const KernelCall& c) {
  Temp ki;
  const Shape& x = c.out[0].shape;
  Rows r = joint_rows(c, 2, x, ki);
  scatter_add(r, nullptr, spread(c, c.in[0], picked_shape(c, 2, x)), c.out[0]);
}
DL_KERNEL("gather_nd_grad", gather_nd_grad);

// Inputs (x, value, indices...).
void index_add(const KernelCall& c) {
  Temp ki;
  Rows r = joint_rows(c, 2, c.in[0].shape, ki);
  scatter_add(r, &c.in[0], spread(c, c.in[1], picked_shape(c, 2, c.in[0].shape)), c.out[0]);
}
DL_KERNEL("index_add", index_add);

void index_put(const KernelCall& c) {
  Temp ki, kv;
  const Shape& x = c.in[0].shape;
  Rows r = joint_rows(c, 2, x, ki);
  View value = as_contiguous(spread(c, c.in[1], picked_shape(c, 2, x)), c.out[0].dtype, kv);
  Output y(c.out[0]);
  copy_view(y.view(), c.in[0]);
  with_size(c.out[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    put_rows(r, value.ptr<const T>(), y.view().ptr<T>());
  });
  y.finish();
}
DL_KERNEL("index_put", index_put);

}  // namespace
}  // namespace dl
