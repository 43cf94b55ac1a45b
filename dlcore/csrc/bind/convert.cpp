#include "bind/held.h"

#include <nanobind/ndarray.h>

#include <unordered_map>

#include "runtime/invoke.h"
#include "runtime/trace.h"
#include "tensor/fault.h"

namespace dl::bind {

static std::string show(nb::handle h) { return nb::cast<std::string>(nb::repr(h)); }

// ---- dtypes ----------------------------------------------------------------------------------------------------------

nb::object dtype_object(DType t) {
  static PyObject* cache[kNumDTypes] = {};
  PyObject*& slot = cache[int(t)];
  if (!slot) {
    nb::object name =
        t == DType::BF16 ? nb::module_::import_("ml_dtypes").attr("bfloat16") : nb::object(nb::str(dtype_name(t)));
    slot = nb::module_::import_("numpy").attr("dtype")(name).release().ptr();
  }
  return nb::borrow(slot);
}

DType to_dtype(nb::handle h, const char* where) {
  static auto* seen = new std::unordered_map<PyObject*, DType>;  // dtype objects are few and immortal here
  auto it = seen->find(h.ptr());
  if (it != seen->end()) return it->second;
  std::string name;
  if (nb::isinstance<nb::str>(h)) {
    name = nb::cast<std::string>(h);
  } else if (h.ptr() == reinterpret_cast<PyObject*>(&PyFloat_Type)) {
    name = "float32";
  } else if (h.ptr() == reinterpret_cast<PyObject*>(&PyLong_Type)) {
    name = "int64";
  } else if (h.ptr() == reinterpret_cast<PyObject*>(&PyBool_Type)) {
    name = "bool";
  } else if (h.ptr() == reinterpret_cast<PyObject*>(&PyComplex_Type)) {
    name = "complex64";
  } else {
    try {
      name = nb::cast<std::string>(nb::module_::import_("numpy").attr("dtype")(h).attr("name"));
    } catch (nb::python_error&) {
      throw TypeError(std::string(where) + ": expected a dtype, got " + show(h));
    }
  }
  DType t;
  if (!parse_dtype(name.c_str(), t))
    throw TypeError(std::string(where) + ": dtype '" + name +
                    "' is not supported, expected bool, int8-64, uint8-64, float16, bfloat16, float32, float64, "
                    "complex64 or complex128");
  if (!nb::isinstance<nb::str>(h)) {
    h.inc_ref();
    (*seen)[h.ptr()] = t;
  }
  return t;
}

// ---- sizes -----------------------------------------------------------------------------------------------------------

static bool index_value(nb::handle h, int64_t& out) {
  if (!PyIndex_Check(h.ptr())) return false;
  out = PyNumber_AsSsize_t(h.ptr(), nullptr);
  if (out != -1 || !PyErr_Occurred()) return true;
  PyErr_Clear();  // an array of more than one number has __index__, too
  return false;
}

Dims to_dims(nb::handle h, const char* where, const char* what) {
  Dims d;
  int64_t v;
  if (index_value(h, v)) return Dims{v};
  if (PySequence_Check(h.ptr()) && !nb::isinstance<nb::str>(h)) {
    Py_ssize_t n = PySequence_Size(h.ptr());
    bool ok = n >= 0;
    for (Py_ssize_t i = 0; ok && i < n; i++) {
      nb::object item = nb::steal(PySequence_GetItem(h.ptr(), i));
      ok = item.is_valid() && index_value(item, v);
      if (ok) d.push(v);
    }
    if (ok) return d;
    PyErr_Clear();
  }
  throw TypeError(std::string(where) + ": " + what + " must be an integer or a tuple of integers, got " + show(h));
}

nb::tuple dims_tuple(const Dims& d) {
  PyObject* t = PyTuple_New(d.n);
  for (int i = 0; i < d.n; i++) PyTuple_SET_ITEM(t, i, PyLong_FromLongLong(d[i]));
  return nb::steal<nb::tuple>(t);
}

// ---- arrays ----------------------------------------------------------------------------------------------------------

static PyObject* g_converter = nullptr;
void set_converter(nb::object fn) {
  g_converter = fn.release().ptr();
  emptied_at_exit(&g_converter);
}

// The error that Python has set; one of our own making of arrays names the place that asked for the array.
[[noreturn]] static void throw_in_place(const char* where) {
  static const std::string own = "array: ";
  nb::python_error error;
  std::string text = nb::cast<std::string>(nb::str(error.value()));
  if (text.compare(0, own.size(), own) == 0) {
    text = std::string(where) + ": " + text.substr(own.size());
    if (error.matches(PyExc_TypeError)) throw TypeError(text);
    if (error.matches(PyExc_ValueError)) throw ValueError(text);
  }
  throw error;
}

Tensor to_tensor(nb::handle h, const char* where) {
  PyObject* p = h.ptr();
  if (const Tensor* t = array_of(p)) return *t;
  if (p == Py_None) return Tensor();
  if (PyBool_Check(p)) return make_scalar(int64_t(p == Py_True), DType::Bool, true);
  if (PyLong_CheckExact(p)) {
    int overflow = 0;
    long long v = PyLong_AsLongLongAndOverflow(p, &overflow);
    if (!overflow) return make_scalar(int64_t(v), DType::I64, true);
    unsigned long long u = overflow > 0 ? PyLong_AsUnsignedLongLong(p) : 0;
    if (overflow < 0 || PyErr_Occurred()) {
      PyErr_Clear();
      throw ValueError(std::string(where) + ": " + show(h) + " does not fit into 64 bits");
    }
    return make_scalar(int64_t(u), DType::U64, false);
  }
  if (PyFloat_CheckExact(p)) return make_scalar(PyFloat_AS_DOUBLE(p), DType::F64, true);
  if (PyComplex_CheckExact(p))
    return make_scalar(std::complex<double>(PyComplex_RealAsDouble(p), PyComplex_ImagAsDouble(p)), DType::C128, true);
  if (nb::isinstance<Tensor>(h)) return *nb::inst_ptr<Tensor>(h);  // a subclass
  if (g_converter) {
    nb::object r = nb::steal(PyObject_CallOneArg(g_converter, p));
    if (!r.is_valid()) throw_in_place(where);
    if (const Tensor* t = array_of(r.ptr())) return *t;
  }
  throw TypeError(std::string(where) + ": cannot make an array of " +
                  show(nb::handle(reinterpret_cast<PyObject*>(Py_TYPE(p)))));
}

std::vector<Tensor> to_tensors(nb::handle seq, const char* where) {
  std::vector<Tensor> out;
  if (PyTuple_CheckExact(seq.ptr())) {
    Py_ssize_t n = PyTuple_GET_SIZE(seq.ptr());
    out.reserve(size_t(n));
    for (Py_ssize_t i = 0; i < n; i++) out.push_back(to_tensor(PyTuple_GET_ITEM(seq.ptr(), i), where));
    return out;
  }
  for (nb::handle h : nb::borrow<nb::iterable>(seq)) out.push_back(to_tensor(h, where));
  return out;
}

PyTypeObject* g_array_type = nullptr;

nb::object wrap(Tensor t) {
  if (!t) return nb::none();
  nb::object made = nb::inst_alloc(reinterpret_cast<PyObject*>(g_array_type));
  new (nb::inst_ptr<Tensor>(made)) Tensor(std::move(t));
  nb::inst_mark_ready(made);
  return made;
}

static nb::dlpack::dtype dlpack_dtype(DType t) {
  using C = nb::dlpack::dtype_code;
  C code = t == DType::Bool     ? C::Bool
           : is_signed_int(t)   ? C::Int
           : is_unsigned_int(t) ? C::UInt
           : is_complex(t)      ? C::Complex
                                : C::Float;
  if (t == DType::BF16) code = C::UInt;  // NumPy sees the bits; ml_dtypes gives them their name
  return {uint8_t(code), uint8_t(itemsize(t) * 8), 1};
}

static nb::object numpy_over(const View& v, nb::handle owner) {
  size_t shape[kMaxDims];
  int64_t strides[kMaxDims];
  for (int i = 0; i < v.shape.n; i++) {
    shape[i] = size_t(v.shape[i]);
    strides[i] = v.strides[i];
  }
  nb::object a =
      nb::cast(nb::ndarray<nb::numpy>(v.data, size_t(v.shape.n), shape, owner, strides, dlpack_dtype(v.dtype)));
  // NumPy has no name for bfloat16, and of two 64-bit integers that are alike it was given the one it does not call
  // int64.
  bool renamed = v.dtype == DType::BF16 || v.dtype == DType::I64 || v.dtype == DType::U64;
  return renamed ? nb::object(a.attr("view")(dtype_object(v.dtype))) : a;
}

nb::object numpy_borrow(const View& v) { return numpy_over(v, nb::none()); }

nb::object numpy_view(const Tensor& t) {
  if (is_traced(t)) throw_value_needed("converting to NumPy");
  if (t->device.type != 0)
    throw TypeError("this array is on " + to_string(t->device) + "; use asnumpy() to copy it to the CPU");
  nb::object a = numpy_over(t->view(), nb::cast(alias_of(t)));
  if (t->storage->readonly) a.attr("setflags")(nb::arg("write") = false);
  return a;
}

void hold(Storage& s, nb::object owner) {
  PyObject* p = owner.release().ptr();
  s.owner = p;
  s.release = [p] {
    if (!Py_IsInitialized()) return;
    PyGILState_STATE gil = PyGILState_Ensure();
    Py_DECREF(p);
    PyGILState_Release(gil);
  };
}

// The dtype with this letter of Python's buffers, in the byte order of this machine.
static bool of_letter(const char* format, DType& t) {
  static constexpr std::pair<char, DType> letters[] = {{'?', DType::Bool},
                                                       {'b', DType::I8},
                                                       {'h', DType::I16},
                                                       {'i', DType::I32},
                                                       {'B', DType::U8},
                                                       {'H', DType::U16},
                                                       {'I', DType::U32},
                                                       {'e', DType::F16},
                                                       {'f', DType::F32},
                                                       {'d', DType::F64},
                                                       {'q', DType::I64},
                                                       {'Q', DType::U64},
                                                       {'l', sizeof(long) == 8 ? DType::I64 : DType::I32},
                                                       {'L', sizeof(long) == 8 ? DType::U64 : DType::U32}};
  for (const auto& [letter, dtype] : letters)
    if (format && format[0] == letter && !format[1]) {
      t = dtype;
      return true;
    }
  return false;
}

// A plain array of NumPy, looked at through Python's buffers; null for one that needs a closer look.
static Tensor over_buffer(nb::handle array) {
  Py_buffer v;
  if (PyObject_GetBuffer(array.ptr(), &v, PyBUF_FORMAT | PyBUF_STRIDES) != 0) {
    PyErr_Clear();
    return Tensor();
  }
  Tensor t(new TensorImpl);
  bool fits = v.ndim <= kMaxDims && of_letter(v.format, t->dtype) && size_t(v.itemsize) == itemsize(t->dtype) &&
              reinterpret_cast<uintptr_t>(v.buf) % size_t(v.itemsize) == 0;
  for (int i = 0; fits && i < v.ndim; i++) {
    fits = v.strides[i] % v.itemsize == 0;
    t->shape.push(v.shape[i]), t->strides.push(v.strides[i] / v.itemsize);
  }
  if (fits) {
    t->storage = StorageRef(new Storage);
    hold(*t->storage, nb::borrow(array));
    t->storage->data = v.buf;
    t->storage->nbytes = size_t(v.len);
    t->storage->readonly = v.readonly;
  }
  PyBuffer_Release(&v);
  return fits ? t : Tensor();
}

static Tensor copied(const Tensor& t) {
  Tensor fresh = make_tensor(t->shape, t->dtype);
  View in = t->view(), out = fresh->view();
  static const OpDef& op = get_op("copy");
  op.kernel(KernelCall{&op, &in, 1, &out, 1, nullptr});
  return fresh;
}

Tensor from_numpy(nb::handle array, bool copy) {
  static const PyObject* plain = nb::object(nb::module_::import_("numpy").attr("ndarray")).release().ptr();
  if (reinterpret_cast<PyObject*>(Py_TYPE(array.ptr())) == plain)
    if (Tensor t = over_buffer(array)) return copy ? copied(t) : t;
  nb::object a = nb::borrow(array);
  nb::object np = nb::module_::import_("numpy");
  if (!nb::isinstance(a, np.attr("ndarray"))) a = np.attr("asarray")(a);
  if (!nb::cast<bool>(a.attr("dtype").attr("isnative")))
    a = a.attr("astype")(a.attr("dtype").attr("newbyteorder")("="));
  DType dtype = to_dtype(a.attr("dtype"), "array");
  auto info = nb::cast<nb::dict>(a.attr("__array_interface__"));
  Shape shape = to_dims(a.attr("shape"), "array", "shape");
  Dims bytes = to_dims(a.attr("strides"), "array", "strides"), strides;
  bool whole = true;
  for (int64_t s : bytes) {
    whole &= s % int64_t(itemsize(dtype)) == 0;
    strides.push(s / int64_t(itemsize(dtype)));
  }
  auto pointer = nb::cast<nb::tuple>(info["data"]);
  uint64_t address = nb::cast<uint64_t>(pointer[0]);
  if (!whole || address % itemsize(dtype)) return from_numpy(np.attr("ascontiguousarray")(a.attr("copy")()), copy);
  Tensor t(new TensorImpl);
  t->dtype = dtype;
  t->shape = shape;
  t->strides = strides;
  t->storage = StorageRef(new Storage);
  t->storage->data = reinterpret_cast<void*>(address);
  t->storage->nbytes = nb::cast<size_t>(a.attr("nbytes"));
  t->storage->readonly = nb::cast<bool>(pointer[1]);
  hold(*t->storage, a);
  return copy ? copied(t) : t;
}

// ---- attributes ------------------------------------------------------------------------------------------------------

[[noreturn]] static void bad_attr(nb::handle h, const AttrSpec& spec, const char* op, const char* expected) {
  throw TypeError(std::string(op) + ": " + spec.name + " must be " + expected + ", got " + show(h));
}

Attr to_attr(nb::handle h, const AttrSpec& spec, const char* op) {
  Attr a;
  bool optional = spec.type >= AttrType::OptInt && spec.type <= AttrType::OptDType;
  if (h.is_none()) {
    if (optional || spec.type == AttrType::DTypeT || spec.type == AttrType::Obj) return a;
    bad_attr(h, spec, op, "given");
  }
  int64_t v;
  switch (spec.type) {
    case AttrType::Bool: {
      int truth = PyUnicode_Check(h.ptr()) ? -1 : PyObject_IsTrue(h.ptr());  // "False" would be true
      if (truth < 0) {
        PyErr_Clear();
        bad_attr(h, spec, op, "True or False");
      }
      return Attr::of_bool(truth != 0);
    }
    case AttrType::Int:
    case AttrType::OptInt:
      if (index_value(h, v)) return Attr::of_int(v);
      bad_attr(h, spec, op, "an integer");
    case AttrType::Float:
    case AttrType::OptFloat: {
      double d = PyFloat_AsDouble(h.ptr());
      if (d == -1 && PyErr_Occurred()) {
        PyErr_Clear();
        bad_attr(h, spec, op, "a number");
      }
      return Attr::of_float(d);
    }
    case AttrType::Ints:
    case AttrType::OptInts: return Attr::of_ints(to_dims(h, op, spec.name.c_str()));
    case AttrType::Str:
      if (!nb::isinstance<nb::str>(h)) bad_attr(h, spec, op, "a string");
      a.kind = Attr::Str;
      a.s = nb::cast<std::string>(h);
      return a;
    case AttrType::DTypeT:
    case AttrType::OptDType: return Attr::of_dtype(to_dtype(h, op));
    case AttrType::Obj:
      throw InternalError(std::string(op) + ": a value was given for " + spec.name + ", got " + show(h));
  }
  return a;
}

Attrs to_attrs(nb::handle tuple, const OpDef& op) {
  Attrs attrs;
  attrs.reserve(op.attrs.size());
  size_t n = tuple.is_none() ? 0 : size_t(PyTuple_Size(tuple.ptr()));
  if (PyErr_Occurred()) throw nb::python_error();
  if (n > op.attrs.size())
    throw InternalError(format("%s: takes %zu attributes, got %zu", op.name.c_str(), op.attrs.size(), n));
  for (size_t i = 0; i < op.attrs.size(); i++)
    attrs.push_back(i < n ? to_attr(PyTuple_GET_ITEM(tuple.ptr(), Py_ssize_t(i)), op.attrs[i], op.name.c_str())
                          : op.attrs[i].def);
  return attrs;
}

nb::object attr_object(const Attr& a) {
  switch (a.kind) {
    case Attr::Bool: return nb::bool_(a.i != 0);
    case Attr::Int: return nb::int_(a.i);
    case Attr::Float: return nb::float_(a.f);
    case Attr::Ints: return dims_tuple(a.v);
    case Attr::Str: return nb::str(a.s.c_str());
    case Attr::DTypeV: return nb::str(dtype_name(a.dtype()));
    default: return nb::none();
  }
}

}  // namespace dl::bind
