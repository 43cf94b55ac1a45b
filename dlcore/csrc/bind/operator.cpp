// Operator: what F.add, F.sum, ... are. A callable that reads its arguments straight into a call of the core, without a
// Python frame. Calls that do not fit the signature go to a Python function of the same signature, which says so in
// Python's words.
#include <algorithm>
#include <cstddef>

#include "bind/held.h"
#include "runtime/invoke.h"
#include "tensor/fault.h"

#include <structmember.h>  // after Python.h

namespace dl::bind {

namespace {

struct Parameter {
  PyObject* name;  // interned
  enum { Input, Variadic, Attribute } kind;
  int place;  // among the operator's inputs or attributes
  bool required;
  Tensor number;  // an input's default, where it is a number
};

struct Signature {
  const OpDef* op;
  std::vector<Parameter> parameters;
  Attrs defaults;
  int positional = 0;  // so many may be given without a name; all others, and out, only by name
  int variadic = -1;   // the parameter that takes all that remain
  bool single = true;  // one result, given as it is
};

struct OperatorObject {
  PyObject_HEAD;
  vectorcallfunc call;
  PyObject* dict;
  PyObject* explain;  // a Python callable of the same signature
  Signature* signature;
};

PyTypeObject* g_type = nullptr;
PyObject* g_out = nullptr;  // "out"

constexpr int kMaxParameters = 32;

// What a call gives for each parameter, borrowed; and the rest for a variadic one.
struct Given {
  PyObject* value[kMaxParameters] = {};
  PyObject* out = nullptr;
  PyObject* const* rest = nullptr;
  Py_ssize_t n_rest = 0;
};

int place_of(const Signature& s, PyObject* name) {
  for (size_t i = 0; i < s.parameters.size(); i++)
    if (s.parameters[i].name == name) return int(i);
  for (size_t i = 0; i < s.parameters.size(); i++)  // a name that was not interned
    if (PyUnicode_Compare(s.parameters[i].name, name) == 0) return int(i);
  return -1;
}

bool read(const Signature& s, PyObject* const* args, Py_ssize_t n, PyObject* names, Given& g) {
  Py_ssize_t fixed = std::min(n, Py_ssize_t(s.positional));
  for (Py_ssize_t i = 0; i < fixed; i++) g.value[i] = args[i];
  if (n > fixed) {
    if (s.variadic < 0) return false;
    g.rest = args + fixed;
    g.n_rest = n - fixed;
  }
  Py_ssize_t named = names ? PyTuple_GET_SIZE(names) : 0;
  for (Py_ssize_t k = 0; k < named; k++) {
    PyObject* name = PyTuple_GET_ITEM(names, k);
    if (name == g_out || PyUnicode_Compare(name, g_out) == 0) {
      g.out = args[n + k];
      continue;
    }
    int i = place_of(s, name);
    if (i < 0 || i == s.variadic || g.value[i]) return false;
    g.value[i] = args[n + k];
  }
  for (size_t i = 0; i < s.parameters.size(); i++)
    if (s.parameters[i].required && !g.value[i]) return false;
  return true;
}

// The arrays of a call: those that are arrays already stay where they lie.
struct Inputs {
  Few<const Tensor*, 8> at;
  Few<Tensor, 8> made;
  std::vector<Tensor> all() const {
    std::vector<Tensor> v;
    for (const Tensor* t : at) v.push_back(*t);
    return v;
  }
};

// What is no array is named with the argument that it was given for.
Tensor operand(PyObject* value, const Signature& s, const Parameter& p) {
  const char* op = s.op->name.c_str();
  auto where = [&](const Error& e) {
    return std::string(e.what()) + format(" for argument '%s'", PyUnicode_AsUTF8(p.name));
  };
  try {
    return to_tensor(value, op);
  } catch (const TypeError& e) {
    throw TypeError(where(e));
  } catch (const ValueError& e) {
    throw ValueError(where(e));
  }
}

void take_inputs(const Signature& s, const Given& g, Inputs& in) {
  in.made.reserve(s.parameters.size() + size_t(g.n_rest));  // so that their addresses stay
  static const Tensor absent;
  in.at.assign(size_t(std::count_if(s.parameters.begin(), s.parameters.end(),
                                    [](const Parameter& p) { return p.kind == Parameter::Input; })),
               &absent);
  for (size_t i = 0; i < s.parameters.size(); i++) {
    const Parameter& p = s.parameters[i];
    if (p.kind != Parameter::Input) continue;
    const Tensor*& slot = in.at[size_t(p.place)];
    PyObject* value = g.value[i];
    if (!value) {
      slot = &p.number;
    } else if (const Tensor* t = array_of(value)) {
      slot = t;
    } else {
      slot = &in.made.emplace_back(operand(value, s, p));
    }
  }
  for (Py_ssize_t k = 0; k < g.n_rest; k++) {
    const Tensor* t = array_of(g.rest[k]);
    in.at.push_back(t ? t : &in.made.emplace_back(operand(g.rest[k], s, s.parameters[size_t(s.variadic)])));
  }
}

nb::object results(const Signature& s, Tensors out) {
  if (s.single && out.size() == 1) return wrap(std::move(out[0]));
  PyObject* t = PyTuple_New(Py_ssize_t(out.size()));
  for (size_t i = 0; i < out.size(); i++) PyTuple_SET_ITEM(t, Py_ssize_t(i), wrap(std::move(out[i])).release().ptr());
  return nb::steal(t);
}

// The call's attributes: the defaults themselves where none is given, else `own`.
const Attrs* take_attributes(const Signature& s, const Given& g, Attrs& own) {
  const Attrs* attrs = &s.defaults;
  for (size_t i = 0; i < s.parameters.size(); i++) {
    const Parameter& p = s.parameters[i];
    if (p.kind != Parameter::Attribute || !g.value[i]) continue;
    if (attrs != &own) {
      own = s.defaults;
      attrs = &own;
    }
    own[size_t(p.place)] = to_attr(g.value[i], s.op->attrs[size_t(p.place)], s.op->name.c_str());
  }
  return attrs;
}

nb::object run(const Signature& s, const Given& g) {
  const OpDef& op = *s.op;
  Inputs in;
  Attrs own;
  const Attrs* attrs = telling(op, nullptr, 0, [&] {
    take_inputs(s, g, in);
    return take_attributes(s, g, own);
  });
  if (!g.out || g.out == Py_None) {
    if (s.single && op.n_out == 1) return wrap(invoke_first(op, in.at.data(), int(in.at.size()), *attrs));
    std::vector<Tensor> all = in.all();
    return results(s, invoke(op, all.data(), int(all.size()), *attrs));
  }
  std::vector<Tensor> targets = targets_of(g.out, op), all = in.all();
  return results(s, invoke(op, all.data(), int(all.size()), *attrs, targets.data()));
}

PyObject* explain(OperatorObject* self, PyObject* const* args, size_t nargsf, PyObject* names) {
  if (self->explain) return PyObject_Vectorcall(self->explain, args, nargsf, names);
  PyErr_SetString(PyExc_RuntimeError, "dlcore: Python has ended, nothing can be computed any more");
  return nullptr;
}

PyObject* call(PyObject* callable, PyObject* const* args, size_t nargsf, PyObject* names) {
  auto* self = reinterpret_cast<OperatorObject*>(callable);
  Given given;
  if (!read(*self->signature, args, PyVectorcall_NARGS(nargsf), names, given))
    return explain(self, args, nargsf, names);
  try {
    return run(*self->signature, given).release().ptr();
  } catch (...) {
    set_python_error();
    return nullptr;
  }
}

// x.reshape(2, -1) and x.reshape((2, -1)) with sizes and at most one -1; MXNet's codes are for `explain`.
bool plain_shape(PyObject* const* args, Py_ssize_t n, Shape& shape) {
  PyObject* const* items = args;
  if (n == 1 && (PyTuple_CheckExact(args[0]) || PyList_CheckExact(args[0]))) {
    items = PySequence_Fast_ITEMS(args[0]);
    n = PySequence_Fast_GET_SIZE(args[0]);
  }
  if (n > kMaxDims) return false;
  int unknown = 0;
  for (Py_ssize_t i = 0; i < n; i++) {
    if (!PyLong_CheckExact(items[i])) return false;
    int overflow = 0;
    int64_t v = PyLong_AsLongLongAndOverflow(items[i], &overflow);
    unknown += v == -1;
    if (overflow || unknown > 1 || (v <= 0 && v != -1)) return false;
    shape.push(v);
  }
  return true;
}

PyObject* call_reshape(PyObject* callable, PyObject* const* args, size_t nargsf, PyObject* names) {
  auto* self = reinterpret_cast<OperatorObject*>(callable);
  Py_ssize_t n = PyVectorcall_NARGS(nargsf);
  const Tensor* x = n > 1 && !names ? array_of(args[0]) : nullptr;
  Shape shape;
  if (!x || !plain_shape(args + 1, n - 1, shape)) return explain(self, args, nargsf, names);
  try {
    return wrap(invoke_first(*self->signature->op, &x, 1, {Attr::of_ints(shape)})).release().ptr();
  } catch (...) {
    set_python_error();
    return nullptr;
  }
}

// As a function: an attribute of a class becomes a method.
PyObject* bind_to(PyObject* self, PyObject* object, PyObject*) {
  if (!object || object == Py_None) {
    Py_INCREF(self);
    return self;
  }
  return PyMethod_New(self, object);
}

PyObject* represent(PyObject* self) {
  return PyUnicode_FromFormat("<operator %s>", reinterpret_cast<OperatorObject*>(self)->signature->op->name.c_str());
}

// Pickled by name, as functions are.
PyObject* reduce(PyObject* self, PyObject*) { return PyObject_GetAttrString(self, "__name__"); }

PyMethodDef methods[] = {{"__reduce__", reduce, METH_NOARGS, nullptr}, {nullptr, nullptr, 0, nullptr}};
PyMemberDef members[] = {{"__vectorcalloffset__", T_PYSSIZET, offsetof(OperatorObject, call), READONLY, nullptr},
                         {"__dictoffset__", T_PYSSIZET, offsetof(OperatorObject, dict), READONLY, nullptr},
                         {nullptr, 0, 0, 0, nullptr}};
PyObject* signature_of(PyObject* self, void*) {  // for inspect.signature
  PyObject* explain = reinterpret_cast<OperatorObject*>(self)->explain;
  return PyObject_GetAttrString(explain ? explain : Py_None, "__signature__");
}

PyGetSetDef getset[] = {{"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, nullptr, nullptr},
                        {"__signature__", signature_of, nullptr, nullptr, nullptr},
                        {nullptr, nullptr, nullptr, nullptr, nullptr}};

void make_type(nb::module_& m) {
  PyType_Slot slots[] = {{Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
                         {Py_tp_descr_get, reinterpret_cast<void*>(bind_to)},
                         {Py_tp_repr, reinterpret_cast<void*>(represent)},
                         {Py_tp_methods, methods},
                         {Py_tp_members, members},
                         {Py_tp_getset, getset},
                         {0, nullptr}};
  // Operators live as long as the process (see `finish`), so they need no destructor.
  PyType_Spec spec = {"dlcore._core.Operator", int(sizeof(OperatorObject)), 0,
                      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR |
                          Py_TPFLAGS_DISALLOW_INSTANTIATION,
                      slots};
  g_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  if (!g_type) throw nb::python_error();
  m.attr("Operator") = nb::handle(reinterpret_cast<PyObject*>(g_type));
}

nb::object finish(std::unique_ptr<Signature> s, vectorcallfunc call, nb::object explain, nb::dict about) {
  auto* self = PyObject_New(OperatorObject, g_type);
  if (!self) throw nb::python_error();
  self->call = call;
  self->dict = about.release().ptr();
  self->explain = explain.release().ptr();
  emptied_at_exit(&self->dict);
  emptied_at_exit(&self->explain);
  self->signature = s.release();
  // The core holds it as well: what is emptied at exit must be there then.
  return nb::borrow(reinterpret_cast<PyObject*>(self));
}

// parameters: (name, kind, required, default) in order, with kind "input", "variadic" or "attr".
nb::object make_operator(int id, nb::list parameters, nb::object explain, nb::dict about) {
  auto s = std::make_unique<Signature>();
  s->op = &op_by_id(id);
  s->single = s->op->n_out == 1 || (s->op->define && s->op->define->results.size() == 1 && s->op->n_out >= 0);
  for (auto& a : s->op->attrs) s->defaults.push_back(a.def);
  int inputs = 0;
  for (nb::handle h : parameters) {
    auto t = nb::cast<nb::tuple>(h);
    Parameter p;
    p.name = nb::object(t[0]).release().ptr();
    PyUnicode_InternInPlace(&p.name);
    auto kind = nb::cast<std::string>(t[1]);
    p.required = nb::cast<bool>(t[2]);
    if (kind == "attr") {
      p.kind = Parameter::Attribute;
      p.place = s->op->attr_index(PyUnicode_AsUTF8(p.name));
    } else {
      p.kind = kind == "variadic" ? Parameter::Variadic : Parameter::Input;
      p.place = inputs++;
      if (p.kind == Parameter::Input && !p.required) p.number = to_tensor(t[3], s->op->name.c_str());
    }
    if (p.kind == Parameter::Variadic) s->variadic = int(s->parameters.size());
    if (s->variadic < 0) s->positional++;
    s->parameters.push_back(std::move(p));
  }
  if (s->parameters.size() > kMaxParameters) throw InternalError(s->op->name + ": has too many parameters");
  return finish(std::move(s), call, explain, about);
}

nb::object make_reshape(nb::object explain, nb::dict about) {
  auto s = std::make_unique<Signature>();
  s->op = &get_op("reshape");
  return finish(std::move(s), call_reshape, explain, about);
}

}  // namespace

void bind_operator(nb::module_& m) {
  g_out = PyUnicode_InternFromString("out");
  make_type(m);
  m.def("make_operator", &make_operator, nb::arg("op"), nb::arg("parameters"), nb::arg("explain"), nb::arg("about"),
        "The callable of an operator. `explain` takes the calls that do not fit; `about` becomes its __dict__.");
  m.def("make_reshape", &make_reshape, nb::arg("explain"), nb::arg("about"), "The method x.reshape, in the same way.");
}

}  // namespace dl::bind
