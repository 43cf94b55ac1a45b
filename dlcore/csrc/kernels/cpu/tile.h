// The tile program: a scalar expression as a list of micro-operations, run block by block over arrays.
// One mechanism serves elementwise operators (their stanza's expr), fused groups (graph/passes/fuse.py) and update
// rules.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/registry.h"

namespace dl {

enum class TileType : uint8_t { F32, F64, I32, I64, U64, C64, C128 };  // the type all registers of one run have
TileType tile_type(DType common);  // bool, small ints -> I32; I64, U32 -> I64; f16, bf16, f32 -> F32 ...

struct TileInstr {
  uint8_t op;                      // micro-operation number (tile.cpp holds the table of mnemonics)
  int16_t a = -1, b = -1, c = -1;  // SSA operands: 0..n_in-1 inputs, then one value per instruction
  double imm = 0;                  // const
  int64_t imm_i = 0;               // const, exact for integers
};
struct TileProgram {
  int n_in = 0;
  std::vector<TileInstr> code;
  std::vector<int> outs;  // value numbers
  // prepared by `prepare()`: register numbers after linear scan, constants hoisted
  struct Compiled;
  std::shared_ptr<const Compiled> compiled;
};
int tile_op(const std::string& mnemonic);  // -1 if unknown
int tile_arity(int op);
void prepare(TileProgram& p);
// The loop of a program that is one instruction on its inputs in their order, for arrays of the registers' own dtype;
// null for any other program. Bit k of `variant` says that input k is a single value. Arguments as in run order: number
// of elements, inputs (unused ones null), output.
using TileLoop = void (*)(int64_t n, const void* a, const void* b, const void* c, void* out);
TileLoop single_loop(const TileProgram& p, TileType type, int variant);
DType register_dtype(TileType type);
// Runs `p` over the broadcast shape of `out[0]`; inputs may be broadcast, strided, of any dtype; outputs any dense or
// strided layout.
void run_tile(const TileProgram& p, TileType type, const View* in, View* out, int nout);

}  // namespace dl
