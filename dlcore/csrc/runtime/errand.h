// Work that can wait: threads of the pool that no region needs just now do it, a chunk at a time, and whoever wants the
// result does what is left.
#pragma once
#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>

namespace dl {

struct Errands;

class Errand {
 public:
  // body(begin, end) over [0, n) in chunks, on any thread and in any order. wake: whether what is left in the end is
  // worth waking sleeping threads for, which takes as long as copying 200 kB.
  Errand(int64_t n, int64_t chunk, bool wake, std::function<void(int64_t, int64_t)> body);
  ~Errand();  // leaves undone what nobody has begun
  Errand(const Errand&) = delete;
  Errand& operator=(const Errand&) = delete;

  void finish();  // All of it is done when this returns; throws what the body threw. To be called once.

 private:
  friend bool run_errand();
  void run_chunk(std::unique_lock<std::mutex>& hold);
  int64_t give_up();
  void wait();

  Errands* all_;  // those of the process that it was made in
  int64_t n_, chunk_, next_ = 0;
  bool wake_;
  std::atomic<int> inside_{0};  // chunks being done
  std::exception_ptr error_;
  std::function<void(int64_t, int64_t)> body_;
};

// Does a chunk of one that waits; false where none does.
bool run_errand();

}  // namespace dl
