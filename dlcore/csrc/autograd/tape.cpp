#include "autograd/tape.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <queue>
#include <unordered_map>
#include <utility>

#include "runtime/invoke.h"
#include "runtime/trace.h"

namespace dl {

static thread_local bool g_recording = false, g_training = false;
static std::atomic<uint64_t> g_seq{0};

bool is_recording() { return g_recording; }
bool is_training() { return g_training; }
bool set_recording(bool on) { return std::exchange(g_recording, on); }
bool set_training(bool on) { return std::exchange(g_training, on); }

namespace {
struct ModeGuard {
  bool recording, training;
  ModeGuard(bool r, bool t) : recording(set_recording(r)), training(set_training(t)) {}
  ~ModeGuard() {
    set_recording(recording);
    set_training(training);
  }
};
}  // namespace

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

static Edge edge_to(const Tensor& t) {
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
  s.tensor = as_output ? alias_of(t) : t;
  s.checked = checked && t->storage;
  s.version = t->storage ? t->storage->version.load() : 0;
  return s;
}

static void attach(const std::shared_ptr<Node>& node, std::vector<Tensor>& out) {
  node->seq = ++g_seq;
  for (size_t i = 0; i < out.size(); i++) {
    node->out_shapes.push_back(out[i]->shape);
    node->out_dtypes.push_back(out[i]->dtype);
    node->device = out[i]->device;
    if (!is_float(out[i]->dtype)) continue;
    out[i]->weak = false;
    out[i]->ag = std::make_unique<AutogradMeta>();
    out[i]->ag->node = node;
    out[i]->ag->index = int(i);
  }
}

void record(const OpDef& op, const Attrs& attrs, const Tensor* in, int nin, std::vector<Tensor>& out) {
  if (!op.grad) return;
  bool any = false;
  for (int i = 0; i < nin; i++) any = any || tracked(in[i]);
  if (!any) return;
  Program& p = *op.grad;
  prepare(p);
  auto node = std::make_shared<Node>();
  node->op = &op;
  node->attrs = attrs;
  node->scope = current_scope();
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
        frozen->ag = std::make_unique<AutogradMeta>();
        frozen->ag->node = in[i]->ag->node;
        frozen->ag->index = in[i]->ag->index;
        node->in.back().tensor = frozen;
      } else if (!in[i]->ag) {
        node->in.back().tensor = frozen;
      }
    }
  }
  for (size_t i = 0; i < out.size(); i++) {
    bool used = uses.out >> i & 1, shape = uses.shape_out >> i & 1;
    node->out.push_back(used || shape ? save(out[i], true, used) : Saved());
  }
  attach(node, out);
}

void record_custom(const std::vector<Tensor>& in, std::vector<Tensor>& out,
                   std::function<std::vector<Tensor>(const std::vector<Tensor>&)> fn) {
  auto node = std::make_shared<Node>();
  for (auto& t : in) node->edges.push_back(edge_to(t));
  node->custom = std::move(fn);
  node->scope = current_scope();
  if (Tracer* tracer = active_tracer()) tracer->has_custom_gradient = true;
  attach(node, out);
}

void mark_variable(const Tensor& x, const Tensor& grad, GradReq req) {
  if (req != GradReq::Null && !is_float(x->dtype))
    throw TypeError(std::string("attach_grad: only floating-point arrays have gradients, this one is ") +
                    dtype_name(x->dtype));
  if (req == GradReq::Null) {
    x->ag.reset();
    return;
  }
  x->ag = std::make_unique<AutogradMeta>();
  x->ag->grad = grad;
  x->ag->req = req;
}

namespace {

// One walk over the tape. Gradients wait at (node, output) until every consumer, which has a higher seq, has added its
// part.
class Walk {
 public:
  Walk(bool retain, bool create_graph) : retain_(retain), create_graph_(create_graph) {}

  void seed(const Tensor& head, const Tensor& head_grad) {
    if (!tracked(head))
      throw RuntimeError(
          "backward: this array was not computed from a variable while recording (use attach_grad() and "
          "autograd.record())");
    Tensor g = head_grad;
    if (!g) g = invoke1("ones_like", {head});
    if (g->shape != head->shape)
      throw ValueError("backward: head gradient has shape " + to_string(g->shape) + ", expected " +
                       to_string(head->shape));
    add(edge_to(head), g);
  }

  void want(const Tensor& variable) {
    if (!tracked(variable)) throw ValueError("grad: a variable is not marked (call attach_grad() before recording)");
    Edge e = edge_to(variable);
    if (e.node)
      watched_[{e.node.get(), e.index}] = Tensor();
    else
      leaves_only_[e.leaf.get()] = Tensor();
    collecting_ = true;
  }
  Tensor result(const Tensor& variable) {
    Edge e = edge_to(variable);
    Tensor g = e.node ? watched_[{e.node.get(), e.index}] : leaves_only_[e.leaf.get()];
    return g ? g : invoke1("zeros_like", {variable});
  }

  void run() {
    while (!queue_.empty()) {
      std::shared_ptr<Node> node = queue_.top().second;
      queue_.pop();
      auto it = pending_.find(node.get());
      std::vector<Tensor> gys = std::move(it->second);
      pending_.erase(it);
      for (size_t i = 0; i < gys.size(); i++) {
        auto w = watched_.find({node.get(), int(i)});
        if (w != watched_.end()) w->second = gys[i];
      }
      step(*node, gys, node);
      if (!retain_ && !create_graph_) {
        node->in.clear();
        node->out.clear();
        node->freed = true;
      }
    }
    if (!collecting_) deliver();
  }

 private:
  void step(Node& node, std::vector<Tensor>& gys, const std::shared_ptr<Node>& self) {
    if (node.freed)
      throw RuntimeError(
          "backward: this part of the recording was already freed; pass retain_graph=True to the first backward()");
    std::vector<Tensor> gxs;
    try {
      gxs = node.custom ? custom(node, gys) : by_rule(node, gys, self);
    } catch (const ValueError& e) {
      throw ValueError(std::string("backward of ") + (node.op ? node.op->name : "a custom function") +
                       (node.scope.empty() ? "" : " in layer " + node.scope) + ": " + e.what());
    }
    for (size_t i = 0; i < node.edges.size() && i < gxs.size(); i++)
      if (node.edges[i].needed() && gxs[i]) add(node.edges[i], fit(gxs[i], node.edges[i]));
  }

  std::vector<Tensor> custom(Node& node, std::vector<Tensor>& gys) {
    for (size_t i = 0; i < gys.size(); i++)
      if (!gys[i]) gys[i] = zeros(node, i);
    return node.custom(gys);
  }

  static Tensor zeros(const Node& node, size_t i) {
    Tensor like = make_tensor(Shape(), node.out_dtypes[i], node.device);
    like = alias_of(like);
    like->shape = node.out_shapes[i];
    like->strides = Dims();
    for (int k = 0; k < like->shape.n; k++) like->strides.push(0);
    if (active_tracer()) {  // only its shape is read
      Tensor z = make_tensor(node.out_shapes[i], node.out_dtypes[i], node.device);
      return invoke1("zeros_like", {z});
    }
    return invoke1("zeros_like", {like});
  }

  std::vector<Tensor> by_rule(Node& node, std::vector<Tensor>& gys, const std::shared_ptr<Node>& self) {
    Program& p = *node.op->grad;
    ProgramEnv env{node.op, &node.attrs, {}, {}, {}};
    auto check = [&](const Saved& s, const char* what) {
      if (s.tensor && s.checked && s.tensor->storage->version.load() != s.version)
        throw RuntimeError("backward of " + node.op->name + (node.scope.empty() ? "" : " in layer " + node.scope) +
                           ": its " + what + " was changed in place after it was recorded (saved at version " +
                           std::to_string(s.version) + ", now " + std::to_string(s.tensor->storage->version.load()) +
                           ")");
      if (s.trace_value >= 0 && active_tracer() && active_tracer()->value_of(s.tensor) != s.trace_value)
        throw RuntimeError("backward of " + node.op->name + (node.scope.empty() ? "" : " in layer " + node.scope) +
                           ": its " + what + " was changed in place after it was recorded, inside a compiled function");
    };
    for (auto& s : node.in) {
      check(s, "input");
      env.in.push_back(s.tensor);
    }
    for (size_t i = 0; i < node.out.size(); i++) {
      auto& s = node.out[i];
      check(s, "output");
      Tensor t = s.tensor;
      if (t && create_graph_) {  // give the alias its tape link back for this walk
        t = alias_of(t);
        t->ag = std::make_unique<AutogradMeta>();
        t->ag->node = self;
        t->ag->index = int(i);
      }
      env.out.push_back(t);
    }
    for (size_t i = 0; i < gys.size(); i++) {
      if (!gys[i] && p.all_gy) gys[i] = zeros(node, i);
      env.gy.push_back(gys[i]);
    }
    uint64_t wanted = 0;
    for (size_t i = 0; i < node.edges.size(); i++)
      if (node.edges[i].needed()) wanted |= uint64_t(1) << std::min(i, node.op->inputs.size() - 1);
    return run_program(p, env, wanted);
  }

  // Sums a broadcast gradient back to the input's shape and casts it to the input's dtype.
  static Tensor fit(Tensor g, const Edge& e) {
    if (g->shape != e.shape) g = invoke1("sum_to", {g}, {Attr::of_ints(e.shape)});
    if (g->dtype != e.dtype) g = invoke1("cast", {g}, {Attr::of_dtype(e.dtype)});
    return g;
  }

  void add(const Edge& e, const Tensor& g) {
    if (e.node) {
      auto [it, fresh] = pending_.try_emplace(e.node.get());
      if (fresh) {
        it->second.resize(e.node->out_shapes.size());
        queue_.push({e.node->seq, e.node});
      }
      Tensor& slot = it->second[size_t(e.index)];
      slot = slot ? invoke1("add", {slot, g}) : g;
      return;
    }
    if (collecting_) {
      auto it = leaves_only_.find(e.leaf.get());
      if (it != leaves_only_.end()) it->second = it->second ? invoke1("add", {it->second, g}) : g;
      return;
    }
    Tensor& total = leaf_grads_[e.leaf.get()].second;
    leaf_grads_[e.leaf.get()].first = e.leaf;
    total = total ? invoke1("add", {total, g}) : g;
  }

  void deliver() {
    for (auto& [raw, entry] : leaf_grads_) {
      auto& [leaf, g] = entry;
      AutogradMeta* ag = leaf->ag.get();
      if (!ag || ag->req == GradReq::Null) continue;
      if (create_graph_) {
        ag->grad = ag->req == GradReq::Add && ag->grad ? invoke1("add", {ag->grad, g}) : g;
        continue;
      }
      if (ag->req == GradReq::Add) g = invoke1("add", {ag->grad, g});
      assign(ag->grad, g);
    }
  }

  struct BySeq {
    bool operator()(const std::pair<uint64_t, std::shared_ptr<Node>>& a,
                    const std::pair<uint64_t, std::shared_ptr<Node>>& b) const {
      return a.first < b.first;
    }
  };
  bool retain_, create_graph_, collecting_ = false;
  std::priority_queue<std::pair<uint64_t, std::shared_ptr<Node>>,
                      std::vector<std::pair<uint64_t, std::shared_ptr<Node>>>, BySeq>
      queue_;
  std::unordered_map<Node*, std::vector<Tensor>> pending_;
  std::map<std::pair<Node*, int>, Tensor> watched_;
  std::map<TensorImpl*, Tensor> leaves_only_;
  std::map<TensorImpl*, std::pair<Tensor, Tensor>> leaf_grads_;
};

}  // namespace

void backward(const std::vector<Tensor>& heads, const std::vector<Tensor>& head_grads, bool retain, bool create_graph,
              bool train_mode) {
  ModeGuard mode(create_graph, train_mode);
  Walk walk(retain, create_graph);
  for (size_t i = 0; i < heads.size(); i++) walk.seed(heads[i], i < head_grads.size() ? head_grads[i] : Tensor());
  walk.run();
}

std::vector<Tensor> grad(const std::vector<Tensor>& heads, const std::vector<Tensor>& variables,
                         const std::vector<Tensor>& head_grads, bool retain, bool create_graph, bool train_mode) {
  ModeGuard mode(create_graph, train_mode);
  Walk walk(retain, create_graph);
  for (auto& v : variables) walk.want(v);
  for (size_t i = 0; i < heads.size(); i++) walk.seed(heads[i], i < head_grads.size() ? head_grads[i] : Tensor());
  walk.run();
  std::vector<Tensor> out;
  for (auto& v : variables) out.push_back(walk.result(v));
  return out;
}

}  // namespace dl
