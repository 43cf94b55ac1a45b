// Which attention weights are dropped. That follows from a key and the place of a weight alone, so forward and backward
// agree without storing it, whatever the tiles and threads are. The GPU's kernels and the oracle repeat the mapping:
//
//   The key is three int64 numbers: seed, block and threshold. A weight is dropped where w >> 8 is below the threshold,
//   else multiplied by 2^24 / (2^24 - threshold). Weight (i, j) of batch entry z (row-major) reads word
//   w = 2 * (i / 8 % 2) + j / 8 % 2 of philox(key = seed, counter words = {low 32, high 32 of block, low 32 of n,
//   2^31 + high 32 of n}), where n = (z * R + i / 16 * 8 + i % 8) * C + j / 16 * 8 + j % 8, R = 8 * ceil(queries / 16)
//   and C = 8 * ceil(keys / 16).
//
// The four weights of a block are those that one thread has on tensor cores, whichever side its rows are.
#pragma once
#include "kernels/cpu/isa/attention.h"
#include "kernels/cpu/views.h"

namespace dl {

constexpr double kDropSteps = 0x1p24;

struct Drop : DropWords {
  uint64_t rows, columns;  // of blocks
  double factor;

  Drop(const View& key, int64_t queries, int64_t keys, const char* op)
      : rows(uint64_t(queries + 15) / 16 * 8), columns(uint64_t(keys + 15) / 16 * 8) {
    Temp keep;
    const int64_t* k = as_contiguous(key, DType::I64, keep).ptr<const int64_t>();
    if (k[2] < 0 || double(k[2]) >= kDropSteps)
      throw ValueError(format("%s: expected a threshold from 0 to 2^24 - 1, got %lld", op, (long long)k[2]));
    seed = uint64_t(k[0]), block = uint64_t(k[1]), threshold = uint32_t(k[2]);
    factor = kDropSteps / (kDropSteps - double(threshold));
  }
  // The number of the block of weight (i, j).
  uint64_t at(int64_t z, int64_t i, int64_t j) const {
    return (uint64_t(z) * rows + uint64_t(i / 16 * 8 + i % 8)) * columns + uint64_t(j / 16 * 8 + j % 8);
  }
};

inline void check_drop_key(const InferCall& c, int i) {
  if (c.in[i].dtype != DType::I64 || c.in[i].shape != Shape{3})
    throw ValueError(std::string(c.name()) + ": expected a key of three int64 numbers, got " +
                     dtype_name(c.in[i].dtype) + " of shape " + to_string(c.in[i].shape));
}

}  // namespace dl
