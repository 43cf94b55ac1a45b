// The device table. The CPU is built in; other backends hand in three functions when they are first asked for.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "runtime/registry.h"

namespace dl {

struct Backend {
  std::string name;
  // Fills storage.data and storage.release.
  std::function<void(Storage&, size_t nbytes, Device)> allocate;
  // Runs one operator on allocated outputs, all on this backend's device.
  std::function<void(const OpDef&, const std::vector<Tensor>& in, const std::vector<Tensor>& out, const Attrs&,
                     uint64_t seed, uint64_t counter)>
      invoke;
  // Copies src to dst (same shape and dtype) where either or both are on this backend's device.
  std::function<void(const Tensor& dst, const Tensor& src)> copy;
};
void set_backend(int type, Backend b);
// "cpu", "cpu(1)", "gpu(0)"; "" is cpu(0). CPU devices share one memory: their numbers only keep arrays apart.
Device parse_device(const std::string& name);
// The backend of a device type. One that is not there yet is asked for through the loader, which registers it or
// throws.
const Backend& backend(int type);
void set_backend_loader(std::function<void(int type)> loader);

struct MemoryStats {
  size_t allocated = 0, cached = 0, peak = 0, allocations = 0, reused = 0;
};
MemoryStats memory_stats();
void reset_peak_memory();  // from here on the peak is counted anew
void empty_cache();

// Released around kernels by invoke and executables; bind/ fills them in, so that the core itself knows no Python.
struct GilHooks {
  void* (*release)() = nullptr;
  void (*acquire)(void*) = nullptr;
};
extern GilHooks gil_hooks;
struct WithoutGil {
  void* state;
  WithoutGil() : state(gil_hooks.release ? gil_hooks.release() : nullptr) {}
  ~WithoutGil() {
    if (state) gil_hooks.acquire(state);
  }
};

}  // namespace dl
