// Python's buffer protocol: memoryview(x) and numpy.asarray(x) look at the memory itself.
#include "autograd/tape.h"
#include "bind/convert.h"
#include "runtime/trace.h"

namespace dl::bind {

namespace {
struct Exposed {  // what a buffer needs while it is held: the memory, and its shape and strides in bytes
  Tensor tensor;
  Py_ssize_t shape[kMaxDims], strides[kMaxDims];
};

const char* format_of(DType t) {
  switch (t) {
    case DType::Bool: return "?";
    case DType::I8: return "b";
    case DType::I16: return "h";
    case DType::I32: return "i";
    case DType::I64: return sizeof(long) == 8 ? "l" : "q";
    case DType::U8: return "B";
    case DType::U16: return "H";
    case DType::U32: return "I";
    case DType::U64: return sizeof(long) == 8 ? "L" : "Q";
    case DType::F16: return "e";
    case DType::F32: return "f";
    case DType::F64: return "d";
    case DType::C64: return "Zf";
    case DType::C128: return "Zd";
    default: return nullptr;  // bfloat16 has no letter
  }
}

// Nobody may write where that would be seen twice, was forbidden, or would falsify what is recorded.
bool read_only(const Tensor& t) {
  if (t->storage->readonly || tracked(t)) return true;
  for (int i = 0; i < t->ndim(); i++)
    if (t->strides[i] == 0 && t->shape[i] > 1) return true;
  return false;
}

const char* reason_against(const Tensor& t, int flags) {
  if (is_traced(t)) return "the values of an array are not known while a function is being compiled";
  if (t->device.type != 0) return "the array is not in the memory of the CPU; use asnumpy() to copy it";
  if (!format_of(t->dtype)) return "bfloat16 has no buffer format; use asnumpy() or astype('float32')";
  if ((flags & PyBUF_WRITABLE) && read_only(t))
    return "the array is read-only here: it is recorded, broadcast, or its memory was given as read-only";
  bool c = t->contiguous(), f = true;
  int64_t expected = 1;
  for (int i = 0; i < t->ndim(); i++) {
    f = f && (t->shape[i] <= 1 || t->strides[i] == expected);
    expected *= t->shape[i];
  }
  f = f || t->numel() == 0;
  bool strided = (flags & PyBUF_STRIDES) == PyBUF_STRIDES;
  bool needs_c = (flags & PyBUF_C_CONTIGUOUS) == PyBUF_C_CONTIGUOUS || !strided;
  bool needs_f = (flags & PyBUF_F_CONTIGUOUS) == PyBUF_F_CONTIGUOUS;
  bool needs_any = (flags & PyBUF_ANY_CONTIGUOUS) == PyBUF_ANY_CONTIGUOUS;
  if ((needs_c && !c) || (needs_f && !f) || (needs_any && !c && !f)) return "the array is not contiguous as asked for";
  return nullptr;
}

int get_buffer(PyObject* self, Py_buffer* view, int flags) {
  const Tensor& t = *nb::inst_ptr<Tensor>(nb::handle(self));
  view->obj = nullptr;
  if (const char* why = reason_against(t, flags)) {
    PyErr_SetString(PyExc_BufferError, why);
    return -1;
  }
  static char nothing = 0;
  auto* e = new Exposed{alias_of(t), {}, {}};
  auto size = Py_ssize_t(itemsize(t->dtype));
  for (int i = 0; i < t->ndim(); i++) {
    e->shape[i] = Py_ssize_t(t->shape[i]);
    e->strides[i] = Py_ssize_t(t->strides[i]) * size;
  }
  view->buf = t->data() ? t->data() : &nothing;
  view->len = Py_ssize_t(t->numel()) * size;
  view->itemsize = size;
  view->readonly = read_only(t);
  if (!view->readonly) t->storage->shared = true;
  view->ndim = flags & PyBUF_ND ? t->ndim() : 1;  // to who wants no shape these are bytes in a row
  view->format = flags & PyBUF_FORMAT ? const_cast<char*>(format_of(t->dtype)) : nullptr;
  view->shape = flags & PyBUF_ND ? e->shape : nullptr;
  view->strides = (flags & PyBUF_STRIDES) == PyBUF_STRIDES ? e->strides : nullptr;
  view->suboffsets = nullptr;
  view->internal = e;
  Py_INCREF(self);
  view->obj = self;
  return 0;
}

void release_buffer(PyObject*, Py_buffer* view) {
  delete static_cast<Exposed*>(view->internal);
  view->internal = nullptr;
}

}  // namespace

void expose_buffer(PyTypeObject* type) {
  PyBufferProcs& procs = reinterpret_cast<PyHeapTypeObject*>(type)->as_buffer;
  procs.bf_getbuffer = get_buffer;
  procs.bf_releasebuffer = release_buffer;
}

}  // namespace dl::bind
