// At each place of the window the gradient by the weights is a product: what came in at that place of all positions,
// turned over, times the gradients there. Positions whose window hangs over the border there are left out, which in
// small images are many: of 3 x 3 windows in images of 4 x 4 three in ten.
#include "kernels/cpu/conv_pairs.h"

#include <algorithm>
#include <vector>

#include "kernels/cpu/cast.h"
#include "kernels/cpu/isa/pairs.h"
#include "kernels/cpu/isa/transpose_table.h"
#include "kernels/cpu/pairs.h"

namespace dl {
namespace {

using Half = uint16_t;  // the bits of a bfloat16

constexpr int64_t kPositions = 2048;                // that are summed up at a time
constexpr int64_t kOutputs = 64, kPanel = 32;       // of a block of gradients, of a panel of inputs
constexpr int64_t kInputs = 256, kPart = 128;       // channels in, and out, that one thread takes at a time
constexpr int64_t kLeastChannels = 16, kSoon = 16;  // kSoon: lines asked for ahead
constexpr int64_t kMostWeights = 16 << 20;          // whose float32 sums are kept meanwhile

// Lines of one chunk of positions at one place of the window, two by two; a last one alone has zeros beside it.
struct Chunk {
  std::vector<const Half*> in, out;

  int64_t pairs() const { return int64_t(in.size()) / 2; }
  // Numbers [first, first + n) of the lines, in turn: pair p at to + p * step.
  static void pair(const std::vector<const Half*>& lines, int64_t first, int64_t n, Half* to, int64_t step) {
    const auto interleave = pick_pair_table()->interleave;
    for (size_t p = 0; p < lines.size(); p += 2, to += step) {
      if (p + kSoon + 1 < lines.size())
        for (int64_t i = 0; i < n; i += kPanel) {
          __builtin_prefetch(lines[p + kSoon] + first + i);
          __builtin_prefetch(lines[p + kSoon + 1] + first + i);
        }
      interleave(n, lines[p] + first, lines[p + 1] + first, to);
    }
  }
};

// One place of the window.
struct Place {
  const ConvShape& s;
  int64_t row, col;  // of the first position's input
  int64_t rows[2], cols[2];

  Place(const ConvShape& s, int64_t at)
      : s(s), row(at / s.kw * s.dilate[0] - s.pad[0]), col(at % s.kw * s.dilate[1] - s.pad[1]) {
    range(row, s.stride[0], s.h, s.oh, rows);
    range(col, s.stride[1], s.w, s.ow, cols);
  }
  // f(chunk, whether it is the first) for the positions that there are, `zeros` standing beside a last one.
  template <class F>
  void each_chunk(const Half* gy, const Half* x, const Half* zeros, F&& f) const {
    Chunk chunk;
    bool first = true;
    auto done = [&] {
      if (chunk.in.size() % 2) chunk.in.push_back(zeros), chunk.out.push_back(zeros);
      f(chunk, first);
      chunk.in.clear(), chunk.out.clear(), first = false;
    };
    for (int64_t n = 0; n < s.n; n++)
      for (int64_t i = rows[0]; i < rows[1]; i++)
        for (int64_t j = cols[0]; j < cols[1]; j++) {
          chunk.out.push_back(gy + ((n * s.oh + i) * s.ow + j) * s.o);
          chunk.in.push_back(x + ((n * s.h + i * s.stride[0] + row) * s.w + j * s.stride[1] + col) * s.c);
          if (int64_t(chunk.in.size()) == kPositions) done();
        }
    if (first || !chunk.in.empty()) done();
  }

 private:
  // Positions [to[0], to[1]) whose input, `first` + position * stride, is in the image.
  static void range(int64_t first, int64_t stride, int64_t size, int64_t positions, int64_t* to) {
    to[0] = first < 0 ? (-first + stride - 1) / stride : 0;
    to[1] = std::max(to[0], size > first ? std::min(positions, (size - first - 1) / stride + 1) : 0);
  }
};

// sums (o, c) for outputs [o0, o1) and inputs [c0, c1) of one place.
void multiply_place(const Place& place, const Half* gy, const Half* x, const Half* zeros, int64_t o0, int64_t o1,
                    int64_t c0, int64_t c1, float* sums) {
  static thread_local std::vector<Half> packed, near;
  packed.resize(size_t(kPositions * kInputs));
  near.resize(size_t(kPositions * kOutputs));
  const auto multiply = pick_pair_table()->multiply;
  const int64_t row = place.s.c;
  place.each_chunk(gy, x, zeros, [&](const Chunk& chunk, bool first) {
    const int64_t pairs = chunk.pairs();
    auto panel = [&](int64_t c) { return packed.data() + (c - c0) * 2 * pairs; };
    auto wide = [&](int64_t c) { return c1 - c > kPanel / 2 ? kPanel : kPanel / 2; };
    for (int64_t c = c0; c < c1; c += kPanel) Chunk::pair(chunk.in, c, std::min(kPanel, c1 - c), panel(c), 2 * wide(c));
    for (int64_t o = o0; o < o1; o += kOutputs) {
      const int64_t m = std::min(kOutputs, o1 - o);
      Chunk::pair(chunk.out, o, m, near.data(), 2 * kOutputs);
      PairAhead none{};
      for (int64_t c = c0; c < c1; c += kPanel)
        multiply(m, std::min(kPanel, c1 - c), pairs, near.data(), 2, 2 * kOutputs, panel(c), nullptr,
                 sums + o * row + c, row, !first, {}, &none);
    }
  });
}

// gw (o, c, places) from sums (places, o, c).
void write(const ConvShape& s, const float* sums, const View& gw) {
  const int64_t places = s.kh * s.kw;
  const auto transpose = pick_transpose_table()->fn[1];
  const auto narrow = cast_fn(DType::F32, DType::BF16);
  parallel_for(s.o, std::max<int64_t>(1, (1 << 14) / (s.c * places)), [&](int64_t b, int64_t e) {
    std::vector<Half> lines(size_t(places * s.c));
    for (int64_t o = b; o < e; o++) {
      for (int64_t k = 0; k < places; k++) narrow(s.c, sums + (k * s.o + o) * s.c, 1, lines.data() + k * s.c, 1);
      transpose(places, s.c, lines.data(), s.c, gw.ptr<Half>() + o * s.c * places, places);
    }
  });
}

}  // namespace

bool conv_pairs_suit(const ConvShape& s, const View& gw) {
  return has_pairs() && s.groups == 1 && s.c >= kLeastChannels && s.o >= kLeastChannels && gw.numel() <= kMostWeights &&
         gw.dtype == DType::BF16 && is_contiguous(gw.shape, gw.strides);
}

void conv_grad_w_pairs(const ConvShape& s, const View& gy, const View& x, const View& gw) {
  const int64_t places = s.kh * s.kw, ins = (s.c + kInputs - 1) / kInputs, outs = (s.o + kPart - 1) / kPart;
  Temp sums(size_t(places * s.o * s.c) * sizeof(float));
  const std::vector<Half> zeros(size_t(std::max(s.c, s.o)));
  parallel_for(places * ins * outs, 1, [&](int64_t b, int64_t e) {
    for (int64_t at = b; at < e; at++) {
      const int64_t place = at / (ins * outs), c = at / outs % ins * kInputs, o = at % outs * kPart;
      multiply_place(Place(s, place), gy.ptr<const Half>(), x.ptr<const Half>(), zeros.data(), o,
                     std::min(o + kPart, s.o), c, std::min(c + kInputs, s.c), sums.ptr<float>() + place * s.o * s.c);
    }
  });
  write(s, sums.ptr<const float>(), gw);
}

}  // namespace dl
