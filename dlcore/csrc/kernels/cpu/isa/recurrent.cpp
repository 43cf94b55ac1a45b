#include "kernels/cpu/isa/recurrent.h"

#include "kernels/cpu/isa/vmath_f32.h"
#include "kernels/cpu/isa/vmath_f64.h"

namespace dl {
namespace DL_ISA {
namespace {

template <class T>
struct Vector {
  static inline T sigmoid(T x) { return vm_sigmoid(x); }
  static inline T tanh(T x) { return vm_tanh(x); }
  static inline bool positive(T x) { return x > T(0) || x != x; }
};

}  // namespace

extern const RecurrentTable recurrent_table;
constexpr RecurrentTable recurrent_table = {recurrent_rows<float, Vector<float>>(),
                                            recurrent_rows<double, Vector<double>>()};

}  // namespace DL_ISA
}  // namespace dl
