// Memory that will be read soon, where no processor foresees it.
#pragma once
#include <cstdint>

namespace dl {

// Without always_inline GCC takes a function that does nothing else for one without effect, and drops every call.
#ifdef __GNUC__
#define DL_ALWAYS_INLINE inline __attribute__((always_inline))
#else
#define DL_ALWAYS_INLINE inline
#endif

DL_ALWAYS_INLINE void ask_for(const void* p, int64_t bytes) {
#ifdef __GNUC__
  for (int64_t i = 0; i < bytes; i += 64) __builtin_prefetch(static_cast<const char*>(p) + i);
#else
  (void)p, (void)bytes;
#endif
}

// The same into the second cache only, for what is read after that.
DL_ALWAYS_INLINE void ask_early(const void* p, int64_t bytes) {
#ifdef __GNUC__
  for (int64_t i = 0; i < bytes; i += 64) __builtin_prefetch(static_cast<const char*>(p) + i, 0, 2);
#else
  (void)p, (void)bytes;
#endif
}

}  // namespace dl
