// DLPack: arrays of other libraries share their memory with ours, both ways. The structures are those of the DLPack
// ABI.
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

struct Exported {
  DLManaged managed;
  Tensor tensor;
  int64_t dims[2 * kMaxDims];
};

static DLDataType code_of(DType t) {
  uint8_t code = t == DType::Bool ? 6 : t == DType::BF16 ? 4 : is_float(t) ? 2 : is_unsigned_int(t) ? 1 : 0;
  return {code, uint8_t(itemsize(t) * 8), 1};
}

static DType dtype_of(DLDataType d) {
  for (int i = 0; i < kNumDTypes; i++) {
    DLDataType c = code_of(DType(i));
    if (c.code == d.code && c.bits == d.bits && d.lanes == 1) return DType(i);
  }
  throw TypeError(format("from_dlpack: elements of kind %d with %d bits are not supported", d.code, d.bits));
}

static nb::object export_capsule(const Tensor& t) {
  if (is_traced(t)) throw_value_needed("__dlpack__");
  if (t->storage->readonly) throw TypeError("__dlpack__: this array is read-only; copy it first");
  auto* e = new Exported;
  e->tensor = alias_of(t);
  for (int i = 0; i < t->ndim(); i++) {
    e->dims[i] = t->shape[i];
    e->dims[kMaxDims + i] = t->strides[i];
  }
  e->managed.tensor = {t->data(), {t->device.type == 0 ? 1 : 2, t->device.index},
                       t->ndim(), code_of(t->dtype),
                       e->dims,   e->dims + kMaxDims,
                       0};
  e->managed.context = e;
  e->managed.deleter = [](DLManaged* m) {
    PyGILState_STATE gil = PyGILState_Ensure();
    delete static_cast<Exported*>(m->context);
    PyGILState_Release(gil);
  };
  PyObject* capsule = PyCapsule_New(&e->managed, "dltensor", [](PyObject* c) {
    if (!PyCapsule_IsValid(c, "dltensor")) return;  // consumed: its new owner calls the deleter
    auto* m = static_cast<DLManaged*>(PyCapsule_GetPointer(c, "dltensor"));
    m->deleter(m);
  });
  return nb::steal(capsule);
}

static Tensor import_capsule(nb::object source) {
  nb::object capsule = nb::hasattr(source, "__dlpack__") ? source.attr("__dlpack__")() : source;
  if (!PyCapsule_IsValid(capsule.ptr(), "dltensor")) throw TypeError("from_dlpack: expected an object with __dlpack__");
  auto* m = static_cast<DLManaged*>(PyCapsule_GetPointer(capsule.ptr(), "dltensor"));
  const DLTensor& d = m->tensor;
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
  t->storage->release = [m] {
    PyGILState_STATE gil = PyGILState_Ensure();
    if (m->deleter) m->deleter(m);
    PyGILState_Release(gil);
  };
  PyCapsule_SetName(capsule.ptr(), "used_dltensor");
  return t;
}

void bind_dlpack(nb::module_& m) {
  m.def("from_dlpack", &import_capsule);
  m.def("to_dlpack", &export_capsule);
  m.def("dlpack_device",
        [](const Tensor& t) { return nb::make_tuple(t->device.type == 0 ? 1 : 2, int(t->device.index)); });
}

}  // namespace dl::bind
