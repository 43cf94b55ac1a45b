// Writing at positions: index_put, index_add, slice_assign. The result may share memory with x (then only the named
// places are touched) or with any other input.
#include <algorithm>
#include <cstring>
#include <vector>

#include "kernels/cpu/index_parts.h"

namespace dl {
namespace {

// Positions that may be read while `out` is written.
void keep_apart(Rows& r, const View& out, Temp& keep) {
  View at{const_cast<int64_t*>(r.at), DType::I64, Shape{r.count}, Dims{1}};
  if (keep || !overlap(at, out)) return;
  View safe = temp_view(at.shape, DType::I64, keep);
  copy_view(safe, at);
  r.at = safe.ptr<const int64_t>();
}

// The last of those that name one place stays.
template <class T>
void put_rows(const Rows& r, const T* value, T* out) {
  if (r.inner == 1) return write_numbers(r, value, out, [](T& d, T v) { d = v; });
  write_rows(r, value, out, [](T* d, const T* s, int64_t n) { std::copy(s, s + n, d); });
}

// The same into any strides; the leading `lead` axes of y are indexed.
template <class T>
void put_strided(const Rows& r, const T* value, const View& y, int lead) {
  Shape head, tail;
  Dims head_strides, tail_strides;
  for (int i = 0; i < y.shape.n; i++) {
    (i < lead ? head : tail).push(y.shape[i]);
    (i < lead ? head_strides : tail_strides).push(y.strides[i]);
  }
  std::vector<int64_t> inner;
  inner.reserve(size_t(r.inner));
  for (int64_t i = 0; i < r.inner; i++) inner.push_back(offset_of(i, tail, tail_strides));
  T* out = y.ptr<T>();
  for (int64_t k = 0; k < r.count; k++) {
    T* row = out + offset_of(r.at[k], head, head_strides);
    for (int64_t i = 0; i < r.inner; i++) row[inner[size_t(i)]] = value[k * r.inner + i];
  }
}

// Inputs (x, value, indices...).
void index_put(const KernelCall& c) {
  Temp ki, kv;
  const View &x = c.in[0], &out = c.out[0];
  Rows r = joint_rows(c, 2, x.shape, ki);
  View value = stable_value(spread(c, c.in[1], picked_shape(c, 2, x.shape)), out, kv);
  keep_apart(r, out, ki);
  if (!same_window(x, out)) copy_view(out, x);
  with_size(out.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if (is_contiguous(out.shape, out.strides))
      put_rows(r, value.ptr<const T>(), out.ptr<T>());
    else
      put_strided(r, value.ptr<const T>(), out, c.nin - 2);
  });
}
DL_KERNEL("index_put", index_put);

// Inputs (x, value, indices...).
DL_KERNEL("index_add", [](const KernelCall& c) {
  Temp keep;
  Rows r = joint_rows(c, 2, c.in[0].shape, keep);
  keep_apart(r, c.out[0], keep);
  scatter_add(r, &c.in[0], spread(c, c.in[1], picked_shape(c, 2, c.in[0].shape)), c.out[0]);
});

// Shape of x; the indices and the value are checked as far as shapes say.
DL_INFER("index_write", [](InferCall& c) {
  const Shape& x = c.in[0].shape;
  int count = c.nin - 2;
  check_count(c.name(), count, x.n);
  for (int i = 2; i < c.nin; i++) need_integers(c, i);
  Shape want = picked_shape(c, 2, x);
  if (broadcast_shapes(c.in[1].shape, want, c.name()) != want)
    throw ValueError(std::string(c.name()) + ": a value of shape " + to_string(c.in[1].shape) +
                     " cannot be broadcast to " + to_string(want));
  c.out[0].shape = x;
});

// ---- slice_assign ----

// The part of `out` that the attributes start, size and step name.
View part_of(const KernelCall& c, const View& out) {
  View v = out;
  const Dims &start = find_attr(c, "start")->v, &size = find_attr(c, "size")->v;
  const Attr* step = find_attr(c, "step");
  int64_t offset = 0;
  for (int i = 0; i < start.n; i++) {
    v.shape[i] = size[i];
    offset += start[i] * out.strides[i];
    if (step && !step->none()) v.strides[i] *= step->v[i];
  }
  v.data = out.ptr<char>() + offset * int64_t(itemsize(out.dtype));
  return v;
}

// Inputs (x, value).
DL_KERNEL("slice_assign", [](const KernelCall& c) {
  const View &x = c.in[0], &out = c.out[0];
  View to = part_of(c, out);
  Temp keep;
  View value = stable_value(c.in[1], out, keep);
  if (!same_window(x, out)) copy_view(out, x);
  if (to.numel()) copy_view(to, spread(c, value, to.shape));
});

DL_INFER("slice_assign", [](InferCall& c) {
  const Shape& x = c.in[0].shape;
  const Dims &start = c.attr("start").v, &size = c.attr("size").v;
  const Attr& step = c.attr("step");
  if (start.n > x.n || size.n != start.n || (!step.none() && step.v.n != start.n))
    throw ValueError(std::string(c.name()) + ": start " + to_string(start) + " and size " + to_string(size) +
                     " do not fit an array of shape " + to_string(x));
  Shape part = x;
  for (int i = 0; i < start.n; i++) {
    int64_t by = step.none() ? 1 : step.v[i], last = start[i] + (size[i] - 1) * by;
    if (size[i] < 0 || (size[i] > 0 && (start[i] < 0 || start[i] >= x[i] || last < 0 || last >= x[i])))
      throw IndexError(format("%s: elements %lld to %lld are outside axis %d of size %lld", c.name(),
                              (long long)start[i], (long long)last, i, (long long)x[i]));
    part[i] = size[i];
  }
  if (broadcast_shapes(c.in[1].shape, part, c.name()) != part)
    throw ValueError(std::string(c.name()) + ": a value of shape " + to_string(c.in[1].shape) +
                     " cannot be broadcast to " + to_string(part));
  c.out[0].shape = x;
});

}  // namespace
}  // namespace dl
