#include "bind/positions.h"

#include <cstring>

#include "runtime/invoke.h"
#include "runtime/trace.h"

namespace dl::bind {

namespace {

constexpr Py_ssize_t kFew = 4096;  // of NumPy's positions so many are copied; more are looked at where they lie

PyTypeObject* numpy_array() {
  static PyObject* type = nb::object(nb::module_::import_("numpy").attr("ndarray")).release().ptr();
  return reinterpret_cast<PyTypeObject*>(type);
}

// Positions that NumPy holds, as an array of our own.
Tensor copied(PyObject* array) {
  Py_buffer b;
  if (PyObject_GetBuffer(array, &b, PyBUF_FORMAT | PyBUF_C_CONTIGUOUS) < 0) {
    PyErr_Clear();
    return Tensor();
  }
  Tensor made;
  bool wide = !std::strcmp(b.format, "l") || !std::strcmp(b.format, "q");
  if (b.ndim <= kMaxDims && b.len <= kFew * b.itemsize && (wide || !std::strcmp(b.format, "i"))) {
    Shape shape;
    for (int i = 0; i < b.ndim; i++) shape.push(b.shape[i]);
    made = make_tensor(shape, b.itemsize == 8 ? DType::I64 : DType::I32);
    std::memcpy(made->data(), b.buf, size_t(b.len));
  }
  PyBuffer_Release(&b);
  return made;
}

bool whole_number(PyObject* number, int64_t& value) {
  int overflow = 0;
  if (!PyLong_CheckExact(number)) return false;
  value = PyLong_AsLongLongAndOverflow(number, &overflow);
  return !overflow;
}

Tensor from_list(PyObject* list) {
  Py_ssize_t n = PyList_GET_SIZE(list);
  Tensor made = n ? make_tensor(Shape{n}, DType::I64) : Tensor();
  for (Py_ssize_t i = 0; i < n; i++)
    if (!whole_number(PyList_GET_ITEM(list, i), static_cast<int64_t*>(made->data())[i])) return Tensor();
  return made;
}

// The positions that a key holds, or null.
Tensor positions(PyObject* key, const Tensor& x) {
  if (const Tensor* t = array_of(key))
    return is_int((*t)->dtype) && !is_traced(*t) && (*t)->device == x->device ? *t : Tensor();
  if (x->device.type != 0) return Tensor();
  if (PyList_CheckExact(key)) return from_list(key);
  int64_t value;
  if (whole_number(key, value)) return make_scalar(value, DType::I64, false);
  return Py_TYPE(key) == numpy_array() ? copied(key) : Tensor();
}

bool whole_axis(PyObject* key) {
  if (!PySlice_Check(key)) return false;
  auto* s = reinterpret_cast<PySliceObject*>(key);
  return s->start == Py_None && s->stop == Py_None && s->step == Py_None;
}

// What a key says: `at` for the axes from `axis` on.
struct Found {
  int axis = 0;
  Few<Tensor, 4> at;

  bool read(const Tensor& x, PyObject* key) {
    if (!PyTuple_CheckExact(key)) return !PyLong_CheckExact(key) && push(x, key) && x->ndim() > 0;
    Py_ssize_t n = PyTuple_GET_SIZE(key), i = 0;
    while (i < n && whole_axis(PyTuple_GET_ITEM(key, i))) i++;
    axis = int(i);
    bool arrays = false;
    for (; i < n && push(x, PyTuple_GET_ITEM(key, i)); i++) arrays |= !PyLong_CheckExact(PyTuple_GET_ITEM(key, i));
    int used = axis + int(at.size());
    while (i < n && whole_axis(PyTuple_GET_ITEM(key, i))) i++, used++;
    if (i + 1 == n && PyTuple_GET_ITEM(key, i) == Py_Ellipsis) i++;
    return i == n && arrays && used <= x->ndim() && (axis == 0 || at.size() == 1);
  }

 private:
  bool push(const Tensor& x, PyObject* key) {
    Tensor t = positions(key, x);
    if (!t) return false;
    at.push_back(std::move(t));
    return true;
  }
};

}  // namespace

Tensor take_positions(const Tensor& x, PyObject* key) {
  static const OpDef &take = get_op("take"), &gather = get_op("gather_nd");
  Found found;
  if (!found.read(x, key)) return Tensor();
  Few<const Tensor*, 4> in{&x};
  for (const Tensor& t : found.at) in.push_back(&t);
  try {
    if (found.at.size() > 1) return invoke_first(gather, in.data(), int(in.size()), {});
    return invoke_first(take, in.data(), 2, {Attr::of_int(found.axis)});
  } catch (const IndexError&) {  // told in full elsewhere
  } catch (const ValueError&) {
  }
  return Tensor();
}

}  // namespace dl::bind
