// The operator table. Stanzas (dlcore/ops) fill it at import; kernels and inference rules register themselves by name.
//
// To add an operator with a kernel of its own: write a stanza with kernel="stem", and in kernels/cpu/stem.cpp
//   static void my_kernel(const KernelCall& c) {...}        DL_KERNEL("stem", my_kernel);
//   static void my_infer(InferCall& c) {...}                 DL_INFER("stem", my_infer);
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/attrs.h"
#include "tensor/tensor.h"

namespace dl {

struct OpDef;
struct TileProgram;  // kernels/cpu/tile.h

// One kernel execution. Outputs are allocated; inputs are valid for reading; no Python, no GIL.
struct KernelCall {
  const OpDef* op;
  const View* in;
  int nin;
  View* out;
  int nout;
  const Attrs* attrs;
  uint64_t seed = 0, counter = 0;          // random operators: Philox key and first counter block
  std::shared_ptr<void>* state = nullptr;  // kept between runs of one compiled instruction (a cached oneDNN primitive)
  // Per input: the memory of a program's own input that the program does not write, else null. What a kernel makes of
  // it may be kept in `state` for as long as the version stays and the memory is neither shared nor another's.
  Storage* const* sources = nullptr;
  bool present(int i) const { return i < nin && in[i].data != nullptr; }  // optional input given?
};
using KernelFn = void (*)(const KernelCall&);

// What inference knows of an input and says of an output.
struct Meta {
  DType dtype = DType::F32;
  bool weak = false;
  bool given = true;  // false: an optional input that was not passed
  Shape shape;
  Dims strides;        // in elements
  int view_of = -1;    // outputs: index of the input whose memory this is, else -1
  int64_t offset = 0;  // outputs that are views: elements from that input's first element
};
using Metas = Few<Meta, 3>;
struct InferCall {
  const OpDef* op;
  const Meta* in;
  int nin;
  const Attrs* attrs;
  Metas& out;  // sized op->n_out; a rule fills shape and, when not contiguous, strides; dtype was set by the dtype rule
  const char* name() const;
  const Attr& attr(const char* name) const;  // throws if the schema lacks it (a wrong stanza)
};
using InferFn = void (*)(InferCall&);
// Sets the dtype of every output (and rejects inputs); `common` receives the dtype inputs are to be computed in.
struct DTypeCall {
  const OpDef* op;
  const Meta* in;
  int nin;
  const Attrs* attrs;
  Metas& out;
  DType common = DType::F32;
  const Attr& attr(const char* name) const;
};
using DTypeFn = void (*)(DTypeCall&);

// A straight-line list of operator calls: a gradient rule or the definition of a composite operator.
struct ProgRef {
  // InAll: every array of the variadic input k. GyAll: all output gradients. TmpAll: all outputs of the step at slot k.
  enum Kind : uint8_t { None, In, InAll, Out, Gy, GyAll, Tmp, TmpAll, Const, AttrV } kind = None;
  int k = 0;     // index, slot, or attribute position
  double c = 0;  // Const
};
struct ProgAttr {
  enum Kind : uint8_t { Lit, Attr, Fn } kind = Lit;
  dl::Attr lit;
  std::vector<int> args;  // attribute positions of the surrounding operator
  dl::Attr (*fn)(const std::vector<const dl::Attr*>&) = nullptr;
};
struct ProgStep {
  std::string op_name;
  const OpDef* op = nullptr;  // resolved at first use: rules may name operators declared later
  std::vector<ProgRef> in;
  std::vector<ProgAttr> attrs;
  int slot = 0;  // results go to Tmp slot, slot+1, ...
};
// What a rule reads, as bits over the operator's inputs and outputs. Those of which it reads only the shape are told
// apart: they need not be kept unchanged.
struct Uses {
  uint64_t in = 0, out = 0, shape_in = 0, shape_out = 0;
  void add(const Uses& o) { in |= o.in, out |= o.out, shape_in |= o.shape_in, shape_out |= o.shape_out; }
};
struct Program {
  std::vector<ProgStep> steps;
  std::vector<ProgRef> results;
  int n_slots = 0;
  std::vector<uint64_t> result_deps;  // per result: bit i set = step i is needed (at most 64 steps)
  std::vector<Uses> result_uses;      // per result
  bool all_gy = false;                // reads every output gradient: missing ones are made as zeros
  bool ready = false;
};
// Resolves names and finds, for every result, which steps it needs and what those read. Done at first use.
void prepare(Program& p);

struct InputSpec {
  std::string name;
  bool optional = false, variadic = false, shape_only = false;
};

struct OpDef {
  int id = -1;
  std::string name;
  std::vector<InputSpec> inputs;
  std::vector<AttrSpec> attrs;
  int n_out = 1;  // -1: the inference rule decides (split)
  KernelFn kernel = nullptr;
  std::string kernel_stem;
  std::shared_ptr<TileProgram> tile;  // kernel_stem == "tile"
  InferFn infer = nullptr;
  std::string infer_rule;
  DTypeFn dtype_rule = nullptr;
  std::string dtype_name;  // the rule as the stanza wrote it: "promote", "update:0,2"
  std::unique_ptr<Program> grad;
  std::unique_ptr<Program> complex_grad;  // in place of grad where an array is complex (null: grad holds there too)
  std::unique_ptr<Program> define;        // composite: no kernel
  bool random = false;
  bool cast_inputs = false;    // non-tile operators: inputs are cast to `common` before the kernel
  bool takes_complex = false;  // kernel and rules hold for complex numbers
  std::string complex_twin;    // else the operator that is run in its place when an input is complex
  bool inplace_ok = false;     // an output may share memory with an input of the same shape and dtype
  // Nothing but a tile program from one or two arrays to one: invoke() has a short way for these (runtime/quick.cpp).
  bool elementwise = false;
  mutable std::atomic<std::atomic<uint32_t>*> answers{nullptr};  // what its dtype rule said, by dtypes
  int attr_index(const char* name) const;
};

const OpDef* find_op(const std::string& name);  // nullptr if absent
const OpDef& get_op(const std::string& name);   // throws RuntimeError naming it
const OpDef& op_by_id(int id);
int register_op(std::unique_ptr<OpDef> op);
int op_count();

int register_kernel(const char* stem, KernelFn fn);
int register_infer(const char* rule, InferFn fn);
int register_dtype_rule(const char* rule, DTypeFn fn);
KernelFn find_kernel(const std::string& stem);
InferFn find_infer(const std::string& rule);
DTypeFn find_dtype_rule(const std::string& rule);

#define DL_CAT2(a, b) a##b
#define DL_CAT(a, b) DL_CAT2(a, b)
// Variadic so that a lambda may stand in place of a function's name.
#define DL_KERNEL(stem, ...) static const int DL_CAT(dl_kernel_, __LINE__) = ::dl::register_kernel(stem, __VA_ARGS__)
#define DL_INFER(rule, ...) static const int DL_CAT(dl_infer_, __LINE__) = ::dl::register_infer(rule, __VA_ARGS__)
#define DL_DTYPE(rule, ...) static const int DL_CAT(dl_dtype_, __LINE__) = ::dl::register_dtype_rule(rule, __VA_ARGS__)

}  // namespace dl
