#include "runtime/errand.h"

#include <algorithm>
#include <condition_variable>
#include <vector>

#include "runtime/pool.h"
#include "runtime/relax.h"

#ifdef __linux__
#include <pthread.h>
#endif

namespace dl {

struct Errands {
  std::mutex mutex;
  std::condition_variable ended;  // the last chunk being done of one that is given up or finished
  std::vector<Errand*> waiting;   // with chunks that nobody has begun, the oldest first
};

namespace {

// Never destroyed: the pool's threads look at it up to the end. How many wait can be seen without the mutex.
Errands* g_errands = nullptr;
std::atomic<size_t> g_waiting{0};
std::once_flag g_once;

Errands& errands() {
  std::call_once(g_once, [] {
    g_errands = new Errands;
#ifdef __linux__
    // A child of fork() has none of the threads that may hold the mutex or be inside a chunk: it starts over.
    pthread_atfork(nullptr, nullptr, [] {
      g_errands = new Errands;
      g_waiting.store(0, std::memory_order_relaxed);
    });
#endif
  });
  return *g_errands;
}

}  // namespace

Errand::Errand(int64_t n, int64_t chunk, bool wake, std::function<void(int64_t, int64_t)> body)
    : all_(&errands()), n_(n), chunk_(std::max(chunk, int64_t(1))), wake_(wake), body_(std::move(body)) {
  if (n_ <= 0) return;
  std::lock_guard<std::mutex> hold(all_->mutex);
  all_->waiting.push_back(this);
  g_waiting.store(all_->waiting.size(), std::memory_order_relaxed);
}

Errand::~Errand() {
  if (all_ != &errands()) return;  // made before a fork: whoever was inside is not here
  {
    std::lock_guard<std::mutex> hold(all_->mutex);
    give_up();
  }
  wait();
}

// The mutex is held. Where the part begins that nobody has begun and that from now on nobody will.
int64_t Errand::give_up() {
  int64_t begin = next_;
  if (next_ < n_) {
    next_ = n_;
    all_->waiting.erase(std::find(all_->waiting.begin(), all_->waiting.end(), this));
    g_waiting.store(all_->waiting.size(), std::memory_order_relaxed);
  }
  return begin;
}

// The mutex is held, but not while the chunk is being done.
void Errand::run_chunk(std::unique_lock<std::mutex>& hold) {
  int64_t begin = next_, end = std::min(n_, begin + chunk_);
  if (end == n_)
    give_up();
  else
    next_ = end;
  inside_.fetch_add(1, std::memory_order_relaxed);
  hold.unlock();
  std::exception_ptr error;
  try {
    body_(begin, end);
  } catch (...) {
    error = std::current_exception();
  }
  hold.lock();
  if (error) {
    if (!error_) error_ = error;
    give_up();
  }
  // After this it may be gone with its owner.
  std::condition_variable& ended = all_->ended;
  if (inside_.fetch_sub(1, std::memory_order_acq_rel) == 1) ended.notify_all();
}

void Errand::wait() {
  for (int i = 0; i < kSpins && inside_.load(std::memory_order_acquire); i++) spin(i);
  std::unique_lock<std::mutex> hold(all_->mutex);  // also behind whoever has just left
  all_->ended.wait(hold, [&] { return inside_.load(std::memory_order_relaxed) == 0; });
}

void Errand::finish() {
  if (n_ <= 0) return;
  if (all_ != &errands()) {  // in a child of fork(): what its parent's threads have done is not known
    body_(0, n_);
    return;
  }
  {
    std::unique_lock<std::mutex> hold(all_->mutex);
    if (wake_) {
      int64_t begin = give_up();
      hold.unlock();
      parallel_for(n_ - begin, chunk_, [&](int64_t b, int64_t e) { body_(begin + b, begin + e); });
    } else {
      while (next_ < n_) run_chunk(hold);
    }
  }
  wait();
  if (error_) std::rethrow_exception(error_);
}

bool run_errand() {
  if (g_waiting.load(std::memory_order_relaxed) == 0) return false;
  Errands& all = errands();
  std::unique_lock<std::mutex> hold(all.mutex);
  if (all.waiting.empty()) return false;
  all.waiting.front()->run_chunk(hold);
  return true;
}

}  // namespace dl
