// The thread pool. A caller publishes a job, works on it itself, and waits only for workers that have already taken a
// chunk: a worker that is asleep, late or descheduled never holds a region up.
#include "runtime/pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/errand.h"
#include "runtime/relax.h"
#include "runtime/warmth.h"
#include "runtime/worker.h"

#ifdef __linux__
#include <pthread.h>
#include <sched.h>
#endif

namespace dl {
namespace {

constexpr int kMaxThreads = 1024;
constexpr int kChunksPerThread = 4;  // enough to level uneven threads, few enough to keep claims cheap
// To wake a thread costs its caller 5 to 20 microseconds, and it comes 30 later: not for a region that is done by then.
constexpr std::chrono::microseconds kWorthWaking{50};
constexpr int64_t kManyGrains = 32;  // take longer than that, whatever is done to their elements
// Beside threads that wait for work even half a grain may be shared, which costs less than a microsecond: its first
// piece tells whether that pays.
constexpr int64_t kTried = 16;  // the part of a region that is its first piece
constexpr int64_t kPieces = 8;
constexpr std::chrono::microseconds kWorthSharing{5};

thread_local bool in_region = false;

constexpr int kMaxShares = 16;

// Chunks that follow each other. Each thread begins with a share of its own, the same one region after region, so that
// it finds in its own cache what it wrote there; then it helps with the others.
struct alignas(64) Share {
  std::atomic<int64_t> next{0};
  int64_t end = 0;
  bool left() const { return next.load(std::memory_order_relaxed) < end; }
};

struct Job {
  int64_t begin, end, chunk;
  void (*fn)(void*, int64_t, int64_t);
  void* arg;
  int n_shares = 1;
  Share shares[kMaxShares];
  std::atomic<int> helpers{0};  // workers inside; changed under the pool's mutex only
  int max_helpers = 0;
  std::atomic<bool> brief{false};  // threads stay awake after it for a moment only
  std::exception_ptr error;        // first one, under the pool's mutex
  Job* link = nullptr;
  bool left() const {
    return std::any_of(shares, shares + n_shares, [](const Share& s) { return s.left(); });
  }
  int64_t chunks_left() const {
    int64_t sum = 0;
    for (const Share* s = shares; s < shares + n_shares; s++)
      sum += std::max<int64_t>(0, s->end - s->next.load(std::memory_order_relaxed));
    return sum;
  }
};

int default_threads() {
  if (const char* s = std::getenv("DLCORE_NUM_THREADS")) {
    int n = std::atoi(s);
    if (n >= 1) return n < kMaxThreads ? n : kMaxThreads;
  }
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    int n = CPU_COUNT(&set);
    if (n >= 1) return n < kMaxThreads ? n : kMaxThreads;
  }
#endif
  unsigned n = std::thread::hardware_concurrency();
  return n ? int(n) : 1;
}

class Pool {
 public:
  Pool() : threads_(default_threads()) {}

  int threads() const { return threads_.load(std::memory_order_relaxed); }

  void resize(int n) {
    std::lock_guard<std::mutex> hold(mutex_);
    threads_.store(n, std::memory_order_relaxed);
    epoch_.fetch_add(1);
    wake(kMaxThreads, false);  // workers beyond the new number leave
  }

  // `at_once`: threads that sleep are woken before the caller begins; else when its first chunk says that it pays.
  void run(Job& job, int helpers_wanted, bool at_once) {
    job.max_helpers = helpers_wanted;
    caller_.store(processor(), std::memory_order_relaxed);
    bool asleep;
    {
      auto hold = lock();
      start_workers();
      job.link = jobs_;
      jobs_ = &job;
      if (at_once) wake(helpers_wanted, false);
      asleep = asleep_;
    }
    epoch_.fetch_add(1, std::memory_order_release);  // whoever sees it finds the mutex free
    if (asleep && !at_once) begin_alone(job, helpers_wanted);
    work(job, 0);
    {
      auto hold = lock();
      Job** p = &jobs_;  // nobody joins from here on
      while (*p != &job) p = &(*p)->link;
      *p = job.link;
    }
    for (int i = 0; i < kSpins && job.helpers.load(std::memory_order_acquire); i++) spin(i);
    if (job.helpers.load(std::memory_order_acquire)) {
      std::unique_lock<std::mutex> hold(mutex_);
      done_.wait(hold, [&] { return job.helpers.load(std::memory_order_relaxed) == 0; });
    }
    if (job.error) std::rethrow_exception(job.error);
  }

  // Whether a thread waits for a region.
  bool ready() const { return ready_.load(std::memory_order_relaxed) > 0; }

  // A short region begins that its caller does alone, since all others sleep.
  void begin_short() {
    if (!warmth_.wanted()) return;
    caller_.store(processor(), std::memory_order_relaxed);
    auto hold = lock();
    start_workers();
    wake(1, true);
  }

 private:
  // The mutex is held by others for a moment only: whoever finds it taken looks again before sleeping.
  static void lock(std::unique_lock<std::mutex>& hold) {
    for (int i = 0; i < kSpinsAlone; i++) {
      if (hold.try_lock()) return;
      cpu_relax();
    }
    hold.lock();
  }
  std::unique_lock<std::mutex> lock() {
    std::unique_lock<std::mutex> hold(mutex_, std::defer_lock);
    lock(hold);
    return hold;
  }

  // The mutex is held.
  void start_workers() {
    while (started_ < threads() - 1) {
      std::thread(&Pool::worker, this, started_).detach();
      started_++;
    }
  }

  // One chunk of a share; false when none is left.
  bool work_once(Job& job, Share& share) {
    if (!share.left()) return false;
    const int64_t at = share.next.fetch_add(1, std::memory_order_relaxed);
    if (at >= share.end) return false;
    const int64_t begin = job.begin + at * job.chunk;
    const int64_t end = std::min(job.end, begin + job.chunk);
    in_region = true;
    try {
      job.fn(job.arg, begin, end);
    } catch (...) {
      std::lock_guard<std::mutex> hold(mutex_);
      if (!job.error) job.error = std::current_exception();
      for (int k = 0; k < job.n_shares; k++) job.shares[k].next.store(job.shares[k].end, std::memory_order_relaxed);
    }
    in_region = false;
    return true;
  }

  // `first`: the share to begin with.
  void work(Job& job, int first) {
    for (int i = 0; i < job.n_shares; i++)
      while (work_once(job, job.shares[(first + i) % job.n_shares])) {
      }
  }

  // The caller's first chunk tells how long it would take alone, and whether threads are woken: if not for this region,
  // then for the next one like it.
  void begin_alone(Job& job, int helpers_wanted) {
    const auto begin = std::chrono::steady_clock::now();
    work_once(job, job.shares[0]);
    const auto alone = (std::chrono::steady_clock::now() - begin) * (1 + job.chunks_left());
    if (alone < kWorthWaking) {
      job.brief.store(true, std::memory_order_relaxed);
      if (alone < kWorthSharing || !warmth_.wanted()) return;
    }
    auto hold = lock();
    wake(helpers_wanted, alone < kWorthWaking);
  }

  // The mutex is held. A job with chunks left and room for one more helper.
  Job* find_job() {
    for (Job* j = jobs_; j; j = j->link)
      if (j->helpers.load(std::memory_order_relaxed) < j->max_helpers && j->left()) return j;
    return nullptr;
  }

  // The mutex is held. Wakes up to `count` workers, those first that fell asleep last.
  void wake(int count, bool bring) {
    for (; asleep_ && count > 0; count--) {
      Worker* worker = asleep_;
      asleep_ = worker->link;
      keep_off(*worker, caller_.load(std::memory_order_relaxed));
      worker->woken = true;
      worker->brought = bring;
      worker->wake.notify_one();
    }
  }

  // A worker awake beside the last caller on one processor moves away.
  void leave_caller(Worker& self) {
    int here = processor();
    if (here == caller_.load(std::memory_order_relaxed)) keep_off(self, here);
  }

  // Waits for a region, and does errands meanwhile, until it is time to sleep.
  void watch(Worker& self, uint64_t seen) {
    auto count = [&](int change) {
      if (!self.crowded) ready_.fetch_add(change, std::memory_order_relaxed);
    };
    count(1);
    for (; self.left > 0 && epoch_.load(std::memory_order_acquire) == seen; self.left--) {
      if (!run_errand()) cpu_relax();
      if (self.left % kSpinsAlone) continue;
      leave_caller(self);
      const auto before = std::chrono::steady_clock::now();
      std::this_thread::yield();
      count(-1);
      self.crowded = std::chrono::steady_clock::now() - before > kWorthWaking;  // by others, whom it does not disturb
      count(1);
    }
    count(-1);
  }

  void sleep(Worker& self, std::unique_lock<std::mutex>& hold) {
    if (self.brought) warmth_.ended(self.crowded ? 0 : self.helped);
    self.woken = self.crowded = false;
    self.helped = 0;
    self.link = asleep_;
    asleep_ = &self;
    self.wake.wait(hold, [&] { return self.woken; });
    self.left = self.brought ? kSpins : kSpinsIdle;
  }

  void worker(int index) {
    Worker self;
    self.left = kSpins;
    std::unique_lock<std::mutex> hold(mutex_);
    for (;;) {
      if (index >= threads() - 1 && index == started_ - 1) {
        started_--;  // leave from the top, so that the indices stay dense
        epoch_.fetch_add(1);
        wake(kMaxThreads, false);
        return;
      }
      if (Job* job = find_job()) {
        job->helpers.fetch_add(1, std::memory_order_relaxed);
        hold.unlock();
        leave_caller(self);
        self.left = std::max(self.left, job->brief.load(std::memory_order_relaxed) ? kSpins : kSpinsIdle);
        self.helped++;
        work(*job, (index + 1) % job->n_shares);
        lock(hold);
        // After this the job may vanish with its caller's stack frame.
        if (job->helpers.fetch_sub(1, std::memory_order_acq_rel) == 1) done_.notify_all();
        continue;
      }
      uint64_t seen = epoch_.load(std::memory_order_relaxed);
      hold.unlock();
      watch(self, seen);
      lock(hold);
      if (epoch_.load(std::memory_order_relaxed) != seen || find_job()) continue;
      sleep(self, hold);
    }
  }

  std::mutex mutex_;
  std::condition_variable done_;
  std::atomic<uint64_t> epoch_{0};  // regions begun, watched by spinning workers
  std::atomic<int> caller_{-1};     // the processor that the last caller ran on
  std::atomic<int> threads_;
  std::atomic<int> ready_{0};  // workers that wait for a region and have a processor to themselves
  Warmth warmth_;
  Job* jobs_ = nullptr;
  Worker* asleep_ = nullptr;
  int started_ = 0;
};

// Never destroyed: its threads are detached and asleep at exit, and touch nothing but this object.
Pool* g_pool = nullptr;
std::once_flag g_once;

Pool& pool() {
  std::call_once(g_once, [] {
    g_pool = new Pool;
#ifdef __linux__
    // A child of fork() has none of these threads: start over there, else it would count on helpers that do not exist.
    pthread_atfork(nullptr, nullptr, [] {
      g_pool = new Pool;
      in_region = false;
    });
#endif
  });
  return *g_pool;
}

// How long [0, n) will take a thread, of which it has done [0, tried) now.
std::chrono::nanoseconds time_of(int64_t n, int64_t tried, void (*fn)(void*, int64_t, int64_t), void* arg) {
  struct Region {
    Region() { in_region = true; }
    ~Region() { in_region = false; }
  } region;
  const auto begin = std::chrono::steady_clock::now();
  fn(arg, 0, tried);
  return (std::chrono::steady_clock::now() - begin) * (n / tried);
}

// [begin, n) by several threads, about `parts` chunks of one size: a short last one would leave its thread idle.
void share(Job& job, int64_t begin, int64_t n, int64_t parts, int64_t most_helpers, bool at_once) {
  job.begin = begin;
  job.end = n;
  job.chunk = (n - begin + parts - 1) / parts;
  const int64_t chunks = (n - begin + job.chunk - 1) / job.chunk, helpers = std::min(chunks - 1, most_helpers);
  job.n_shares = int(std::min<int64_t>(helpers + 1, kMaxShares));
  for (int64_t s = 0; s < job.n_shares; s++) {
    job.shares[s].next.store(chunks * s / job.n_shares, std::memory_order_relaxed);
    job.shares[s].end = chunks * (s + 1) / job.n_shares;
  }
  pool().run(job, int(helpers), at_once);
}

}  // namespace

int num_threads() { return pool().threads(); }

void set_num_threads(int n) { pool().resize(n < 1 ? 1 : n > kMaxThreads ? kMaxThreads : n); }

void parallel_for_raw(int64_t n, int64_t grain, void (*fn)(void*, int64_t, int64_t), void* arg) {
  if (n <= 0) return;
  if (grain < 1) grain = 1;
  if (n <= std::max<int64_t>(1, grain / 2) || in_region) return fn(arg, 0, n);
  Pool& p = pool();
  const int64_t threads = p.threads();
  if (threads <= 1) return fn(arg, 0, n);
  const bool few = n < 2 * grain;  // as it says; it knows neither how far memory is nor whether threads wait
  if (few && (n < kTried || !p.ready())) {
    if (n >= kTried) p.begin_short();
    return fn(arg, 0, n);
  }
  Job job;
  job.fn = fn;
  job.arg = arg;
  if (few) {
    const int64_t tried = n / kTried;
    const auto time = time_of(n, tried, fn, arg);
    if (time < kWorthSharing) return fn(arg, tried, n);
    job.brief.store(time < kWorthWaking, std::memory_order_relaxed);
    return share(job, tried, n, kPieces, std::min<int64_t>(threads - 1, 2 * time / kWorthSharing), false);
  }
  // Elements of a grain of one are large: each may take longer than waking.
  share(job, 0, n, std::min(threads * kChunksPerThread, n / grain), threads - 1,
        grain == 1 || n / grain >= kManyGrains);
}

}  // namespace dl
