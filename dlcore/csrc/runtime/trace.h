// Tracing: while a tracer is active on a thread, invoke() appends records instead of running kernels.
#pragma once
#include <map>
#include <memory>
#include <tuple>
#include <vector>

#include "runtime/registry.h"
#include "tensor/tensor.h"

namespace dl {

struct TraceRecord {
  const OpDef* op;
  std::vector<int64_t> in, out;  // value numbers, -1 for an absent optional input
  Attrs attrs;
  std::string scope;
  uint64_t rng_offset = 0;
  int view_of = -1;
  bool recording =
      false;  // whether gradients were being recorded: pause() cuts a compiled gradient as it cuts the tape
};

struct TraceError : RuntimeError {
  using RuntimeError::RuntimeError;
};

class Tracer {
 public:
  Tracer();
  ~Tracer();
  // With `inside`, while another trace runs on this thread: what becomes the body of a loop or a branch. Arrays of the
  // surrounding traces are captured like arrays from outside.
  std::vector<Tensor> start(const std::vector<Tensor>& inputs, bool inside = false);
  // Leaves the records; later use of traced values is an error. The tape forgets what was written into captured arrays.
  void stop();
  void add(const OpDef& op, const Attrs& attrs, const Tensor* in, int nin, Tensors& out, const Metas& metas);
  // A loop or a branch, which owns `blocks` random blocks.
  void add_body(const OpDef& op, std::shared_ptr<void> program, const std::vector<Tensor>& in, Tensors& out,
                const Metas& metas, uint64_t blocks);
  int64_t value_of(const Tensor& t);                 // captures concrete arrays
  void rebind(const Tensor& dst, int64_t value);     // in-place write
  bool keeps_record(const Tensor& dst);              // a write while recording is paused leaves its gradient as it was
  void mark_recorded(size_t first);                  // the records from this one on are, whatever is_recording() said
  void shares(const Tensor& t, const Tensor& with);  // t is in the memory of the other one, as a view is
  // Throws when `value` is a view of what was overwritten since: here it still has the numbers of before.
  void check_not_stale(const char* reader, int64_t value) const;

  struct Capture {
    Tensor tensor;
    int64_t first, current;
    std::shared_ptr<Node> node = nullptr;  // where the tape had the array before the trace wrote to it
    int index = 0;
    bool recorded = false;  // it was written to while gradients were being recorded
  };
  std::vector<Meta> values;
  std::vector<TraceRecord> records;
  std::vector<int64_t> inputs;
  std::vector<Capture> captured;
  std::vector<std::pair<int64_t, Tensor>> consts;
  uint64_t rng_blocks = 0;
  bool has_custom_gradient = false;  // a gradient written in Python was recorded, which the graph does not hold
  bool sizes_read = false;           // Python saw the size of an array: for another size it may do something else
  void note_sizes_read();
  uint64_t serial;

 private:
  int64_t new_value(const Meta& m, int64_t root = -1);
  int64_t captured_index(const Tensor& t);
  bool surrounds(const Tensor& t) const;  // whether `t` belongs to a trace around this one
  Tracer* around_ = nullptr;
  bool recording_ = false;         // gradients were being recorded when the trace began
  std::vector<int64_t> root_;      // per value: the value whose memory it is a view of, or itself
  std::vector<bool> recorded_;     // per value: gradients were being recorded when it was made
  std::vector<bool> overwritten_;  // per value: an in-place write replaced it; a view of it would have seen that write
  std::multimap<const Storage*, size_t> by_storage_;
  bool active_ = false;
};

Tracer* active_tracer();  // of this thread
inline bool is_traced(const Tensor& t) { return t->trace_owner != 0; }
[[noreturn]] void throw_value_needed(const char* what);  // "bool() of an array inside jit ..."

}  // namespace dl
