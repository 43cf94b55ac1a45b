// The random numbers of one sample: those of NumPy's Generator(Philox(SeedSequence(words))), so that a batch made here
// and a sample made in Python draw the same (O'Neill's seed_seq, 2015; Philox4x64-10 of Salmon et al., 2011).
#pragma once
#include <cstdint>
#include <vector>

namespace dl {

class SampleDraws {
 public:
  // words: what the draws of a pass begin with; index: the sample's number in its data.
  SampleDraws(const std::vector<uint64_t>& words, int64_t index);
  double uniform();              // Generator.random(): 53 bits in [0, 1)
  int64_t below(int64_t count);  // Generator.integers(count), for 1 <= count < 2^32

 private:
  uint64_t next();
  uint32_t next_half();
  uint64_t key_[2], counter_[4] = {0, 0, 0, 0}, made_[4];
  uint32_t half_ = 0;
  int used_ = 4;
  bool has_half_ = false;
};

}  // namespace dl
