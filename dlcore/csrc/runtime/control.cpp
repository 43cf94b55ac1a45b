#include "runtime/control.h"

#include <algorithm>
#include <cstring>

#include "kernels/cpu/copy.h"
#include "runtime/invoke.h"
#include "tensor/fault.h"

namespace dl {

namespace {

bool same_place(const Shape& shape, const Dims& a, const Dims& b) {
  for (int i = 0; i < shape.n; i++)
    if (shape[i] > 1 && a[i] != b[i]) return false;
  return true;
}

size_t bytes_of(const View& v) { return size_t(v.numel()) * itemsize(v.dtype); }

bool truth(const View& v) {
  if (v.numel() != 1) throw InternalError("expected one number as the condition, got shape " + to_string(v.shape));
  uint8_t yes = 0;
  strided_copy(View{&yes, DType::Bool, {}, {}}, View{v.data, v.dtype, {}, {}});
  return yes != 0;
}

int64_t whole(const View& v) { return *v.ptr<int64_t>(); }

// The addresses of one body's arrays. An array that lies otherwise than the body expects goes through scratch memory.
class Body {
 public:
  Body(Executable& exe, Control& control, const KernelCall& call, int number)
      : exe_(exe),
        control_(control),
        call_(call),
        number_(number),
        in_(exe.n_inputs()),
        out_(exe.n_outputs()),
        sources_(exe.n_inputs()),
        after_(exe.n_outputs()) {}

  // Input i is what `v` shows; `source` as in KernelCall, where the array stays the same from run to run.
  void give(size_t i, const View& v, Storage* source = nullptr) {
    const ExeValue* wanted = exe_.input(i);
    in_[i] = v.data;
    sources_[i] = source;
    if (!wanted || same_place(v.shape, v.strides, wanted->strides)) return;
    View packed{memory(bytes_of(v)), v.dtype, v.shape, wanted->strides};
    strided_copy(packed, v);
    in_[i] = packed.data;
    sources_[i] = nullptr;
  }
  // Output i shall stand at `v`.
  void take(size_t i, const View& v) {
    const ExeValue& made = exe_.output(i);
    bool direct = same_place(v.shape, v.strides, made.strides);
    View own{v.data, v.dtype, v.shape, made.strides};
    if (!direct) own.data = memory(bytes_of(v));
    out_[i] = own.data;
    after_[i] = {direct, v, own};
  }
  void run(uint64_t counter) {
    exe_.run_inside({in_.data(), sources_.data(), out_.data(), call_.seed, counter}, number_);
    for (auto& a : after_)
      if (!a.direct) strided_copy(a.wanted, a.made);
  }
  void restart(size_t kept) { next_ = kept; }  // scratch memory from number `kept` on is free again
  void* memory(size_t bytes) {
    if (next_ == control_.scratch.size()) control_.scratch.emplace_back();
    StorageRef& s = control_.scratch[next_++];
    if (!s || s->nbytes < bytes) s = allocate(std::max<size_t>(bytes, 1));
    return s->data;
  }
  size_t used() const { return next_; }

 private:
  struct After {
    bool direct = true;
    View wanted{}, made{};
  };
  Executable& exe_;
  Control& control_;
  const KernelCall& call_;
  int number_;
  size_t next_ = 0;
  std::vector<void*> in_, out_;
  std::vector<Storage*> sources_;
  std::vector<After> after_;
};

void run_branch(const KernelCall& c, Control& control) {
  int chosen = truth(c.in[0]) ? 0 : 1;
  Body body(*control.bodies[size_t(chosen)], control, c, chosen);
  for (int i = 1; i < c.nin; i++) body.give(size_t(i - 1), c.in[i], c.sources ? c.sources[i] : nullptr);
  for (int i = 0; i < c.nout; i++) body.take(size_t(i), c.out[i]);
  body.run(c.counter);
}

View row(const View& v, int64_t i) {
  View r{static_cast<char*>(v.data) + i * v.strides[0] * int64_t(itemsize(v.dtype)), v.dtype, {}, {}};
  for (int d = 1; d < v.shape.n; d++) r.shape.push(v.shape[d]), r.strides.push(v.strides[d]);
  return r;
}

class Loop {
 public:
  Loop(const KernelCall& c, Control& control)
      : c_(c),
        k_(control),
        body_(*control.bodies[0], control, c, 0),
        in_(c.in + (control.counted ? 1 : 0)),
        nin_(c.nin - (control.counted ? 1 : 0)),
        sources_(c.sources ? c.sources + (control.counted ? 1 : 0) : nullptr) {}

  void run() {
    int64_t most = k_.length;
    if (k_.counted) most = std::clamp<int64_t>(whole(c_.in[0]), 0, most);
    begin();
    int64_t done = 0;
    for (; done < most; done++) {
      body_.restart(kept_);
      if (conditional() && !goes_on()) break;
      step(k_.reverse ? most - 1 - done : done, done);
    }
    end(done);
  }

 private:
  bool conditional() const { return k_.bodies.size() > 1; }

  void begin() {
    for (int j = 0; j < k_.carried; j++) {
      View tidy{nullptr, in_[j].dtype, in_[j].shape, contiguous_strides(in_[j].shape)};
      tidy.data = body_.memory(bytes_of(tidy));
      strided_copy(tidy, in_[j]);
      now_.push_back(tidy);
      tidy.data = body_.memory(bytes_of(tidy));
      next_.push_back(tidy);
    }
    for (int j = k_.carried + k_.scanned; j < nin_; j++) body_.give(size_t(j), in_[j], source(j));
    kept_ = body_.used();
  }
  Storage* source(int j) const { return sources_ ? sources_[j] : nullptr; }

  bool goes_on() {
    Executable& exe = *k_.bodies[1];
    View answer{body_.memory(16), exe.output(0).dtype, exe.output(0).shape, exe.output(0).strides};
    std::vector<void*> in;
    std::vector<StorageRef> held;
    for (int j = 0; j < k_.carried; j++) in.push_back(now_[size_t(j)].data);
    for (int j = k_.carried + k_.scanned; j < nin_; j++) {
      const ExeValue* wanted = exe.input(in.size());
      in.push_back(in_[j].data);
      if (!wanted || same_place(in_[j].shape, in_[j].strides, wanted->strides)) continue;
      held.push_back(allocate(std::max<size_t>(bytes_of(in_[j]), 1)));
      strided_copy(View{held.back()->data, in_[j].dtype, in_[j].shape, wanted->strides}, in_[j]);
      in.back() = held.back()->data;
    }
    std::vector<Storage*> none(in.size(), nullptr);
    exe.run_inside({in.data(), none.data(), &answer.data, c_.seed, c_.counter}, 1);
    return truth(answer);
  }

  void step(int64_t at, int64_t done) {
    for (size_t j = 0; j < now_.size(); j++) body_.give(j, now_[j]);
    for (int j = k_.carried; j < k_.carried + k_.scanned; j++) body_.give(size_t(j), row(in_[j], at));
    for (size_t j = 0; j < next_.size(); j++) body_.take(j, next_[j]);
    for (int j = k_.carried; j < stacks_end(); j++) body_.take(size_t(j), row(c_.out[j], at));
    body_.run(c_.counter + uint64_t(done) * k_.bodies[0]->rng_blocks());
    std::swap(now_, next_);
  }
  int stacks_end() const { return c_.nout - (conditional() ? 1 : 0); }

  void end(int64_t done) {
    for (int j = 0; j < k_.carried; j++) strided_copy(c_.out[j], now_[size_t(j)]);
    for (int j = k_.carried; j < stacks_end() && done < k_.length; j++) {
      size_t bytes = k_.length ? bytes_of(c_.out[j]) / size_t(k_.length) : 0;  // stacks are contiguous
      std::memset(static_cast<char*>(c_.out[j].data) + size_t(done) * bytes, 0, size_t(k_.length - done) * bytes);
    }
    if (conditional()) *c_.out[c_.nout - 1].ptr<int64_t>() = done;
  }

  const KernelCall& c_;
  Control& k_;
  Body body_;
  const View* in_;
  int nin_;
  Storage* const* sources_;
  std::vector<View> now_, next_;  // the carried arrays before and after a step
  size_t kept_ = 0;
};

void control_kernel(const KernelCall& c) {
  auto* control = static_cast<Control*>(c.attrs->at(0).obj.get());
  if (!control) throw InternalError(c.op->name + ": it has no program");
  if (!control->loop) return run_branch(c, *control);
  Loop(c, *control).run();
}

}  // namespace

DL_KERNEL("control", control_kernel);

}  // namespace dl
