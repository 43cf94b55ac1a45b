// register_op, invoke, infer: the operator table as the stanzas and the array room see it.
#include <map>

#include "bind/convert.h"
#include "kernels/cpu/rows.h"
#include "kernels/cpu/tile.h"
#include "runtime/invoke.h"
#include "tensor/fault.h"

namespace dl::bind {

static std::string text(nb::handle h) { return nb::cast<std::string>(h); }

static AttrType attr_type(const std::string& s) {
  static const std::map<std::string, AttrType> names = {
      {"bool", AttrType::Bool},          {"int", AttrType::Int},          {"float", AttrType::Float},
      {"ints", AttrType::Ints},          {"str", AttrType::Str},          {"dtype", AttrType::DTypeT},
      {"opt_int", AttrType::OptInt},     {"opt_ints", AttrType::OptInts}, {"opt_float", AttrType::OptFloat},
      {"opt_dtype", AttrType::OptDType}, {"obj", AttrType::Obj}};
  auto it = names.find(s);
  if (it == names.end()) throw InternalError("register_op: unknown attribute type '" + s + "'");
  return it->second;
}

// Functions of attributes that rules may use.
using AttrFn = Attr (*)(const std::vector<const Attr*>&);
static const std::map<std::string, AttrFn>& attr_functions() {
  static const std::map<std::string, AttrFn> fns = {
      {"not", [](const std::vector<const Attr*>& a) { return Attr::of_bool(!a[0]->i); }},
      {"neg",
       [](const std::vector<const Attr*>& a) {
         return a[0]->kind == Attr::Float ? Attr::of_float(-a[0]->f) : Attr::of_int(-a[0]->i);
       }},
      {"dual_norm",  // a transform's scale belongs to the other direction in its adjoint
       [](const std::vector<const Attr*>& a) {
         Attr swapped = *a[0];
         if (swapped.s == "backward" || swapped.s == "forward")
           swapped.s = swapped.s == "backward" ? "forward" : "backward";
         return swapped;
       }},
      {"inverse_perm",
       [](const std::vector<const Attr*>& a) {
         if (a[0]->none()) return *a[0];
         Dims inv = a[0]->v;
         for (int i = 0; i < inv.n; i++) inv[int(a[0]->v[i] < 0 ? a[0]->v[i] + inv.n : a[0]->v[i])] = i;
         return Attr::of_ints(inv);
       }},
  };
  return fns;
}

static ProgRef to_ref(nb::handle h, const OpDef& op) {
  ProgRef r;
  if (h.is_none()) return r;
  auto t = nb::cast<nb::tuple>(h);
  std::string kind = text(t[0]);
  static const std::map<std::string, ProgRef::Kind> kinds = {
      {"in", ProgRef::In},       {"in*", ProgRef::InAll},   {"out", ProgRef::Out},
      {"gy", ProgRef::Gy},       {"gy*", ProgRef::GyAll},   {"tmp", ProgRef::Tmp},
      {"tmp*", ProgRef::TmpAll}, {"const", ProgRef::Const}, {"attr", ProgRef::AttrV}};
  auto it = kinds.find(kind);
  if (it == kinds.end()) throw InternalError(op.name + ": unknown reference '" + kind + "' in a rule");
  r.kind = it->second;
  if (r.kind == ProgRef::Const)
    r.c = nb::cast<double>(t[1]);
  else if (r.kind == ProgRef::AttrV)
    r.k = op.attr_index(text(t[1]).c_str());
  else
    r.k = nb::cast<int>(t[1]);
  if (r.k < 0)
    throw InternalError(op.name + ": a rule names the attribute '" + text(t[1]) + "', which it does not have");
  return r;
}

// A literal's kind follows its Python type; the called operator's schema decides how it is read.
static Attr literal(nb::handle h) {
  if (h.is_none()) return Attr();
  if (PyBool_Check(h.ptr())) return Attr::of_bool(h.ptr() == Py_True);
  if (PyLong_Check(h.ptr())) return Attr::of_int(nb::cast<int64_t>(h));
  if (PyFloat_Check(h.ptr())) return Attr::of_float(nb::cast<double>(h));
  if (nb::isinstance<nb::str>(h)) {
    Attr a;
    DType t;
    std::string s = text(h);
    if (parse_dtype(s.c_str(), t)) return Attr::of_dtype(t);
    a.kind = Attr::Str;
    a.s = s;
    return a;
  }
  return Attr::of_ints(to_dims(h, "rule", "attribute"));
}

static ProgAttr to_prog_attr(nb::handle h, const OpDef& op) {
  auto t = nb::cast<nb::tuple>(h);
  std::string kind = text(t[0]);
  ProgAttr a;
  auto position = [&](nb::handle name) {
    int i = op.attr_index(text(name).c_str());
    if (i < 0)
      throw InternalError(op.name + ": a rule names the attribute '" + text(name) + "', which it does not have");
    return i;
  };
  if (kind == "lit") {
    a.lit = literal(t[1]);
  } else if (kind == "attr") {
    a.kind = ProgAttr::Attr;
    a.args = {position(t[1])};
  } else {
    a.kind = ProgAttr::Fn;
    auto it = attr_functions().find(text(t[1]));
    if (it == attr_functions().end())
      throw InternalError(op.name + ": unknown attribute function '" + text(t[1]) + "' in a rule");
    a.fn = it->second;
    for (nb::handle n : nb::borrow<nb::iterable>(t[2])) a.args.push_back(position(n));
  }
  return a;
}

static std::unique_ptr<Program> to_program(nb::handle h, const OpDef& op) {
  if (h.is_none()) return nullptr;
  auto d = nb::cast<nb::dict>(h);
  auto p = std::make_unique<Program>();
  for (nb::handle sh : nb::borrow<nb::iterable>(d["steps"])) {
    auto t = nb::cast<nb::tuple>(sh);
    ProgStep step;
    step.op_name = text(t[0]);
    for (nb::handle r : nb::borrow<nb::iterable>(t[1])) step.in.push_back(to_ref(r, op));
    for (nb::handle a : nb::borrow<nb::iterable>(t[2])) step.attrs.push_back(to_prog_attr(a, op));
    step.slot = nb::cast<int>(t[3]);
    p->n_slots = std::max(p->n_slots, step.slot + 1);
    p->steps.push_back(std::move(step));
  }
  for (nb::handle r : nb::borrow<nb::iterable>(d["results"])) {
    p->results.push_back(to_ref(r, op));
    if (p->results.back().kind == ProgRef::Tmp) p->n_slots = std::max(p->n_slots, p->results.back().k + 1);
  }
  for (auto& s : p->steps)
    for (auto& r : s.in)
      if (r.kind == ProgRef::Tmp) p->n_slots = std::max(p->n_slots, r.k + 1);
  return p;
}

static nb::object get(const nb::dict& d, const char* key) { return d.contains(key) ? nb::object(d[key]) : nb::none(); }
static bool flag(const nb::dict& d, const char* key) { return d.contains(key) && nb::cast<bool>(d[key]); }

static int register_from_spec(nb::dict d) {
  auto op = std::make_unique<OpDef>();
  op->name = text(d["name"]);
  for (nb::handle h : nb::borrow<nb::iterable>(d["inputs"])) {
    auto t = nb::cast<nb::tuple>(h);
    op->inputs.push_back({text(t[0]), nb::cast<bool>(t[1]), nb::cast<bool>(t[2]), nb::cast<bool>(t[3])});
  }
  for (nb::handle h : nb::borrow<nb::iterable>(d["attrs"])) {
    auto t = nb::cast<nb::tuple>(h);
    AttrSpec spec{text(t[0]), attr_type(text(t[1])), Attr()};
    if (!nb::handle(t[2]).is_none()) spec.def = to_attr(t[2], spec, op->name.c_str());
    op->attrs.push_back(std::move(spec));
  }
  op->n_out = nb::cast<int>(d["n_out"]);
  op->random = flag(d, "random");
  op->inplace_ok = flag(d, "inplace_ok");
  op->cast_inputs = flag(d, "cast_inputs");
  op->takes_complex = flag(d, "takes_complex");
  nb::object twin = get(d, "complex_twin");
  if (!twin.is_none()) op->complex_twin = text(twin);
  nb::object kernel = get(d, "kernel");
  if (!kernel.is_none()) op->kernel_stem = text(kernel);
  op->kernel = find_kernel(op->kernel_stem);
  nb::object tile = get(d, "tile");
  if (!tile.is_none())
    op->tile = std::make_shared<TileProgram>(*nb::cast<TileProgram*>(tile));  // a copy: the table outlives Python
  nb::object rule = get(d, "infer"), dtype = get(d, "dtype");
  // A composite has the rules of its parts; one called "check_..." refuses what these would take.
  if (!rule.is_none() && (!op->kernel_stem.empty() || text(rule).compare(0, 6, "check_") == 0)) {
    op->infer_rule = text(rule);
    op->infer = find_infer(op->infer_rule);  // a missing one is found by tests/ops, and told at the first call
  }
  if (!dtype.is_none() && !op->kernel_stem.empty()) {
    op->dtype_name = text(dtype);
    bool update = op->dtype_name.compare(0, 7, "update:") == 0;
    op->dtype_rule = find_dtype_rule(update ? "update" : op->dtype_name);
    if (!op->dtype_rule) throw InternalError(op->name + ": no dtype rule is called '" + op->dtype_name + "'");
  }
  op->grad = to_program(get(d, "grad"), *op);
  op->complex_grad = to_program(get(d, "complex_grad"), *op);
  op->define = to_program(get(d, "define"), *op);
  return register_op(std::move(op));
}

static nb::object results(Tensors out, bool single) {
  if (single && out.size() == 1) return wrap(std::move(out[0]));
  PyObject* t = PyTuple_New(Py_ssize_t(out.size()));
  for (size_t i = 0; i < out.size(); i++) PyTuple_SET_ITEM(t, Py_ssize_t(i), wrap(std::move(out[i])).release().ptr());
  return nb::steal(t);
}

std::vector<Tensor> targets_of(nb::handle out, const OpDef& op) {
  std::vector<Tensor> targets;
  if (nb::isinstance<Tensor>(out)) {
    targets.push_back(to_tensor(out, op.name.c_str()));
  } else {
    if (!PyTuple_Check(out.ptr()) && !PyList_Check(out.ptr()))
      throw TypeError(op.name + ": out= must be an array, or a tuple of them, got " + Py_TYPE(out.ptr())->tp_name);
    targets = to_tensors(out, op.name.c_str());
  }
  for (auto& t : targets)
    if (!t) throw TypeError(op.name + ": out= must be an array for every output, got None");
  if (op.n_out > 0 && int(targets.size()) != op.n_out)
    throw TypeError(format("%s: out= must name %d arrays, got %zu", op.name.c_str(), op.n_out, targets.size()));
  return targets;
}

static nb::object py_invoke(int id, nb::handle inputs, nb::handle attrs, nb::handle out) {
  const OpDef& op = op_by_id(id);
  Attrs a = to_attrs(attrs, op);
  std::vector<Tensor> in = to_tensors(inputs, op.name.c_str());
  bool single = op.n_out == 1 || (op.define && op.define->results.size() == 1 && op.n_out >= 0);
  if (out.is_none()) return results(invoke(op, in.data(), int(in.size()), a), single);
  std::vector<Tensor> targets = targets_of(out, op);
  return results(invoke(op, in.data(), int(in.size()), a, targets.data()), single);
}

static nb::list py_infer(int id, nb::list metas, nb::handle attrs) {
  const OpDef& op = op_by_id(id);
  Metas in, out;
  for (nb::handle h : metas) {
    Meta m;
    if (h.is_none()) {
      m.given = false;
    } else {
      auto t = nb::cast<nb::tuple>(h);
      m.dtype = to_dtype(t[0], "infer");
      m.shape = to_dims(t[1], "infer", "shape");
      m.strides = nb::handle(t[2]).is_none() ? contiguous_strides(m.shape) : to_dims(t[2], "infer", "strides");
      if (t.size() > 3) m.weak = nb::cast<bool>(t[3]);
    }
    in.push_back(m);
  }
  infer(op, in, to_attrs(attrs, op), out);
  nb::list r;
  for (auto& m : out)
    r.append(nb::make_tuple(dtype_name(m.dtype), dims_tuple(m.shape), dims_tuple(m.strides), m.view_of, m.offset));
  return r;
}

// The instructions of a program, whose micro-operations `op_of` and `arity_of` know.
static std::vector<TileInstr> to_code(const char* what, int n_in, nb::handle code, int (*op_of)(const std::string&),
                                      int (*arity_of)(int)) {
  std::vector<TileInstr> made;
  for (nb::handle h : nb::borrow<nb::iterable>(code)) {
    auto t = nb::cast<nb::tuple>(h);
    std::string mnemonic = text(t[0]);
    int op = op_of(mnemonic);
    if (op < 0) throw InternalError(std::string(what) + ": unknown micro-operation '" + mnemonic + "'");
    TileInstr instr;
    instr.op = uint8_t(op);
    if (mnemonic == "const") {
      nb::object v = t[1];
      if (nb::isinstance<nb::tuple>(v)) v = nb::cast<nb::tuple>(v)[0];
      instr.imm = nb::cast<double>(nb::float_(v));
      instr.imm_i = PyLong_Check(v.ptr())
                        ? nb::cast<int64_t>(v)
                        : int64_t(std::max(-9e18, std::min(9e18, instr.imm == instr.imm ? instr.imm : 0.0)));
    } else {
      auto args = nb::cast<nb::tuple>(t[1]);
      int16_t* slots[3] = {&instr.a, &instr.b, &instr.c};
      if (int(args.size()) != arity_of(op))
        throw InternalError(format("%s: '%s' takes %d operands", what, mnemonic.c_str(), arity_of(op)));
      for (size_t i = 0; i < args.size(); i++) {
        int v = nb::cast<int>(args[i]);
        if (v < 0 || v >= n_in + int(made.size()))
          throw InternalError(format("%s: operand %d is not defined yet", what, v));
        *slots[i] = int16_t(v);
      }
    }
    made.push_back(instr);
  }
  return made;
}

static std::shared_ptr<TileProgram> make_tile(int n_in, nb::handle code, nb::handle outs) {
  auto p = std::make_shared<TileProgram>();
  p->n_in = n_in;
  p->code = to_code("TileProgram", n_in, code, tile_op, tile_arity);
  for (nb::handle h : nb::borrow<nb::iterable>(outs)) p->outs.push_back(nb::cast<int>(h));
  prepare(*p);
  return p;
}

static std::shared_ptr<RowProgram> make_rows(int n_in, nb::handle code, nb::handle outs, int trailing) {
  auto p = std::make_shared<RowProgram>();
  p->n_in = n_in, p->trailing = trailing;
  p->code = to_code("RowProgram", n_in, code, row_op, row_arity);
  for (nb::handle h : nb::borrow<nb::iterable>(outs)) p->outs.push_back(nb::cast<int>(h));
  check(*p);
  return p;
}

// The operators of fused groups: any number of inputs, the program and the dtype of its registers as attributes.
static void register_fused(const char* name, const char* kernel, bool elementwise) {
  auto op = std::make_unique<OpDef>();
  op->name = name;
  op->inputs = {{"xs", false, true, false}};
  op->attrs = {{"program", AttrType::Obj, Attr()}, {"register", AttrType::DTypeT, Attr()}};
  op->kernel_stem = kernel;
  op->kernel = find_kernel(kernel);
  op->infer = find_infer("broadcast");
  op->dtype_rule = find_dtype_rule("promote");
  op->inplace_ok = op->takes_complex = elementwise;
  register_op(std::move(op));
}

void bind_ops(nb::module_& m) {
  nb::class_<TileProgram>(m, "TileProgram",
                          "A scalar expression as micro-operations in SSA form, ready to run over arrays.")
      .def(nb::new_(&make_tile), nb::arg("n_in"), nb::arg("code"), nb::arg("outs"))
      .def_ro("n_in", &TileProgram::n_in)
      .def_prop_ro("n_out", [](const TileProgram& p) { return p.outs.size(); });
  nb::class_<RowProgram>(m, "RowProgram", "A tile program with reductions over the last `trailing` axes in it.")
      .def(nb::new_(&make_rows), nb::arg("n_in"), nb::arg("code"), nb::arg("outs"), nb::arg("trailing"));
  m.def("register_op", &register_from_spec);
  m.def("op_id", [](const std::string& name) { return get_op(name).id; });
  m.def("op_names", [] {
    nb::list names;
    for (int i = 0; i < op_count(); i++) names.append(nb::str(op_by_id(i).name.c_str()));
    return names;
  });
  m.def("has_kernel", [](const std::string& stem) { return find_kernel(stem) != nullptr; });
  m.def("has_infer", [](const std::string& rule) { return find_infer(rule) != nullptr; });
  m.def("invoke", &py_invoke, nb::arg("op"), nb::arg("inputs"), nb::arg("attrs").none() = nb::none(),
        nb::arg("out").none() = nb::none());
  m.def("infer", &py_infer, nb::arg("op"), nb::arg("metas"), nb::arg("attrs").none() = nb::none());
  register_fused("fused", "tile", true);
  register_fused("fused_rows", "rows", false);
  register_fused("fused_each", "tile_each", true);
}

}  // namespace dl::bind
