// Python objects to the core's values and back. Only bind/ includes Python.
#pragma once
#include <nanobind/nanobind.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>

#include <string>
#include <vector>

#include "runtime/registry.h"
#include "tensor/tensor.h"

namespace nb = nanobind;

namespace dl::bind {

nb::object dtype_object(DType t);                 // numpy.dtype; bfloat16 through ml_dtypes
DType to_dtype(nb::handle h, const char* where);  // a name, numpy.dtype, scalar type, float, int or bool
Dims to_dims(nb::handle h, const char* where, const char* what);  // an integer or a sequence of them
nb::tuple dims_tuple(const Dims& d);
Tensor to_tensor(nb::handle h, const char* where);  // NDArray, Python number, None (null), or what the converter takes
std::vector<Tensor> to_tensors(nb::handle seq, const char* where);
Attr to_attr(nb::handle h, const AttrSpec& spec, const char* op);
Attrs to_attrs(nb::handle tuple, const OpDef& op);
std::vector<Tensor> targets_of(nb::handle out, const OpDef& op);  // the arrays that out= names, one an output
nb::object attr_object(const Attr& a);
nb::object wrap(Tensor t);                        // None for a null tensor
std::shared_ptr<PyObject> keep(nb::object held);  // for as long as a node or a record lives; freed with the GIL held
extern PyTypeObject* g_array_type;
// The array that a Python object holds, or null when it is none.
inline const Tensor* array_of(PyObject* p) { return Py_TYPE(p) == g_array_type ? nb::inst_ptr<Tensor>(p) : nullptr; }
void set_python_error();                                        // from inside a catch block: the exception as Python's
extern const PyType_Slot array_slots[];                         // bind/signs.cpp
PyObject* subscript(PyObject* self, PyObject* key);             // bind/subscript.cpp
nb::object item(const Tensor& t, const char* what = "item()");  // the number of an array of one element
bool truth(const Tensor& t);
nb::object numpy_view(const Tensor& t);
nb::object numpy_borrow(const View& v);  // over memory that nobody keeps: for the length of a call
Tensor from_numpy(nb::handle array, bool copy);
void hold(Storage& s, nb::object owner);  // keeps a Python object alive as long as the storage
void set_converter(nb::object fn);

void expose_buffer(PyTypeObject* array_type);  // gives it Python's buffer protocol: bind/buffer.cpp

void bind_array(nb::module_& m);
void bind_signs(nb::module_& m);
void bind_subscript(nb::module_& m);
void bind_operator(nb::module_& m);
void bind_updates(nb::module_& m);
void bind_watch(nb::module_& m);
void bind_dlpack(nb::module_& m);
void bind_ops(nb::module_& m);
void bind_host(nb::module_& m);
void bind_data(nb::module_& m);
void bind_elements(nb::module_& m);
void bind_counts(nb::module_& m);
void bind_autograd(nb::module_& m);
void bind_graph(nb::module_& m);
void bind_runtime(nb::module_& m);

}  // namespace dl::bind
