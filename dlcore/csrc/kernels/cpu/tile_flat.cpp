#include "kernels/cpu/tile_flat.h"

#include <algorithm>

#include "kernels/cpu/isa/stream.h"
#include "runtime/pool.h"

namespace dl {
namespace {

constexpr int64_t kBlock = 1024, kFewest = 256;  // bytes that one call reads or writes of an array; elements

// Elements [begin, end), made block by block in the cache.
void run_far(const FlatLoop& loop, char* out, int64_t size, int64_t begin, int64_t end) {
  const StreamTable* stream = pick_stream_table();
  int64_t widest = size;
  for (int64_t step : loop.step) widest = std::max(widest, step);
  const int64_t block = std::max(kBlock / widest, kFewest);
  alignas(64) char made[kFewest * 16 > kBlock ? kFewest * 16 : kBlock];
  const char* from[3];
  Ask asks[3];
  for (int64_t at = begin, n; at < end; at += n) {
    char* to = out + at * size;
    n = block - int64_t(reinterpret_cast<uintptr_t>(to) & 63) / size;  // the next one then begins with a line
    n = std::min(n, end - at);
    int n_asks = 0;
    for (int k = 0; k < 3; k++) {
      from[k] = loop.from[k] + at * loop.step[k];
      if (loop.step[k]) asks[n_asks++] = {from[k] + n * loop.step[k], block * loop.step[k]};
    }
    loop.fn(n, from[0], from[1], from[2], made);
    stream->send(n * size, made, to, asks, n_asks);
  }
  stream->finish();
}

}  // namespace

const TileInstr* only_instruction(const TileProgram& p) {
  const TileInstr* found = nullptr;
  for (const TileInstr& ins : p.code) {
    if (TileOp(ins.op) == TileOp::Const) continue;
    if (found) return nullptr;
    found = &ins;
  }
  return found && p.outs[0] == p.n_in + int(found - p.code.data()) ? found : nullptr;
}

void run_flat(const FlatLoop& loop, const View& out, bool far, int64_t grain) {
  char* to = out.ptr<char>();
  const int64_t size = int64_t(itemsize(out.dtype));
  far = far && std::find(loop.from, loop.from + 3, to) == loop.from + 3;
  parallel_for(out.numel(), grain, [&](int64_t begin, int64_t end) {
    if (far) return run_far(loop, to, size, begin, end);
    auto from = [&](int k) { return loop.from[k] + begin * loop.step[k]; };
    loop.fn(end - begin, from(0), from(1), from(2), to + begin * size);
  });
}

}  // namespace dl
