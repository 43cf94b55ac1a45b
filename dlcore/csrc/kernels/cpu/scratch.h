// Memory that a thread keeps between runs of programs, so that a run allocates nothing, and when a thread is woken.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>

namespace dl {

constexpr int64_t kGrainOps = 128 * 1024;  // element-operations below which a thread is not worth waking: 6 us

// Grown as needed: one per thread and kind of program.
class Scratch {
 public:
  // `want` bytes that begin at a line of the cache.
  char* get(size_t want) {
    if (want + 64 > size_) {
      size_ = want + 64 + want / 2;
      memory_.reset(new char[size_]);
    }
    return reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(memory_.get()) + 63) & ~uintptr_t(63));
  }

 private:
  std::unique_ptr<char[]> memory_;
  size_t size_ = 0;
};

}  // namespace dl
