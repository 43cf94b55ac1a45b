// Positions held in arrays: checked once, before any memory is touched.
#pragma once
#include "kernels/cpu/views.h"

namespace dl {

// The positions in `indices` along an axis of length `size`, row-major, negative ones counted from the end. A position
// out of range is an IndexError that names the operator, the position, the axis and the size.
inline View checked_indices(const KernelCall& c, const View& indices, int axis, int64_t size, Temp& keep) {
  View r = temp_view(indices.shape, DType::I64, keep);
  copy_view(r, indices);
  int64_t* p = r.ptr<int64_t>();
  for (int64_t i = 0, n = r.numel(); i < n; i++) {
    int64_t v = p[i];
    if (v < -size || v >= size)
      throw IndexError(format("%s: index %lld is out of range for axis %d of size %lld", c.op->name.c_str(),
                              (long long)v, axis, (long long)size));
    if (v < 0) p[i] = v + size;
  }
  return r;
}

inline void need_integers(const InferCall& c, int input) {
  DType t = c.in[input].dtype;
  if (is_float(t))
    throw TypeError(std::string(c.name()) + ": indices must have an integer dtype, got " + dtype_name(t));
}

// The dtype sums are made in: 16-bit floats in float32, bool as bytes.
inline DType sum_type(DType t) {
  if (t == DType::F16 || t == DType::BF16) return DType::F32;
  return t == DType::Bool ? DType::U8 : t;
}

}  // namespace dl
