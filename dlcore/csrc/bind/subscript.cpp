// x[key] for whole numbers, slices, None and ..., alone or in a tuple: a view, made at once and, where gradients are
// recorded, told to the tape as one operator. Of whole numbers alone it is that number, a copy, as in NumPy: else
// x[i], x[j] = x[j], x[i] would lose one. x[i], x[i, j] and x[:, i] with arrays of whole numbers: one operator
// (bind/positions.cpp). Every other key, a key that is wrong, and traced arrays go to the function that dlcore/array
// hands in.
#include <cstring>

#include "autograd/tape.h"
#include "bind/held.h"
#include "bind/positions.h"
#include "runtime/device.h"
#include "runtime/invoke.h"
#include "runtime/trace.h"

namespace dl::bind {

namespace {

PyObject* g_getitem = nullptr;

// A window on an array, cut axis by axis.
class Window {
 public:
  explicit Window(const TensorImpl& t) : t_(t) {}

  bool cut(PyObject* key) {
    if (!PyTuple_CheckExact(key)) return one(key, t_.ndim() - 1) && rest();
    Py_ssize_t n = PyTuple_GET_SIZE(key), used = 0;
    for (Py_ssize_t i = 0; i < n; i++) {
      PyObject* k = PyTuple_GET_ITEM(key, i);
      used += k != Py_None && k != Py_Ellipsis;
    }
    for (Py_ssize_t i = 0; i < n; i++)
      if (!one(PyTuple_GET_ITEM(key, i), t_.ndim() - used)) return false;
    return rest();
  }
  Tensor view(const Tensor& base) const {
    Tensor made = make_view(base, shape_, strides_, offset_);
    if (!shape_.n && !filled_) made = alone(made);
    if (is_recording() && tracked(base)) record(base, made);
    return made;
  }

 private:
  static Tensor alone(const Tensor& number) {
    Tensor made = make_tensor(Shape(), number->dtype, number->device);
    if (number->device.type != 0)
      backend(number->device.type).copy(made, number);
    else
      std::memcpy(made->data(), number->data(), itemsize(number->dtype));
    return made;
  }

  // As invoke() would, without asking the shape rule for what is known.
  void record(const Tensor& base, Tensor& made) const {
    static const OpDef& part = get_op("_part");
    Attrs attrs(4);
    const Dims* values[4] = {&start_, &size_, &step_, &shape_};
    for (size_t i = 0; i < 4; i++) {
      attrs[i].kind = Attr::Ints;
      attrs[i].v = *values[i];
    }
    dl::record(part, attrs, &base, 1, &made, 1);
  }

  bool one(PyObject* key, Py_ssize_t skipped) {
    if (PyLong_CheckExact(key)) return number(key);
    if (PySlice_Check(key)) return range(key);
    if (key == Py_None) return push(1, 1);
    if (key != Py_Ellipsis || filled_ || skipped < 0) return false;
    filled_ = true;
    for (Py_ssize_t i = 0; i < skipped; i++)
      if (!whole()) return false;
    return true;
  }
  bool number(PyObject* key) {
    if (axis_ >= t_.ndim()) return false;
    int overflow = 0;
    int64_t n = t_.shape[axis_], i = PyLong_AsLongLongAndOverflow(key, &overflow);
    if (overflow || i < -n || i >= n) return false;
    if (i < 0) i += n;
    took(i, 1, 1);
    offset_ += i * t_.strides[axis_++];
    return true;
  }
  bool range(PyObject* key) {
    if (axis_ >= t_.ndim()) return false;
    Py_ssize_t first, stop, step;
    if (PySlice_Unpack(key, &first, &stop, &step) < 0) {
      PyErr_Clear();
      return false;
    }
    Py_ssize_t count = PySlice_AdjustIndices(t_.shape[axis_], &first, &stop, step);
    took(count ? first : 0, count, step);
    if (count) offset_ += first * t_.strides[axis_];
    return push(count, t_.strides[axis_++] * step);
  }
  bool whole() {
    if (axis_ >= t_.ndim() || !push(t_.shape[axis_], t_.strides[axis_])) return false;
    took(0, t_.shape[axis_], 1);
    axis_++;
    return true;
  }
  bool rest() {
    while (axis_ < t_.ndim())
      if (!whole()) return false;
    return true;
  }
  bool push(int64_t size, int64_t stride) {
    if (shape_.n == kMaxDims) return false;
    shape_.push(size);
    strides_.push(stride);
    return true;
  }

  void took(int64_t start, int64_t size, int64_t step) {
    start_.push(start);
    size_.push(size);
    step_.push(step);
  }

  const TensorImpl& t_;
  int axis_ = 0;
  bool filled_ = false;  // by "..."
  Shape shape_;
  Dims strides_, start_, size_, step_;
  int64_t offset_ = 0;
};

}  // namespace

PyObject* subscript(PyObject* self, PyObject* key) {
  const Tensor* t = array_of(self);
  if (t && !active_tracer() && !is_traced(*t)) {
    try {
      Window window(**t);
      if (window.cut(key)) return wrap(window.view(*t)).release().ptr();
      if (Tensor taken = take_positions(*t, key)) return wrap(std::move(taken)).release().ptr();
    } catch (...) {
      set_python_error();
      return nullptr;
    }
  }
  return PyObject_CallFunctionObjArgs(g_getitem, self, key, nullptr);
}

void bind_subscript(nb::module_& m) {
  m.def("set_getitem", [](nb::object fn) {
    g_getitem = fn.release().ptr();
    emptied_at_exit(&g_getitem);
  });
}

}  // namespace dl::bind
