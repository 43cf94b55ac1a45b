// Memory that will be read soon, where no processor foresees it.
#pragma once
#include <cstdint>

namespace dl {

inline void ask_for(const void* p, int64_t bytes) {
#ifdef __GNUC__
  for (int64_t i = 0; i < bytes; i += 64) __builtin_prefetch(static_cast<const char*>(p) + i);
#else
  (void)p, (void)bytes;
#endif
}

}  // namespace dl
