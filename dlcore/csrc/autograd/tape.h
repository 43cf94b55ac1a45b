// The tape: nodes appended by invoke() while recording, walked by backward().
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/invoke.h"
#include "tensor/tensor.h"

namespace dl {

struct Edge {  // where the gradient of one input goes
  std::shared_ptr<Node> node;
  int index = 0;
  Tensor leaf;
  Shape shape;
  DType dtype = DType::F32;
  bool needed() const { return node || leaf; }
};

struct Saved {
  Tensor tensor;  // an alias without tape record for outputs (no cycle), the array itself for inputs
  uint32_t version = 0;
  bool checked = false;      // false: only its shape is read
  int64_t trace_value = -1;  // inside a trace, where nothing has a version: which value a captured array had
};

struct Node {
  uint64_t seq = 0;  // grows with time: walking in falling order visits consumers first
  const OpDef* op = nullptr;
  Attrs attrs;
  Few<Edge, 2> edges;
  Few<Saved, 2> in;
  Few<Saved, 1> out;
  Few<Shape, 1> out_shapes;
  Few<DType, 8> out_dtypes;
  Device device;
  ScopeRef scope;
  std::unique_ptr<std::string> line;                                      // of the user's program; only in anomaly mode
  std::unique_ptr<std::string> title;                                     // of a custom gradient: whose it is
  std::function<std::vector<Tensor>(const std::vector<Tensor>&)> custom;  // a Python-defined gradient
  bool freed = false;
  bool view = false;  // its output lies in its input's memory
  ~Node();
};

bool is_recording();
bool is_training();
bool set_recording(bool on);  // both return the previous value; per thread
bool set_training(bool on);

bool tracked(const Tensor& t);
Edge edge_to(const Tensor& t);                                             // where t's gradient goes
Tensor hollow(const Shape& shape, DType dtype, Device device);             // of a shape, but without values
void link(const Tensor& t, const std::shared_ptr<Node>& node, int index);  // t is that output of the node
// Called by invoke() while recording. Does nothing when no input is tracked.
void record(const OpDef& op, const Attrs& attrs, const Tensor* in, int nin, Tensor* out, int nout);
void record_custom(const std::vector<Tensor>& in, std::vector<Tensor>& out,
                   std::function<std::vector<Tensor>(const std::vector<Tensor>&)> fn, bool in_graph = false,
                   const std::string& title = "");
void mark_variable(const Tensor& x, const Tensor& grad, GradReq req);
void backward(const std::vector<Tensor>& heads, const std::vector<Tensor>& head_grads, bool retain, bool create_graph,
              bool train_mode);
// Only what lies between heads and variables is walked, and nothing that was recorded before `floor`.
std::vector<Tensor> grad(const std::vector<Tensor>& heads, const std::vector<Tensor>& variables,
                         const std::vector<Tensor>& head_grads, bool retain, bool create_graph, bool train_mode,
                         uint64_t floor = 0);

// In-place writes that are recorded (assign in runtime/invoke.cpp).
void check_fresh(const Tensor& t, const char* op);  // throws when t's memory was written to behind its record
void check_writable(const Tensor& dst);             // throws for a variable, and for a view of one
bool written_behind(const Tensor& dst);             // a write into dst, not recorded itself, changes recorded numbers
void took_value(const Tensor& dst, const Tensor& value);  // dst, just overwritten, continues with value's record
void took_constant(const Tensor& dst);                    // dst, just overwritten, depends on nothing that is recorded

// For functions that are recomputed while walking back.
uint64_t tape_position();
// What the heads depend on and what stood on the tape (or was a variable) before `floor`: arrays without values.
std::vector<Tensor> tape_frontier(const std::vector<Tensor>& heads, uint64_t floor);
// An array of a custom node, inside its gradient, with the record that its k-th output had.
Tensor as_output(const Tensor& t, int k);
// There too: to which of the node's outputs gradients came; for the others it is given zeros.
std::vector<bool> arrived_heads();
// What record(), given these arrays, would make of them: which are on the tape, and of what version they are.
struct Operands {
  std::vector<bool> tracked;
  std::vector<uint32_t> versions;
};
Operands look_at_operands(const std::vector<Tensor>& arrays, std::string_view read, const char* reader);
// The same memory at the same place on the tape, whatever the array itself becomes; a variable itself.
Tensor kept_operand(const Tensor& t);
// Without numbers, an array with the same place on the tape, for what is overwritten next; a variable itself.
Tensor record_of(const Tensor& t);

}  // namespace dl
