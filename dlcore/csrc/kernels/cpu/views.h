// Helpers for kernels that walk arrays with plain loops: dispatch on dtype, strided copies, scratch memory.
#pragma once
#include <complex>
#include <type_traits>

#include "runtime/pool.h"
#include "runtime/registry.h"

namespace dl {

// The type a kernel computes in: the two 16-bit floats are widened to float.
template <class T>
struct ComputeOf {
  using type = T;
};
template <>
struct ComputeOf<f16> {
  using type = float;
};
template <>
struct ComputeOf<bf16> {
  using type = float;
};
template <class T>
using Compute = typename ComputeOf<T>::type;

template <class T>
inline T load(const T* p) {
  return *p;
}
inline float load(const f16* p) { return to_float(*p); }
inline float load(const bf16* p) { return to_float(*p); }
template <class T, class V>
inline void store(T* p, V v) {
  if constexpr (std::is_same_v<T, f16>)
    *p = to_f16(float(v));
  else if constexpr (std::is_same_v<T, bf16>)
    *p = to_bf16(float(v));
  else if constexpr (std::is_same_v<T, bool>)
    *p = v != V(0);
  else
    *p = T(v);
}

template <class T>
struct TypeTag {
  using type = T;
};
[[noreturn]] void throw_no_complex(DType t);

// Calls f(TypeTag<T>{}) for the C++ type of `t`: `using T = typename decltype(tag)::type;`. Not for complex numbers.
template <class F>
void with_type(DType t, F&& f) {
  switch (t) {
    case DType::Bool: return f(TypeTag<bool>{});
    case DType::I8: return f(TypeTag<int8_t>{});
    case DType::I16: return f(TypeTag<int16_t>{});
    case DType::I32: return f(TypeTag<int32_t>{});
    case DType::I64: return f(TypeTag<int64_t>{});
    case DType::U8: return f(TypeTag<uint8_t>{});
    case DType::U16: return f(TypeTag<uint16_t>{});
    case DType::U32: return f(TypeTag<uint32_t>{});
    case DType::U64: return f(TypeTag<uint64_t>{});
    case DType::F16: return f(TypeTag<f16>{});
    case DType::BF16: return f(TypeTag<bf16>{});
    case DType::F32: return f(TypeTag<float>{});
    case DType::F64: return f(TypeTag<double>{});
    case DType::C64:
    case DType::C128: throw_no_complex(t);
  }
}
// The same with complex numbers, as std::complex.
template <class F>
void with_any_type(DType t, F&& f) {
  if (t == DType::C64) return f(TypeTag<std::complex<float>>{});
  if (t == DType::C128) return f(TypeTag<std::complex<double>>{});
  with_type(t, f);
}
template <class F>
void with_float_type(DType t, const char* op, F&& f) {
  switch (t) {
    case DType::F16: return f(TypeTag<f16>{});
    case DType::BF16: return f(TypeTag<bf16>{});
    case DType::F32: return f(TypeTag<float>{});
    case DType::F64: return f(TypeTag<double>{});
    default: throw TypeError(std::string(op) + ": needs a floating-point array, got " + dtype_name(t));
  }
}
// By size only, for kernels that move elements without looking at them.
template <class F>
void with_size(DType t, F&& f) {
  switch (itemsize(t)) {
    case 1: return f(TypeTag<uint8_t>{});
    case 2: return f(TypeTag<uint16_t>{});
    case 4: return f(TypeTag<uint32_t>{});
    case 8: return f(TypeTag<uint64_t>{});
    default: return f(TypeTag<std::complex<double>>{});
  }
}

// The real (0) or imaginary (1) parts of a complex array, as a real array over the same memory.
View part_view(const View& v, int part);

// dst[...] = src with a cast; shapes are equal, strides are free on both sides.
void copy_view(const View& dst, const View& src);
void fill_zero(const View& dst);  // any strides

// A temporary array, freed with the object.
class Temp {
 public:
  Temp() = default;
  explicit Temp(size_t bytes) : storage_(allocate(bytes ? bytes : 1)) {}
  void* data() const { return storage_->data; }
  template <class T>
  T* ptr() const {
    return static_cast<T*>(storage_->data);
  }
  explicit operator bool() const { return bool(storage_); }

 private:
  StorageRef storage_;
};
View temp_view(const Shape& shape, const Dims& strides, DType dtype, Temp& keep);
inline View temp_view(const Shape& shape, DType dtype, Temp& keep) {
  return temp_view(shape, contiguous_strides(shape), dtype, keep);
}
// `v` itself if it has that dtype and is row-major, else a copy that lives in `keep`.
View as_contiguous(const View& v, DType dtype, Temp& keep);
inline View as_contiguous(const View& v, Temp& keep) { return as_contiguous(v, v.dtype, keep); }

// Where a kernel writes: the output itself when it is row-major, else a temporary that `finish` copies over.
class Output {
 public:
  explicit Output(const View& out) : out_(out), direct_(is_contiguous(out.shape, out.strides)) {
    view_ = direct_ ? out : temp_view(out.shape, out.dtype, keep_);
  }
  const View& view() const { return view_; }
  void finish() {
    if (!direct_) copy_view(out_, view_);
  }

 private:
  View out_, view_;
  bool direct_;
  Temp keep_;
};

// Element offset of flat (row-major) position `i`.
inline int64_t offset_of(int64_t i, const Shape& shape, const Dims& strides) {
  int64_t off = 0;
  for (int k = shape.n - 1; k >= 0; k--) {
    off += i % shape[k] * strides[k];
    i /= shape[k];
  }
  return off;
}

// An array seen as (outer, n, inner) around one axis of a row-major shape.
struct AxisSplit {
  int64_t outer = 1, n = 1, inner = 1;
  AxisSplit(const Shape& s, int axis) {
    for (int i = 0; i < axis; i++) outer *= s[i];
    if (s.n) n = s[axis];
    for (int i = axis + 1; i < s.n; i++) inner *= s[i];
  }
};

// The attribute `name` of the call, or nullptr when the operator has none of that name.
inline const Attr* find_attr(const KernelCall& c, const char* name) {
  int i = c.op->attr_index(name);
  return i < 0 ? nullptr : &(*c.attrs)[size_t(i)];
}
inline const Attr* find_attr(const InferCall& c, const char* name) {
  int i = c.op->attr_index(name);
  return i < 0 ? nullptr : &(*c.attrs)[size_t(i)];
}
template <class Call>
int64_t int_attr(const Call& c, const char* name, int64_t def) {
  const Attr* a = find_attr(c, name);
  return a && !a->none() ? a->i : def;
}
template <class Call>
double float_attr(const Call& c, const char* name, double def) {
  const Attr* a = find_attr(c, name);
  if (!a || a->none()) return def;
  return a->kind == Attr::Float ? a->f : double(a->i);
}

}  // namespace dl
