// The one way an operator runs: inference, then trace or kernel, then tape.
#pragma once
#include <string>
#include <vector>

#include "runtime/registry.h"
#include "runtime/scope.h"
#include "tensor/tensor.h"

namespace dl {

// `in` may hold null tensors for absent optional inputs. With `targets`, results are written into those arrays.
Tensors invoke(const OpDef& op, const Tensor* in, int nin, const Attrs& attrs, const Tensor* targets = nullptr);
// The first result. The arrays are named one by one, so that a caller which holds them need not copy references.
Tensor invoke_first(const OpDef& op, const Tensor* const* in, int nin, const Attrs& attrs);
Tensor invoke1(const char* op, std::initializer_list<Tensor> in, Attrs attrs = {});

// Shape and dtype rules only. `metas` are the inputs; `common` receives the dtype inputs are computed in.
void infer(const OpDef& op, const Metas& in, const Attrs& attrs, Metas& out, DType* common = nullptr);
Meta meta_of(const Tensor& t);

// dst[...] = src, with broadcasting and cast; inside a trace the array gets a new value instead.
void assign(const Tensor& dst, const Tensor& src);

struct ProgramEnv {
  const OpDef* op;  // whose attributes ("attr", name) means
  const Attrs* attrs;
  Tensors in, out, gy;
};
// Runs the steps that `wanted` results need (bit i = result i).
Tensors run_program(Program& p, const ProgramEnv& env, uint64_t wanted);

// The short way of elementwise operators on CPU arrays of one layout, and numbers (quick.cpp). False, with nothing
// done, where it does not apply; invoke() then does the work or says what is wrong.
bool invoke_quick(const OpDef& op, const Tensor* const* in, int nin, Tensor& out);

// Whether an integer dtype holds this number.
inline bool holds(DType t, int64_t v) {
  if (t == DType::I64) return true;
  if (t == DType::U64) return v >= 0;
  int bits = int(itemsize(t)) * 8;
  return is_signed_int(t) ? v >= -(int64_t(1) << (bits - 1)) && v < int64_t(1) << (bits - 1)
                          : v >= 0 && v < int64_t(1) << bits;
}

}  // namespace dl
