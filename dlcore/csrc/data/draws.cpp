#include "data/draws.h"

namespace dl {
namespace {

constexpr int kPool = 4;

// Mixes words into a pool and reads a state out of it.
class Mixer {
 public:
  void take(uint32_t word) {
    if (taken_ < kPool) {
      pool_[taken_++] = hashed(word);
      if (taken_ == kPool) stir();
    } else {
      for (auto& p : pool_) p = mixed(p, hashed(word));
    }
  }
  void take(uint64_t word) {  // as many halves as it has, at least one
    take(uint32_t(word));
    if (word >> 32) take(uint32_t(word >> 32));
  }
  void finish() {
    while (taken_ < kPool) take(uint32_t(0));
  }
  void read(uint64_t* out, int count) const {
    uint32_t constant = 0x8b51f9ddu;
    for (int i = 0; i < 2 * count; i++) {
      uint32_t v = pool_[i % kPool] ^ constant;
      constant *= 0x58f38dedu;
      v *= constant;
      v ^= v >> 16;
      out[i / 2] = i % 2 ? out[i / 2] | uint64_t(v) << 32 : v;
    }
  }

 private:
  uint32_t hashed(uint32_t v) {
    v ^= constant_;
    constant_ *= 0x931e8875u;
    v *= constant_;
    return v ^ v >> 16;
  }
  static uint32_t mixed(uint32_t x, uint32_t y) {
    uint32_t r = 0xca01f9ddu * x - 0x4973f715u * y;
    return r ^ r >> 16;
  }
  void stir() {
    for (int from = 0; from < kPool; from++)
      for (int to = 0; to < kPool; to++)
        if (from != to) pool_[to] = mixed(pool_[to], hashed(pool_[from]));
  }
  uint32_t pool_[kPool], constant_ = 0x43b0d7e5u;
  int taken_ = 0;
};

struct Wide {
  uint64_t high, low;
};
inline Wide product(uint64_t a, uint64_t b) {
#ifdef __SIZEOF_INT128__
  unsigned __int128 p = static_cast<unsigned __int128>(a) * b;
  return {uint64_t(p >> 64), uint64_t(p)};
#else
  uint64_t al = uint32_t(a), ah = a >> 32, bl = uint32_t(b), bh = b >> 32;
  uint64_t ll = al * bl, lh = al * bh, hl = ah * bl, middle = (ll >> 32) + uint32_t(lh) + uint32_t(hl);
  return {ah * bh + (lh >> 32) + (hl >> 32) + (middle >> 32), middle << 32 | uint32_t(ll)};
#endif
}

}  // namespace

SampleDraws::SampleDraws(const std::vector<uint64_t>& words, int64_t index) {
  Mixer mixer;
  for (uint64_t word : words) mixer.take(word);
  mixer.take(uint64_t(index));
  mixer.finish();
  mixer.read(key_, 2);
}

uint64_t SampleDraws::next() {
  if (used_ == 4) {
    for (int i = 0; i < 4 && ++counter_[i] == 0; i++) {
    }
    uint64_t k0 = key_[0], k1 = key_[1];
    for (int i = 0; i < 4; i++) made_[i] = counter_[i];
    for (int round = 0; round < 10; round++) {
      Wide a = product(0xd2e7470ee14c6c93ull, made_[0]), b = product(0xca5a826395121157ull, made_[2]);
      uint64_t one = made_[1], three = made_[3];
      made_[0] = b.high ^ one ^ k0, made_[1] = b.low, made_[2] = a.high ^ three ^ k1, made_[3] = a.low;
      k0 += 0x9e3779b97f4a7c15ull, k1 += 0xbb67ae8584caa73bull;
    }
    used_ = 0;
  }
  return made_[used_++];
}

uint32_t SampleDraws::next_half() {
  has_half_ = !has_half_;
  if (!has_half_) return half_;
  uint64_t both = next();
  half_ = uint32_t(both >> 32);
  return uint32_t(both);
}

double SampleDraws::uniform() { return double(next() >> 11) * (1.0 / 9007199254740992.0); }

// Lemire's method (2019): a product's high half, drawn again where its low half would favour small numbers.
int64_t SampleDraws::below(int64_t count) {
  if (count <= 1) return 0;
  uint32_t n = uint32_t(count);
  uint64_t m = uint64_t(next_half()) * n;
  if (uint32_t(m) < n)
    for (uint32_t least = (0u - n) % n; uint32_t(m) < least;) m = uint64_t(next_half()) * n;
  return int64_t(m >> 32);
}

}  // namespace dl
