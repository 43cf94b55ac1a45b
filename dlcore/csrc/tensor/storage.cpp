// Storage and the caching allocator: freed blocks are kept by size class, so a training step stops asking the system
// for memory. What fits into a few cache lines lies in one block with its Storage (tensor/recycle.h).
#include <cstdlib>
#include <map>
#include <mutex>
#include <vector>

#ifdef __linux__
#include <sys/mman.h>
#endif

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

#include "runtime/device.h"
#include "tensor/errors.h"
#include "tensor/fault.h"
#include "tensor/tensor.h"

namespace dl {

namespace {

constexpr size_t kAlign = 64;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr size_t kMaxCached = 0;  // a sanitizer should see every block come and go
#else
constexpr size_t kMaxCached = size_t(4) << 30;  // bytes kept for reuse before blocks go back to the system
#endif

// What a block has beyond its array's bytes: AddressSanitizer reports whoever touches it.
#ifdef __SANITIZE_ADDRESS__
void hide_rest(void* data, size_t nbytes, size_t size) {
  ASAN_POISON_MEMORY_REGION(static_cast<char*>(data) + nbytes, size - nbytes);
}
void show_rest(void* data, size_t size) { ASAN_UNPOISON_MEMORY_REGION(data, size); }
#else
void hide_rest(void*, size_t, size_t) {}
void show_rest(void*, size_t) {}
#endif

// Classes: multiples of 64 bytes to 1 KiB, then sixteen steps per power of two (at most 6 % wasted).
size_t round_size(size_t n) {
  if (n <= kAlign) return kAlign;
  if (n <= 1024) return (n + kAlign - 1) / kAlign * kAlign;
  size_t step = size_t(1) << (63 - __builtin_clzll(n - 1) - 4);
  return (n + step - 1) / step * step;
}

// From the system. Large blocks begin on a huge page, where those exist, and ask for as many as they fill, one more
// where little of it stays unused: one page fault then does the work of 512, and addresses are found in fewer steps.
void* fresh_block(size_t size) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  constexpr size_t kHuge = size_t(2) << 20;
  size_t pages = (size + size / 16) / kHuge, room = std::max(size, pages * kHuge);
  if (pages) {
    void* p = nullptr;
    if (posix_memalign(&p, kHuge, room) != 0) return nullptr;
    madvise(p, pages * kHuge, MADV_HUGEPAGE);
    return p;
  }
#endif
  return std::aligned_alloc(kAlign, size);
}

struct Cache {
  std::mutex mutex;
  std::vector<void*> small[17];                // blocks of 64 * i bytes
  std::map<size_t, std::vector<void*>> large;  // by rounded size
  MemoryStats stats;

  std::vector<void*>& bin(size_t size) { return size <= 1024 ? small[size / kAlign] : large[size]; }

  void* take(size_t size) {
    {
      std::lock_guard<std::mutex> lock(mutex);
      auto& free = bin(size);
      stats.allocated += size;
      stats.peak = std::max(stats.peak, stats.allocated);
      if (!free.empty()) {
        void* p = free.back();
        free.pop_back();
        stats.cached -= size;
        stats.reused++;
        return p;
      }
      stats.allocations++;
    }
    void* p = fresh_block(size);
    if (!p) {
      trim();
      p = fresh_block(size);
    }
    if (!p) {
      std::lock_guard<std::mutex> lock(mutex);
      stats.allocated -= size;
    }
    return p;
  }

  void give(void* p, size_t size) {
    {
      std::lock_guard<std::mutex> lock(mutex);
      stats.allocated -= size;
      if (stats.cached + size <= kMaxCached) {
        bin(size).push_back(p);
        stats.cached += size;
        return;
      }
    }
    std::free(p);
  }

  void trim() {
    std::lock_guard<std::mutex> lock(mutex);
    for (auto& list : small) drop(list);
    for (auto& [size, list] : large) drop(list);
    large.clear();
    stats.cached = 0;
  }

  static void drop(std::vector<void*>& list) {
    for (void* p : list) std::free(p);
    list.clear();
  }
};

// Never destroyed: arrays held by Python may be freed after static destructors have run.
Cache& cache() {
  static Cache* c = new Cache;
  return *c;
}

Backend backends[4];

}  // namespace

GilHooks gil_hooks;

MemoryStats memory_stats() {
  SmallTotals small = small_totals();
  std::lock_guard<std::mutex> lock(cache().mutex);
  MemoryStats s = cache().stats;
  s.allocated += size_t(small.live);
  s.peak += size_t(small.peak);
  s.allocations += size_t(small.made);
  s.reused += size_t(small.reused);
  return s;
}
void reset_peak_memory() {
  reset_small_peak();
  std::lock_guard<std::mutex> lock(cache().mutex);
  cache().stats.peak = cache().stats.allocated;
}
void empty_cache() { cache().trim(); }

static std::function<void(int)> backend_loader;
void set_backend_loader(std::function<void(int)> loader) { backend_loader = std::move(loader); }
void set_backend(int type, Backend b) { backends[type] = std::move(b); }
Device parse_device(const std::string& name) {
  Device d;
  if (name.empty()) return d;
  bool gpu = name.compare(0, 3, "gpu") == 0;
  if (!gpu && name.compare(0, 3, "cpu") != 0)
    throw ValueError("unknown device '" + name + "', expected cpu(N) or gpu(N)");
  int index = name.size() > 4 ? std::atoi(name.c_str() + 4) : 0;
  if (index < 0 || index > 127) throw ValueError("unknown device '" + name + "', expected a number from 0 to 127");
  d.type = gpu;
  d.index = int8_t(index);
  return d;
}

const Backend& backend(int type) {
  if (!backends[type].invoke && backend_loader) backend_loader(type);
  if (!backends[type].invoke) throw InternalError(format("no backend is registered for device type %d", type));
  return backends[type];
}

// The bytes begin on a cache line of their own.
constexpr size_t kHeader = (sizeof(Storage) + kLine - 1) / kLine * kLine;
constexpr size_t kMaxSmall = kMaxRecycled - kHeader;

static StorageRef allocate_small(size_t nbytes) {
  bool fresh;
  void* block = take_block(kHeader + round_size(nbytes), &fresh);
  auto* s = new (block) Storage;
  s->small = true;
  s->nbytes = nbytes;
  s->data = static_cast<char*>(block) + kHeader;
  hide_rest(s->data, nbytes, round_size(nbytes));
  count_small(int64_t(round_size(nbytes)), fresh, !fresh);
  return StorageRef::fresh(s);
}

void dispose(Storage* s) {
  if (!s->small) {
    delete s;
    return;
  }
  size_t bytes = round_size(s->nbytes);
  show_rest(s->data, bytes);
  s->~Storage();
  count_small(-int64_t(bytes), 0, 0);
  give_block(s, kHeader + bytes);
}

StorageRef allocate(size_t nbytes, Device device) {
  if (device.type == 0 && nbytes <= kMaxSmall) return allocate_small(nbytes);
  StorageRef s(new Storage);
  s->device = device;
  s->nbytes = nbytes;
  if (device.type != 0) {
    backend(device.type).allocate(*s, nbytes, device);
    return s;
  }
  s->data = cache().take(round_size(nbytes));
  if (!s->data) {
    s->nbytes = 0;
    throw MemoryError(format("out of memory: %.1f MiB asked for, %.1f MiB held by arrays", double(nbytes) / 1048576,
                             double(memory_stats().allocated) / 1048576));
  }
  hide_rest(s->data, nbytes, round_size(nbytes));
  return s;
}

Storage::~Storage() {
  if (release) {
    release();
  } else if (data && device.type == 0 && !small) {
    show_rest(data, round_size(nbytes));
    cache().give(data, round_size(nbytes));
  }
}

}  // namespace dl
