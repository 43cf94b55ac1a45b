// Walking the tape backwards: gradients of heads, and what heads depend on.
#include <algorithm>
#include <map>
#include <mutex>
#include <queue>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "autograd/anomaly.h"
#include "autograd/freed.h"
#include "autograd/tape.h"
#include "runtime/autocast.h"
#include "runtime/device.h"
#include "runtime/invoke.h"
#include "runtime/trace.h"

namespace dl {

std::function<void()> pass_over_freed;

namespace {
struct ModeGuard {
  bool recording, training;
  AutocastPause autocast;  // gradients are computed in the dtypes that the forward pass chose
  ModeGuard(bool r, bool t) : recording(set_recording(r)), training(set_training(t)) { forget_casts(); }
  ~ModeGuard() {
    set_recording(recording);
    set_training(training);
  }
};
}  // namespace

std::vector<Tensor> tape_frontier(const std::vector<Tensor>& heads, uint64_t floor) {
  std::vector<Tensor> found;
  std::map<std::pair<const void*, int>, bool> seen;
  std::vector<std::shared_ptr<Node>> waiting;
  auto meet = [&](const Edge& e) {
    if (!e.needed()) return;
    bool inside = e.node && e.node->seq > floor;
    const void* what = e.node ? static_cast<const void*>(e.node.get()) : e.leaf.get();
    if (!seen.try_emplace({what, inside ? -1 : e.index}, true).second) return;
    if (inside) return waiting.push_back(e.node);
    Tensor t = e.leaf;
    if (e.node) link(t = hollow(e.shape, e.dtype, e.node->device), e.node, e.index);
    found.push_back(t);
  };
  for (auto& h : heads) meet(edge_to(h));
  while (!waiting.empty()) {
    std::shared_ptr<Node> node = std::move(waiting.back());
    waiting.pop_back();
    for (auto& e : node->edges) meet(e);
  }
  return found;
}

static thread_local const std::shared_ptr<Node>* g_walked = nullptr;  // the custom node whose gradient runs
static thread_local std::vector<bool> g_arrived;                      // which of its outputs have a gradient

Tensor as_output(const Tensor& t, int k) {
  if (!g_walked) throw RuntimeError("as_output: no gradient of a custom function is being computed");
  Tensor alias = alias_of(t);
  link(alias, *g_walked, k);
  return alias;
}

std::vector<bool> arrived_heads() { return g_arrived; }

// "matmul in layer net.0 ((2, 3), (3, 4) -> (2, 4))", and the user's line where it is known.
static std::string describe(const Node& node) {
  std::string text = node.op ? node.op->name : node.title ? *node.title : "a custom function", shapes;
  if (node.scope) text += " in layer " + scope_text(node.scope);
  for (size_t i = 0; i < node.edges.size(); i++) {
    const Saved* saved = i < node.in.size() && node.in[i].tensor ? &node.in[i] : nullptr;
    if (!saved && !node.edges[i].needed()) continue;
    shapes += (shapes.empty() ? "" : ", ") + to_string(saved ? saved->tensor->shape : node.edges[i].shape);
  }
  shapes += " ->";
  for (auto& s : node.out_shapes) shapes += " " + to_string(s);
  return text + " (" + shapes + ")";
}
static std::string recorded_at(const Node& node) {
  return node.line ? "\n  recorded" + *node.line
                   : "\n  (autograd.detect_anomaly() tells the line that recorded this operator)";
}

namespace {

// One walk over the tape. Gradients wait at (node, output) until every consumer, which has a higher seq, has added its
// part.
class Walk {
 public:
  Walk(bool retain, bool create_graph, uint64_t floor = 0)
      : retain_(retain), create_graph_(create_graph), floor_(floor) {}

  void seed(const Tensor& head, const Tensor& head_grad) {
    if (!tracked(head))
      throw RuntimeError("backward: this array of shape " + to_string(head->shape) +
                         " was not computed from a variable while recording (use attach_grad() and "
                         "autograd.record())");
    check_fresh(head, "backward");
    Tensor g = head_grad;
    if (!g && is_complex(head->dtype))
      throw TypeError("backward: the result is complex, and only a real one has a gradient of its own, got " +
                      (dtype_name(head->dtype) + to_string(head->shape)) +
                      "; take abs, real or imag of it first, or give the head gradient");
    if (!g) g = invoke1("ones_like", {head});
    if (g->shape != head->shape)
      throw ValueError("backward: head gradient has shape " + to_string(g->shape) + ", expected " +
                       to_string(head->shape));
    Edge e = edge_to(head);
    if (e.node) heads_.insert(e.node.get());
    add(e, g);
  }

  void want(const Tensor& variable) {
    if (!tracked(variable))
      throw ValueError("grad: a variable is not marked (call attach_grad() before recording), the one of shape " +
                       to_string(variable->shape));
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
    return g ? g : e.node ? zeros(*e.node, size_t(e.index)) : invoke1("zeros_like", {variable});
  }

  // When only some variables are asked for, nodes that lead to none of them are left alone.
  void prune(const std::vector<Tensor>& heads) {
    std::vector<Node*> all;
    std::unordered_set<Node*> seen;
    auto meet = [&](const Edge& e) {
      if (e.node && e.node->seq > floor_ && seen.insert(e.node.get()).second) all.push_back(e.node.get());
    };
    for (auto& h : heads) meet(edge_to(h));
    for (size_t i = 0; i < all.size(); i++) {
      Node* node = all[i];  // `all` grows meanwhile
      for (auto& e : node->edges) meet(e);
    }
    std::sort(all.begin(), all.end(), [](Node* a, Node* b) { return a->seq < b->seq; });
    for (Node* n : all)
      if (std::any_of(n->edges.begin(), n->edges.end(), [&](const Edge& e) { return leads_on(e); })) through_.insert(n);
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
      if (collecting_ && !through_.count(node.get())) continue;
      step(*node, gys, node);
      if (!retain_ && !create_graph_) {
        node->in.clear();
        node->out.clear();
        node->custom = nullptr;
        node->freed = true;
      }
    }
    if (!collecting_) deliver();
  }

 private:
  void step(Node& node, std::vector<Tensor>& gys, const std::shared_ptr<Node>& self) {
    if (node.freed) {
      if (pass_over_freed && !heads_.count(&node)) return pass_over_freed();
      throw RuntimeError("backward of " + describe(node) + ": this part of the recording was already freed; pass " +
                         "retain_graph=True to the first backward()" + recorded_at(node));
    }
    std::vector<Tensor> gxs, given;  // a NaN that the operator had kept is not its gradient's fault either
    if (anomaly_mode()) {
      given = gys;
      for (auto& s : node.in) given.push_back(s.checked ? s.tensor : Tensor());
      for (auto& s : node.out) given.push_back(s.checked ? s.tensor : Tensor());
    }
    try {
      gxs = node.custom ? custom(node, gys, self) : by_rule(node, gys, self);
    } catch (const ValueError& e) {
      throw ValueError("backward of " + describe(node) + ": " + e.what() + recorded_at(node));
    } catch (const IndexError& e) {
      throw IndexError("backward of " + describe(node) + ": " + e.what() + recorded_at(node));
    } catch (const TypeError& e) {
      throw TypeError("backward of " + describe(node) + ": " + e.what() + recorded_at(node));
    }
    if (anomaly_mode())
      check_values(
          given.data(), int(given.size()), gxs.data(), int(gxs.size()),
          [&] { return "the gradient of " + describe(node); },
          [&] { return node.line ? "\n  recorded" + *node.line : std::string(); });
    for (size_t i = 0; i < node.edges.size() && i < gxs.size(); i++)
      if (wanted(node.edges[i]) && gxs[i]) add(node.edges[i], fit(gxs[i], node.edges[i]));
  }

  bool leads_on(const Edge& e) const {
    if (e.leaf) return leaves_only_.count(e.leaf.get()) > 0;
    return e.node && (through_.count(e.node.get()) || watched_.count({e.node.get(), e.index}));
  }
  bool wanted(const Edge& e) const { return e.needed() && (!collecting_ || leads_on(e)); }

  std::vector<Tensor> custom(Node& node, std::vector<Tensor>& gys, const std::shared_ptr<Node>& self) {
    std::vector<bool> arrived(gys.size());
    for (size_t i = 0; i < gys.size(); i++) {
      arrived[i] = bool(gys[i]);
      if (!gys[i]) gys[i] = zeros(node, i);
    }
    struct Walked {
      const std::shared_ptr<Node>* before;
      std::vector<bool> arrived;
      Walked(const std::shared_ptr<Node>* now, std::vector<bool> gradients)
          : before(std::exchange(g_walked, now)), arrived(std::exchange(g_arrived, std::move(gradients))) {}
      ~Walked() {
        g_walked = before;
        g_arrived = std::move(arrived);
      }
    } walked(&self, std::move(arrived));
    return node.custom(gys);
  }

  static Tensor zeros(const Node& node, size_t i) {
    Tensor like = hollow(node.out_shapes[i], node.out_dtypes[i], node.device);
    if (active_tracer()) {  // only its shape is read
      Tensor z = make_tensor(node.out_shapes[i], node.out_dtypes[i], node.device);
      return invoke1("zeros_like", {z});
    }
    return invoke1("zeros_like", {like});
  }

  static Program& rule_of(const Node& node) {
    if (node.op->complex_grad) {
      prepare(*node.op->complex_grad);
      for (auto& e : node.edges)
        if (is_complex(e.dtype)) return *node.op->complex_grad;
      for (DType t : node.out_dtypes)
        if (is_complex(t)) return *node.op->complex_grad;
    }
    return *node.op->grad;
  }

  std::vector<Tensor> by_rule(Node& node, std::vector<Tensor>& gys, const std::shared_ptr<Node>& self) {
    AnomalyPause inside;  // what the rule's own operators make is told as the gradient of this one
    Program& p = rule_of(node);
    ProgramEnv env{node.op, &node.attrs, {}, {}, {}};
    auto check = [&](const Saved& s, const char* what) {
      if (s.tensor && s.checked && s.tensor->storage->version.load() != s.version)
        throw RuntimeError("backward of " + describe(node) + ": its " + what +
                           " was changed in place after it was recorded (saved at version " +
                           std::to_string(s.version) + ", now " + std::to_string(s.tensor->storage->version.load()) +
                           ")" + recorded_at(node) + written_at(s.tensor->storage));
      if (s.trace_value >= 0 && active_tracer() && active_tracer()->value_of(s.tensor) != s.trace_value)
        throw RuntimeError("backward of " + describe(node) + ": its " + what +
                           " was changed in place after it was recorded, inside a compiled function");
    };
    for (auto& s : node.in) {
      check(s, "input");
      Tensor t = s.tensor;
      if (t && t->storage && t->taped_writes != t->storage->taped_writes) {  // only its shape is read
        t = alias_of(t);
        t->taped_writes = t->storage->taped_writes;
      }
      env.in.push_back(t);
    }
    for (size_t i = 0; i < node.out.size(); i++) {
      auto& s = node.out[i];
      check(s, "output");
      Tensor t = s.tensor;
      if (t && create_graph_) {  // give the alias its tape link back for this walk
        t = alias_of(t);
        link(t, self, int(i));
        if (t->storage) t->taped_writes = t->storage->taped_writes;  // its version was just found unchanged
      }
      env.out.push_back(t);
    }
    for (size_t i = 0; i < gys.size(); i++) {
      if (!gys[i] && p.all_gy) gys[i] = zeros(node, i);
      env.gy.push_back(gys[i]);
    }
    uint64_t asked = 0;
    for (size_t i = 0; i < node.edges.size(); i++)
      if (wanted(node.edges[i])) asked |= uint64_t(1) << std::min(i, node.op->inputs.size() - 1);
    Tensors gxs = run_program(p, env, asked);
    return {gxs.begin(), gxs.end()};
  }

  // Sums a broadcast gradient back to the input's shape and casts it to the input's dtype. A real input that met
  // complex numbers moves only along the real axis.
  static Tensor fit(Tensor g, const Edge& e) {
    if (g->shape != e.shape) g = invoke1("sum_to", {g}, {Attr::of_ints(e.shape)});
    if (is_complex(g->dtype) && !is_complex(e.dtype)) g = invoke1("real", {g});
    if (g->dtype != e.dtype) g = invoke1("cast", {g}, {Attr::of_dtype(e.dtype)});
    return g;
  }

  void add(const Edge& e, const Tensor& g) {
    if (e.node && e.node->seq <= floor_) {  // recorded before: told, not entered
      auto w = watched_.find({e.node.get(), e.index});
      if (w != watched_.end()) w->second = w->second ? invoke1("add", {w->second, g}) : g;
      return;
    }
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

  // One thread after the other: adding to a gradient reads it first.
  void deliver() {
    static std::recursive_mutex delivering;
    std::unique_lock<std::recursive_mutex> turn(delivering, std::try_to_lock);
    if (!turn) {
      WithoutGil nogil;
      turn.lock();
    }
    for (auto& [raw, entry] : leaf_grads_) {
      auto& [leaf, g] = entry;
      AutogradMeta* ag = leaf->ag.get();
      if (!ag || ag->req == GradReq::Null) continue;
      if (create_graph_) {
        ag->grad = ag->req == GradReq::Add && ag->grad ? invoke1("add", {ag->grad, g}) : g;
        continue;
      }
      if (ag->req == GradReq::Add) g = invoke1("add", {ag->grad, g});
      if (!hand_over(ag->grad, g)) assign(ag->grad, g);
    }
  }

  // The gradient's buffer becomes the memory that was just computed, where nobody else sees either. Saves a copy.
  static bool hand_over(const Tensor& grad, const Tensor& g) {
    auto alone = [](const Tensor& t) {
      return t->storage && t->storage->refs.load() == 1 && !t->storage->release && !t->storage->readonly &&
             t->offset == 0 && t->device.type == 0;
    };
    if (active_tracer() || g->refs.load() != 1 || !alone(g) || !alone(grad)) return false;
    if (g->dtype != grad->dtype || g->shape != grad->shape || g->strides != grad->strides) return false;
    g->storage->version = grad->storage->version + 1;
    g->storage->taped_writes = grad->storage->taped_writes;
    std::swap(grad->storage, g->storage);
    return true;
  }

  struct BySeq {
    bool operator()(const std::pair<uint64_t, std::shared_ptr<Node>>& a,
                    const std::pair<uint64_t, std::shared_ptr<Node>>& b) const {
      return a.first < b.first;
    }
  };
  bool retain_, create_graph_, collecting_ = false;
  uint64_t floor_;
  std::unordered_set<const Node*> heads_;
  std::unordered_set<const Node*> through_;  // while collecting: nodes that lead to a wanted variable
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
                         const std::vector<Tensor>& head_grads, bool retain, bool create_graph, bool train_mode,
                         uint64_t floor) {
  ModeGuard mode(create_graph, train_mode);
  Walk walk(retain, create_graph, floor);
  for (auto& v : variables) walk.want(v);
  walk.prune(heads);
  for (size_t i = 0; i < heads.size(); i++) walk.seed(heads[i], i < head_grads.size() ? head_grads[i] : Tensor());
  walk.run();
  std::vector<Tensor> out;
  for (auto& v : variables) out.push_back(walk.result(v));
  return out;
}

}  // namespace dl
