// Vectors of the instruction set's full width, by the compilers' vector extension.
// Include only from files of this folder.
#pragma once
#include <cstdint>
#include <cstring>

namespace dl {
namespace DL_ISA {

#if defined(__AVX512F__)
constexpr int kVecBytes = 64;
#elif defined(__AVX2__)
constexpr int kVecBytes = 32;
#else
constexpr int kVecBytes = 16;
#endif

template <class T>
struct VecOf {
  typedef T type __attribute__((vector_size(kVecBytes)));
};
template <class T>
using Vec = typename VecOf<T>::type;
template <class T>
constexpr int64_t lanes() {
  return kVecBytes / int64_t(sizeof(T));
}

// One element as a "vector" of width 1, so that the same template serves the end of a row.
template <class V, class T>
static inline __attribute__((always_inline)) V vec_load(const T* p) {
  V v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
template <class V, class T>
static inline __attribute__((always_inline)) void vec_store(T* p, V v) {
  std::memcpy(p, &v, sizeof v);
}

}  // namespace DL_ISA
}  // namespace dl
