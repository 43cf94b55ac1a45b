// Reductions over any axes of an array of any layout. Private to reduce.cpp, reduce_plan.cpp and arg_reduce.cpp.
#pragma once
#include "kernels/cpu/isa/cast_table.h"
#include "kernels/cpu/isa/reduce_table.h"
#include "runtime/attrs.h"
#include "tensor/tensor.h"

namespace dl {

// Axes of one kind (kept or reduced), sorted from the largest input stride to the smallest and merged.
struct ReduceAxes {
  int n = 0;
  int64_t shape[kMaxDims], in[kMaxDims], out[kMaxDims];  // strides in elements; `out` counts for kept axes only
  int64_t count() const {
    int64_t c = 1;
    for (int i = 0; i < n; i++) c *= shape[i];
    return c;
  }
  int64_t inner() const { return n ? shape[n - 1] : 1; }
  int64_t inner_in() const { return n ? in[n - 1] : 0; }
  int64_t inner_out() const { return n ? out[n - 1] : 0; }
  // Offset in the input (or the output) of position `at` over all axes but the last `skip`.
  int64_t offset(int64_t at, int skip, const int64_t* strides) const {
    int64_t off = 0;
    for (int i = n - 1 - skip; i >= 0; i--) {
      off += at % shape[i] * strides[i];
      at /= shape[i];
    }
    return off;
  }
};

struct Reduction {
  ReduceOp op;
  ReduceType type;
  DType acc;                      // the type accumulated in
  DType read;                     // what elements are converted to when they are not of that type
  double divide = 1;              // what results are divided by
  bool squares = false;           // squares of the distances from `centres` are added up
  bool root = false;              // of the result
  const void* centres = nullptr;  // one for each result, in the order of `kept`, as numbers of `acc`; null: zeros
  View in, out;
  ReduceAxes kept, reduced;
};

// Fills kept and reduced. `out_strides` has one entry per input axis; those of reduced axes are ignored.
void split_axes(Reduction& r, uint32_t mask, const Dims& out_strides);
void run_reduction(const Reduction& r);

// Output strides seen along the axes of the input, for a reduction over `mask` that kept its axes or dropped them.
Dims strides_along_input(const View& out, int ndim, uint32_t mask, bool keepdims);

uint32_t axis_mask(const Attr& axis, int ndim, const char* op);  // rules_shape.cpp

}  // namespace dl
