// Run-time choice of the vector instruction set.
//
// Every .cpp in this folder is compiled once per set with DL_ISA = base | avx2 | avx512 and puts its code in
// `namespace dl::DL_ISA`. Each exports a table of functions, a constant (no initialiser runs, so no instruction of a
// set that this processor lacks is ever executed), and DL_ISA_PICK returns the table of the active set. Code here must
// not use inline functions of headers outside this folder: the linker keeps one copy of those for all sets.
#pragma once

namespace dl {

enum class Isa { base, avx2, avx512 };
Isa active_isa();  // the best set this processor has, or the lower one that DLCORE_ISA names
const char* isa_name(Isa isa);

#ifdef DL_HAVE_AVX2
#define DL_ISA_DECLARE_AVX2(type, name) \
  namespace avx2 {                      \
  extern const type name;               \
  }
#define DL_ISA_CASE_AVX2(name) \
  case ::dl::Isa::avx2: return &::dl::avx2::name;
#else
#define DL_ISA_DECLARE_AVX2(type, name)
#define DL_ISA_CASE_AVX2(name)
#endif
#ifdef DL_HAVE_AVX512
#define DL_ISA_DECLARE_AVX512(type, name) \
  namespace avx512 {                      \
  extern const type name;                 \
  }
#define DL_ISA_CASE_AVX512(name) \
  case ::dl::Isa::avx512: return &::dl::avx512::name;
#else
#define DL_ISA_DECLARE_AVX512(type, name)
#define DL_ISA_CASE_AVX512(name)
#endif

// Inside namespace dl: declares `name` of every set and `const type& get_name()`, the active one.
#define DL_ISA_TABLE(type, name)         \
  namespace base {                       \
  extern const type name;                \
  }                                      \
  DL_ISA_DECLARE_AVX2(type, name)        \
  DL_ISA_DECLARE_AVX512(type, name)      \
  inline const type* pick_##name() {     \
    switch (::dl::active_isa()) {        \
      DL_ISA_CASE_AVX512(name)           \
      DL_ISA_CASE_AVX2(name)             \
      default: return &::dl::base::name; \
    }                                    \
  }

}  // namespace dl
