// Update rules as loops of their own, per instruction set; dlcore/graph/_rules.py renders their files (rules/*.h).
#pragma once
#include <cstdint>

#include "kernels/cpu/isa/tile_table.h"

namespace dl {

constexpr int kMaxRuleCode = 48, kMaxRuleIn = 16, kMaxRuleOut = 4;

struct RuleStep {
  TileOp op;
  int16_t a, b, c;  // operands as in TileInstr; the value of a constant is not part of a rule
};
struct UpdateRule {
  int n_in;
  uint32_t arrays;  // bit k: input k is an array, not a single number
  int n_code;
  const RuleStep* code;
  int n_out;
  int outs[4];
  // c[i]: the constant that instruction i is, if it is one. An output may be an input.
  void (*run)(int64_t n, const float* const* in, const float* c, float* const* out);
};
struct UpdateRules {
  const UpdateRule* rules;
  int count;
};
DL_ISA_TABLE(UpdateRules, update_rules)

}  // namespace dl
