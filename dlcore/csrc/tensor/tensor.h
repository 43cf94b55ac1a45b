// Storage (reference-counted bytes), View (what a kernel sees) and Tensor (what Python holds).
#pragma once
#include <atomic>
#include <complex>
#include <functional>
#include <memory>
#include <string>

#include "tensor/dims.h"
#include "tensor/dtype.h"
#include "tensor/few.h"
#include "tensor/recycle.h"

namespace dl {

struct Device {
  int8_t type = 0;  // 0 cpu, 1 gpu; index into the device table (runtime/device.h)
  int8_t index = 0;
  bool operator==(Device o) const { return type == o.type && index == o.index; }
  bool operator!=(Device o) const { return !(*this == o); }
};
std::string to_string(Device d);  // "cpu(0)"

// A kernel's window on memory: pointer to the first element, strides in elements (may be 0 or negative).
struct View {
  void* data;
  DType dtype;
  Shape shape;
  Dims strides;
  int64_t numel() const { return dl::numel(shape); }
  template <class T>
  T* ptr() const {
    return static_cast<T*>(data);
  }
};

// How the last reference ends an object.
template <class T>
void dispose(T* p) {
  delete p;
}

// Intrusive reference counting: one word, no separate control block.
template <class T>
class Ref {
 public:
  Ref() = default;
  explicit Ref(T* p) : p_(p) { inc(); }
  static Ref fresh(T* p) {  // the first reference to an object that nobody else has seen
    p->refs.store(1, std::memory_order_relaxed);
    Ref r;
    r.p_ = p;
    return r;
  }
  Ref(const Ref& o) : p_(o.p_) { inc(); }
  Ref(Ref&& o) noexcept : p_(o.p_) { o.p_ = nullptr; }
  Ref& operator=(Ref o) noexcept {
    std::swap(p_, o.p_);
    return *this;
  }
  ~Ref() { dec(); }
  T* get() const { return p_; }
  T* operator->() const { return p_; }
  T& operator*() const { return *p_; }
  explicit operator bool() const { return p_ != nullptr; }
  bool operator==(const Ref& o) const { return p_ == o.p_; }

 private:
  void inc() {
    if (p_) p_->refs.fetch_add(1, std::memory_order_relaxed);
  }
  void dec() {
    // Who holds the only reference is alone with it, so that nothing need be locked.
    if (p_ && (p_->refs.load(std::memory_order_acquire) == 1 || p_->refs.fetch_sub(1, std::memory_order_acq_rel) == 1))
      dispose(p_);
  }
  T* p_ = nullptr;
};

struct Storage {
  std::atomic<int> refs{0};
  void* data = nullptr;
  size_t nbytes = 0;
  Device device;
  std::atomic<uint32_t> version{0};  // bumped by every in-place write; saved values check it
  uint32_t taped_writes = 0;  // how many of them were recorded; an array made before one no longer knows its past
  bool readonly = false;
  bool on_tape = false;                  // an array that was recorded has its numbers here
  bool small = false;                    // the bytes lie behind this object, in one block
  bool shared = false;                   // others were given this memory and may write to it without changing `version`
  std::function<void()> release;         // set for memory that others own (NumPy, DLPack, CuPy)
  void* owner = nullptr;                 // that owner, where bind/ wants it back
  std::unique_ptr<std::string> written;  // the line that wrote to it last; only in anomaly mode
  ~Storage();
};
void dispose(Storage* s);
using StorageRef = Ref<Storage>;
StorageRef allocate(size_t nbytes, Device device = {});

struct Node;  // autograd/tape.h
struct TensorImpl;
using Tensor = Ref<TensorImpl>;

enum class GradReq : uint8_t { Null, Write, Add };

// What the tape knows of an array: a leaf with a gradient buffer, or output `index` of a recorded node.
struct AutogradMeta final : Recycled<AutogradMeta> {
  std::shared_ptr<Node> node;
  int index = 0;
  Tensor grad;  // leaves only
  GradReq req = GradReq::Null;
};

struct TensorImpl final : Recycled<TensorImpl> {
  std::atomic<int> refs{0};
  StorageRef storage;  // null while tracing: then trace_id names the value
  int64_t offset = 0;  // in elements
  DType dtype = DType::F32;
  bool weak = false;          // made from a Python scalar: does not take part in promotion of its own kind
  uint32_t taped_writes = 0;  // those of its storage that its record takes into account
  Shape shape;
  Dims strides;
  Device device;
  int64_t trace_id = -1;     // value number in tracer `trace_owner`
  uint64_t trace_owner = 0;  // serial of the tracer: a value that outlives its trace is an error, not garbage
  std::unique_ptr<AutogradMeta> ag;

  void* data() const {
    return storage ? static_cast<char*>(storage->data) + offset * int64_t(itemsize(dtype)) : nullptr;
  }
  View view() const { return {data(), dtype, shape, strides}; }
  int64_t numel() const { return dl::numel(shape); }
  int ndim() const { return shape.n; }
  bool contiguous() const { return is_contiguous(shape, strides); }
};
using Tensors = Few<Tensor, 4>;

Tensor make_tensor(const Shape& shape, DType dtype, Device device = {});  // contiguous, uninitialised
Tensor make_tensor(const Shape& shape, const Dims& strides, DType dtype, Device device = {});  // dense strides
Tensor make_view(const Tensor& base, const Shape& shape, const Dims& strides,
                 int64_t offset);  // shares storage, no tape
Tensor make_scalar(double v, DType dtype, bool weak);
Tensor make_scalar(int64_t v, DType dtype, bool weak);
Tensor make_scalar(std::complex<double> v, DType dtype, bool weak);
void store_scalar(void* p, DType dtype, double v);  // one element
void store_scalar(void* p, DType dtype, int64_t v);
Tensor alias_of(const Tensor& t);      // same memory, no tape record
double scalar_value(const Tensor& t);  // a 0-d CPU tensor as double; of a complex number its real part
std::complex<double> complex_value(const Tensor& t);

}  // namespace dl
