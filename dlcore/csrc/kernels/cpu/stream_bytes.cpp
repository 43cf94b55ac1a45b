// From which size on results are written past the caches.
#include <algorithm>
#include <atomic>
#include <cstdio>

#include "kernels/cpu/isa/stream.h"

#ifdef __linux__
#include <unistd.h>
#endif

namespace dl {
namespace {

// The last cache that the processor's threads share, in bytes; 0 where the system does not say. What the C library says
// is the last resort: on virtual machines it has been seen to name ten times the cache.
int64_t shared_cache() {
  long long size = 0;
#ifdef __linux__
  if (std::FILE* f = std::fopen("/sys/devices/system/cpu/cpu0/cache/index3/size", "r")) {
    char unit = 0;
    if (std::fscanf(f, "%lld%c", &size, &unit) < 1) size = 0;
    std::fclose(f);
    size <<= unit == 'M' ? 20 : unit == 'K' ? 10 : 0;
  }
#ifdef _SC_LEVEL3_CACHE_SIZE
  if (size <= 0) size = sysconf(_SC_LEVEL3_CACHE_SIZE);
#endif
#endif
  return size;
}

std::atomic<int64_t>& bytes() {
  static std::atomic<int64_t> value{std::clamp<int64_t>(shared_cache(), 16 << 20, 64 << 20)};
  return value;
}

}  // namespace

int64_t stream_bytes() { return bytes().load(std::memory_order_relaxed); }
void set_stream_bytes(int64_t n) { bytes().store(n, std::memory_order_relaxed); }

}  // namespace dl
