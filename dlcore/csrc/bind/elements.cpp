// Elements of a dataset, one by one by functions of the user's own, and the batch that they make.
#include <cfloat>
#include <cmath>
#include <cstring>
#include <optional>

#include "bind/convert.h"
#include "kernels/cpu/views.h"
#include "runtime/trace.h"

namespace dl::bind {

namespace {

// After so many elements whoever waits for the interpreter has it: a step that has ended would wait for up to 5 ms.
constexpr size_t kTurns = 4;
constexpr int64_t kLong = 64 << 10;  // bytes that others should not wait for while they are copied

// Python's view of an array's memory, given back at the end.
struct Viewed {
  Py_buffer view{};
  bool held;

  explicit Viewed(nb::handle array) : held(PyObject_GetBuffer(array.ptr(), &view, PyBUF_FORMAT | PyBUF_STRIDES) == 0) {
    if (!held) PyErr_Clear();
  }
  Viewed(const Viewed&) = delete;
  ~Viewed() {
    if (held) PyBuffer_Release(&view);
  }
};

// One item of each of n elements. Arrays that look like the first are copied below it at once: then the memory of the
// next element is that of this one, and still near. Numbers of Python become int32 and float32. All else is kept as it
// is, for others to say what a batch of it is.
class Column {
 public:
  explicit Column(size_t n) : n_(n) {}

  void add(nb::handle item) {
    if (size_ == 0) begin(item);
    if (how_ != Kept && !take(item)) keep_all();
    if (how_ == Kept) items_.append(item);
    size_++;
  }

  void keep_all() {
    nb::object rows = how_ == Arrays ? numpy_view(made_) : how_ == Ours ? wrap(made_) : nb::none();
    for (size_t i = 0; how_ != Kept && i < size_; i++) {
      if (how_ == Whole)
        items_.append(nb::int_(int64_t(numbers_[i])));
      else if (how_ == Real)
        items_.append(nb::float_(numbers_[i]));
      else
        items_.append(rows[nb::int_(i)]);
    }
    how_ = Kept;
  }
  nb::object item(size_t i) const { return items_[i]; }
  bool kept() const { return how_ == Kept; }

  // What all n are together: an array, or the list of them.
  nb::object done() {
    if (how_ == Kept) return items_;
    if (how_ == Arrays || how_ == Ours) return wrap(std::move(made_));
    made_ = make_tensor(Shape{int64_t(n_)}, how_ == Whole ? DType::I32 : DType::F32);
    for (size_t i = 0; i < n_; i++)
      if (how_ == Whole)
        static_cast<int32_t*>(made_->data())[i] = int32_t(numbers_[i]);
      else
        static_cast<float*>(made_->data())[i] = float(numbers_[i]);
    return wrap(std::move(made_));
  }

 private:
  enum How { Kept, Arrays, Ours, Whole, Real };

  void begin(nb::handle item) {
    static const nb::object* np = new nb::object(nb::module_::import_("numpy"));
    static const PyObject* array = nb::object(np->attr("ndarray")).release().ptr();
    static PyObject* scalar = nb::object(np->attr("generic")).release().ptr();
    kind_ = Py_TYPE(item.ptr());
    bool number = PyType_IsSubtype(kind_, reinterpret_cast<PyTypeObject*>(scalar));
    if (kind_ == &PyLong_Type || kind_ == &PyFloat_Type) {
      how_ = kind_ == &PyLong_Type ? Whole : Real;
      numbers_.reserve(n_);
    } else if (const Tensor* t = array_of(item.ptr())) {
      if (!is_traced(*t) && (*t)->device.type == 0 && make((*t)->shape, (*t)->dtype)) how_ = Ours;
    } else if (reinterpret_cast<PyObject*>(kind_) == array || number) {
      Viewed first(item);
      if (!first.held || first.view.format[0] == '>' || (first.view.ndim == 0 && !number)) return;
      Shape shape;
      for (int i = 0; i < first.view.ndim && i < kMaxDims; i++) shape.push(first.view.shape[i]);
      format_ = first.view.format;
      try {
        if (make(shape, to_dtype(item.attr("dtype"), "array"))) how_ = Arrays;
      } catch (const TypeError&) {  // texts, dates: nothing that an array of ours can hold
      }
    }
  }

  bool make(const Shape& shape, DType dtype) {
    if (shape.n + 1 > kMaxDims) return false;
    Shape all{int64_t(n_)};
    for (int64_t size : shape) all.push(size);
    made_ = make_tensor(all, dtype);
    row_ = View{nullptr, dtype, shape, contiguous_strides(shape)};
    bytes_ = numel(shape) * int64_t(itemsize(dtype));
    return true;
  }

  // Whether it is like the first and now stands with the others.
  bool take(nb::handle item) {
    if (Py_TYPE(item.ptr()) != kind_) return false;
    if (how_ == Whole) {
      int overflow;
      long long v = PyLong_AsLongLongAndOverflow(item.ptr(), &overflow);
      bool fits = !overflow && v == int32_t(v);
      if (fits) numbers_.push_back(double(v));
      return fits;
    }
    if (how_ == Real) {
      double v = PyFloat_AS_DOUBLE(item.ptr());
      bool fits = !(std::abs(v) > FLT_MAX) || std::isinf(v);  // NumPy has a word to say about others
      if (fits) numbers_.push_back(v);
      return fits;
    }
    if (how_ == Ours) {
      const Tensor& t = *array_of(item.ptr());
      if (is_traced(t) || t->device.type != 0 || t->dtype != row_.dtype || !(t->shape == row_.shape)) return false;
      copy(t->view(), t->contiguous());
      return true;
    }
    Viewed seen(item);
    const Py_buffer& v = seen.view;
    if (!seen.held || v.ndim != row_.shape.n || format_ != v.format) return false;
    View from{v.buf, row_.dtype, row_.shape, {}};
    bool whole = reinterpret_cast<uintptr_t>(v.buf) % size_t(v.itemsize) == 0;
    for (int i = 0; i < v.ndim; i++) {
      if (v.shape[i] != row_.shape[i]) return false;
      whole &= v.strides[i] % v.itemsize == 0;
      from.strides.push(v.strides[i] / v.itemsize);
    }
    bool dense = PyBuffer_IsContiguous(&v, 'C');
    if (dense || whole) copy(from, dense);
    return dense || whole;
  }

  void copy(const View& from, bool dense) {
    std::optional<nb::gil_scoped_release> release;
    if (bytes_ > kLong) release.emplace();
    row_.data = static_cast<char*>(made_->data()) + int64_t(size_) * bytes_;
    if (dense)
      std::memcpy(row_.data, from.data, size_t(bytes_));
    else
      copy_view(row_, from);
  }

  size_t n_, size_ = 0;
  How how_ = Kept;
  PyTypeObject* kind_ = nullptr;
  std::string format_;
  Tensor made_;
  View row_{};
  int64_t bytes_ = 0;
  std::vector<double> numbers_;
  nb::list items_;
};

// The columns of elements that are tuples or lists, else one of the elements themselves.
class Columns {
 public:
  Columns(size_t n, bool apart) : n_(n), apart_(apart) {}

  void add(nb::handle element) {
    if (apart_) return kept_.append(element);
    bool items = PyTuple_Check(element.ptr()) || PyList_Check(element.ptr());
    size_t width = items ? size_t(PySequence_Fast_GET_SIZE(element.ptr())) : 0;
    if (size_ == 0) {
      many_ = width > 0;
      for (size_t k = 0; k < (many_ ? width : 1); k++) columns_.emplace_back(n_);
    }
    if (many_ && width != columns_.size()) keep_whole();
    if (!many_)
      columns_[0].add(element);
    else
      for (size_t k = 0; k < width; k++) columns_[k].add(nb::handle(PySequence_Fast_GET_ITEM(element.ptr(), k)));
    size_++;
  }

  nb::object done() {
    if (!many_) return columns_.empty() ? nb::object(kept_) : columns_[0].done();
    nb::list all;
    for (Column& column : columns_) all.append(column.done());
    return nb::tuple(all);
  }

 private:
  // Elements that do not have the same number of items are no columns.
  void keep_whole() {
    for (Column& column : columns_) column.keep_all();
    Column elements(n_);
    for (size_t i = 0; i < size_; i++) {
      nb::list items;
      for (Column& column : columns_) items.append(column.item(i));
      elements.add(nb::tuple(items));
    }
    columns_.clear();
    columns_.push_back(std::move(elements));
    many_ = false;
  }

  size_t n_, size_ = 0;
  bool apart_, many_ = false;
  std::vector<Column> columns_;
  nb::list kept_;
};

nb::object elements(nb::list indices, nb::handle source, nb::tuple changes, nb::list at, bool apart) {
  size_t n = nb::len(indices);
  Columns made(n, apart);
  for (size_t i = 0; i < n; i++) {
    nb::object index = indices[i];
    at[0] = index;
    at[1] = i;
    at[2] = 0;
    nb::object element = nb::steal(PyObject_GetItem(source.ptr(), index.ptr()));
    if (!element.is_valid()) throw nb::python_error();
    int called = 0;
    for (nb::handle change : changes) {
      at[2] = ++called;
      element = nb::steal(PyObject_CallOneArg(change.ptr(), element.ptr()));
      if (!element.is_valid()) throw nb::python_error();
    }
    made.add(element);
    if (i % kTurns == kTurns - 1) nb::gil_scoped_release others_turn;
  }
  return made.done();
}

nb::object stacked(nb::list items) {
  Column made(nb::len(items));
  for (nb::handle item : items) {
    made.add(item);
    if (made.kept()) return nb::none();
  }
  return nb::len(items) ? made.done() : nb::none();
}

}  // namespace

void bind_elements(nb::module_& m) {
  m.def("stacked", &stacked, nb::arg("items"),
        "Arrays that are alike, or numbers, as one array; None for what is something else, for NumPy to look at.");
  m.def("elements", &elements, nb::arg("indices"), nb::arg("source"), nb::arg("changes"), nb::arg("at"),
        nb::arg("apart"),
        "source[index], then each of `changes` of it, for every index; and what these make: an array of those that are "
        "alike, or a list of others; of tuples, a tuple with such a column for each item. apart: a list of them all. "
        "`at` always holds the index, "
        "how many came before it, and which of the functions is called (0: none yet).");
}

}  // namespace dl::bind
