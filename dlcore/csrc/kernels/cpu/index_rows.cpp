// What all kernels with positions share: checking them, and the rows they stand for.
#include <atomic>
#include <cmath>
#include <unordered_map>

#include "kernels/cpu/index.h"

namespace dl {
namespace {

[[noreturn]] void out_of_range(const KernelCall& c, const std::string& index, int axis, int64_t size) {
  throw IndexError(c.op->name.substr(c.op->name[0] == '_') + ": index " + index + " is out of range for axis " +
                   std::to_string(axis) + " of size " + std::to_string(size));
}

// Positions in a float array: classic code keeps labels in float32.
void check_floats(const KernelCall& c, const View& indices, int axis, int64_t size) {
  Temp keep;
  View v = as_contiguous(indices, DType::F64, keep);
  const double* p = v.ptr<const double>();
  for (int64_t i = 0, n = v.numel(); i < n; i++) {
    if (!(p[i] >= -double(size) && p[i] < double(size))) out_of_range(c, format("%g", p[i]), axis, size);
    if (p[i] != std::trunc(p[i]))
      throw IndexError(c.op->name + format(": index %g for axis %d of size %lld is not a whole number", p[i], axis,
                                           (long long)size));
  }
}

// uint64 positions beyond int64 would look negative.
void check_unsigned(const KernelCall& c, const View& indices, int axis, int64_t size) {
  Temp keep;
  View v = as_contiguous(indices, keep);
  const uint64_t* p = v.ptr<const uint64_t>();
  for (int64_t i = 0, n = v.numel(); i < n; i++)
    if (p[i] >= uint64_t(size)) out_of_range(c, std::to_string(p[i]), axis, size);
}

// Whether all positions are 0 to size - 1: the sign of p or of size - 1 - p says when one is not.
bool all_within(const int64_t* p, int64_t n, int64_t size) {
  std::atomic<uint64_t> signs{0};
  parallel_for(n, 1 << 15, [&](int64_t b, int64_t e) {
    uint64_t found = 0;
    for (int64_t i = b; i < e; i++) found |= uint64_t(p[i]) | (uint64_t(size - 1) - uint64_t(p[i]));
    signs.fetch_or(found, std::memory_order_relaxed);
  });
  return signs.load() >> 63 == 0;
}

struct Range {
  int64_t low, high;
};
Range range_of(const int64_t* p, int64_t n) {
  std::atomic<int64_t> low{0}, high{-1};
  parallel_for(n, 1 << 15, [&](int64_t b, int64_t e) {
    int64_t lo = 0, hi = -1;
    for (int64_t i = b; i < e; i++) {
      lo = p[i] < lo ? p[i] : lo;
      hi = p[i] > hi ? p[i] : hi;
    }
    for (int64_t seen = low; lo < seen && !low.compare_exchange_weak(seen, lo);) {
    }
    for (int64_t seen = high; hi > seen && !high.compare_exchange_weak(seen, hi);) {
    }
  });
  return {low, high};
}

}  // namespace

View checked_indices(const KernelCall& c, const View& indices, int axis, int64_t size, Temp& keep) {
  if (is_float(indices.dtype)) check_floats(c, indices, axis, size);
  if (indices.dtype == DType::U64) check_unsigned(c, indices, axis, size);
  View r = as_contiguous(indices, DType::I64, keep);
  const int64_t* p = r.ptr<const int64_t>();
  int64_t n = r.numel();
  if (all_within(p, n, size)) return r;
  Range range = range_of(p, n);
  if (range.low < -size || range.high >= size)
    for (int64_t i = 0; i < n; i++)
      if (p[i] < -size || p[i] >= size) out_of_range(c, std::to_string(p[i]), axis, size);
  if (range.low >= 0) return r;
  Temp fresh;
  View w = temp_view(r.shape, DType::I64, fresh);
  int64_t* q = w.ptr<int64_t>();
  parallel_for(n, 1 << 15, [&](int64_t b, int64_t e) {
    for (int64_t i = b; i < e; i++) q[i] = p[i] < 0 ? p[i] + size : p[i];
  });
  keep = std::move(fresh);
  return w;
}

Rows joint_rows(const KernelCall& c, int first, const Shape& x, Temp& keep) {
  int count = c.nin - first;
  check_count(c.op->name.c_str(), count, x.n);
  Shape joint = joint_shape(c, first);
  Rows r{1, 1, 1, numel(joint), nullptr};
  for (int i = count; i < x.n; i++) r.inner *= x[i];
  if (count == 1) {
    r.n = x[0];
    r.at = checked_indices(c, c.in[first], 0, x[0], keep).ptr<const int64_t>();
    return r;
  }
  View flat = temp_view(joint, DType::I64, keep);
  fill_zero(flat);
  int64_t* p = flat.ptr<int64_t>();
  for (int a = 0; a < count; a++) {
    Temp ki, kj;
    View at = checked_indices(c, c.in[first + a], a, x[a], ki);
    at.strides = broadcast_strides(at.shape, at.strides, joint);
    at.shape = joint;
    const int64_t* q = as_contiguous(at, kj).ptr<const int64_t>();
    int64_t size = x[a];
    parallel_for(r.count, 1 << 15, [&](int64_t b, int64_t e) {
      for (int64_t i = b; i < e; i++) p[i] = p[i] * size + q[i];
    });
    r.n *= size;
  }
  r.at = p;
  return r;
}

View spread(const KernelCall& c, const View& value, const Shape& want) {
  if (broadcast_shapes(value.shape, want, c.op->name.c_str()) != want)
    throw ValueError(c.op->name + ": a value of shape " + to_string(value.shape) + " cannot be broadcast to " +
                     to_string(want));
  View v = value;
  v.strides = broadcast_strides(value.shape, value.strides, want);
  v.shape = want;
  return v;
}

namespace {
// First and one past the last byte of a view.
void span(const View& v, const char*& begin, const char*& end) {
  begin = end = v.ptr<const char>();
  if (v.numel() == 0) return;
  int64_t item = int64_t(itemsize(v.dtype));
  for (int i = 0; i < v.shape.n; i++) {
    int64_t reach = (v.shape[i] - 1) * v.strides[i] * item;
    (reach < 0 ? begin : end) += reach;
  }
  end += item;
}
}  // namespace

bool overlap(const View& x, const View& y) {
  const char *a, *b, *c, *d;
  span(x, a, b);
  span(y, c, d);
  return b > c && d > a;
}

View stable_value(const View& value, const View& out, Temp& keep) {
  View v = as_contiguous(value, out.dtype, keep);
  if (keep || !overlap(v, out)) return v;
  View copy = temp_view(v.shape, v.dtype, keep);
  copy_view(copy, v);
  return copy;
}

void last_writes(const int64_t* at, int64_t count, int64_t n, bool* stays) {
  if (n <= 16 * count + 4096) {
    Temp keep;
    View last = temp_view(Shape{n}, DType::I64, keep);
    int64_t* writer = last.ptr<int64_t>();
    for (int64_t k = 0; k < count; k++) writer[at[k]] = k;
    for (int64_t k = 0; k < count; k++) stays[k] = writer[at[k]] == k;
    return;
  }
  std::unordered_map<int64_t, int64_t> writer;
  for (int64_t k = 0; k < count; k++) writer[at[k]] = k;
  for (int64_t k = 0; k < count; k++) stays[k] = writer[at[k]] == k;
}

}  // namespace dl
