// oneDNN for this project: primitives made for one shape, kept in a bounded cache, run without rebuilding anything.
//
// oneDNN runs its own OpenMP threads when asked to; here it is asked not to. Kernels cut their work into pieces (images
// of a batch, blocks of a matrix), make primitives for one thread and run the pieces on our own pool, because an OpenMP
// region waits for every thread, and one that the system has put aside holds up the whole region for milliseconds.
#pragma once
#include <atomic>
#include <initializer_list>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>

#include "kernels/cpu/views.h"

namespace dl {
namespace onednn {

using Tag = dnnl::memory::format_tag;
using Desc = dnnl::memory::desc;

dnnl::engine& engine();
dnnl::memory::data_type data_type(DType t);  // F32 and BF16 only
bool has_tiles();                            // whether the processor multiplies tiles of bfloat16 (AMX)

// What distinguishes one plan from another: operation, dtypes, shapes, strides, attributes, thread count.
class Key {
 public:
  explicit Key(int64_t kind) { add(kind), add(num_threads()); }
  void add(int64_t v) { v_[n_ < kMax ? n_++ : kMax - 1] = v; }
  void add(const Dims& d) {
    add(d.n);
    for (int64_t v : d) add(v);
  }
  void add(const View& v) { add(int64_t(v.dtype)), add(v.shape), add(v.strides); }
  bool operator==(const Key& o) const;
  size_t hash() const;

 private:
  static constexpr int kMax = 72;
  int n_ = 0;
  int64_t v_[kMax];
};

struct Plan {
  virtual ~Plan() = default;
  explicit Plan(const Key& k) : key(k) {}
  Key key;
};
std::shared_ptr<Plan> cached_plan(const Key& key);
void cache_plan(std::shared_ptr<Plan> plan);

// The plan for `key`: from the instruction's own slot, else from the cache, else made by make(key).
template <class P, class Make>
std::shared_ptr<P> plan_for(const KernelCall& c, const Key& key, Make&& make) {
  if (c.state && *c.state) {
    auto kept = std::static_pointer_cast<Plan>(*c.state);
    if (kept->key == key) return std::static_pointer_cast<P>(kept);
  }
  auto plan = std::static_pointer_cast<P>(cached_plan(key));
  if (!plan) {
    plan = make(key);
    cache_plan(plan);
  }
  if (c.state) *c.state = std::static_pointer_cast<Plan>(plan);
  return plan;
}

struct Arg {
  int id;  // DNNL_ARG_...
  Desc desc;
};

// One primitive with the descriptors of its arguments. `run` may be called from many threads at once.
class Prim {
 public:
  Prim(const dnnl::primitive& p, std::initializer_list<Arg> args, const Desc& scratch, int threads = 1);
  ~Prim();
  Prim(const Prim&) = delete;
  Prim& operator=(const Prim&) = delete;
  void run(std::initializer_list<const void*> data) const;  // pointers in the order of `args`; null ones are left out

 private:
  struct Binding;  // memory objects, which only one thread may use at a time
  static constexpr int kMaxArgs = 6, kFree = 16;
  Binding* take() const;
  void put_back(Binding* b) const;

  dnnl::primitive prim_;
  int nargs_ = 0, threads_;
  Arg args_[kMaxArgs];
  Desc scratch_;
  mutable std::atomic<Binding*> free_[kFree] = {};
};

dnnl::primitive_attr scratchpad_attr();                                // user-managed scratchpad
std::unique_ptr<Prim> make_reorder(const Desc& from, const Desc& to);  // nullptr when the layouts are equal

// Number of OpenMP threads for primitives made or run in this scope; restored afterwards, as other libraries share it.
class OmpThreads {
 public:
  explicit OmpThreads(int n);
  ~OmpThreads();

 private:
  int before_;
};

}  // namespace onednn
}  // namespace dl
