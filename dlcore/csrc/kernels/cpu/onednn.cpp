#include "kernels/cpu/onednn.h"

#include <cstdlib>
#include <cstring>
#include <list>
#include <mutex>
#include <new>
#include <unordered_map>

#include "tensor/fault.h"

// oneDNN brings the OpenMP run-time along; weak, so that a build of oneDNN without OpenMP works as well.
extern "C" {
__attribute__((weak)) void omp_set_num_threads(int n);
__attribute__((weak)) int omp_get_max_threads(void);
}

namespace dl {
namespace onednn {

dnnl::engine& engine() {
  static auto* e = new dnnl::engine(dnnl::engine::kind::cpu, 0);  // outlives every cached primitive
  return *e;
}

dnnl::memory::data_type data_type(DType t) {
  return t == DType::BF16 ? dnnl::memory::data_type::bf16 : dnnl::memory::data_type::f32;
}

bool has_tiles() {
  static const bool has = dnnl::get_effective_cpu_isa() >= dnnl::cpu_isa::avx512_core_amx;
  return has;
}

OmpThreads::OmpThreads(int n) : before_(0) {
  if (!omp_set_num_threads || !omp_get_max_threads) return;
  before_ = omp_get_max_threads();
  if (before_ == n)
    before_ = 0;
  else
    omp_set_num_threads(n);
}
OmpThreads::~OmpThreads() {
  if (before_) omp_set_num_threads(before_);
}

// ---- cache ----

bool Key::operator==(const Key& o) const {
  return n_ == o.n_ && std::memcmp(v_, o.v_, sizeof(int64_t) * size_t(n_)) == 0;
}

size_t Key::hash() const {
  uint64_t h = 1469598103934665603ull;  // FNV-1a over words
  for (int i = 0; i < n_; i++) h = (h ^ uint64_t(v_[i])) * 1099511628211ull, h ^= h >> 29;
  return size_t(h);
}

namespace {

struct Cache {
  static constexpr size_t kCapacity = 1024;
  struct Hash {
    size_t operator()(const Key& k) const { return k.hash(); }
  };
  std::mutex mutex;
  std::list<std::shared_ptr<Plan>> recent;  // front: used last
  std::unordered_map<Key, std::list<std::shared_ptr<Plan>>::iterator, Hash> index;
};
Cache& cache() {
  static auto* c = new Cache;
  return *c;
}

}  // namespace

std::shared_ptr<Plan> cached_plan(const Key& key) {
  Cache& c = cache();
  std::lock_guard<std::mutex> hold(c.mutex);
  auto it = c.index.find(key);
  if (it == c.index.end()) return nullptr;
  c.recent.splice(c.recent.begin(), c.recent, it->second);
  return *it->second;
}

void cache_plan(std::shared_ptr<Plan> plan) {
  Cache& c = cache();
  std::shared_ptr<Plan> dropped;  // destroyed after the lock is released
  std::lock_guard<std::mutex> hold(c.mutex);
  if (c.index.count(plan->key)) return;
  if (c.recent.size() >= Cache::kCapacity) {
    dropped = c.recent.back();
    c.index.erase(dropped->key);
    c.recent.pop_back();
  }
  c.recent.push_front(plan);
  c.index[plan->key] = c.recent.begin();
}

// ---- primitives ----

struct Prim::Binding {
  dnnl_exec_arg_t args[kMaxArgs + 1];
  dnnl_memory_t scratch = nullptr;
};

namespace {

void check(dnnl_status_t status, const char* what) {
  if (status == dnnl_success) return;
  if (status == dnnl_out_of_memory) throw OutOfMemory(std::string("oneDNN: out of memory while ") + what);
  throw LibraryError("oneDNN", format("status %d while %s", int(status), what));
}

// Scratch memory of this thread: grows, and is freed with the thread.
struct ThreadScratch {
  void* data = nullptr;
  size_t size = 0;
  ~ThreadScratch() { std::free(data); }
  void* get(size_t n) {
    if (n > size) {
      std::free(data);
      size = (n + 4095) & ~size_t(4095);
      data = std::aligned_alloc(4096, size);
      if (!data) {
        size = 0;
        throw OutOfMemory(format("oneDNN: no memory for a scratchpad of %zu bytes", n));
      }
    }
    return data;
  }
};

dnnl_stream_t stream() {
  static thread_local dnnl::stream s(engine());
  return s.get();
}

dnnl_memory_t make_memory(const Desc& d) {
  dnnl_memory_t m = nullptr;
  check(dnnl_memory_create(&m, d.get(), engine().get(), DNNL_MEMORY_NONE), "making a memory object");
  return m;
}

}  // namespace

Prim::Prim(const dnnl::primitive& p, std::initializer_list<Arg> args, const Desc& scratch, int threads)
    : prim_(p), threads_(threads), scratch_(scratch) {
  for (const Arg& a : args) args_[nargs_++] = a;
}

Prim::~Prim() {
  for (auto& slot : free_) {
    Binding* b = slot.load();
    if (!b) continue;
    for (int i = 0; i < nargs_; i++) dnnl_memory_destroy(b->args[i].memory);
    if (b->scratch) dnnl_memory_destroy(b->scratch);
    delete b;
  }
}

Prim::Binding* Prim::take() const {
  for (auto& slot : free_)
    if (slot.load(std::memory_order_relaxed))
      if (Binding* b = slot.exchange(nullptr, std::memory_order_acquire)) return b;
  auto* b = new Binding;
  for (int i = 0; i < nargs_; i++) b->args[i] = {args_[i].id, make_memory(args_[i].desc)};
  if (scratch_.get_size()) b->scratch = make_memory(scratch_);
  return b;
}

void Prim::put_back(Binding* b) const {
  for (auto& slot : free_) {
    Binding* none = nullptr;
    if (slot.compare_exchange_strong(none, b, std::memory_order_release)) return;
  }
  for (int i = 0; i < nargs_; i++) dnnl_memory_destroy(b->args[i].memory);
  if (b->scratch) dnnl_memory_destroy(b->scratch);
  delete b;
}

void Prim::run(std::initializer_list<const void*> data) const {
  static thread_local ThreadScratch scratch;
  Binding* b = take();
  struct Return {
    const Prim* p;
    Binding* b;
    ~Return() { p->put_back(b); }
  } giver{this, b};
  int n = 0, k = 0;
  dnnl_exec_arg_t list[kMaxArgs + 1];
  for (const void* p : data) {
    if (p) {
      check(dnnl_memory_set_data_handle(b->args[k].memory, const_cast<void*>(p)), "binding an argument");
      list[n++] = b->args[k];
    }
    k++;
  }
  if (b->scratch) {
    check(dnnl_memory_set_data_handle(b->scratch, scratch.get(scratch_.get_size())), "binding the scratchpad");
    list[n++] = {DNNL_ARG_SCRATCHPAD, b->scratch};
  }
  OmpThreads omp(threads_);
  check(dnnl_primitive_execute(prim_.get(), stream(), n, list), "running a primitive");
}

dnnl::primitive_attr scratchpad_attr() {
  dnnl::primitive_attr a;
  a.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return a;
}

std::unique_ptr<Prim> make_reorder(const Desc& from, const Desc& to) {
  if (from == to) return nullptr;
  OmpThreads omp(1);
  dnnl::reorder::primitive_desc pd(engine(), from, engine(), to, scratchpad_attr());
  return std::make_unique<Prim>(dnnl::reorder(pd), std::initializer_list<Arg>{{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}},
                                pd.scratchpad_desc());
}

}  // namespace onednn
}  // namespace dl
