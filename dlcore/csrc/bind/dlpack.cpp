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
constexpr uint64_t kReadOnly = 1, kCopied = 2;
enum : int32_t { kCpu = 1, kCuda = 2, kCudaHost = 3, kCudaManaged = 13 };

struct Exported {
  DLManaged managed;
  DLManagedVersioned versioned;
  Tensor tensor;
  int64_t dims[2 * kMaxDims];
};

[[noreturn]] static void refuse(const std::string& why) {
  PyErr_SetString(PyExc_BufferError, why.c_str());
  throw nb::python_error();
}

static DLDataType code_of(DType t) {
  uint8_t code = 0;
  if (t == DType::Bool)
    code = 6;
  else if (t == DType::BF16)
    code = 4;
  else if (is_complex(t))
    code = 5;
  else if (is_float(t))
    code = 2;
  else if (is_unsigned_int(t))
    code = 1;
  return {code, uint8_t(itemsize(t) * 8), 1};
}

static DType dtype_of(DLDataType d) {
  for (int i = 0; i < kNumDTypes; i++) {
    DLDataType c = code_of(DType(i));
    if (c.code == d.code && c.bits == d.bits && d.lanes == 1) return DType(i);
  }
  refuse(format("from_dlpack: elements of DLPack type code %d with %d bits and %d lanes have no dtype here", d.code,
                d.bits, d.lanes));
}

// ---- out -------------------------------------------------------------------------------------------------------------

// A capsule around `managed`; its destructor runs the deleter unless a consumer has renamed the capsule.
template <class M>
static nb::object capsule(M* managed, const char* name) {
  PyCapsule_Destructor end = [](PyObject* c) {
    const char* now = PyCapsule_GetName(c);
    if (!now || std::strncmp(now, "used_", 5) == 0) return;
    auto* m = static_cast<M*>(PyCapsule_GetPointer(c, now));
    m->deleter(m);
  };
  PyObject* made = PyCapsule_New(managed, name, end);
  if (!made) {
    managed->deleter(managed);
    throw nb::python_error();
  }
  return nb::steal(made);
}

template <class M>
static void release(M* m) {
  if (!Py_IsInitialized()) return;
  PyGILState_STATE gil = PyGILState_Ensure();
  delete static_cast<Exported*>(m->context);
  PyGILState_Release(gil);
}

// Whether a write to one element would be seen in others.
static bool repeats(const Tensor& t) {
  for (int i = 0; i < t->ndim(); i++)
    if (t->strides[i] == 0 && t->shape[i] > 1) return true;
  return false;
}

static nb::object export_capsule(const Tensor& t, bool versioned, bool copied) {
  if (is_traced(t)) throw_value_needed("__dlpack__");
  if (t->storage->readonly && !versioned)
    refuse("__dlpack__: this array is read-only, which only DLPack 1 can say; ask with max_version=(1, 0), or copy it");
  auto* e = new Exported;
  e->tensor = alias_of(t);
  if (!copied && !t->storage->readonly) t->storage->shared = true;
  for (int i = 0; i < t->ndim(); i++) {
    e->dims[i] = t->shape[i];
    e->dims[kMaxDims + i] = t->strides[i];
  }
  DLTensor d = {t->data(), {t->device.type == 0 ? kCpu : kCuda, t->device.type == 0 ? 0 : t->device.index},
                t->ndim(), code_of(t->dtype),
                e->dims,   e->dims + kMaxDims,
                0};
  if (!versioned) {
    e->managed = {d, e, release<DLManaged>};
    return capsule(&e->managed, "dltensor");
  }
  uint64_t flags = (t->storage->readonly || repeats(t) ? kReadOnly : 0) | (copied ? kCopied : 0);
  e->versioned = {{1, 0}, e, release<DLManagedVersioned>, flags, d};
  return capsule(&e->versioned, "dltensor_versioned");
}

// ---- in --------------------------------------------------------------------------------------------------------------

// An array over the memory that `d` describes, which it does not free.
static Tensor tensor_of(const DLTensor& d) {
  bool host = d.device.type == kCpu || d.device.type == kCudaHost;
  if (!host && d.device.type != kCuda && d.device.type != kCudaManaged)
    refuse(format("from_dlpack: memory of DLPack device type %d cannot be used here", d.device.type));
  if (d.ndim < 0 || d.ndim > kMaxDims)
    refuse(format("from_dlpack: the array has %d axes, at most %d are supported", d.ndim, kMaxDims));
  Tensor t(new TensorImpl);
  t->dtype = dtype_of(d.dtype);
  int64_t bytes = int64_t(itemsize(t->dtype)), span = bytes;
  for (int i = 0; i < d.ndim; i++) {
    if (d.shape[i] < 0 || __builtin_mul_overflow(bytes, d.shape[i], &bytes))
      refuse(format("from_dlpack: size %lld of axis %d is impossible", static_cast<long long>(d.shape[i]), i));
    t->shape.push(d.shape[i]);
  }
  if (d.strides)
    for (int i = 0; i < d.ndim; i++) t->strides.push(d.strides[i]);
  else
    t->strides = contiguous_strides(t->shape);
  for (int i = 0; i < d.ndim; i++)
    if (d.shape[i] > 1 && t->strides[i] > 0) span += (d.shape[i] - 1) * t->strides[i] * int64_t(itemsize(t->dtype));
  if (!d.data && bytes > 0) refuse("from_dlpack: the array has elements, but no memory");
  t->device = {int8_t(!host), int8_t(host ? 0 : d.device.id)};
  t->storage = StorageRef(new Storage);
  t->storage->device = t->device;
  t->storage->data = static_cast<char*>(d.data) + d.byte_offset;
  t->storage->nbytes = bytes ? size_t(span) : 0;
  t->storage->release = [] {};
  return t;
}

static void copy_bytes(const Tensor& from, char* src, char*& dst, int axis) {
  size_t size = itemsize(from->dtype);
  if (axis == from->ndim()) {
    std::memcpy(dst, src, size);
    dst += size;
    return;
  }
  for (int64_t i = 0; i < from->shape[axis]; i++)
    copy_bytes(from, src + i * from->strides[axis] * int64_t(size), dst, axis + 1);
}

// Elements that do not start at a multiple of their size cannot be read by kernels: they are copied.
static bool aligned(const Tensor& t) {
  size_t unit = itemsize(real_of(t->dtype));
  return reinterpret_cast<uintptr_t>(t->storage->data) % unit == 0;
}

// bare: the caller had the capsule in hand. Before DLPack 1 a producer could not say that its memory must not be
// written, and that of JAX, which still gives such capsules, must not; so it is not, as in NumPy, unless the capsule
// was bare.
template <class M>
static Tensor take(nb::object c, const char* name, const char* used, bool may_copy, bool bare = false) {
  auto* m = static_cast<M*>(PyCapsule_GetPointer(c.ptr(), name));
  if constexpr (std::is_same_v<M, DLManagedVersioned>)
    if (m->version.major != 1)
      refuse(format("from_dlpack: the array comes in version %u.%u of DLPack, 1.x is understood", m->version.major,
                    m->version.minor));
  Tensor t = tensor_of(m->tensor);
  if (t->device.type == 0 && t->numel() > 0 && !aligned(t)) {
    if (!may_copy) refuse("from_dlpack: the elements are not aligned, which needs a copy, and copy=False was given");
    Tensor fresh = make_tensor(t->shape, t->dtype);
    char* to = static_cast<char*>(fresh->data());
    copy_bytes(t, static_cast<char*>(t->data()), to, 0);
    return fresh;  // the capsule keeps its memory and frees it itself
  }
  t->storage->release = [m] {
    if (!m->deleter || !Py_IsInitialized()) return;
    PyGILState_STATE gil = PyGILState_Ensure();
    m->deleter(m);
    PyGILState_Release(gil);
  };
  if constexpr (std::is_same_v<M, DLManagedVersioned>)
    t->storage->readonly = m->flags & kReadOnly;
  else
    t->storage->readonly = !bare;
  PyCapsule_SetName(c.ptr(), used);
  return t;
}

static nb::object ask(nb::object source, nb::object stream, bool may_copy) {
  if (!nb::hasattr(source, "__dlpack__")) return source;
  nb::object method = source.attr("__dlpack__");
  nb::dict options, more;
  if (!stream.is_none()) options["stream"] = stream;
  if (!may_copy) more["copy"] = false;
  try {
    return method(nb::arg("max_version") = nb::make_tuple(1, 0), **options, **more);
  } catch (nb::python_error& e) {
    if (!e.matches(PyExc_TypeError)) throw;
    return method(**options);  // a library from before DLPack 1
  }
}

static Tensor import_capsule(nb::object source, nb::object stream, bool may_copy) {
  nb::object c = ask(source, stream, may_copy);
  if (PyCapsule_IsValid(c.ptr(), "dltensor_versioned"))
    return take<DLManagedVersioned>(c, "dltensor_versioned", "used_dltensor_versioned", may_copy);
  if (PyCapsule_IsValid(c.ptr(), "dltensor"))
    return take<DLManaged>(c, "dltensor", "used_dltensor", may_copy, c.ptr() == source.ptr());
  if (PyCapsule_CheckExact(c.ptr())) {
    const char* name = PyCapsule_GetName(c.ptr());
    if (name && std::strncmp(name, "used_dltensor", 13) == 0)
      throw ValueError("from_dlpack: this capsule was taken already; every consumer needs a fresh one");
    throw TypeError(std::string("from_dlpack: a capsule called '") + (name ? name : "") + "' is no DLPack capsule");
  }
  throw TypeError("from_dlpack: expected an object with __dlpack__, got " +
                  nb::cast<std::string>(nb::str(nb::handle(reinterpret_cast<PyObject*>(Py_TYPE(c.ptr()))))));
}

void bind_dlpack(nb::module_& m) {
  m.def("from_dlpack", &import_capsule, nb::arg("source"), nb::arg("stream").none() = nb::none(),
        nb::arg("may_copy") = true);
  m.def("to_dlpack", &export_capsule, nb::arg("array"), nb::arg("versioned") = false, nb::arg("copied") = false);
  m.def("dlpack_device", [](const Tensor& t) {
    return nb::make_tuple(int(t->device.type == 0 ? kCpu : kCuda), t->device.type == 0 ? 0 : int(t->device.index));
  });
}

}  // namespace dl::bind
