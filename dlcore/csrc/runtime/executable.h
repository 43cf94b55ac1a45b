// A compiled graph: a flat list of instructions over one planned arena, run without Python, allocation or locks per
// instruction.
#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/registry.h"
#include "tensor/tensor.h"

namespace dl {

struct ExeValue {
  enum Kind : uint8_t { Input, Output, Arena, Const } kind;
  DType dtype;
  Shape shape;
  Dims strides;
  int where = 0;             // input, output or constant number
  int64_t offset_bytes = 0;  // from the start of that buffer
};

struct ExeInstr {
  const OpDef* op;
  std::vector<int> in, out;  // value numbers, -1 for an absent optional input
  Attrs attrs;
  uint64_t rng_offset = 0;
};

class Executable {
 public:
  // `outputs[i]` is the value returned as output i (contiguous or dense; its strides are the array's).
  Executable(std::vector<ExeValue> values, std::vector<ExeInstr> instrs, int n_inputs, std::vector<int> outputs,
             size_t arena_bytes, std::vector<Tensor> consts, uint64_t rng_blocks);
  // With `seconds`, fills in the time of each instruction.
  std::vector<Tensor> run(const std::vector<Tensor>& inputs, std::vector<double>* seconds = nullptr);
  // A run as a part of another program, which gives all addresses and sees to it that there is one run at a time.
  // `sources` as in KernelCall, one per input; the body of a loop or a branch writes to no input.
  struct Given {
    void* const* inputs;
    Storage* const* sources;
    void* const* outputs;
    uint64_t seed, counter;
  };
  void run_inside(const Given& given, int body);
  // How this program lays out input and output i; null for an input that it does not read.
  const ExeValue* input(size_t i) const;
  const ExeValue& output(size_t i) const { return values_[size_t(outputs_[i])]; }
  size_t n_inputs() const { return input_value_.size(); }
  size_t n_outputs() const { return outputs_.size(); }
  uint64_t rng_blocks() const { return rng_blocks_; }
  size_t arena_bytes() const { return arena_bytes_; }
  size_t size() const { return instrs_.size(); }

 private:
  struct Prepared {
    std::vector<View> views;        // inputs then outputs of one instruction
    std::vector<Storage*> sources;  // per input: see KernelCall
    std::shared_ptr<void> state;
  };
  struct Patch {  // a view whose address is known only when a run starts
    int instr, slot, value;
  };
  void bind(const Given& given);
  void run_all(uint64_t seed, uint64_t counter, const std::string& where, std::vector<double>* seconds);
  void check_input(size_t i, const Tensor& t) const;

  std::vector<ExeValue> values_;
  std::vector<ExeInstr> instrs_;
  std::vector<Prepared> prepared_;
  std::vector<Patch> patches_;
  std::vector<int> outputs_;
  std::vector<int> input_value_;  // a value that covers input i as a whole, or -1
  std::vector<bool> input_written_;
  size_t arena_bytes_;
  StorageRef arena_;
  std::vector<Tensor> consts_;
  uint64_t rng_blocks_;
  std::vector<void*> addresses_;   // of the present run: inputs, then outputs
  std::vector<Storage*> sources_;  // of its inputs
  std::mutex mutex_;               // one run at a time: they share the arena
};

}  // namespace dl
