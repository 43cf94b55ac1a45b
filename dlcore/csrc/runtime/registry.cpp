#include "runtime/registry.h"
#include "tensor/fault.h"

#include <unordered_map>

namespace dl {

namespace {
// Function-local statics: kernels register from other files' static initialisers, in no fixed order.
template <class T>
std::unordered_map<std::string, T>& table() {
  static auto* t = new std::unordered_map<std::string, T>;
  return *t;
}
std::vector<std::unique_ptr<OpDef>>& ops() {
  static auto* v = new std::vector<std::unique_ptr<OpDef>>;
  return *v;
}
template <class T>
T lookup(const std::string& name) {
  auto it = table<T>().find(name);
  return it == table<T>().end() ? nullptr : it->second;
}
}  // namespace

int register_kernel(const char* stem, KernelFn fn) { return table<KernelFn>().emplace(stem, fn), 0; }
int register_infer(const char* rule, InferFn fn) { return table<InferFn>().emplace(rule, fn), 0; }
int register_dtype_rule(const char* rule, DTypeFn fn) { return table<DTypeFn>().emplace(rule, fn), 0; }
KernelFn find_kernel(const std::string& stem) { return lookup<KernelFn>(stem); }
InferFn find_infer(const std::string& rule) { return lookup<InferFn>(rule); }
DTypeFn find_dtype_rule(const std::string& rule) { return lookup<DTypeFn>(rule); }

const OpDef* find_op(const std::string& name) {
  auto it = table<const OpDef*>().find(name);
  return it == table<const OpDef*>().end() ? nullptr : it->second;
}

const OpDef& get_op(const std::string& name) {
  const OpDef* op = find_op(name);
  if (!op) throw RuntimeError("no operator is called '" + name + "'");
  return *op;
}

int op_count() { return int(ops().size()); }
const OpDef& op_by_id(int id) {
  if (id < 0 || id >= op_count()) throw InternalError(format("no operator has the number %d", id));
  return *ops()[size_t(id)];
}

int OpDef::attr_index(const char* want) const {
  for (size_t i = 0; i < attrs.size(); i++)
    if (attrs[i].name == want) return int(i);
  return -1;
}

static void mark(Uses& u, const ProgRef& r, bool shape_only) {
  uint64_t bit = uint64_t(1) << (r.k & 63);
  if (r.kind == ProgRef::In || r.kind == ProgRef::InAll) (shape_only ? u.shape_in : u.in) |= bit;
  if (r.kind == ProgRef::Out) (shape_only ? u.shape_out : u.out) |= bit;
}

void prepare(Program& p) {
  if (p.ready) return;
  if (p.steps.size() > 64) throw InternalError("a rule has more than 64 steps");
  std::vector<uint64_t> slot_deps(size_t(p.n_slots), 0);
  std::vector<Uses> slot_uses(static_cast<size_t>(p.n_slots));
  auto made = [](const ProgRef& r) { return r.kind == ProgRef::Tmp || r.kind == ProgRef::TmpAll; };
  for (size_t s = 0; s < p.steps.size(); s++) {
    auto& step = p.steps[s];
    step.op = &get_op(step.op_name);
    uint64_t deps = uint64_t(1) << s;
    Uses uses;
    for (size_t i = 0; i < step.in.size(); i++) {
      const ProgRef& r = step.in[i];
      if (made(r)) {
        deps |= slot_deps[size_t(r.k)];
        uses.add(slot_uses[size_t(r.k)]);
      }
      p.all_gy |= r.kind == ProgRef::GyAll;
      mark(uses, r, !step.op->inputs.empty() && step.op->inputs[std::min(i, step.op->inputs.size() - 1)].shape_only);
    }
    int end = s + 1 < p.steps.size() ? p.steps[s + 1].slot : p.n_slots;  // slots grow with the steps
    for (int k = step.slot; k < end; k++) {
      slot_deps[size_t(k)] = deps;
      slot_uses[size_t(k)] = uses;
    }
  }
  for (auto& r : p.results) {
    Uses uses = made(r) ? slot_uses[size_t(r.k)] : Uses();
    mark(uses, r, false);
    p.result_deps.push_back(made(r) ? slot_deps[size_t(r.k)] : 0);
    p.result_uses.push_back(uses);
  }
  p.ready = true;
}

int register_op(std::unique_ptr<OpDef> op) {
  if (find_op(op->name)) throw ValueError("operator '" + op->name + "' is registered twice");
  op->id = op_count();
  int id = op->id;
  op->elementwise = op->tile && op->kernel && op->kernel_stem == "tile" && op->n_out == 1 && !op->define &&
                    op->attrs.empty() && op->inputs.size() >= 1 && op->inputs.size() <= 2 && op->dtype_rule &&
                    (op->infer_rule == "broadcast" || op->infer_rule == "same");
  for (auto& i : op->inputs) op->elementwise = op->elementwise && !i.optional && !i.variadic && !i.shape_only;
  table<const OpDef*>()[op->name] = op.get();
  ops().push_back(std::move(op));
  return id;
}

}  // namespace dl
