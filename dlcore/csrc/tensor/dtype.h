// Data types: sizes, names, promotion, and the two 16-bit floats that C++ lacks.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace dl {

// Order matters: the tables in dtype.cpp are indexed by it. Complex types will be appended.
enum class DType : uint8_t { Bool, I8, I16, I32, I64, U8, U16, U32, U64, F16, BF16, F32, F64 };
inline constexpr int kNumDTypes = 13;

size_t itemsize(DType t);
const char* dtype_name(DType t);
bool parse_dtype(const char* name, DType& out);

inline bool is_float(DType t) { return t >= DType::F16; }
inline bool is_signed_int(DType t) { return t >= DType::I8 && t <= DType::I64; }
inline bool is_unsigned_int(DType t) { return t >= DType::U8 && t <= DType::U64; }
inline bool is_int(DType t) { return t >= DType::I8 && t <= DType::U64; }

// NumPy 2 / array-API promotion of two array dtypes (integer with float gives a float; see dtype.cpp).
DType promote(DType a, DType b);
// Promotion where `weak` is the dtype of a Python scalar (Bool, I64 or F64), which never widens a same-kind array.
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
