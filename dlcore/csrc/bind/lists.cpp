#include "bind/lists.h"

#include <cmath>
#include <complex>

#include "runtime/trace.h"

namespace dl::bind {

namespace {

// ---- in --------------------------------------------------------------------------------------------------------------

constexpr long long kExact = 1LL << 53;  // whole numbers up to here are float64 numbers too

// The numbers in nested lists and tuples of one shape. What is anything else is left to NumPy, which knows more kinds
// of numbers and says what is wrong.
class Numbers {
 public:
  bool read(PyObject* source) {
    for (PyObject* p = source; items(p); p = PySequence_Fast_GET_ITEM(p, 0)) {
      Py_ssize_t n = PySequence_Fast_GET_SIZE(p);
      if (!n || shape_.n == kMaxDims) return false;
      shape_.push(n);
    }
    return add(source, 0);
  }

  // Null where NumPy would warn or refuse.
  Tensor as(DType t) const {
    Tensor made = make_tensor(shape_, t);
    bool good = false;
    switch (t) {
      case DType::Bool: good = truths_ == count() && fill(static_cast<bool*>(made->data())); break;
      case DType::I64: good = !reals_ && fill(static_cast<int64_t*>(made->data())); break;
      case DType::I32: good = !reals_ && fill(static_cast<int32_t*>(made->data())); break;
      case DType::F32: good = fill(static_cast<float*>(made->data())); break;
      case DType::F64: good = fill(static_cast<double*>(made->data())); break;
      default: break;
    }
    return good ? made : Tensor();
  }
  // float32 for numbers with a point, int64 for whole ones, bool for truth values alone.
  DType usual() const { return reals_ ? DType::F32 : truths_ == count() ? DType::Bool : DType::I64; }

 private:
  static bool items(PyObject* p) { return PyList_CheckExact(p) || PyTuple_CheckExact(p); }
  size_t count() const { return leaves_.size(); }

  bool add(PyObject* p, int depth) {
    if (depth == shape_.n) return leaf(p);
    if (!items(p) || PySequence_Fast_GET_SIZE(p) != shape_[depth]) return false;
    PyObject** at = PySequence_Fast_ITEMS(p);
    for (int64_t i = 0; i < shape_[depth]; i++)
      if (!add(at[i], depth + 1)) return false;
    return true;
  }
  bool leaf(PyObject* p) {
    if (PyFloat_CheckExact(p))
      reals_++;
    else if (PyBool_Check(p))
      truths_++;
    else if (!PyLong_CheckExact(p))
      return false;
    leaves_.push_back(p);
    return true;
  }

  template <class T>
  bool fill(T* to) const {
    for (PyObject* p : leaves_) {
      if (PyFloat_CheckExact(p)) {
        double v = PyFloat_AS_DOUBLE(p);
        *to = T(v);
        if constexpr (std::is_same_v<T, float>)
          if (std::isinf(*to) && !std::isinf(v)) return false;
      } else {
        int overflow = 0;
        long long v = PyLong_AsLongLongAndOverflow(p, &overflow);
        *to = T(v);
        if (overflow) return false;
        if constexpr (std::is_floating_point_v<T>) {
          if (v > kExact || v < -kExact) return false;
        } else if (static_cast<long long>(*to) != v) {
          return false;
        }
      }
      to++;
    }
    return true;
  }

  Shape shape_;
  std::vector<PyObject*> leaves_;  // borrowed: no Python runs before they are read
  size_t reals_ = 0, truths_ = 0;
};

nb::object from_list(nb::handle source, nb::handle dtype) {
  Numbers numbers;
  if (!numbers.read(source.ptr())) return nb::none();
  return wrap(numbers.as(dtype.is_none() ? numbers.usual() : to_dtype(dtype, "array")));
}

// ---- out -------------------------------------------------------------------------------------------------------------

PyObject* number(DType t, const void* p) {
  switch (t) {
    case DType::Bool: return PyBool_FromLong(*static_cast<const bool*>(p));
    case DType::I8: return PyLong_FromLong(*static_cast<const int8_t*>(p));
    case DType::I16: return PyLong_FromLong(*static_cast<const int16_t*>(p));
    case DType::I32: return PyLong_FromLong(*static_cast<const int32_t*>(p));
    case DType::I64: return PyLong_FromLongLong(*static_cast<const int64_t*>(p));
    case DType::U8: return PyLong_FromLong(*static_cast<const uint8_t*>(p));
    case DType::U16: return PyLong_FromLong(*static_cast<const uint16_t*>(p));
    case DType::U32: return PyLong_FromUnsignedLong(*static_cast<const uint32_t*>(p));
    case DType::U64: return PyLong_FromUnsignedLongLong(*static_cast<const uint64_t*>(p));
    case DType::F16: return PyFloat_FromDouble(to_float(*static_cast<const f16*>(p)));
    case DType::BF16: return PyFloat_FromDouble(to_float(*static_cast<const bf16*>(p)));
    case DType::F32: return PyFloat_FromDouble(*static_cast<const float*>(p));
    case DType::F64: return PyFloat_FromDouble(*static_cast<const double*>(p));
    case DType::C64: {
      auto v = *static_cast<const std::complex<float>*>(p);
      return PyComplex_FromDoubles(v.real(), v.imag());
    }
    case DType::C128: {
      auto v = *static_cast<const std::complex<double>*>(p);
      return PyComplex_FromDoubles(v.real(), v.imag());
    }
  }
  return nullptr;
}

PyObject* listed(const TensorImpl& t, int axis, const char* at) {
  if (axis == t.ndim()) return number(t.dtype, at);
  PyObject* list = PyList_New(t.shape[axis]);
  int64_t step = t.strides[axis] * int64_t(itemsize(t.dtype));
  for (int64_t i = 0; list && i < t.shape[axis]; i++) {
    PyObject* item = listed(t, axis + 1, at + i * step);
    if (!item) Py_CLEAR(list);
    if (list) PyList_SET_ITEM(list, i, item);
  }
  return list;
}

nb::object to_list(const Tensor& t) {
  if (is_traced(t) || active_tracer() || t->device.type != 0) return nb::none();
  nb::object list = nb::steal(listed(*t, 0, static_cast<const char*>(t->data())));
  if (!list.is_valid()) throw nb::python_error();
  return list;
}

}  // namespace

void bind_lists(nb::module_& m) {
  m.def("from_list", &from_list, nb::arg("source"), nb::arg("dtype").none() = nb::none(),
        "The array of a number or of nested lists of numbers; None for what NumPy should look at.");
  m.def("to_list", &to_list, nb::arg("array"),
        "The numbers in nested lists; None for an array whose values are not in the memory of the CPU, or not known.");
}

}  // namespace dl::bind
