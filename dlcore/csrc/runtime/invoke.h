// The one way an operator runs: inference, then trace or kernel, then tape.
#pragma once
#include <vector>

#include "runtime/registry.h"
#include "tensor/tensor.h"

namespace dl {

// `in` may hold null tensors for absent optional inputs. With `targets`, results are written into those arrays.
std::vector<Tensor> invoke(const OpDef& op, const Tensor* in, int nin, const Attrs& attrs,
                           const Tensor* targets = nullptr);
Tensor invoke1(const char* op, std::initializer_list<Tensor> in, Attrs attrs = {});

// Shape and dtype rules only. `metas` are the inputs; `common` receives the dtype inputs are computed in.
void infer(const OpDef& op, const std::vector<Meta>& in, const Attrs& attrs, std::vector<Meta>& out,
           DType* common = nullptr);
Meta meta_of(const Tensor& t);

// dst[...] = src, with broadcasting and cast; inside a trace the array gets a new value instead.
void assign(const Tensor& dst, const Tensor& src);

struct ProgramEnv {
  const OpDef* op;  // whose attributes ("attr", name) means
  const Attrs* attrs;
  std::vector<Tensor> in, out, gy;
};
// Runs the steps that `wanted` results need (bit i = result i).
std::vector<Tensor> run_program(Program& p, const ProgramEnv& env, uint64_t wanted);

// Layer path of the thread ("net/0.conv"), named in errors, traces and graphs.
void push_scope(const std::string& name);
void pop_scope();
std::string current_scope();

}  // namespace dl
