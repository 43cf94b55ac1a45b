// The attributes of a pooling, checked, the number of windows along an axis, and the kernels for row-major pictures.
#pragma once
#include "kernels/cpu/spatial.h"

namespace dl {

struct PoolAttrs {
  int64_t kernel[3], stride[3], pad[3];
  bool count_pad, ceil;
};

template <class Call>
PoolAttrs pool_attrs(const Call& c, int nd) {
  PoolAttrs a{};
  const std::string& op = c.op->name;
  spatial_attr(c, "kernel", nd, 1, a.kernel);
  spatial_attr(c, "stride", nd, 0, a.stride, 1);
  spatial_attr(c, "pad", nd, 0, a.pad);
  a.count_pad = int_attr(c, "count_include_pad", 1) != 0;
  a.ceil = int_attr(c, "ceil", 0) != 0;
  const Attr* given = find_attr(c, "stride");
  for (int i = 0; i < nd; i++) {
    if (!given || given->none()) a.stride[i] = a.kernel[i];
    if (a.pad[i] < 0 || a.pad[i] >= a.kernel[i])
      throw ValueError(format("%s: pad must be at least 0 and less than the kernel, got pad %lld for kernel %lld",
                              op.c_str(), (long long)a.pad[i], (long long)a.kernel[i]));
  }
  return a;
}

// Windows along spatial axis i of x (N, C, ...). With `ceil` a last window may hang over the end, but it begins inside
// the input or the padding before it.
inline int64_t pool_count(const std::string& op, const Shape& x, int i, const PoolAttrs& a) {
  if (x[2 + i] == 0) throw ValueError(op + ": there is nothing to pool in x of shape " + to_string(x));
  int64_t room = x[2 + i] + 2 * a.pad[i] - a.kernel[i];
  if (room < 0)
    throw ValueError(format("%s: a window of %lld is larger than the padded input %lld (axis %d of x ", op.c_str(),
                            (long long)a.kernel[i], (long long)(x[2 + i] + 2 * a.pad[i]), 2 + i) +
                     to_string(x) + ")");
  if (!a.ceil) return room / a.stride[i] + 1;
  int64_t n = (room + a.stride[i] - 1) / a.stride[i] + 1;
  return (n - 1) * a.stride[i] >= x[2 + i] + a.pad[i] ? n - 1 : n;
}

// Two-dimensional pooling of row-major planes (pooling_nd.cpp).
void max_pool_planes(const KernelCall& c);
void max_pool_planes_grad(const KernelCall& c);
void max_pool_planes_pick(const KernelCall& c);
void avg_pool_planes(const KernelCall& c);
void avg_pool_planes_grad(const KernelCall& c);

}  // namespace dl
