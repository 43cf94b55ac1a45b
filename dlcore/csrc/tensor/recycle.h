// Small blocks of memory that each thread keeps for reuse, so that the objects behind an array of a few numbers cost no
// call of malloc. Blocks are whole cache lines. A thread that ends gives its blocks back.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace dl {

inline constexpr size_t kLine = 64;
inline constexpr size_t kMaxRecycled = 1024;  // bytes of the largest block

// Counts of one thread, which alone changes them; others add them up (memory_stats).
struct SmallCounts {
  std::atomic<int64_t> live{0}, peak{0}, made{0}, reused{0};
  void add(int64_t bytes, int64_t made_now, int64_t reused_now) {  // no locked instruction: there is one writer
    constexpr auto relaxed = std::memory_order_relaxed;
    int64_t now = live.load(relaxed) + bytes;
    live.store(now, relaxed);
    if (now > peak.load(relaxed)) peak.store(now, relaxed);
    made.store(made.load(relaxed) + made_now, relaxed);
    reused.store(reused.load(relaxed) + reused_now, relaxed);
  }
};

// Made of constants, so that the compiler reads it without asking whether it has been constructed.
struct Recycler {
  struct Block {
    Block* next;
  };
  Block* head[kMaxRecycled / kLine + 1] = {};
  uint16_t count[kMaxRecycled / kLine + 1] = {};
  uint16_t limit = 0;  // blocks kept of each size; 0 before the thread's first block and after its end
  bool ended = false;
  SmallCounts counts;
};
inline thread_local Recycler t_recycler;
void count_small_slow(int64_t bytes, int64_t made, int64_t reused);
// Counts bytes taken or, below zero, given back, and where the block came from.
inline void count_small(int64_t bytes, int64_t made, int64_t reused) {
  Recycler& r = t_recycler;
  r.limit ? r.counts.add(bytes, made, reused) : count_small_slow(bytes, made, reused);
}

// The counts of all threads together. The peak is the sum of the threads' own, so never too small.
struct SmallTotals {
  int64_t live = 0, peak = 0, made = 0, reused = 0;
};
SmallTotals small_totals();
void reset_small_peak();

void* new_block(size_t lines);
void drop_block(void* p, size_t lines);

// `fresh`, where given, tells whether the block came from the system.
inline void* take_block(size_t bytes, bool* fresh = nullptr) {
  size_t lines = (bytes + kLine - 1) / kLine;
  Recycler& r = t_recycler;
  Recycler::Block* p = r.head[lines];
  if (fresh) *fresh = !p;
  if (!p) return new_block(lines);
  r.head[lines] = p->next;
  r.count[lines]--;
  return p;
}

inline void give_block(void* p, size_t bytes) {
  size_t lines = (bytes + kLine - 1) / kLine;
  Recycler& r = t_recycler;
  if (r.count[lines] >= r.limit) return drop_block(p, lines);
  auto* block = static_cast<Recycler::Block*>(p);
  block->next = r.head[lines];
  r.head[lines] = block;
  r.count[lines]++;
}

// Base of a final class whose objects live in such blocks.
template <class T>
struct Recycled {
  static void* operator new(size_t n) { return take_block(n); }
  static void operator delete(void* p) { give_block(p, sizeof(T)); }
};

// For std::allocate_shared.
template <class T>
struct RecyclingAllocator {
  using value_type = T;
  RecyclingAllocator() = default;
  template <class U>
  RecyclingAllocator(const RecyclingAllocator<U>&) {}
  T* allocate(size_t n) {
    size_t bytes = n * sizeof(T);
    return static_cast<T*>(bytes <= kMaxRecycled ? take_block(bytes) : ::operator new(bytes));
  }
  void deallocate(T* p, size_t n) {
    size_t bytes = n * sizeof(T);
    bytes <= kMaxRecycled ? give_block(p, bytes) : ::operator delete(p);
  }
  template <class U>
  bool operator==(const RecyclingAllocator<U>&) const {
    return true;
  }
  template <class U>
  bool operator!=(const RecyclingAllocator<U>&) const {
    return false;
  }
};

}  // namespace dl
