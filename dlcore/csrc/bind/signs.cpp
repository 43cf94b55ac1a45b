// Python's signs on arrays (+, <, -x, x @ y, x += y, float(x), ...) as slots of the type, straight into the core.
// What needs more than one operator is left to functions that dlcore/array hands in.
#include "autograd/tape.h"
#include "bind/held.h"
#include "bind/sizes.h"
#include "runtime/invoke.h"
#include "runtime/trace.h"

namespace dl::bind {

namespace {

// clang-format off
enum Sign {
  Add, Sub, Mul, Truediv, Floordiv, Mod, Pow, Lshift, Rshift, And, Or, Xor,  // also in place
  Eq, Ne, Lt, Le, Gt, Ge, Neg, Abs, Pos, Square, Matmul, LogicalNot, BitwiseNot, kSigns
};
constexpr const char* kOperators[kSigns] = {
    "add", "subtract", "multiply", "divide", "floor_divide", "remainder", "power", "left_shift", "right_shift",
    "bitwise_and", "bitwise_or", "bitwise_xor", "equal", "not_equal", "less", "less_equal", "greater", "greater_equal",
    "negative", "abs", "positive", "square", "matmul", "logical_not", "bitwise_not"};
// clang-format on

// Stanzas fill the operator table after this module is loaded, so operators are looked up at their first use.
const OpDef& operator_of(Sign sign) {
  static const OpDef* found[kSigns] = {};
  if (!found[sign]) found[sign] = &get_op(kOperators[sign]);
  return *found[sign];
}

PyObject* g_in_place[Xor + 1] = {};  // while recording or tracing: called as fn(x, other, held)
PyObject* g_matmul = nullptr;

// Runs `body` and gives what it returns to Python, or its exception.
template <class F>
PyObject* to_python(F&& body) noexcept {
  try {
    return body();
  } catch (...) {
    set_python_error();
    return nullptr;
  }
}

const Attrs& no_attrs() {
  static const Attrs none;
  return none;
}

// An operand where it lies, or a number made into an array here.
struct Operand {
  Tensor made;
  const Tensor* at;
  Operand(PyObject* p, Sign sign) : at(array_of(p)) {
    if (at) return;
    made = to_tensor(p, kOperators[sign]);
    at = &made;
  }
};

PyObject* apply(Sign sign, PyObject* a, PyObject* b) noexcept {
  return to_python([&] {
    Operand x(a, sign), y(b, sign);
    const Tensor* in[2] = {x.at, y.at};
    return wrap(invoke_first(operator_of(sign), in, 2, no_attrs())).release().ptr();
  });
}

PyObject* apply(Sign sign, PyObject* a) noexcept {
  return to_python([&] {
    const Tensor* in[1] = {array_of(a)};
    Tensor given;
    if (!in[0]) in[0] = &(given = to_tensor(a, kOperators[sign]));  // a subclass
    return wrap(invoke_first(operator_of(sign), in, 1, no_attrs())).release().ptr();
  });
}

template <Sign S>
PyObject* binary(PyObject* a, PyObject* b) {
  return apply(S, a, b);
}
template <Sign S>
PyObject* unary(PyObject* a) {
  return apply(S, a);
}

PyObject* negative_power(PyObject* a) {
  PyErr_Format(PyExc_ValueError,
               "power: expected whole numbers to a power of at least 0, got %s to a negative one; cast to float first",
               dtype_name((*array_of(a))->dtype));
  return nullptr;
}

PyObject* power(PyObject* a, PyObject* b, PyObject* modulus) {
  if (modulus != Py_None) {
    PyErr_SetString(PyExc_TypeError, "power: pow() of arrays takes no modulus; use pow(x, y) % m");
    return nullptr;
  }
  if (PyLong_CheckExact(b) && array_of(a)) {
    int overflow = 0;
    long n = PyLong_AsLongAndOverflow(b, &overflow);
    if (n == 2) return apply(Square, a);  // by far the commonest
    if ((n < 0 || overflow < 0) && !is_inexact((*array_of(a))->dtype)) return negative_power(a);
  }
  return apply(Pow, a, b);
}

PyObject* invert(PyObject* a) {
  const Tensor* t = array_of(a);
  return apply(t && (*t)->dtype == DType::Bool ? LogicalNot : BitwiseNot, a);
}

PyObject* matmul(PyObject* a, PyObject* b) {
  const Tensor *x = array_of(a), *y = array_of(b);
  if (!x || !y || (*x)->ndim() < 2 || (*y)->ndim() < 2) return PyObject_CallFunctionObjArgs(g_matmul, a, b, nullptr);
  return apply(Matmul, a, b);
}

PyObject* compare(PyObject* a, PyObject* b, int how) {
  if (b == Py_None) Py_RETURN_NOTIMPLEMENTED;
  constexpr Sign signs[] = {Lt, Le, Eq, Ne, Gt, Ge};  // in the order of Py_LT ... Py_GE
  return apply(signs[how], a, b);
}

// Numbers may be written into an array of their kind or a later one: bool, unsigned, signed, all others.
int kind_rank(DType t) { return t == DType::Bool ? 0 : is_unsigned_int(t) ? 1 : is_int(t) ? 2 : 3; }

// How many references to x there are in x += y where nothing else holds that array: x itself and the interpreter's
// stack (from 3.14 on the stack borrows what a local name holds).
constexpr Py_ssize_t kNameAndStack = PY_VERSION_HEX >= 0x030E0000 ? 1 : 2;

// x += y: into x's memory where its dtype holds the result.
PyObject* in_place(Sign sign, PyObject* self, PyObject* other) {
  const Tensor* x = array_of(self);
  if (!x || is_recording() || is_traced(*x)) {
    PyObject* held = Py_REFCNT(self) > kNameAndStack ? Py_True : Py_False;
    return PyObject_CallFunctionObjArgs(g_in_place[sign], self, other, held, nullptr);
  }
  return to_python([&] {
    const OpDef& op = operator_of(sign);
    Operand y(other, sign);
    Tensor in[2] = {*x, *y.at};
    DType dtype = (*x)->dtype;
    if (is_int(dtype) || dtype == DType::Bool) {
      Tensor result = std::move(invoke(op, in, 2, no_attrs())[0]);
      if (kind_rank(result->dtype) > kind_rank(dtype))
        throw TypeError(std::string("in-place ") + op.name + ": the result is " + dtype_name(result->dtype) +
                        ", the array holds " + dtype_name(dtype));
      assign(*x, result);
    } else {
      invoke(op, in, 2, no_attrs(), x);
    }
    Py_INCREF(self);
    return self;
  });
}
template <Sign S>
PyObject* update(PyObject* self, PyObject* other) {
  return in_place(S, self, other);
}
PyObject* update_power(PyObject* self, PyObject* other, PyObject*) { return in_place(Pow, self, other); }

Tensor self_of(PyObject* self) { return to_tensor(self, "NDArray"); }

Py_ssize_t length(PyObject* self) {
  Py_ssize_t n = -1;
  PyObject* ok = to_python([&] {
    Tensor t = self_of(self);
    if (t->ndim() == 0) throw TypeError("len() of a 0-d array");
    note_sizes(t);
    n = t->shape[0];
    return Py_None;
  });
  return ok ? n : -1;
}

int truth_of(PyObject* self) {
  bool yes = false;
  PyObject* ok = to_python([&] {
    yes = truth(self_of(self));
    return Py_None;
  });
  return ok ? yes : -1;
}

PyObject* to_float(PyObject* self) {
  return to_python([&] { return nb::float_(item(self_of(self), "float()")).release().ptr(); });
}
PyObject* to_int(PyObject* self) {
  return to_python([&] { return nb::int_(item(self_of(self), "int()")).release().ptr(); });
}
PyObject* to_index(PyObject* self) {
  return to_python([&] {
    Tensor t = self_of(self);
    if (t->ndim() != 0 || is_inexact(t->dtype))
      throw TypeError(std::string("only a 0-d integer array can be used as an index, got ") + dtype_name(t->dtype) +
                      " of shape " + to_string(t->shape));
    return nb::int_(item(t, "index()")).release().ptr();
  });
}

// By identity, although == compares values.
Py_hash_t hash(PyObject* self) { return PyBaseObject_Type.tp_hash(self); }

template <class F>
void* slot(F* f) {
  return reinterpret_cast<void*>(f);
}

}  // namespace

const PyType_Slot array_slots[] = {{Py_nb_add, slot(binary<Add>)},
                                   {Py_nb_subtract, slot(binary<Sub>)},
                                   {Py_nb_multiply, slot(binary<Mul>)},
                                   {Py_nb_true_divide, slot(binary<Truediv>)},
                                   {Py_nb_floor_divide, slot(binary<Floordiv>)},
                                   {Py_nb_remainder, slot(binary<Mod>)},
                                   {Py_nb_power, slot(power)},
                                   {Py_nb_lshift, slot(binary<Lshift>)},
                                   {Py_nb_rshift, slot(binary<Rshift>)},
                                   {Py_nb_and, slot(binary<And>)},
                                   {Py_nb_or, slot(binary<Or>)},
                                   {Py_nb_xor, slot(binary<Xor>)},
                                   {Py_nb_matrix_multiply, slot(matmul)},
                                   {Py_nb_inplace_add, slot(update<Add>)},
                                   {Py_nb_inplace_subtract, slot(update<Sub>)},
                                   {Py_nb_inplace_multiply, slot(update<Mul>)},
                                   {Py_nb_inplace_true_divide, slot(update<Truediv>)},
                                   {Py_nb_inplace_floor_divide, slot(update<Floordiv>)},
                                   {Py_nb_inplace_remainder, slot(update<Mod>)},
                                   {Py_nb_inplace_power, slot(update_power)},
                                   {Py_nb_inplace_lshift, slot(update<Lshift>)},
                                   {Py_nb_inplace_rshift, slot(update<Rshift>)},
                                   {Py_nb_inplace_and, slot(update<And>)},
                                   {Py_nb_inplace_or, slot(update<Or>)},
                                   {Py_nb_inplace_xor, slot(update<Xor>)},
                                   {Py_nb_negative, slot(unary<Neg>)},
                                   {Py_nb_positive, slot(unary<Pos>)},
                                   {Py_nb_absolute, slot(unary<Abs>)},
                                   {Py_nb_invert, slot(invert)},
                                   {Py_nb_bool, slot(truth_of)},
                                   {Py_nb_float, slot(to_float)},
                                   {Py_nb_int, slot(to_int)},
                                   {Py_nb_index, slot(to_index)},
                                   {Py_tp_richcompare, slot(compare)},
                                   {Py_tp_hash, slot(hash)},
                                   {Py_mp_length, slot(length)},
                                   {Py_sq_length, slot(length)},
                                   {Py_mp_subscript, slot(subscript)},
                                   {0, nullptr}};

void bind_signs(nb::module_& m) {
  m.def(
      "set_signs",
      [](nb::dict in_place, nb::object matmul) {
        for (int sign = 0; sign <= Xor; sign++) {
          g_in_place[sign] = nb::object(in_place[kOperators[sign]]).release().ptr();
          emptied_at_exit(&g_in_place[sign]);
        }
        g_matmul = matmul.release().ptr();
        emptied_at_exit(&g_matmul);
      },
      "What x += y does while recording, by operator, and x @ y for vectors and other objects.");
}

}  // namespace dl::bind
