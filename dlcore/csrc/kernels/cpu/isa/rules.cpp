#include "kernels/cpu/isa/rules.h"

#include "kernels/cpu/isa/tile_float_ops.h"

namespace dl {
namespace DL_ISA {
namespace {

DL_OP2_LONG(Pow, vm_pow(a, b))
DL_OP1(Erf, vm_erf(a))

#include "kernels/cpu/isa/update_rules.h"

}  // namespace

extern const UpdateRules update_rules;
constexpr UpdateRules update_rules = {kUpdateRules, int(sizeof kUpdateRules / sizeof *kUpdateRules)};

}  // namespace DL_ISA
}  // namespace dl
