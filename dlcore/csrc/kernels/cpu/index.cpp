// Reading rows by position and the scatter-adds that are their gradients: take and gather_nd.
//
// Threads share columns, never rows, so that repeated positions are added in order and results do not depend on
// threads.
#include "kernels/cpu/index.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "kernels/cpu/isa/move_table.h"
#include "kernels/cpu/row_copy.h"

namespace dl {
namespace {

// f(outer index, first column, last column) in parallel: a share of the columns for each thread, not less than a line
// of the cache; few columns are not shared.
template <class F>
void for_columns(const Rows& r, F&& f) {
  const int64_t width = std::max<int64_t>(16, (r.inner + num_threads() - 1) / num_threads());
  const int64_t blocks = (r.inner + width - 1) / width;
  const int64_t grain = std::max<int64_t>(1, (1 << 13) / std::max<int64_t>(1, std::min(width, r.inner) * r.count));
  parallel_for(r.outer * blocks, grain, [&](int64_t b, int64_t e) {
    for (int64_t i = b; i < e; i++) {
      const int64_t column = i % blocks * width;
      f(i / blocks, column, std::min(r.inner, column + width));
    }
  });
}

// f(outer index, first position, last position) in parallel, `row` elements for each position.
template <class F>
void for_positions(const Rows& r, F&& f) {
  int64_t grain = std::max<int64_t>(1, (1 << 14) / std::max<int64_t>(1, r.inner));
  parallel_for(r.outer * r.count, grain, [&](int64_t b, int64_t e) {
    while (b < e) {
      int64_t o = b / r.count, first = b % r.count, last = std::min(r.count, first + (e - b));
      f(o, first, last);
      b += last - first;
    }
  });
}

// Rows in any order are no pattern that a processor foresees: it is told which will be read soon.
constexpr int64_t kRowsAhead = 4, kBytesAhead = 1024;
inline void ask_for(const void* row, int64_t bytes) {
#ifdef __GNUC__
  for (int64_t i = 0; i < std::min(bytes, kBytesAhead); i += 64) __builtin_prefetch(static_cast<const char*>(row) + i);
#else
  (void)row, (void)bytes;
#endif
}

template <class T>
void gather(const Rows& r, const T* x, T* y) {
  const int64_t row = r.inner * int64_t(sizeof(T));
  const RowCopy copy(y, r.outer * r.count * row, row);
  const PickFn pick = pick_move_table()->pick[move_size(sizeof(T))];
  for_positions(r, [&](int64_t o, int64_t first, int64_t last) {
    const T* from = x + o * r.n * r.inner;
    T* to = y + o * r.count * r.inner;
    if (r.inner == 1) {
      pick(last - first, r.at + first, kKnown, from, to + first);
    } else if (r.inner <= 16) {
      for (int64_t k = first; k < last; k++)
        for (int64_t i = 0; i < r.inner; i++) to[k * r.inner + i] = from[r.at[k] * r.inner + i];
    } else {
      for (int64_t k = first; k < last; k++) {
        if (k + kRowsAhead < last) ask_for(from + r.at[k + kRowsAhead] * r.inner, row);
        copy(row, from + r.at[k] * r.inner, to + k * r.inner);
      }
      copy.finish();
    }
  });
}

void gather(const Rows& r, const View& x_in, const View& out) {
  if (out.numel() == 0) return;
  Temp kx;
  View x = as_contiguous(x_in, kx);
  Output y(out);
  with_size(x.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    gather(r, x.ptr<const T>(), y.view().ptr<T>());
  });
  y.finish();
}

constexpr int64_t kNear = 1 << 19;  // bytes that a core's own cache keeps

template <class T>
void add_rows(const Rows& r, const T* g, T* out) {
  const bool far = r.n * r.inner * int64_t(sizeof(T)) > kNear;
  for_columns(r, [&](int64_t o, int64_t begin, int64_t end) {
    const int64_t count = r.count, inner = r.inner, *at = r.at;  // not members: out may be of their type
    const T* from = g + o * count * inner;
    T* to = out + o * r.n * inner;
    if (inner == 1) {
      for (int64_t k = 0; k < count; k++) to[at[k]] = T(to[at[k]] + from[k]);
      return;
    }
    for (int64_t k = 0; k < count; k++) {
      T* d = to + at[k] * inner;
      const T* s = from + k * inner;
      if (far && k + 1 < count) ask_for(to + at[k + 1] * inner + begin, (end - begin) * int64_t(sizeof(T)));
      for (int64_t i = begin; i < end; i++) d[i] = T(d[i] + s[i]);
    }
  });
}

}  // namespace

void scatter_add(const Rows& r, const View* start, const View& g, const View& out) {
  DType t = sum_type(out.dtype);
  Temp kg, ko;
  bool direct = out.dtype == t && is_contiguous(out.shape, out.strides);
  View from = direct ? stable_value(g, out, kg) : as_contiguous(g, t, kg);
  View to = direct ? out : temp_view(out.shape, t, ko);
  if (!start)
    fill_zero(to);
  else if (!same_window(to, *start))
    copy_view(to, *start);
  with_any_type(t, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (std::is_same_v<T, Compute<T>> && !std::is_same_v<T, bool>)
      add_rows(r, from.ptr<const T>(), to.ptr<T>());
  });
  if (!direct) copy_view(out, to);
}

namespace {

// ---- take ----

int axis_of(const KernelCall& c, const Shape& x) {
  return normalize_axis(int_attr(c, "axis", 0), x.n, c.op->name.c_str());
}

Rows axis_rows(const KernelCall& c, const Shape& x, Temp& keep) {
  int axis = axis_of(c, x);
  AxisSplit s(x, axis);
  View at = checked_indices(c, c.in[1], axis, s.n, keep);
  return {s.outer, s.n, s.inner, at.numel(), at.ptr<const int64_t>()};
}

// A few rows of an array that is not row-major: copied one by one, so that the whole need not be.
void take_few(const Rows& r, int axis, int rank, const View& x, const View& out) {
  View from = x, to = out;
  from.shape[axis] = 1;
  Dims all = contiguous_strides(out.shape), strides;
  for (int i = 0; i < x.shape.n; i++) strides.push(i < axis ? all[i] : i == axis ? r.inner : all[i + rank - 1]);
  to.shape = from.shape;
  to.strides = strides;
  size_t item = itemsize(x.dtype);
  for (int64_t k = 0; k < r.count; k++) {
    from.data = x.ptr<char>() + r.at[k] * x.strides[axis] * int64_t(item);
    to.data = out.ptr<char>() + k * r.inner * int64_t(item);
    copy_view(to, from);
  }
}

// Single numbers of a line, each position looked at when it is its turn. False where one is negative, out of range or
// no whole number, which the general way sees to.
bool take_numbers(const View& x, const View& indices, const View& out) {
  const bool whole = is_int(indices.dtype) && indices.dtype != DType::U64;
  if (!whole || x.shape.n != 1 || !is_contiguous(x.shape, x.strides) || !is_contiguous(out.shape, out.strides))
    return false;
  Temp keep;
  const int64_t* p = as_contiguous(indices, DType::I64, keep).ptr<const int64_t>();
  const int64_t size = x.shape[0], item = int64_t(itemsize(x.dtype));
  const PickFn pick = pick_move_table()->pick[move_size(item)];
  std::atomic<bool> within{true};
  parallel_for(indices.numel(), 1 << 14, [&](int64_t begin, int64_t end) {
    if (!pick(end - begin, p + begin, size, x.data, out.ptr<char>() + begin * item)) within = false;
  });
  return within;
}

DL_KERNEL("take", [](const KernelCall& c) {
  Temp keep;
  const View &x = c.in[0], &out = c.out[0];
  if (take_numbers(x, c.in[1], out)) return;
  Rows r = axis_rows(c, x.shape, keep);
  bool plain = is_contiguous(x.shape, x.strides) || !is_contiguous(out.shape, out.strides);
  if (!plain && r.count <= 64 && 2 * r.count <= r.n && out.numel())
    take_few(r, axis_of(c, x.shape), c.in[1].shape.n, x, out);
  else
    gather(r, x, out);
});

DL_INFER("take", [](InferCall& c) {
  need_integers(c, 1);
  const Shape& x = c.in[0].shape;
  if (x.n == 0)
    throw ValueError(std::string(c.name()) + ": expected an array of at least 1 dimension, got a single number");
  int axis = normalize_axis(c.attr("axis").i, x.n, c.name());
  Shape out;
  for (int i = 0; i < axis; i++) out.push(x[i]);
  for (int64_t v : c.in[1].shape) out.push(v);
  for (int i = axis + 1; i < x.n; i++) out.push(x[i]);
  c.out[0].shape = out;
  c.out[0].strides = contiguous_strides(out);
});

// Inputs (g, indices, x for its shape).
void take_grad(const KernelCall& c) {
  const Shape& x = c.out[0].shape;
  Temp keep;
  Rows r = axis_rows(c, x, keep);
  if (c.in[0].numel() != r.outer * r.count * r.inner)
    throw ValueError(c.op->name + ": g " + to_string(c.in[0].shape) + " does not belong to x " + to_string(x) +
                     " and indices " + to_string(c.in[1].shape));
  scatter_add(r, nullptr, c.in[0], c.out[0]);
}
DL_KERNEL("take_grad", take_grad);

// ---- several index arrays over the leading axes ----

void infer_gather(InferCall& c) {
  int count = c.nin - 1;
  check_count(c.name(), count, c.in[0].shape.n);
  for (int i = 1; i < c.nin; i++) need_integers(c, i);
  c.out[0].shape = picked_shape(c, 1, c.in[0].shape);
  c.out[0].strides = contiguous_strides(c.out[0].shape);
}
DL_INFER("gather_nd", infer_gather);

DL_KERNEL("gather_nd", [](const KernelCall& c) {
  Temp keep;
  gather(joint_rows(c, 1, c.in[0].shape, keep), c.in[0], c.out[0]);
});

// Inputs (g, x for its shape, indices...).
DL_KERNEL("gather_nd_grad", [](const KernelCall& c) {
  Temp keep;
  const Shape& x = c.out[0].shape;
  Rows r = joint_rows(c, 2, x, keep);
  scatter_add(r, nullptr, spread(c, c.in[0], picked_shape(c, 2, x)), c.out[0]);
});

// gather_nd with zeros where a later position names the same place: what of a write stays.
DL_KERNEL("gather_last", [](const KernelCall& c) {
  Temp keep, ks;
  Rows r = joint_rows(c, 1, c.in[0].shape, keep);
  gather(r, c.in[0], c.out[0]);
  View stays = temp_view(Shape{r.count}, DType::Bool, ks);
  bool* p = stays.ptr<bool>();
  last_writes(r.at, r.count, r.n, p);
  const View& y = c.out[0];
  if (y.numel() == 0) return;
  size_t item = itemsize(y.dtype);
  if (!is_contiguous(y.shape, y.strides)) throw RuntimeError(c.op->name + ": expected a row-major result");
  for (int64_t k = 0; k < r.count; k++)
    if (!p[k]) std::memset(y.ptr<char>() + size_t(k * r.inner) * item, 0, size_t(r.inner) * item);
});

}  // namespace
}  // namespace dl
