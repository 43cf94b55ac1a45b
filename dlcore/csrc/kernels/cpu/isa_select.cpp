// Which vector instruction set this process uses.
#include <cstdlib>
#include <cstring>
#include <initializer_list>

#include "kernels/cpu/isa/isa.h"

namespace dl {
namespace {

Isa detect() {
  Isa best = Isa::base;
#if defined(DL_HAVE_AVX2) && defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c"))
    best = Isa::avx2;
#ifdef DL_HAVE_AVX512
  if (best == Isa::avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    best = Isa::avx512;
#endif
#endif
  const char* want = std::getenv("DLCORE_ISA");
  if (!want) return best;
  for (Isa isa : {Isa::base, Isa::avx2})
    if (std::strcmp(want, isa_name(isa)) == 0 && isa < best) return isa;
  return best;  // never above what the processor has
}

}  // namespace

Isa active_isa() {
  static const Isa isa = detect();
  return isa;
}

const char* isa_name(Isa isa) { return isa == Isa::base ? "base" : isa == Isa::avx2 ? "avx2" : "avx512"; }

}  // namespace dl
