// The tape: nodes appended by invoke() while recording, walked by backward().
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "runtime/registry.h"
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
  std::vector<Edge> edges;
  std::vector<Saved> in, out;
  std::vector<Shape> out_shapes;
  std::vector<DType> out_dtypes;
  Device device;
  std::string scope;
  std::function<std::vector<Tensor>(const std::vector<Tensor>&)> custom;  // a Python-defined gradient
  bool freed = false;
  ~Node();
};

bool is_recording();
bool is_training();
bool set_recording(bool on);  // both return the previous value; per thread
bool set_training(bool on);

bool tracked(const Tensor& t);
// Called by invoke() while recording. Does nothing when no input is tracked.
void record(const OpDef& op, const Attrs& attrs, const Tensor* in, int nin, std::vector<Tensor>& out);
void record_custom(const std::vector<Tensor>& in, std::vector<Tensor>& out,
                   std::function<std::vector<Tensor>(const std::vector<Tensor>&)> fn);
void mark_variable(const Tensor& x, const Tensor& grad, GradReq req);
void backward(const std::vector<Tensor>& heads, const std::vector<Tensor>& head_grads, bool retain, bool create_graph,
              bool train_mode);
std::vector<Tensor> grad(const std::vector<Tensor>& heads, const std::vector<Tensor>& variables,
                         const std::vector<Tensor>& head_grads, bool retain, bool create_graph, bool train_mode);

}  // namespace dl
