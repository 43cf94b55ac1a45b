// Running programs: gradient rules, and composite operators that are defined by others.
#include "autograd/anomaly.h"
#include "autograd/tape.h"
#include "runtime/autocast.h"
#include "runtime/invoke.h"
#include "runtime/trace.h"
#include "tensor/fault.h"

namespace dl {

namespace {

constexpr size_t kLarge = 64 << 10;  // bytes: what smaller arrays hold matters less than the time to think of it

// What a program's steps have made, given back after the step that reads it last.
class Made {
 public:
  Made(const Program& p, uint64_t needed, bool large) : slots(size_t(p.n_slots)), last_(large ? slots.size() : 0, 0) {
    for (size_t s = 0; large && s < p.steps.size(); s++) {
      const ProgStep& step = p.steps[s];
      if (!(needed >> s & 1)) continue;
      for (const ProgRef& r : step.in) read(r, s);
      if (step.op->n_out != 1) last_[size_t(step.slot)] = kEnd;  // its results stand in several slots
    }
    if (large)
      for (const ProgRef& r : p.results) read(r, kEnd);
  }

  void give_back(const ProgStep& step, size_t s) {
    if (last_.empty()) return;
    for (const ProgRef& r : step.in)
      if (is_slot(r) && last_[size_t(r.k)] == s) slots[size_t(r.k)].clear();
  }

  // The operand that the result of step `s` may take the place of, since nobody else reads it; null if there is none.
  const Tensor* place(const ProgStep& step, size_t s, const Tensors& in, const Attrs& attrs) const {
    const OpDef& op = *step.op;
    if (last_.empty() || !op.elementwise || !op.inplace_ok || op.n_out != 1 || in.size() != step.in.size())
      return nullptr;
    if (is_recording() || active_tracer() || anomaly_mode() || autocast_changes(op)) return nullptr;
    for (size_t i = 0; i < in.size(); i++)
      if (step.in[i].kind == ProgRef::Tmp && last_[size_t(step.in[i].k)] == s && alone(in[i]) &&
          takes(op, in, attrs, in[i]))
        return &in[i];
    return nullptr;
  }

  std::vector<Tensors> slots;  // all of a step's outputs at its first

 private:
  static constexpr size_t kEnd = ~size_t(0);

  static bool is_slot(const ProgRef& r) { return r.kind == ProgRef::Tmp || r.kind == ProgRef::TmpAll; }
  void read(const ProgRef& r, size_t when) {
    if (is_slot(r) && last_[size_t(r.k)] != kEnd) last_[size_t(r.k)] = when;
  }
  // Held by its slot and as an operand, its memory by nobody else.
  static bool alone(const Tensor& t) {
    return t && !t->weak && t->storage && t->storage->refs.load() == 1 && t->refs.load() == 2 &&
           !t->storage->readonly && size_t(t->numel()) * itemsize(t->dtype) >= kLarge;
  }
  static bool takes(const OpDef& op, const Tensors& in, const Attrs& attrs, const Tensor& place) {
    Metas metas, out;
    for (const Tensor& t : in) {
      if (!t) return false;
      metas.push_back(meta_of(t));
    }
    infer(op, metas, attrs, out);
    return out[0].view_of < 0 && out[0].shape == place->shape && out[0].dtype == place->dtype &&
           out[0].strides == place->strides;
  }

  std::vector<size_t> last_;  // step that reads a slot last; empty where all are small
};

bool any_large(const ProgramEnv& env) {
  for (const Tensors* all : {&env.in, &env.out, &env.gy})
    for (const Tensor& t : *all)
      if (t && size_t(t->numel()) * itemsize(t->dtype) >= kLarge) return true;
  return false;
}

}  // namespace

static Tensor resolve(const ProgRef& r, const ProgramEnv& env, const std::vector<Tensors>& tmp) {
  switch (r.kind) {
    case ProgRef::In: return env.in[size_t(r.k)];
    case ProgRef::Out: return env.out[size_t(r.k)];
    case ProgRef::Gy: return env.gy[size_t(r.k)];
    case ProgRef::Tmp: return tmp[size_t(r.k)].empty() ? Tensor() : tmp[size_t(r.k)][0];
    case ProgRef::Const: return make_scalar(r.c, DType::F64, true);
    case ProgRef::AttrV: {
      const Attr& a = (*env.attrs)[size_t(r.k)];
      if (a.kind == Attr::Float) return make_scalar(a.f, DType::F64, true);
      if (a.kind == Attr::Int || a.kind == Attr::Bool) return make_scalar(a.i, DType::I64, true);
      throw InternalError(env.op->name + ": attribute '" + env.op->attrs[size_t(r.k)].name +
                          "' is used as a number in a rule");
    }
    default: break;
  }
  return Tensor();
}

// The operands of one step. `vanished` tells that an operand has no gradient (an output nobody used) and is needed.
static Tensors operands(const ProgStep& step, const ProgramEnv& env, const std::vector<Tensors>& tmp, bool& vanished) {
  Tensors in;
  for (auto& r : step.in) {
    if (r.kind == ProgRef::InAll) {
      in.append(env.in.begin() + r.k, env.in.end());
    } else if (r.kind == ProgRef::GyAll) {
      in.append(env.gy.begin(), env.gy.end());
    } else if (r.kind == ProgRef::TmpAll) {
      in.append(tmp[size_t(r.k)].begin(), tmp[size_t(r.k)].end());
    } else {
      in.push_back(resolve(r, env, tmp));
      bool missing = !in.back() && (r.kind == ProgRef::Gy || r.kind == ProgRef::Tmp);
      vanished |= missing && !step.op->inputs[std::min(in.size(), step.op->inputs.size()) - 1].optional;
    }
  }
  return in;
}

static Attrs step_attrs(const ProgStep& step, const ProgramEnv& env) {
  Attrs attrs;
  for (auto& a : step.attrs) {
    if (a.kind == ProgAttr::Lit) {
      attrs.push_back(a.lit);
    } else if (a.kind == ProgAttr::Attr) {
      attrs.push_back((*env.attrs)[size_t(a.args[0])]);
    } else {
      std::vector<const Attr*> args;
      for (int i : a.args) args.push_back(&(*env.attrs)[size_t(i)]);
      attrs.push_back(a.fn(args));
    }
  }
  for (size_t i = attrs.size(); i < step.op->attrs.size(); i++) attrs.push_back(step.op->attrs[i].def);
  return attrs;
}

// A missing gradient is zero: a sum keeps its other side, anything else vanishes with it.
static Tensor without_operand(const ProgStep& step, const Tensors& in) {
  if (step.op_name == "add") return in[0] ? in[0] : in[1];
  if (step.op_name == "subtract") return in[0] ? in[0] : in[1] ? invoke1("negative", {in[1]}) : Tensor();
  return Tensor();
}

Tensors run_program(Program& p, const ProgramEnv& env, uint64_t wanted) {
  static const OpDef* conj = find_op("conj");
  prepare(p);
  uint64_t needed = 0;
  for (size_t i = 0; i < p.results.size(); i++)
    if (wanted >> i & 1) needed |= p.result_deps[i];
  Made made(p, needed, any_large(env));
  std::vector<Tensors>& tmp = made.slots;
  for (size_t s = 0; s < p.steps.size(); s++) {
    if (!(needed >> s & 1)) continue;
    const ProgStep& step = p.steps[s];
    bool vanished = false;
    Tensors in = operands(step, env, tmp, vanished);
    size_t first = size_t(step.slot);
    if (vanished) {
      tmp[first] = {without_operand(step, in)};
      continue;
    }
    if (step.op == conj && !is_complex(in[0]->dtype)) {  // rules hold for real and complex numbers alike
      tmp[first] = {in[0]};
      continue;
    }
    Attrs attrs = step_attrs(step, env);
    const Tensor* place = made.place(step, s, in, attrs);
    tmp[first] = invoke(*step.op, in.data(), int(in.size()), attrs, place);
    for (size_t i = 1; step.op->n_out > 1 && i < tmp[first].size() && first + i < tmp.size(); i++)
      tmp[first + i] = {tmp[first][i]};
    made.give_back(step, s);
  }
  Tensors results;
  for (size_t i = 0; i < p.results.size(); i++) {
    auto& r = p.results[i];
    if (r.kind == ProgRef::TmpAll)
      results.append(tmp[size_t(r.k)].begin(), tmp[size_t(r.k)].end());
    else
      results.push_back(wanted >> i & 1 ? resolve(r, env, tmp) : Tensor());
  }
  return results;
}

}  // namespace dl
