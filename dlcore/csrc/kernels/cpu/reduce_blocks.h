// A long reduction with few results, cut into blocks. Private to reduce_plan.cpp.
#pragma once
#include <algorithm>

#include "kernels/cpu/reduce_plan.h"

namespace dl {

// A range of the reduced elements: `outer` positions, each with [begin, end) of the innermost reduced axis.
struct Block {
  int64_t outer_begin, outer_end, begin, end;
};
struct Blocks {
  int64_t outer, inner, outer_blocks = 1, inner_parts = 1;
  Blocks(const ReduceAxes& a, int64_t wanted) : outer(a.count() / std::max<int64_t>(a.inner(), 1)), inner(a.inner()) {
    outer_blocks = std::min(outer, wanted);
    if (outer < wanted) inner_parts = std::min((wanted + outer - 1) / outer, std::max<int64_t>(inner / 64, 1));
  }
  int64_t count() const { return outer_blocks * inner_parts; }
  Block at(int64_t b) const {
    int64_t o = b / inner_parts, p = b % inner_parts, step = (inner / inner_parts + 63) / 64 * 64;
    if (inner_parts == 1) step = inner;
    return {outer * o / outer_blocks, outer * (o + 1) / outer_blocks, std::min(inner, p * step),
            p + 1 == inner_parts ? inner : std::min(inner, (p + 1) * step)};
  }
};

// How many: by the shape alone.
inline int64_t blocks_wanted(int64_t units, int64_t length, int64_t work) {
  constexpr int64_t kBlockWork = 64 * 1024;
  constexpr int64_t kEnoughUnits = 32;  // results to share out, from which a reduction is not cut any more
  if (units >= kEnoughUnits) return 1;
  int64_t by_work = work / kBlockWork, by_units = (2 * kEnoughUnits + units - 1) / units;
  return std::max<int64_t>(1, std::min({by_work, by_units, length}));
}

}  // namespace dl
