// DLPack: arrays of other libraries share their memory with ours, both ways. The structures are those of the DLPack
// ABI.
#include <cstring>

#include "bind/convert.h"
#include "runtime/trace.h"

namespace dl::bind {

struct DLDevice {
  int32_t type, id;
};
struct DLDataType {
  uint8_t code, bits;
  uint16_t lanes;
};
struct DLTensor {
  void* data;
  DLDevice device;
  int32_t ndim;
  DLDataType dtype;
  int64_t *shape, *strides;
  uint64_t byte_offset;
};
struct DLManaged {
  DLTensor tensor;
  void* context;
  void (*deleter)(DLManaged*);
};

struct DLManagedVersioned {  // DLPack 1.x: carries a version and flags
  struct {
    uint32_t major, minor;
  } version;
  void* context;
  void (*deleter)(DLManagedVersioned*);
  uint64_t flags;
  DLTensor tensor;
};
constexpr uint64_t kReadOnly = 1;

struct Exported {
  DLManaged managed;
  DLManagedVersioned versioned;
  Tensor tensor;
  int64_t dims[2 * kMaxDims];
};

static DLDataType code_of(DType t) {
  uint8_t code = t == DType::Bool ? 6 : t == DType::BF16 ? 4 : is_complex(t) ? 5 : is_float(t) ? 2 : is_unsigned_int(t) ? 1 : 0;
  return {code, uint8_t(itemsize(t) * 8), 1};
}

static DType dtype_of(DLDataType d) {
  for (int i = 0; i < kNumDTypes; i++) {
    DLDataType c = code_of(DType(i));
    if (c.code == d.code && c.bits == d.bits && d.lanes == 1) return DType(i);
  }
  throw TypeError(format("from_dlpack: elements of kind %d with %d bits are not supported", d.code, d.bits));
}

// A capsule around `managed`; its destructor runs the deleter unless a consumer has renamed the capsule.
template <class M>
static nb::object capsule(M* managed, const char* name) {
  PyCapsule_Destructor end = [](PyObject* c) {
    const char* now = PyCapsule_GetName(c);
    if (!now || std::strncmp(now, "used_", 5) == 0) return;
    auto* m = static_cast<M*>(PyCapsule_GetPointer(c, now));
    m->deleter(m);
  };
  return nb::steal(PyCapsule_New(managed, name, end));
}

template <class M>
static void release(M* m) {
  PyGILState_STATE gil = PyGILState_Ensure();
  delete static_cast<Exported*>(m->context);
  PyGILState_Release(gil);
}

// `version`: the consumer's DLPack major version; before 1 a capsule cannot say that it is read-only.
static nb::object export_capsule(const Tensor& t, int version) {
  if (is_traced(t)) throw_value_needed("__dlpack__");
  if (t->storage->readonly && version < 1) throw TypeError("__dlpack__: this array is read-only; copy it first");
  auto* e = new Exported;
  e->tensor = alias_of(t);
  for (int i = 0; i < t->ndim(); i++) {
    e->dims[i] = t->shape[i];
    e->dims[kMaxDims + i] = t->strides[i];
  }
  DLTensor d = {t->data(), {t->device.type == 0 ? 1 : 2, t->device.index},
                t->ndim(), code_of(t->dtype),
                e->dims,   e->dims + kMaxDims,
                0};
  if (version < 1) {
    e->managed = {d, e, release<DLManaged>};
    return capsule(&e->managed, "dltensor");
  }
  e->versioned = {{1, 0}, e, release<DLManagedVersioned>, t->storage->readonly ? kReadOnly : 0, d};
  return capsule(&e->versioned, "dltensor_versioned");
}

static Tensor tensor_of(const DLTensor& d) {
  if (d.device.type != 1 && d.device.type != 2)
    throw TypeError(format("from_dlpack: device type %d is not supported", d.device.type));
  Tensor t(new TensorImpl);
  t->dtype = dtype_of(d.dtype);
  for (int i = 0; i < d.ndim; i++) t->shape.push(d.shape[i]);
  if (d.strides)
    for (int i = 0; i < d.ndim; i++) t->strides.push(d.strides[i]);
  else
    t->strides = contiguous_strides(t->shape);
  t->device = {int8_t(d.device.type == 2), int8_t(d.device.id)};
  t->storage = StorageRef(new Storage);
  t->storage->device = t->device;
  t->storage->data = static_cast<char*>(d.data) + d.byte_offset;
  t->storage->nbytes = size_t(t->numel()) * itemsize(t->dtype);
  return t;
}

template <class M>
static Tensor take(nb::object c, const char* name, const char* used) {
  auto* m = static_cast<M*>(PyCapsule_GetPointer(c.ptr(), name));
  Tensor t = tensor_of(m->tensor);
  t->storage->release = [m] {
    PyGILState_STATE gil = PyGILState_Ensure();
    if (m->deleter) m->deleter(m);
    PyGILState_Release(gil);
  };
  if constexpr (std::is_same_v<M, DLManagedVersioned>) t->storage->readonly = m->flags & kReadOnly;
  PyCapsule_SetName(c.ptr(), used);
  return t;
}

static nb::object ask(nb::object source) {
  if (!nb::hasattr(source, "__dlpack__")) return source;
  try {
    return source.attr("__dlpack__")(nb::arg("max_version") = nb::make_tuple(1, 0));
  } catch (nb::python_error& e) {
    if (!e.matches(PyExc_TypeError)) throw;
    return source.attr("__dlpack__")();  // a library from before DLPack 1
  }
}

static Tensor import_capsule(nb::object source) {
  nb::object c = ask(source);
  if (PyCapsule_IsValid(c.ptr(), "dltensor_versioned"))
    return take<DLManagedVersioned>(c, "dltensor_versioned", "used_dltensor_versioned");
  if (PyCapsule_IsValid(c.ptr(), "dltensor")) return take<DLManaged>(c, "dltensor", "used_dltensor");
  throw TypeError("from_dlpack: expected an object with __dlpack__");
}

void bind_dlpack(nb::module_& m) {
  m.def("from_dlpack", &import_capsule);
  m.def("to_dlpack", &export_capsule, nb::arg("array"), nb::arg("version") = 0);
  m.def("dlpack_device",
        [](const Tensor& t) { return nb::make_tuple(t->device.type == 0 ? 1 : 2, int(t->device.index)); });
}

}  // namespace dl::bind
