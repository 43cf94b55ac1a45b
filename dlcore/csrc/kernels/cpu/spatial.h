// Attributes with one number for each spatial axis.
#pragma once
#include <algorithm>

#include "kernels/cpu/views.h"

namespace dl {

// `nd` integers such as a stride: given as one for all of them, as `nd`, or absent. None may be less than `def`, or
// than `least`.
template <class Call>
void spatial_attr(const Call& c, const char* name, int nd, int64_t def, int64_t* out, int64_t least = 0) {
  const Attr* a = find_attr(c, name);
  for (int i = 0; i < nd; i++) out[i] = def;
  if (!a || a->none()) return;
  bool list = a->kind == Attr::Ints;
  if (list && a->v.n != 1 && a->v.n != nd)
    throw ValueError(c.op->name + ": " + name + " must be one integer or " + std::to_string(nd) + ", got " +
                     to_string(a->v));
  for (int i = 0; i < nd; i++) {
    out[i] = !list ? a->i : a->v.n == 1 ? a->v[0] : a->v[i];
    if (out[i] >= int64_t(1) << 31)  // so that sums and products of two of them stay whole numbers of 64 bits
      throw ValueError(c.op->name + ": " + name + " must be less than 2**31, got " + std::to_string(out[i]));
    if (int64_t low = std::max(def, least); out[i] < low)
      throw ValueError(c.op->name + ": " + name + " must be at least " + std::to_string(low) + ", got " +
                       (list ? to_string(a->v) : std::to_string(out[i])));
  }
}

// The attribute "groups" of a convolution, of which the channels are cut.
template <class Call>
int64_t groups_attr(const Call& c) {
  const Attr* a = find_attr(c, "groups");
  int64_t groups = a ? a->i : 1;
  if (groups < 1 || groups >= int64_t(1) << 31)
    throw ValueError(c.op->name + ": groups must be at least 1 and less than 2**31, got " + std::to_string(groups));
  return groups;
}

}  // namespace dl
