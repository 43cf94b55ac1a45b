// Data types: sizes, names, promotion, and the two 16-bit floats that C++ lacks. A complex number is two floats side by
// side, the real part first.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace dl {

// Order matters: the tables in dtype.cpp are indexed by it, and the complex types come last.
enum class DType : uint8_t { Bool, I8, I16, I32, I64, U8, U16, U32, U64, F16, BF16, F32, F64, C64, C128 };
inline constexpr int kNumDTypes = 15, kNumRealDTypes = 13;

size_t itemsize(DType t);
const char* dtype_name(DType t);
bool parse_dtype(const char* name, DType& out);

inline bool is_complex(DType t) { return t >= DType::C64; }
inline bool is_float(DType t) { return t >= DType::F16 && t <= DType::F64; }
inline bool is_inexact(DType t) { return t >= DType::F16; }  // real or complex: what gradients flow through
inline bool is_signed_int(DType t) { return t >= DType::I8 && t <= DType::I64; }
inline bool is_unsigned_int(DType t) { return t >= DType::U8 && t <= DType::U64; }
inline bool is_int(DType t) { return t >= DType::I8 && t <= DType::U64; }

// The dtype of a complex number's parts (any other dtype itself), and the complex dtype that holds numbers of a dtype.
inline DType real_of(DType t) { return t == DType::C64 ? DType::F32 : t == DType::C128 ? DType::F64 : t; }
inline DType complex_of(DType t) { return t == DType::F64 || t == DType::C128 ? DType::C128 : DType::C64; }

// NumPy 2 / array-API promotion of two array dtypes (integer with float gives a float; see dtype.cpp).
DType promote(DType a, DType b);
// Promotion where `weak` is the dtype of a Python scalar (Bool, I64, F64 or C128), which never widens a same-kind
// array.
DType promote_weak(DType array, DType weak);

struct f16 {
  uint16_t bits;
};
struct bf16 {
  uint16_t bits;
};

inline float to_float(bf16 h) {
  uint32_t u = uint32_t(h.bits) << 16;
  float f;
  std::memcpy(&f, &u, 4);
  return f;
}

inline bf16 to_bf16(float f) {  // round to nearest, ties to even; NaN stays NaN
  uint32_t u;
  std::memcpy(&u, &f, 4);
  uint32_t rounded = (u + 0x7fffu + ((u >> 16) & 1u)) >> 16;
  uint32_t nan = (u >> 16) | 0x40u;
  return {uint16_t((u & 0x7fffffffu) > 0x7f800000u ? nan : rounded)};
}

float to_float(f16 h);
f16 to_f16(float f);

}  // namespace dl
