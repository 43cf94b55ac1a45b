// Positions held in arrays: checked before any memory is touched, then turned into rows of the array they address.
#pragma once
#include "kernels/cpu/views.h"

namespace dl {

// The positions in `indices` along an axis of length `size` as row-major int64, negative ones counted from the end. A
// position out of range, or one that is no whole number, is an IndexError that names the operator, the position, the
// axis and the size. The result is `indices` itself where nothing needs to be changed, else it lives in `keep`.
View checked_indices(const KernelCall& c, const View& indices, int axis, int64_t size, Temp& keep);

inline void need_integers(const InferCall& c, int input) {
  DType t = c.in[input].dtype;
  if (!is_int(t) && t != DType::Bool)
    throw TypeError(std::string(c.name()) + ": indices must have an integer dtype, got " + dtype_name(t));
}

// Index arrays stand for the leading axes, one each.
inline void check_count(const char* op, int count, int ndim) {
  if (count < 1 || count > ndim)
    throw IndexError(
        format("%s: expected 1 to %d index arrays for an array of %d dimensions, got %d", op, ndim, ndim, count));
}

// The dtype sums are made in: 16-bit floats in float32, bool as bytes.
inline DType sum_type(DType t) {
  if (t == DType::F16 || t == DType::BF16) return DType::F32;
  return t == DType::Bool ? DType::U8 : t;
}

// `count` positions into an array seen as (outer, n, inner).
struct Rows {
  int64_t outer, n, inner, count;
  const int64_t* at;
};

// The shape that the index arrays, inputs `first` and later, are broadcast to.
template <class Call>
Shape joint_shape(const Call& c, int first) {
  Shape joint;
  for (int i = first; i < c.nin; i++) joint = broadcast_shapes(joint, c.in[i].shape, c.op->name.c_str());
  return joint;
}

// The shape of x[i0, i1, ...].
template <class Call>
Shape picked_shape(const Call& c, int first, const Shape& x) {
  Shape s = joint_shape(c, first);
  for (int i = c.nin - first; i < x.n; i++) s.push(x[i]);
  return s;
}

// Row numbers of x[i0, i1, ...], x seen as (rows, inner).
Rows joint_rows(const KernelCall& c, int first, const Shape& x, Temp& keep);

// A value broadcast to the shape that the indices address; an error names both.
View spread(const KernelCall& c, const View& value, const Shape& want);

// `value` as a row-major array of `out`'s dtype that may be read while `out` is written.
View stable_value(const View& value, const View& out, Temp& keep);

// Whether the memory that two views reach over has bytes in common.
bool overlap(const View& x, const View& y);

// Whether two views are the same window on the same memory.
inline bool same_window(const View& a, const View& b) {
  return a.data == b.data && a.dtype == b.dtype && a.shape == b.shape && a.strides == b.strides;
}

// out = start (zeros when null) with g added at the rows; repeated rows add up in order.
void scatter_add(const Rows& r, const View* start, const View& g, const View& out);

// For every position, whether no later one names the same place: those are the writes that stay.
void last_writes(const int64_t* at, int64_t count, int64_t n, bool* stays);

}  // namespace dl
