#include "tensor/tensor.h"

#include "kernels/cpu/cast.h"
#include "tensor/errors.h"

namespace dl {

std::string to_string(Device d) { return format("%s(%d)", d.type == 0 ? "cpu" : "gpu", d.index); }

static Tensor blank(const Shape& shape, const Dims& strides, DType dtype, Device device) {
  Tensor t = Tensor::fresh(new TensorImpl);
  t->dtype = dtype;
  t->shape = shape;
  t->strides = strides;
  t->device = device;
  return t;
}

Tensor make_tensor(const Shape& shape, const Dims& strides, DType dtype, Device device) {
  int64_t n = 1;
  bool empty = false;  // its other sizes must be countable all the same: NumPy shows no array where they are not
  for (int64_t v : shape) {
    if (v < 0) throw ValueError("negative size in shape " + to_string(shape));
    empty |= v == 0;
    if (v && (__builtin_mul_overflow(n, v, &n) || n > (int64_t(1) << 58)))
      throw MemoryError("an array of shape " + to_string(shape) + " is larger than memory");
  }
  if (empty) n = 0;
  Tensor t = blank(shape, strides, dtype, device);
  t->storage = allocate(size_t(n) * itemsize(dtype), device);
  return t;
}

Tensor make_tensor(const Shape& shape, DType dtype, Device device) {
  return make_tensor(shape, contiguous_strides(shape), dtype, device);
}

Tensor make_view(const Tensor& base, const Shape& shape, const Dims& strides, int64_t offset) {
  int64_t n = 1;
  for (int64_t v : shape) {  // repeated axes take no memory, but their elements must be countable
    if (v < 0) throw ValueError("negative size in shape " + to_string(shape));
    if (__builtin_mul_overflow(n, v, &n)) throw ValueError("a view of shape " + to_string(shape) + " is too large");
  }
  Tensor t = blank(shape, strides, base->dtype, base->device);
  t->storage = base->storage;
  t->taped_writes = base->taped_writes;
  t->offset = base->offset + offset;
  return t;
}

Tensor alias_of(const Tensor& b) {
  Tensor t = make_view(b, b->shape, b->strides, 0);
  t->weak = b->weak;
  t->trace_id = b->trace_id;
  t->trace_owner = b->trace_owner;
  return t;
}

template <class V>
static void store_as(void* p, DType dtype, V v) {
  switch (dtype) {
    case DType::Bool: *static_cast<uint8_t*>(p) = v != 0; break;
    case DType::I8: *static_cast<int8_t*>(p) = int8_t(int64_t(v)); break;
    case DType::I16: *static_cast<int16_t*>(p) = int16_t(int64_t(v)); break;
    case DType::I32: *static_cast<int32_t*>(p) = int32_t(int64_t(v)); break;
    case DType::I64: *static_cast<int64_t*>(p) = int64_t(v); break;
    case DType::U8: *static_cast<uint8_t*>(p) = uint8_t(int64_t(v)); break;
    case DType::U16: *static_cast<uint16_t*>(p) = uint16_t(int64_t(v)); break;
    case DType::U32: *static_cast<uint32_t*>(p) = uint32_t(int64_t(v)); break;
    case DType::U64: *static_cast<uint64_t*>(p) = v < V(0) ? uint64_t(int64_t(v)) : uint64_t(v); break;
    case DType::F16: *static_cast<f16*>(p) = to_f16(float(v)); break;
    case DType::BF16: *static_cast<bf16*>(p) = to_bf16(float(v)); break;
    case DType::F32: *static_cast<float*>(p) = float(v); break;
    case DType::F64: *static_cast<double*>(p) = double(v); break;
    case DType::C64: *static_cast<std::complex<float>*>(p) = float(v); break;
    case DType::C128: *static_cast<std::complex<double>*>(p) = double(v); break;
  }
}

// Whole numbers by the rules of a cast: NaN and what does not fit have a defined result there, which C++ lacks.
void store_scalar(void* p, DType dtype, double v) {
  if (is_int(dtype))
    cast_fn(DType::F64, dtype)(1, &v, 1, p, 1);
  else
    store_as(p, dtype, v);
}
void store_scalar(void* p, DType dtype, int64_t v) { store_as(p, dtype, v); }

Tensor make_scalar(double v, DType dtype, bool weak) {
  Tensor t = make_tensor(Shape(), dtype);
  store_scalar(t->data(), dtype, v);
  t->weak = weak;
  return t;
}
Tensor make_scalar(int64_t v, DType dtype, bool weak) {
  Tensor t = make_tensor(Shape(), dtype);
  store_scalar(t->data(), dtype, v);
  t->weak = weak;
  return t;
}

Tensor make_scalar(std::complex<double> v, DType dtype, bool weak) {
  if (!is_complex(dtype)) return make_scalar(v.real(), dtype, weak);
  Tensor t = make_tensor(Shape(), dtype);
  if (dtype == DType::C64)
    *static_cast<std::complex<float>*>(t->data()) = std::complex<float>(float(v.real()), float(v.imag()));
  else
    *static_cast<std::complex<double>*>(t->data()) = v;
  t->weak = weak;
  return t;
}

std::complex<double> complex_value(const Tensor& t) {
  if (t->dtype == DType::C64) return *static_cast<const std::complex<float>*>(t->data());
  if (t->dtype == DType::C128) return *static_cast<const std::complex<double>*>(t->data());
  return scalar_value(t);
}

double scalar_value(const Tensor& t) {
  const void* p = t->data();
  switch (t->dtype) {
    case DType::Bool:
    case DType::U8: return *static_cast<const uint8_t*>(p);
    case DType::I8: return *static_cast<const int8_t*>(p);
    case DType::I16: return *static_cast<const int16_t*>(p);
    case DType::I32: return *static_cast<const int32_t*>(p);
    case DType::I64: return double(*static_cast<const int64_t*>(p));
    case DType::U16: return *static_cast<const uint16_t*>(p);
    case DType::U32: return *static_cast<const uint32_t*>(p);
    case DType::U64: return double(*static_cast<const uint64_t*>(p));
    case DType::F16: return to_float(*static_cast<const f16*>(p));
    case DType::BF16: return to_float(*static_cast<const bf16*>(p));
    case DType::F32: return *static_cast<const float*>(p);
    case DType::F64: return *static_cast<const double*>(p);
    case DType::C64:
    case DType::C128: return complex_value(t).real();
  }
  return 0;
}

}  // namespace dl
