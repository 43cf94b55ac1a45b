// Reading rows by position and the scatter-adds that are their gradients: take and gather_nd.
#include <algorithm>
#include <atomic>
#include <cstring>

#include "kernels/cpu/index_parts.h"
#include "kernels/cpu/isa/move_table.h"
#include "kernels/cpu/isa/tile_bytes.h"
#include "kernels/cpu/row_copy.h"
#include "tensor/fault.h"

namespace dl {
namespace {

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

// Rows in any order are no pattern that a processor foresees: it is told which will be read soon, and first of all,
// into its second cache, which will be read after those. Short rows so come twice as quickly.
class RowsAhead {
  static constexpr int64_t kLine = 64;

 public:
  // Rows of `row` bytes each at `at`, out of `all` bytes from `base`.
  RowsAhead(const int64_t* at, int64_t end, const void* base, int64_t row, int64_t all)
      : at_(at), end_(all > kOwnCache ? end : 0), base_(static_cast<const char*>(base)), row_(row) {
    const bool apart = (reinterpret_cast<uintptr_t>(base) | uint64_t(row)) % kLine != 0;  // rows share lines
    bytes_ = std::min<int64_t>(row, 1024) + (apart ? kLine - 1 : 0);
  }

  DL_ALWAYS_INLINE void before(int64_t k) const {
    if (k + near_ < end_) ask_for(base_ + at_[k + near_] * row_, bytes_);
    if (k + far_ < end_) ask_early(base_ + at_[k + far_] * row_, bytes_);
  }

 private:
  const int64_t* at_;
  int64_t end_;
  const char* base_;
  int64_t row_, near_ = 2048 / row_ + 1, far_ = 8192 / row_ + 1, bytes_;
};

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
      const RowsAhead ahead(r.at, last, from, row, r.n * row);
      for (int64_t k = first; k < last; k++) {
        ahead.before(k);
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

// The vector loop that adds numbers to others; null where there is none.
TileFn adder(DType t) {
  const TileTable* table = nullptr;
  switch (t) {
    case DType::F32: table = pick_tile_f32(); break;
    case DType::F64: table = pick_tile_f64(); break;
    case DType::I32:
    case DType::U32: table = pick_tile_i32(); break;
    case DType::I64:
    case DType::U64: table = pick_tile_i64(); break;
    case DType::I8:
    case DType::U8: table = pick_tile_u8(); break;
    default: return nullptr;
  }
  return table->fn[int(TileOp::Add)][0];
}

template <class T>
void add_rows(const Rows& r, TileFn add, const T* g, T* out) {
  constexpr int64_t kShort = 16;
  if (r.inner == 1)
    write_numbers(r, g, out, [](T& d, T v) { d = T(d + v); });
  else if (add && r.inner >= kShort)
    write_rows(r, g, out, [add](T* d, const T* s, int64_t n) { add(n, d, s, nullptr, d); });
  else
    write_rows(r, g, out, [](T* d, const T* s, int64_t n) {
      for (int64_t i = 0; i < n; i++) d[i] = T(d[i] + s[i]);
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
      add_rows(r, adder(t), from.ptr<const T>(), to.ptr<T>());
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
  if (!is_contiguous(y.shape, y.strides)) throw InternalError(c.op->name + ": expected a row-major result");
  for (int64_t k = 0; k < r.count; k++)
    if (!p[k]) std::memset(y.ptr<char>() + size_t(k * r.inner) * item, 0, size_t(r.inner) * item);
});

}  // namespace
}  // namespace dl
