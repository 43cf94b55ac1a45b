// Philox 4x32-10 as loops over blocks use it (runtime/random.h says what it is).
// Include only from files of this folder.
#pragma once
#include "kernels/cpu/isa/vmath_base.h"

namespace dl {
namespace DL_ISA {

struct PhiloxWords {
  uint32_t x0, x1, x2, x3;
};

// The block of the key `seed` whose counter's words are the low and the high half of `counter`, `third` and `fourth`.
DL_INLINE PhiloxWords philox_words(uint64_t seed, uint64_t counter, uint32_t third, uint32_t fourth) {
  uint32_t x0 = uint32_t(counter), x1 = uint32_t(counter >> 32), x2 = third, x3 = fourth;
  uint32_t k0 = uint32_t(seed), k1 = uint32_t(seed >> 32);
#pragma GCC unroll 10
  for (int round = 0; round < 10; round++) {
    uint64_t a = uint64_t(0xD2511F53u) * x0, b = uint64_t(0xCD9E8D57u) * x2;
    x0 = uint32_t(b >> 32) ^ x1 ^ k0;
    x1 = uint32_t(b);
    x2 = uint32_t(a >> 32) ^ x3 ^ k1;
    x3 = uint32_t(a);
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return {x0, x1, x2, x3};
}

}  // namespace DL_ISA
}  // namespace dl
