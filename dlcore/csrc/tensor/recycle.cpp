#include "tensor/recycle.h"

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <new>
#include <vector>

#include "tensor/fault.h"

// A sanitizer should see every object come and go.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define DL_KEEP_BLOCKS 0
#else
#define DL_KEEP_BLOCKS 256
#endif

namespace dl {

namespace {

struct Threads {
  std::mutex mutex;
  std::vector<Recycler*> alive;
  SmallTotals ended;  // what threads that are gone have left
};
Threads& threads() {
  static Threads* t = new Threads;  // never destroyed: threads may end after static destructors have run
  return *t;
}

void add(SmallTotals& total, const SmallCounts& c) {
  total.live += c.live.load(std::memory_order_relaxed);
  total.peak += c.peak.load(std::memory_order_relaxed);
  total.made += c.made.load(std::memory_order_relaxed);
  total.reused += c.reused.load(std::memory_order_relaxed);
}

// Made on a thread's first block; its destructor runs when the thread ends.
struct Watch {
  Recycler* mine;
  explicit Watch(Recycler* r) : mine(r) {
    std::lock_guard<std::mutex> lock(threads().mutex);
    threads().alive.push_back(r);
    r->limit = DL_KEEP_BLOCKS;
  }
  ~Watch() {
    mine->limit = 0;
    mine->ended = true;
    for (size_t lines = 0; lines < sizeof mine->head / sizeof *mine->head; lines++)
      while (Recycler::Block* b = mine->head[lines]) {
        mine->head[lines] = b->next;
        std::free(b);
      }
    std::lock_guard<std::mutex> lock(threads().mutex);
    auto& alive = threads().alive;
    alive.erase(std::find(alive.begin(), alive.end(), mine));
    add(threads().ended, mine->counts);
  }
};

void watch_this_thread() {
  if (t_recycler.ended) return;
  thread_local Watch watch(&t_recycler);
}

}  // namespace

void count_small_slow(int64_t bytes, int64_t made, int64_t reused) {
  watch_this_thread();
  if (t_recycler.limit) return t_recycler.counts.add(bytes, made, reused);
  std::lock_guard<std::mutex> lock(threads().mutex);  // a thread at its end, or nothing is kept
  SmallTotals& t = threads().ended;
  t.live += bytes;
  t.peak = std::max(t.peak, t.live);
  t.made += made;
  t.reused += reused;
}

void* new_block(size_t lines) {
  if (t_recycler.limit == 0) watch_this_thread();
  void* p = std::aligned_alloc(kLine, std::max(lines, size_t(1)) * kLine);
  if (!p) throw OutOfMemory(format("out of memory: no block of %zu bytes", lines * kLine));
  return p;
}

void drop_block(void* p, size_t) { std::free(p); }

SmallTotals small_totals() {
  std::lock_guard<std::mutex> lock(threads().mutex);
  SmallTotals total = threads().ended;
  for (Recycler* r : threads().alive) add(total, r->counts);
  return total;
}

void reset_small_peak() {
  std::lock_guard<std::mutex> lock(threads().mutex);
  threads().ended.peak = threads().ended.live;
  for (Recycler* r : threads().alive)
    r->counts.peak.store(r->counts.live.load(std::memory_order_relaxed), std::memory_order_relaxed);
}

}  // namespace dl
