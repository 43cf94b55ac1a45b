#include "tensor/dtype.h"

#include <algorithm>
#include <cmath>

namespace dl {

static const size_t kSizes[kNumDTypes] = {1, 1, 2, 4, 8, 1, 2, 4, 8, 2, 2, 4, 8, 8, 16};
static const char* kNames[kNumDTypes] = {"bool",     "int8",    "int16",   "int32",     "int64",
                                         "uint8",    "uint16",  "uint32",  "uint64",    "float16",
                                         "bfloat16", "float32", "float64", "complex64", "complex128"};

size_t itemsize(DType t) { return kSizes[int(t)]; }
const char* dtype_name(DType t) { return kNames[int(t)]; }

bool parse_dtype(const char* name, DType& out) {
  for (int i = 0; i < kNumDTypes; i++)
    if (std::strcmp(name, kNames[i]) == 0) {
      out = DType(i);
      return true;
    }
  return false;
}

static DType signed_of(size_t bytes) {
  return bytes == 1 ? DType::I8 : bytes == 2 ? DType::I16 : bytes == 4 ? DType::I32 : DType::I64;
}

// Within a kind: the wider one. Signed with unsigned: the next wider signed type, float64 past 64 bits, as NumPy.
// Integer with float: the float, as the array libraries for deep learning do (the array-API standard leaves it open;
// NumPy would widen float32 with int32 to float64, which would double the cost of a model by accident). With a complex
// number: complex, in double precision where one of them is.
DType promote(DType a, DType b) {
  if (a == b) return a;
  if (a == DType::Bool) return b;
  if (b == DType::Bool) return a;
  if (is_complex(a) || is_complex(b)) return std::max(complex_of(a), complex_of(b));
  bool fa = is_float(a), fb = is_float(b);
  if (fa && fb) {
    if ((a == DType::F16 && b == DType::BF16) || (a == DType::BF16 && b == DType::F16)) return DType::F32;
    return a > b ? a : b;
  }
  if (fa) return a;
  if (fb) return b;
  bool sa = is_signed_int(a), sb = is_signed_int(b);
  if (sa == sb) return itemsize(a) >= itemsize(b) ? a : b;
  DType s = sa ? a : b, u = sa ? b : a;
  if (itemsize(s) > itemsize(u)) return s;
  return itemsize(u) == 8 ? DType::F64 : signed_of(itemsize(u) * 2);
}

DType promote_weak(DType array, DType weak) {
  if (weak == DType::Bool) return array;
  if (is_complex(weak)) return complex_of(array);
  if (is_float(weak)) return is_inexact(array) ? array : DType::F32;
  return array == DType::Bool ? DType::I64 : array;
}

float to_float(f16 h) {
  uint32_t sign = uint32_t(h.bits & 0x8000u) << 16, exp = (h.bits >> 10) & 31u, man = h.bits & 0x3ffu, u;
  if (exp == 31) {
    u = sign | 0x7f800000u | (man << 13);
  } else if (exp == 0) {
    float f = std::ldexp(float(man), -24);
    std::memcpy(&u, &f, 4);
    u |= sign;
  } else {
    u = sign | ((exp + 112) << 23) | (man << 13);
  }
  float f;
  std::memcpy(&f, &u, 4);
  return f;
}

f16 to_f16(float f) {
  uint32_t u;
  std::memcpy(&u, &f, 4);
  uint16_t sign = uint16_t((u >> 16) & 0x8000u);
  u &= 0x7fffffffu;
  if (u > 0x7f800000u) return {uint16_t(sign | 0x7e00u)};
  if (u >= 0x47800000u) return {uint16_t(sign | 0x7c00u)};  // >= 65536
  if (u < 0x38800000u) {  // subnormal in half: let the FPU round to a multiple of 2^-24
    float a;
    std::memcpy(&a, &u, 4);
    return {uint16_t(sign | uint16_t(std::nearbyint(std::ldexp(a, 24))))};
  }
  uint32_t r = u - 0x38000000u + 0xfffu + ((u >> 13) & 1u);
  return {uint16_t(sign | (r >> 13))};
}

}  // namespace dl
