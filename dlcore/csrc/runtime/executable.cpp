#include "runtime/executable.h"

#include <algorithm>
#include <chrono>

#include "autograd/anomaly.h"
#include "runtime/device.h"
#include "runtime/invoke.h"
#include "runtime/random.h"
#include "tensor/fault.h"

namespace dl {

static size_t span_bytes(const ExeValue& v) {
  int64_t last = 0;
  for (int i = 0; i < v.shape.n; i++) {
    if (v.shape[i] == 0) return 0;
    if (v.strides[i] > 0) last += (v.shape[i] - 1) * v.strides[i];
  }
  return size_t(last + 1) * itemsize(v.dtype);
}

Executable::Executable(std::vector<ExeValue> values, std::vector<ExeInstr> instrs, int n_inputs,
                       std::vector<int> outputs, size_t arena_bytes, std::vector<Tensor> consts, uint64_t rng_blocks)
    : values_(std::move(values)),
      instrs_(std::move(instrs)),
      outputs_(std::move(outputs)),
      input_value_(size_t(n_inputs), -1),
      input_written_(size_t(n_inputs), false),
      arena_bytes_(arena_bytes),
      consts_(std::move(consts)),
      rng_blocks_(rng_blocks) {
  arena_ = allocate(std::max<size_t>(arena_bytes_, 1));  // arrays without elements need a place too
  for (size_t i = 0; i < values_.size(); i++) {
    const ExeValue& v = values_[i];
    if (v.kind == ExeValue::Arena && size_t(v.offset_bytes) + span_bytes(v) > arena_bytes_)
      throw InternalError(format("executable: value %d ends beyond the arena of %zu bytes", int(i), arena_bytes_));
    if (v.kind == ExeValue::Input && v.offset_bytes == 0 && input_value_.at(size_t(v.where)) < 0)
      input_value_[size_t(v.where)] = int(i);
  }
  for (size_t k = 0; k < instrs_.size(); k++) {
    ExeInstr& instr = instrs_[k];
    if (!instr.op->kernel) throw InternalError("executable: operator '" + instr.op->name + "' has no kernel");
    Prepared p;
    auto add = [&](int value) {
      if (value < 0) {
        p.views.push_back(View{nullptr, DType::F32, {}, {}});
        return;
      }
      const ExeValue& v = values_.at(size_t(value));
      View view{nullptr, v.dtype, v.shape, v.strides};
      if (v.kind == ExeValue::Arena)
        view.data = static_cast<char*>(arena_->data) + v.offset_bytes;
      else if (v.kind == ExeValue::Const)
        view.data = static_cast<char*>(consts_.at(size_t(v.where))->data()) + v.offset_bytes;
      else
        patches_.push_back({int(k), int(p.views.size()), value});
      p.views.push_back(view);
    };
    for (int v : instr.in) add(v);
    p.sources.resize(instr.in.size() + 1);
    for (int v : instr.out) {
      add(v);
      if (values_.at(size_t(v)).kind == ExeValue::Input) input_written_[size_t(values_[size_t(v)].where)] = true;
    }
    prepared_.push_back(std::move(p));
  }
}

void Executable::check_input(size_t i, const Tensor& t) const {
  if (input_value_[i] < 0) return;
  const ExeValue& v = values_[size_t(input_value_[i])];
  if (t->dtype != v.dtype || numel(t->shape) != numel(v.shape))
    throw ValueError(format("compiled graph: input %zu was compiled for %s%s, got %s%s", i, dtype_name(v.dtype),
                            to_string(v.shape).c_str(), dtype_name(t->dtype), to_string(t->shape).c_str()));
}

const ExeValue* Executable::input(size_t i) const {
  return input_value_[i] < 0 ? nullptr : &values_[size_t(input_value_[i])];
}

void Executable::bind(const Given& given) {
  for (auto& p : patches_) {
    const ExeValue& v = values_[size_t(p.value)];
    bool is_input = v.kind == ExeValue::Input;
    Prepared& instr = prepared_[size_t(p.instr)];
    instr.views[size_t(p.slot)].data =
        static_cast<char*>((is_input ? given.inputs : given.outputs)[v.where]) + v.offset_bytes;
    if (is_input && size_t(p.slot) < instrs_[size_t(p.instr)].in.size())
      instr.sources[size_t(p.slot)] = input_written_[size_t(v.where)] ? nullptr : given.sources[v.where];
  }
}

// An error says which instruction it came from; the graph knows the layer.
static void run_instruction(const KernelCall& c, const std::string& where, size_t number) {
  auto located = [&](const Error& e) {
    return std::string(e.what()) + format(" [%sinstruction %zu]", where.c_str(), number);
  };
  try {
    c.op->kernel(c);
  } catch (const IndexError& e) {
    throw IndexError(located(e));
  } catch (const ValueError& e) {
    throw ValueError(located(e));
  } catch (const TypeError& e) {
    throw TypeError(located(e));
  } catch (const RuntimeError& e) {
    throw RuntimeError(located(e));
  }
}

void Executable::run_all(uint64_t seed, uint64_t counter, const std::string& where, std::vector<double>* seconds) {
  auto before = std::chrono::steady_clock::now();
  for (size_t k = 0; k < instrs_.size(); k++) {
    const ExeInstr& instr = instrs_[k];
    Prepared& p = prepared_[k];
    KernelCall c{instr.op,
                 p.views.data(),
                 int(instr.in.size()),
                 p.views.data() + instr.in.size(),
                 int(instr.out.size()),
                 &instr.attrs,
                 seed,
                 counter + instr.rng_offset,
                 &p.state,
                 p.sources.data()};
    run_instruction(c, where, k);
    if (seconds) {
      auto now = std::chrono::steady_clock::now();
      seconds->push_back(std::chrono::duration<double>(now - before).count());
      before = now;
    }
  }
}

void Executable::run_inside(const Given& given, int body) {
  bind(given);
  run_all(given.seed, given.counter, body ? "other body " : "body ", nullptr);
}

std::vector<Tensor> Executable::run(const std::vector<Tensor>& given, std::vector<double>* seconds) {
  if (given.size() != input_value_.size())
    throw TypeError(format("compiled graph: takes %zu arrays, got %zu", input_value_.size(), given.size()));
  std::vector<Tensor> inputs = given;
  for (size_t i = 0; i < inputs.size(); i++) {
    check_input(i, inputs[i]);
    if (input_value_[i] < 0) continue;
    const ExeValue& v = values_[size_t(input_value_[i])];
    if (inputs[i]->shape == v.shape && inputs[i]->strides == v.strides) continue;
    bool same = inputs[i]->shape == v.shape;  // strides of axes of size 1 do not matter
    for (int d = 0; same && d < v.shape.n; d++) same = v.shape[d] <= 1 || inputs[i]->strides[d] == v.strides[d];
    if (same) continue;
    if (input_written_[i])
      throw RuntimeError(
          format("compiled graph: state array %zu of shape %s changed its memory layout since it was "
                 "compiled: expected strides %s, got %s",
                 i, to_string(v.shape).c_str(), to_string(v.strides).c_str(), to_string(inputs[i]->strides).c_str()));
    Tensor packed = make_tensor(inputs[i]->shape, v.strides, v.dtype);
    assign(packed, inputs[i]);
    inputs[i] = packed;
  }
  auto first = std::find_if(inputs.begin(), inputs.end(), [](const Tensor& t) { return t->ndim() > 0; });
  Device device = first == inputs.end() ? Device() : (*first)->device;  // one program serves cpu(0), cpu(1), ...
  std::vector<Tensor> outputs;
  for (size_t i = 0; i < outputs_.size(); i++) {
    const ExeValue& v = values_[size_t(outputs_[i])];
    outputs.push_back(make_tensor(v.shape, v.strides, v.dtype, device));
  }
  RngState rng{0, 0};
  if (rng_blocks_) rng = reserve_random(int64_t(rng_blocks_) * 4);
  {
    WithoutGil nogil;
    std::lock_guard<std::mutex> lock(mutex_);
    addresses_.clear();
    sources_.clear();
    for (auto& t : inputs) addresses_.push_back(t->data()), sources_.push_back(t->storage.get());
    for (auto& t : outputs) addresses_.push_back(t->data());
    bind({addresses_.data(), sources_.data(), addresses_.data() + inputs.size(), 0, 0});
    run_all(rng.seed, rng.counter, "", seconds);
  }
  for (size_t i = 0; i < inputs.size(); i++)
    if (input_written_[i]) note_write(inputs[i]->storage);
  return outputs;
}

}  // namespace dl
