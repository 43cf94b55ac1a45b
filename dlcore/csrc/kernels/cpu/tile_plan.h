// How one run of a tile program walks over its arrays. Private to tile.cpp and tile_plan.cpp.
//
// Axes are sorted into the memory order of the first output and merged where every array allows it. A tile is a run of
// one inner row (`Chunks`), or, when rows are short, several whole rows at once (`Rows`).
#pragma once
#include <utility>
#include <vector>

#include "kernels/cpu/cast.h"
#include "kernels/cpu/isa/rules.h"
#include "kernels/cpu/isa/tile_table.h"
#include "kernels/cpu/tile.h"

namespace dl {

// How a program is an update rule: which of its inputs and outputs are the rule's, and outputs that are inputs as they
// come (a gradient that is kept as well).
struct RuleUse {
  const UpdateRule* rule = nullptr;
  std::vector<int> in, out;
  std::vector<std::pair<int, int>> copies;  // the program's output, the rule's input
  explicit operator bool() const { return rule; }
};

struct TileProgram::Compiled {
  int n_values = 0;               // inputs, then one per instruction
  int n_regs = 0;                 // after linear scan, constants and inputs apart
  std::vector<int16_t> reg;       // value -> register, -1 for inputs and constants
  std::vector<int16_t> last_use;  // value -> last instruction reading it, n_code when it is an output, -1 never
  std::vector<uint8_t> constant;  // value -> 1: computed from constants only
  int cost = 0;                   // additions that one element is worth, roughly
  RuleUse rule;                   // when the program is a known one
};

// An array under the sorted and merged axes.
struct TileOperand {
  char* base;
  int64_t stride[kMaxDims];  // in elements
  int itemsize;
  DType dtype;
};

struct TileGeometry {
  int nd = 0;  // >= 1 after collapse
  int64_t shape[kMaxDims];
  int64_t elements = 0;
};

// Sorts and merges axes; `ops` holds the outputs first.
void collapse_axes(TileGeometry& g, TileOperand* ops, int n_ops);

enum class TileClass : uint8_t { Uniform, PerTile, Tile };  // one value per call, one per tile, one per element

struct TileStep {
  TileFn fn;
  int16_t a, b, c, dst;
};

struct TileInput {
  TileClass cls;
  bool direct;  // read in place
  int16_t reg;  // register it is loaded into, when neither direct nor a single value
  CastFn load;
};
struct TileOutput {
  int value;
  bool direct;  // written in place by the instruction that makes it
  bool stream;  // written past the caches (isa/stream.h), converted first where its dtype is another
  CastFn store;
};

struct TilePlan {
  const TileProgram* program;
  const TileProgram::Compiled* compiled;
  DType dtype;  // of the registers
  int itemsize;
  TileGeometry geo;
  bool rows;                                              // a tile is several whole inner rows
  int64_t inner, mid, per_tile, chunks, units, capacity;  // per_tile: elements of a row, or rows; capacity: elements
  std::vector<TileOperand> ops;
  std::vector<TileInput> in;
  std::vector<TileOutput> out;
  std::vector<TileClass> cls;  // per value
  std::vector<TileStep> uniform, per_tile_steps, steps;
  int n_regs;
  bool streams;  // some output is
};

// Runs one instruction over bytes of one layout; false if it is not that.
bool run_tile_bytes(const TileProgram& p, const View* in, const View& out);

// Whether a result of so many bytes is written past the caches: only where little is done to each element. While there
// is more to do, writing through the caches goes on beside it, and quicker.
bool goes_far(const TileProgram& p, int64_t bytes);

// Runs a selection by truth values over arrays of one layout; false if it is not that.
bool run_tile_select(const TileProgram& p, TileType type, const View* in, const View& out);

// Runs one instruction over arrays of one layout that are stored otherwise than registers are: 16-bit floats, and
// numbers that give truth values, or whose result is too large for the caches; false if it is not that.
bool run_tile_direct(const TileProgram& p, TileType type, const View* in, const View& out);

// A constant as a register of `dtype` holds it; writes up to 16 bytes.
void write_const(const TileInstr& ins, DType dtype, char* at);

// Runs small arrays of one layout at once; false if they are not that (nothing of theirs is changed then).
bool run_tile_small(const TileProgram& p, TileType type, const View* in, View* out, int nout);

// The update rule that a program is, if any; running one: false if the arrays are not of one dense layout, or of other
// dtypes than a rule takes: float32, and 16-bit floats, which are widened and rounded block by block.
RuleUse find_rule(const TileProgram& p);
bool run_rule(const TileProgram& p, const View* in, View* out, int nout);
bool rule_takes(DType array);
bool rule_takes(const RuleUse& use, const View* in);  // dtypes and single numbers
// Numbers [begin, end) of arrays that suit, in this thread.
void run_rule_part(const RuleUse& use, const float* constants, const View* in, const View* out, int64_t begin,
                   int64_t end);

// `whole`: how many elements an output has that these are a part of.
void plan_tile(TilePlan& plan, const TileProgram& p, TileType type, const View* in, View* out, int nout, int64_t whole);
const TileTable* tile_table(TileType type);
const char* tile_mnemonic(int op);
int tile_cost(int op);  // additions that it is worth, roughly

}  // namespace dl
