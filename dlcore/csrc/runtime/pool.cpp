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

#ifdef __linux__
#include <pthread.h>
#include <sched.h>
#include <unistd.h>
#endif

namespace dl {
namespace {

constexpr int kMaxThreads = 1024;
constexpr int kChunksPerThread = 4;  // enough to level uneven threads, few enough to keep claims cheap
// To wake a thread costs its caller 5 to 20 microseconds, and it comes 30 later: not for a region that is done by then.
constexpr std::chrono::microseconds kWorthWaking{50};
constexpr int64_t kManyGrains = 32;  // take longer than that, whatever is done to their elements

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
  int64_t n, chunk;
  void (*fn)(void*, int64_t, int64_t);
  void* arg;
  int n_shares = 1;
  Share shares[kMaxShares];
  std::atomic<int> helpers{0};  // workers inside; changed under the pool's mutex only
  int max_helpers = 0;
  std::exception_ptr error;  // first one, under the pool's mutex
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

// What the pool knows of a worker; on the worker's own stack.
struct Worker {
  std::condition_variable wake;
  bool woken = false;
  Worker* link = nullptr;  // the next one asleep, under the pool's mutex
#ifdef __linux__
  pthread_t thread = pthread_self();
  int kept_off = -1;  // the processor that it may not run on; changed by itself, or while it sleeps under the mutex
#endif
};

int processor() {
#ifdef __linux__
  return sched_getcpu();
#else
  return -1;
#endif
}

// Linux likes to start a woken thread where the thread that wakes it runs, and with few processors does not look for an
// idle one: a worker would wait behind its own caller, and the region take as long as with one thread. So a worker is
// kept off the processor of the last caller; it may run on all others that the process may use.
void keep_off([[maybe_unused]] Worker& worker, [[maybe_unused]] int processor) {
#ifdef __linux__
  if (processor < 0 || processor >= CPU_SETSIZE || processor == worker.kept_off) return;
  cpu_set_t allowed;
  if (sched_getaffinity(getpid(), sizeof allowed, &allowed) != 0) return;
  CPU_CLR(processor, &allowed);
  if (CPU_COUNT(&allowed) == 0) return;  // there is but one to run on
  if (pthread_setaffinity_np(worker.thread, sizeof allowed, &allowed) == 0) worker.kept_off = processor;
#endif
}

class Pool {
 public:
  Pool() : threads_(default_threads()) {}

  int threads() const { return threads_.load(std::memory_order_relaxed); }

  void resize(int n) {
    std::lock_guard<std::mutex> hold(mutex_);
    threads_.store(n, std::memory_order_relaxed);
    epoch_.fetch_add(1);
    wake(kMaxThreads);  // workers beyond the new number leave
  }

  // `at_once`: threads that sleep are woken before the caller begins; else when its first chunk says that it pays.
  void run(Job& job, int helpers_wanted, bool at_once) {
    job.max_helpers = helpers_wanted;
    caller_.store(processor(), std::memory_order_relaxed);
    bool asleep;
    {
      std::lock_guard<std::mutex> hold(mutex_);
      while (started_ < threads() - 1) {
        std::thread(&Pool::worker, this, started_).detach();
        started_++;
      }
      job.link = jobs_;
      jobs_ = &job;
      epoch_.fetch_add(1, std::memory_order_release);
      if (at_once) wake(helpers_wanted);
      asleep = asleep_;
    }
    if (asleep && !at_once) begin_alone(job, helpers_wanted);
    work(job, 0);
    {
      std::lock_guard<std::mutex> hold(mutex_);
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

 private:
  // One chunk of a share; false when none is left.
  bool work_once(Job& job, Share& share) {
    if (!share.left()) return false;
    int64_t begin = share.next.fetch_add(1, std::memory_order_relaxed);
    if (begin >= share.end) return false;
    begin *= job.chunk;
    int64_t end = job.n - begin < job.chunk ? job.n : begin + job.chunk;
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
    auto begin = std::chrono::steady_clock::now();
    work_once(job, job.shares[0]);
    if ((std::chrono::steady_clock::now() - begin) * (1 + job.chunks_left()) < kWorthWaking) return;
    std::lock_guard<std::mutex> hold(mutex_);
    wake(helpers_wanted);
  }

  // The mutex is held. A job with chunks left and room for one more helper.
  Job* find_job() {
    for (Job* j = jobs_; j; j = j->link)
      if (j->helpers.load(std::memory_order_relaxed) < j->max_helpers && j->left()) return j;
    return nullptr;
  }

  // The mutex is held. Wakes up to `count` workers, those first that fell asleep last.
  void wake(int count) {
    for (; asleep_ && count > 0; count--) {
      Worker* worker = asleep_;
      asleep_ = worker->link;
      keep_off(*worker, caller_.load(std::memory_order_relaxed));
      worker->woken = true;
      worker->wake.notify_one();
    }
  }

  // A worker awake beside the last caller on one processor moves away.
  void leave_caller(Worker& self) {
    int here = processor();
    if (here == caller_.load(std::memory_order_relaxed)) keep_off(self, here);
  }

  void worker(int index) {
    Worker self;
    std::unique_lock<std::mutex> hold(mutex_);
    for (;;) {
      if (index >= threads() - 1 && index == started_ - 1) {
        started_--;  // leave from the top, so that the indices stay dense
        epoch_.fetch_add(1);
        wake(kMaxThreads);
        return;
      }
      if (Job* job = find_job()) {
        job->helpers.fetch_add(1, std::memory_order_relaxed);
        hold.unlock();
        leave_caller(self);
        work(*job, (index + 1) % job->n_shares);
        hold.lock();
        // After this the job may vanish with its caller's stack frame.
        if (job->helpers.fetch_sub(1, std::memory_order_acq_rel) == 1) done_.notify_all();
        continue;
      }
      uint64_t seen = epoch_.load(std::memory_order_relaxed);
      hold.unlock();
      bool news = false;
      for (int i = 0; i < kSpinsIdle && !news; i++) {
        if (!run_errand()) spin(i);
        if (i % kSpinsAlone == 0) leave_caller(self);
        news = epoch_.load(std::memory_order_acquire) != seen;
      }
      hold.lock();
      if (epoch_.load(std::memory_order_relaxed) != seen) continue;
      self.woken = false;
      self.link = asleep_;
      asleep_ = &self;
      self.wake.wait(hold, [&] { return self.woken; });
    }
  }

  std::mutex mutex_;
  std::condition_variable done_;
  std::atomic<uint64_t> epoch_{0};  // changed under the mutex, watched without it by spinning workers
  std::atomic<int> caller_{-1};     // the processor that the last caller ran on
  std::atomic<int> threads_;
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

}  // namespace

int num_threads() { return pool().threads(); }

void set_num_threads(int n) { pool().resize(n < 1 ? 1 : n > kMaxThreads ? kMaxThreads : n); }

void parallel_for_raw(int64_t n, int64_t grain, void (*fn)(void*, int64_t, int64_t), void* arg) {
  if (n <= 0) return;
  if (grain < 1) grain = 1;
  if (n <= grain || in_region) {
    fn(arg, 0, n);
    return;
  }
  Pool& p = pool();
  int threads = p.threads();
  if (threads <= 1) {
    fn(arg, 0, n);
    return;
  }
  int64_t parts = int64_t(threads) * kChunksPerThread;
  if (parts > n / grain) parts = n / grain;  // of one size: a short last one would leave its thread idle
  int64_t chunk = (n + parts - 1) / parts;
  int64_t chunks = (n + chunk - 1) / chunk;
  if (chunks == 1) {
    fn(arg, 0, n);
    return;
  }
  Job job;
  job.n = n;
  job.chunk = chunk;
  job.fn = fn;
  job.arg = arg;
  int64_t helpers = chunks - 1 < threads - 1 ? chunks - 1 : threads - 1;
  job.n_shares = int(helpers + 1 < kMaxShares ? helpers + 1 : kMaxShares);
  for (int64_t s = 0; s < job.n_shares; s++) {
    job.shares[s].next.store(chunks * s / job.n_shares, std::memory_order_relaxed);
    job.shares[s].end = chunks * (s + 1) / job.n_shares;
  }
  // Elements of a grain of one are large: each may take longer than waking.
  p.run(job, int(helpers), grain == 1 || n / grain >= kManyGrains);
}

}  // namespace dl
