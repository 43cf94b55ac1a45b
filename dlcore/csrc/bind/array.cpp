// NDArray: what Python holds. Operators and dunders are attached to the class by dlcore/array.
#include "autograd/tape.h"
#include "bind/convert.h"
#include "bind/sizes.h"
#include "kernels/cpu/places.h"
#include "kernels/cpu/views.h"
#include "runtime/device.h"
#include "runtime/invoke.h"
#include "runtime/trace.h"
#include "tensor/fault.h"

namespace dl::bind {

static Tensor host_scalar(const Tensor& t, const char* what) {
  if (is_traced(t)) throw_value_needed(what);
  if (t->numel() != 1)
    throw ValueError(std::string(what) + " needs an array of one element, this one has shape " + to_string(t->shape));
  if (t->device.type == 0) return t;
  Tensor host = make_tensor(t->shape, t->dtype);
  assign(host, t);
  return host;
}

nb::object item(const Tensor& given, const char* what) {
  Tensor t = host_scalar(given, what);
  if (t->dtype == DType::Bool) return nb::bool_(scalar_value(t) != 0);
  if (t->dtype == DType::I64) return nb::int_(*static_cast<const int64_t*>(t->data()));
  if (t->dtype == DType::U64) return nb::int_(*static_cast<const uint64_t*>(t->data()));
  if (is_int(t->dtype)) return nb::int_(int64_t(scalar_value(t)));
  if (is_complex(t->dtype)) {
    std::complex<double> v = complex_value(t);
    return nb::steal(PyComplex_FromDoubles(v.real(), v.imag()));
  }
  return nb::float_(scalar_value(t));
}

bool truth(const Tensor& t) {
  if (is_traced(t)) throw_value_needed("the truth value of an array");
  if (t->numel() != 1)
    throw ValueError("the truth value of an array of shape " + to_string(t->shape) +
                     " is ambiguous; use any() or all()");
  return complex_value(host_scalar(t, "bool()")) != 0.0;
}

static nb::object asnumpy(const Tensor& t) {
  if (is_traced(t)) throw_value_needed("asnumpy()");
  Tensor fresh = make_tensor(t->shape, t->dtype);
  if (Tracer* tracer = active_tracer()) {  // an array from outside: what it holds now, unless the trace changes it
    for (auto& c : tracer->captured)
      if (c.current != c.first && c.tensor->storage == t->storage) throw_value_needed("asnumpy()");
    if (t->device.type != 0)
      backend(t->device.type).copy(fresh, t);
    else
      copy_view(fresh->view(), t->view());
    return numpy_view(fresh);
  }
  bool recording = set_recording(false);
  assign(fresh, t);
  set_recording(recording);
  return numpy_view(fresh);
}

static GradReq to_req(const std::string& s) {
  if (s == "write") return GradReq::Write;
  if (s == "add") return GradReq::Add;
  if (s == "null") return GradReq::Null;
  throw ValueError("attach_grad: grad_req must be 'write', 'add' or 'null', got '" + s + "'");
}

static Tensor zeros_like(const Tensor& t) {
  Tensor z = make_tensor(t->shape, is_dense(t->shape, t->strides) ? t->strides : contiguous_strides(t->shape), t->dtype,
                         t->device);
  assign(z, make_scalar(0.0, t->dtype, false));
  return z;
}

static void bind_shape(nb::class_<Tensor>& type) {
  type.def_prop_ro("shape",
                   [](const Tensor& t) {
                     note_sizes(t);
                     return dims_tuple(t->shape);
                   })
      .def_prop_ro("dtype", [](const Tensor& t) { return dtype_object(t->dtype); })
      .def_prop_ro("_dtype_name", [](const Tensor& t) { return dtype_name(t->dtype); })
      .def_prop_ro("ndim", [](const Tensor& t) { return t->ndim(); })
      .def_prop_ro("size",
                   [](const Tensor& t) {
                     note_sizes(t);
                     return t->numel();
                   })
      .def_prop_ro("itemsize", [](const Tensor& t) { return itemsize(t->dtype); })
      .def_prop_ro("nbytes",
                   [](const Tensor& t) {
                     note_sizes(t);
                     return size_t(t->numel()) * itemsize(t->dtype);
                   })
      .def_prop_ro("strides",
                   [](const Tensor& t) {
                     note_sizes(t);
                     Dims s = t->strides;
                     for (auto& v : s) v *= int64_t(itemsize(t->dtype));
                     return dims_tuple(s);
                   })
      .def_prop_ro(
          "_strides",
          [](const Tensor& t) {
            note_sizes(t);
            return dims_tuple(t->strides);
          },
          "Strides in elements.");
}

static void bind_memory(nb::class_<Tensor>& type) {
  type.def_prop_ro("_device", [](const Tensor& t) { return to_string(t->device); })
      .def_prop_ro("_version", [](const Tensor& t) { return t->storage ? t->storage->version.load() : 0u; })
      .def_prop_ro("_ptr", [](const Tensor& t) { return reinterpret_cast<uintptr_t>(t->data()); })
      .def_prop_ro("_storage_id", [](const Tensor& t) { return reinterpret_cast<uintptr_t>(t->storage.get()); })
      .def_prop_ro("_is_traced", [](const Tensor& t) { return is_traced(t); })
      .def_prop_ro(
          "_trace_key", [](const Tensor& t) { return nb::make_tuple(t->trace_owner, t->trace_id); },
          "Which trace an array belongs to, and which of its values it is.")
      .def_prop_ro("_tracked", [](const Tensor& t) { return tracked(t); })
      .def_prop_ro("_contiguous", [](const Tensor& t) { return t->contiguous(); })
      .def_prop_ro(
          "_owner",
          [](const Tensor& t) {
            return t->storage && t->storage->owner ? nb::borrow(static_cast<PyObject*>(t->storage->owner)) : nb::none();
          },
          "The object that owns device memory (a CuPy memory pointer), or None.");
}

// Gradients of bare arrays are dense: code that asks for another kind gets the same numbers, and is told.
static void look_at_stype(nb::handle stype) {
  if (stype.is_none()) return;
  std::string kind = nb::isinstance<nb::str>(stype) ? nb::cast<std::string>(stype) : "";
  if (kind == "default") return;
  if (kind != "row_sparse" && kind != "csr")
    throw ValueError("attach_grad: stype must be 'default', 'row_sparse' or 'csr', got " +
                     nb::cast<std::string>(nb::repr(stype)));
  std::string text = "attach_grad: the gradient of an array is dense, not " + kind +
                     "; gluon.nn.Embedding(sparse_grad=True) has one of the rows that were looked up";
  if (PyErr_WarnEx(PyExc_UserWarning, text.c_str(), 1) < 0) throw nb::python_error();
}

static void bind_gradient(nb::class_<Tensor>& type) {
  type.def_prop_ro("grad", [](const Tensor& t) { return t->ag ? wrap(t->ag->grad) : nb::none(); })
      .def_prop_ro(
          "_grad_req",
          [](const Tensor& t) {
            return !t->ag || t->ag->req == GradReq::Null ? "null" : t->ag->req == GradReq::Add ? "add" : "write";
          })
      .def(
          "attach_grad",
          [](Tensor& t, const std::string& req, nb::object stype) {
            look_at_stype(stype);
            GradReq r = to_req(req);
            mark_variable(t, r == GradReq::Null ? Tensor() : zeros_like(t), r);
          },
          nb::arg("grad_req") = "write", nb::arg("stype") = nb::none(),
          "Makes this array a variable with a gradient buffer of zeros, which is dense whatever stype says.")
      .def(
          "detach",
          [](const Tensor& t) {
            if (!is_traced(t)) return alias_of(t);
            Tensor alone = invoke1("stop_gradient", {t});
            if (active_tracer()) active_tracer()->shares(alone, t);
            return alone;
          },
          "The same memory, without its record.")
      .def(
          "backward",
          [](const Tensor& t, nb::object head, bool retain, bool train) {
            backward({t}, {to_tensor(head, "backward")}, retain, false, train);
          },
          nb::arg("out_grad").none() = nb::none(), nb::arg("retain_graph") = false, nb::arg("train_mode") = true);
}

// x.item(k), by its place in order, and x.item(i, j) or x.item((i, j)), by its indices.
static nb::object item_at(nb::handle self, nb::args where) {
  const Tensor& t = *nb::inst_ptr<Tensor>(self);
  nb::object key = where;
  if (where.size() == 1) {
    key = where[0];
    if (!PyTuple_Check(key.ptr())) {
      if (!PyIndex_Check(key.ptr()))
        throw TypeError(format("item: expected a place in order or indices, got %s", Py_TYPE(key.ptr())->tp_name));
      int64_t n = t->numel();
      int64_t k = PyNumber_AsSsize_t(key.ptr(), PyExc_IndexError);
      if (k == -1 && PyErr_Occurred()) throw nb::python_error();
      if (k < -n || k >= n)
        throw IndexError(format("item: index %lld is out of range for size %lld (array of shape %s)", (long long)k,
                                (long long)n, to_string(t->shape).c_str()));
      k = k < 0 ? k + n : k;
      nb::list places;
      for (int axis = t->ndim() - 1; axis >= 0; axis--) {
        places.insert(0, k % t->shape[axis]);
        k /= t->shape[axis];
      }
      key = nb::tuple(places);
    }
  }
  if (PyTuple_GET_SIZE(key.ptr()) != t->ndim())
    throw ValueError(format("item: an array of shape %s takes %d indices, got %zd", to_string(t->shape).c_str(),
                            t->ndim(), PyTuple_GET_SIZE(key.ptr())));
  return self[key].attr("item")();
}

static void bind_values(nb::class_<Tensor>& type) {
  type.def("asnumpy", &asnumpy, "A NumPy array with a copy of the values.")
      .def("_numpy_view", &numpy_view, "A NumPy array over the same memory (CPU only).")
      .def("item", [](const Tensor& t) { return item(t); })
      .def("item", &item_at, "The number at a place in order, x.item(5), or at indices, x.item(1, 2).")
      .def("__complex__",
           [](const Tensor& t) { return nb::module_::import_("builtins").attr("complex")(item(t, "complex()")); });
}

static void bind_functions(nb::module_& m) {
  m.def(
      "from_numpy", [](nb::object a, bool copy) { return from_numpy(a, copy); }, nb::arg("array"),
      nb::arg("copy") = true);
  m.def(
      "empty",
      [](nb::object shape, nb::object dtype, const std::string& device) {
        return make_tensor(to_dims(shape, "empty", "shape"), to_dtype(dtype, "empty"), parse_device(device));
      },
      nb::arg("shape"), nb::arg("dtype") = "float32", nb::arg("device") = "cpu(0)");
  m.def("_from_pointer", [](uintptr_t ptr, nb::object shape, nb::object strides, nb::object dtype, int type, int index,
                            nb::object owner) {
    Tensor t(new TensorImpl);
    t->dtype = to_dtype(dtype, "array");
    t->shape = to_dims(shape, "array", "shape");
    t->strides = to_dims(strides, "array", "strides");
    t->device = {int8_t(type), int8_t(index)};
    t->storage = StorageRef(new Storage);
    t->storage->device = t->device;
    t->storage->data = reinterpret_cast<void*>(ptr);
    t->storage->nbytes = size_t(t->numel()) * itemsize(t->dtype);
    hold(*t->storage, owner);
    return t;
  });
  m.def(
      "assign", [](const Tensor& dst, nb::object src) { assign(dst, to_tensor(src, "assignment")); },
      "dst[...] = src, in place.");
  m.def(
      "chosen_numbers",
      [](const Tensor& x, const Tensor& mask) {
        Tensor made;
        {
          nb::gil_scoped_release release;
          made = chosen_numbers(x->view(), mask->view());
        }
        return wrap(std::move(made));
      },
      "The numbers of a contiguous array that a mask over its leading axes, both in the host's memory, chooses.");
  m.def(
      "places",
      [](const Tensor& t, bool flat) {
        if (is_traced(t) || t->device.type != 0) throw InternalError("places: expected an array in the host's memory");
        std::vector<Tensor> found;
        {
          nb::gil_scoped_release release;
          found = nonzero_places(t->view(), flat);
        }
        nb::list made;
        for (Tensor& one : found) made.append(wrap(std::move(one)));
        return nb::tuple(made);
      },
      nb::arg("array"), nb::arg("flat") = false,
      "Where an array is not zero: places along each axis or, flat, counted through all.");
  m.def("set_converter", &set_converter);
}

void bind_array(nb::module_& m) {
  nb::class_<Tensor> type(m, "NDArray", nb::pooled(1024), nb::type_slots(array_slots),
                          "An n-dimensional array on one device, with an optional record of how it was computed.");
  g_array_type = reinterpret_cast<PyTypeObject*>(type.ptr());
  expose_buffer(g_array_type);
  bind_shape(type);
  bind_memory(type);
  bind_gradient(type);
  bind_values(type);
  bind_functions(m);
}

}  // namespace dl::bind
