// Even numbers for distributions that draw until a draw is accepted.
//
// Round r of element i (row-major) of a call reads the eight words w0 ... w7 of the blocks philox(key = seed, counter
// words = {low 32, high 32 of counter + i / 4, 2 r and then 2 r + 1, 1 + i % 4}): four numbers in (0, 1),
// u_k = (w_2k * 2^20 + (w_2k+1 >> 12) + 1/2) * 2^-52. Element i depends on nothing else, so not on threads or blocks.
#pragma once
#include <array>
#include <cstdint>

#include "kernels/cpu/views.h"
#include "runtime/random.h"
#include "tensor/fault.h"

namespace dl {

class RandomDraw {
 public:
  RandomDraw(const KernelCall& c, int64_t i)
      : name_(c.op->name.c_str()), seed_(c.seed), at_(c.counter + uint64_t(i) / 4), lane_(1 + uint32_t(i % 4)) {}
  // The four numbers of the next round. A round is refused with probability below 3/4 by every caller: the limit is
  // for a caller that is wrong.
  std::array<double, 4> next() {
    if (round_ == 5000) throw InternalError(std::string(name_) + ": no draw was accepted in 5000 rounds");
    std::array<double, 4> u;
    for (uint32_t half = 0; half < 2; half++) {
      std::array<uint32_t, 4> w = philox(seed_, at_, 2 * round_ + half, lane_);
      for (size_t k = 0; k < 2; k++)
        u[2 * half + k] = (double(w[2 * k]) * 0x1p20 + double(w[2 * k + 1] >> 12) + 0.5) * 0x1p-52;
    }
    round_++;
    return u;
  }

 private:
  const char* name_;
  uint64_t seed_, at_;
  uint32_t lane_, round_ = 0;
};

// A parameter, broadcast to the result's shape and read as double.
class RandomParam {
 public:
  RandomParam(const View& given, const Shape& shape) : shape_(shape) {
    View v = as_contiguous(given, DType::F64, keep_);
    data_ = v.ptr<double>();
    int lead = shape.n - v.shape.n;
    for (int k = 0; k < shape.n; k++) {
      strides_.push(k < lead || v.shape[k - lead] == 1 ? 0 : v.strides[k - lead]);
      one_ = one_ && strides_[k] == 0;
    }
    flat_ = is_contiguous(shape, strides_);
    count_ = v.numel();
  }
  double operator[](int64_t i) const { return data_[one_ ? 0 : flat_ ? i : offset_of(i, shape_, strides_)]; }
  // Throws unless every number fits; `what` says how it must be.
  template <class F>
  void check(const KernelCall& c, const char* name, const char* what, F&& fits) const {
    for (int64_t i = 0; i < count_; i++)
      if (!fits(data_[i]))
        throw ValueError(format("%s: %s must be %s, got %g", c.op->name.c_str(), name, what, data_[i]));
  }

 private:
  Temp keep_;
  const double* data_;
  Shape shape_;
  Dims strides_;
  int64_t count_ = 0;
  bool one_ = true, flat_ = false;
};

}  // namespace dl
