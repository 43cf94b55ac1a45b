#include "autograd/tape.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "autograd/anomaly.h"
#include "runtime/invoke.h"
#include "runtime/trace.h"

namespace dl {

static thread_local bool g_recording = false, g_training = false;
static std::atomic<uint64_t> g_seq{0};

bool is_recording() { return g_recording; }
bool is_training() { return g_training; }
bool set_recording(bool on) { return std::exchange(g_recording, on); }
bool set_training(bool on) { return std::exchange(g_training, on); }

// A long chain (one node per step of a loop) must not be freed by recursion: predecessors are queued instead.
Node::~Node() {
  static thread_local std::vector<std::shared_ptr<Node>>* queue = nullptr;
  auto take = [&](std::vector<std::shared_ptr<Node>>& q) {
    for (auto& e : edges)
      if (e.node && e.node.use_count() == 1) q.push_back(std::move(e.node));
    for (auto& s : in)
      if (s.tensor && s.tensor->refs.load() == 1 && s.tensor->ag && s.tensor->ag->node)
        q.push_back(std::move(s.tensor->ag->node));
  };
  if (queue) {
    take(*queue);
    return;
  }
  std::vector<std::shared_ptr<Node>> mine;
  queue = &mine;
  take(mine);
  while (!mine.empty()) {
    auto next = std::move(mine.back());
    mine.pop_back();
    next.reset();
  }
  queue = nullptr;
}

bool tracked(const Tensor& t) { return t && t->ag && (t->ag->node || t->ag->req != GradReq::Null); }

static std::shared_ptr<Node> make_node() { return std::allocate_shared<Node>(RecyclingAllocator<Node>()); }

// An array of this shape that takes no memory: all its elements are one.
Tensor hollow(const Shape& shape, DType dtype, Device device) {
  Tensor t = make_tensor(Shape(), dtype, device);
  t->shape = shape;
  t->strides = Dims();
  for (int k = 0; k < shape.n; k++) t->strides.push(0);
  return t;
}

Edge edge_to(const Tensor& t) {
  Edge e;
  if (!t) return e;
  e.shape = t->shape;
  e.dtype = t->dtype;
  if (!tracked(t)) return e;
  if (t->ag->node) {
    e.node = t->ag->node;
    e.index = t->ag->index;
  } else {
    e.leaf = t;
  }
  return e;
}

static Saved save(const Tensor& t, bool as_output, bool checked) {
  Saved s;
  if (!checked && t->storage && t->device.type == 0 && !active_tracer())
    s.tensor = hollow(t->shape, t->dtype, t->device);  // only its shape is read: its numbers need not stay
  else
    s.tensor = as_output ? alias_of(t) : t;
  s.checked = checked && t->storage;
  s.version = t->storage ? t->storage->version.load() : 0;
  return s;
}

void link(const Tensor& t, const std::shared_ptr<Node>& node, int index) {
  t->ag = std::make_unique<AutogradMeta>();
  t->ag->node = node;
  t->ag->index = index;
  if (t->storage && !node->view) t->storage->on_tape = true;  // a view's memory is a variable's, or on the tape already
}

static void attach(const std::shared_ptr<Node>& node, Tensor* out, size_t nout) {
  node->seq = ++g_seq;
  if (anomaly_mode()) node->line = std::make_unique<std::string>(user_line());
  for (size_t i = 0; i < nout; i++) {
    node->out_shapes.push_back(out[i]->shape);
    node->out_dtypes.push_back(out[i]->dtype);
    node->device = out[i]->device;
    if (!is_inexact(out[i]->dtype)) continue;
    out[i]->weak = false;
    link(out[i], node, int(i));
  }
}

void check_fresh(const Tensor& t, const char* op) {
  if (!t || !t->storage || t->taped_writes == t->storage->taped_writes) return;
  throw RuntimeError(std::string(op) + ": an array of shape " + to_string(t->shape) +
                     " shares its memory with one that was written to in place while recording, so what is recorded "
                     "for it is out of date; write through the whole array (x[0] = v or x[0] += v) and use that, or "
                     "take the view after writing" +
                     written_at(t->storage));
}

bool written_behind(const Tensor& dst) { return is_recording() && dst->storage && dst->storage->on_tape; }

void record(const OpDef& op, const Attrs& attrs, const Tensor* in, int nin, Tensor* out, int nout) {
  if (!op.grad) return;
  bool any = false;
  for (int i = 0; i < nin; i++) {
    any = any || tracked(in[i]);
    if (in[i] && in[i]->storage && in[i]->taped_writes != in[i]->storage->taped_writes)
      check_fresh(in[i], op.name.c_str());
  }
  if (!any) return;
  Program& p = *op.grad;
  prepare(p);
  auto node = make_node();
  node->op = &op;
  node->attrs = attrs;
  node->scope = scope_here();
  node->view = nin > 0 && nout > 0 && in[0] && in[0]->storage && in[0]->storage == out[0]->storage;
  bool variadic = op.inputs.back().variadic;
  Uses uses;  // of the gradients that will be asked for: nothing else is kept
  for (int i = 0; i < nin; i++) {
    size_t spec = size_t(std::min(i, int(op.inputs.size()) - 1));
    bool differentiable = spec < p.results.size() && p.results[spec].kind != ProgRef::None;
    node->edges.push_back(differentiable || variadic ? edge_to(in[i]) : Edge());
    if (node->edges.back().needed() && spec < p.results.size()) uses.add(p.result_uses[spec]);
  }
  for (int i = 0; i < nin; i++) {
    int spec = std::min(i, int(op.inputs.size()) - 1);
    bool used = uses.in >> spec & 1, shape = uses.shape_in >> spec & 1;
    // An alias of a traced array freezes the value it has now; it keeps its own tape link for second order.
    node->in.push_back(in[i] && (used || shape) ? save(in[i], false, used) : Saved());
    if (in[i] && used && active_tracer() && !is_traced(in[i]) && !in[i]->weak)
      node->in.back().trace_value = active_tracer()->value_of(in[i]);
    if (in[i] && is_traced(in[i]) && (used || shape)) {
      Tensor frozen = alias_of(in[i]);
      if (in[i]->ag && in[i]->ag->node) {
        link(frozen, in[i]->ag->node, in[i]->ag->index);
        node->in.back().tensor = frozen;
      } else if (!in[i]->ag) {
        node->in.back().tensor = frozen;
      }
    }
  }
  for (int i = 0; i < nout; i++) {
    bool used = uses.out >> i & 1, shape = uses.shape_out >> i & 1;
    node->out.push_back(used || shape ? save(out[i], true, used) : Saved());
  }
  attach(node, out, size_t(nout));
}

void record_custom(const std::vector<Tensor>& in, std::vector<Tensor>& out,
                   std::function<std::vector<Tensor>(const std::vector<Tensor>&)> fn, bool in_graph,
                   const std::string& title) {
  auto node = make_node();
  if (!title.empty()) node->title = std::make_unique<std::string>(title);
  for (auto& t : in) node->edges.push_back(edge_to(t));
  node->custom = std::move(fn);
  node->scope = scope_here();
  if (Tracer* tracer = active_tracer(); tracer && !in_graph) tracer->has_custom_gradient = true;
  attach(node, out.data(), out.size());
}

void mark_variable(const Tensor& x, const Tensor& grad, GradReq req) {
  if (req != GradReq::Null && !is_inexact(x->dtype))
    throw TypeError(std::string("attach_grad: only floating-point and complex arrays have gradients, got ") +
                    dtype_name(x->dtype) + to_string(x->shape));
  if (req == GradReq::Null) {
    x->ag.reset();
    return;
  }
  x->ag = std::make_unique<AutogradMeta>();
  x->ag->grad = grad;
  x->ag->req = req;
  if (x->storage) x->taped_writes = x->storage->taped_writes;
}

void check_writable(const Tensor& dst) {
  if (dst->ag && dst->ag->grad)
    throw RuntimeError(
        "in-place write to a variable that has a gradient, while recording; use autograd.pause() around it (shape " +
        to_string(dst->shape) + ")");
  for (const Node* n = dst->ag ? dst->ag->node.get() : nullptr; n && n->view; n = n->edges[0].node.get())
    if (n->edges[0].leaf && n->edges[0].leaf->storage == dst->storage)
      throw RuntimeError(
          "in-place write to a view of a variable, while recording; use autograd.pause() around it (shape " +
          to_string(dst->shape) + ")");
}

void took_value(const Tensor& dst, const Tensor& value) {
  if (dst->storage) dst->taped_writes = ++dst->storage->taped_writes;
  dst->ag.reset();
  if (value->ag && value->ag->node) link(dst, value->ag->node, value->ag->index);
}

void took_constant(const Tensor& dst) {
  if (tracked(dst)) return took_value(dst, make_scalar(0.0, DType::F32, false));
  if (written_behind(dst)) dst->taped_writes = ++dst->storage->taped_writes;
}

Operands look_at_operands(const std::vector<Tensor>& arrays, std::string_view read, const char* reader) {
  Operands found;
  for (size_t i = 0; i < arrays.size(); i++) {
    const Tensor& t = arrays[i];
    if (i >= read.size() || read[i]) check_fresh(t, reader);
    found.tracked.push_back(tracked(t) && is_inexact(t->dtype));
    found.versions.push_back(t->storage ? t->storage->version.load() : 0);
  }
  return found;
}

Tensor kept_operand(const Tensor& t) {
  if (tracked(t) && !t->ag->node) return t;
  Tensor kept = alias_of(t);
  if (tracked(t)) link(kept, t->ag->node, t->ag->index);
  return kept;
}

Tensor record_of(const Tensor& t) {
  if (!tracked(t) || !t->ag->node) return tracked(t) ? t : Tensor();
  Tensor place = hollow(t->shape, t->dtype, t->device);
  link(place, t->ag->node, t->ag->index);
  return place;
}

uint64_t tape_position() { return g_seq.load(); }

}  // namespace dl
