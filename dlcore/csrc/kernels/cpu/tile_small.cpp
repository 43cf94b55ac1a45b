// The short way through the tile machine for small arrays of one layout: no plan, no threads, everything on the stack.
// This is what a scalar or a bias of a few numbers costs, so it counts every nanosecond.
#include <cstring>

#include "kernels/cpu/tile_plan.h"

namespace dl {
namespace {

constexpr int kMaxValues = 24, kMaxOutputs = 8;
constexpr int64_t kStackBytes = 16 * 1024;

const CastTable* const casts = pick_cast_table();  // looked up when the library is loaded

CastFn cast(DType from, DType to) {
  return is_complex(from) || is_complex(to) ? complex_cast(from, to) : casts->fn[int(from)][int(to)];
}

bool same_layout(const View& a, const View& b) {
  if (a.shape.n != b.shape.n) return false;
  for (int i = 0; i < a.shape.n; i++)
    if (a.shape[i] != b.shape[i] || (a.strides[i] != b.strides[i] && a.shape[i] != 1)) return false;
  return true;
}

// Whether an input that shares memory with output `k` is still read after instruction `i` has written it.
bool read_later(const TileProgram& p, const View* in, const View& out, int i) {
  for (int k = 0; k < p.n_in; k++)
    if (in[k].data == out.data && p.compiled->last_use[size_t(k)] > i) return true;
  return false;
}

struct Small {
  const TileProgram& p;
  DType dtype;
  int64_t n, size, used = 0;
  char* ptr[kMaxValues];
  bool single[kMaxValues];
  alignas(64) char memory[kStackBytes];

  // A constructor, so that the arrays are left as they are.
  Small(const TileProgram& program, DType t, int64_t count, int64_t bytes)
      : p(program), dtype(t), n(count), size(bytes) {}

  // n == 1 counts as a run of one, so that nothing needs to be told apart there.
  char* room(int64_t count) {
    char* at = memory + used;
    used += (count * size + 63) / 64 * 64;
    return at;
  }
};

bool load_inputs(Small& s, const View* in, const View& out) {
  for (int k = 0; k < s.p.n_in; k++) {
    const View& v = in[k];
    bool same = same_layout(v, out);
    if (!same && v.numel() != 1) return false;
    s.single[k] = !same && s.n != 1;
    s.ptr[k] = static_cast<char*>(v.data);
    if (v.dtype == s.dtype) continue;
    int64_t count = s.single[k] ? 1 : s.n;
    s.ptr[k] = s.room(count);
    cast(v.dtype, s.dtype)(count, v.data, 1, s.ptr[k], 1);
  }
  return true;
}

}  // namespace

void write_const(const TileInstr& ins, DType dtype, char* at) {
  if (is_complex(dtype)) {
    complex_cast(DType::F64, dtype)(1, &ins.imm, 1, at, 1);
  } else if (dtype == DType::F32) {
    float f = float(ins.imm);
    std::memcpy(at, &f, 4);
  } else if (dtype == DType::F64) {
    std::memcpy(at, &ins.imm, 8);
  } else {
    std::memcpy(at, &ins.imm_i, 8);  // little-endian: its low half is the 32-bit number
  }
}

TileLoop single_loop(const TileProgram& p, TileType type, int variant) {
  if (p.code.size() != 1 || p.outs.size() != 1 || p.outs[0] != p.n_in) return nullptr;
  const TileInstr& ins = p.code[0];
  const int16_t operands[3] = {ins.a, ins.b, ins.c};
  if (TileOp(ins.op) == TileOp::Const || tile_arity(ins.op) != p.n_in) return nullptr;
  for (int k = 0; k < p.n_in; k++)
    if (operands[k] != k) return nullptr;
  return tile_table(type)->fn[ins.op][variant];
}

bool run_tile_small(const TileProgram& p, TileType type, const View* in, View* out, int nout) {
  int values = p.n_in + int(p.code.size());
  int64_t n = out[0].numel();
  DType dtype = register_dtype(type);
  int64_t size = int64_t(itemsize(dtype));
  if (values > kMaxValues || nout > kMaxOutputs || n * size * values > kStackBytes - 64 * kMaxValues) return false;
  if (n != 1 && !is_dense(out[0].shape, out[0].strides)) return false;
  for (int k = 0; k < nout; k++)
    if (p.outs[size_t(k)] < p.n_in || (k && !same_layout(out[k], out[0]))) return false;
  Small s(p, dtype, n, size);
  if (!load_inputs(s, in, out[0])) return false;

  const TileTable* table = tile_table(type);
  bool direct[kMaxOutputs] = {};
  for (int i = 0; i < int(p.code.size()); i++) {
    const TileInstr& ins = p.code[size_t(i)];
    int v = p.n_in + i;
    if (TileOp(ins.op) == TileOp::Const) {
      s.ptr[v] = s.room(1);
      s.single[v] = n != 1;
      write_const(ins, dtype, s.ptr[v]);
      continue;
    }
    const int16_t operands[3] = {ins.a, ins.b, ins.c};
    int arity = tile_arity(ins.op), variant = 0;
    for (int k = 0; k < arity; k++) variant |= int(s.single[operands[k]]) << k;
    s.single[v] = variant == (1 << arity) - 1;
    s.ptr[v] = nullptr;
    for (int k = 0; k < nout && !s.single[v] && !s.ptr[v]; k++) {
      if (p.outs[size_t(k)] != v || out[k].dtype != dtype || read_later(p, in, out[k], i)) continue;
      s.ptr[v] = static_cast<char*>(out[k].data);
      direct[k] = true;
    }
    if (!s.ptr[v]) s.ptr[v] = s.room(s.single[v] ? 1 : n);
    TileFn fn = table->fn[ins.op][s.single[v] ? 0 : variant];
    if (!fn) return false;  // the planned way says what is wrong
    fn(s.single[v] ? 1 : n, s.ptr[ins.a], arity > 1 ? s.ptr[ins.b] : nullptr, arity > 2 ? s.ptr[ins.c] : nullptr,
       s.ptr[v]);
  }
  for (int k = 0; k < nout; k++) {
    int v = p.outs[size_t(k)];
    if (!direct[k]) cast(dtype, out[k].dtype)(n, s.ptr[v], s.single[v] ? 0 : 1, out[k].data, 1);
  }
  return true;
}

}  // namespace dl
