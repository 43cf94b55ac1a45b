// Large buffers first, each into the tightest gap among those alive with it (best fit for offline dynamic storage
// allocation, which stays within a few per cent of the live peak on networks). Buffers below a thousandth of the
// largest, of which there are many, only take the place of a dead one of their own size: that takes time in proportion
// to their number.
#include "runtime/pack.h"

#include <algorithm>
#include <limits>
#include <queue>
#include <unordered_map>
#include <utility>

namespace dl {
namespace {

constexpr int64_t kSmall = 1024;  // a buffer is small when this many of them fit in the largest

struct Placed {
  int64_t offset, end, first, last;
};

// Places the chosen spans, the largest first; returns the end of the last.
int64_t best_fit(const std::vector<Span>& spans, std::vector<size_t>& chosen, std::vector<int64_t>& offsets) {
  std::stable_sort(chosen.begin(), chosen.end(), [&](size_t a, size_t b) {
    return spans[a].bytes != spans[b].bytes ? spans[a].bytes > spans[b].bytes : spans[a].first < spans[b].first;
  });
  std::vector<Placed> placed;  // by offset
  placed.reserve(chosen.size());
  int64_t total = 0;
  for (size_t i : chosen) {
    const Span& s = spans[i];
    int64_t offset = -1, reached = 0, tightest = std::numeric_limits<int64_t>::max();
    for (const Placed& p : placed) {
      if (p.first > s.last || p.last < s.first) continue;
      int64_t gap = p.offset - reached;
      if (gap >= s.bytes && gap < tightest) offset = reached, tightest = gap;
      reached = std::max(reached, p.end);
    }
    offsets[i] = offset = offset < 0 ? reached : offset;
    total = std::max(total, offset + s.bytes);
    auto at = std::lower_bound(placed.begin(), placed.end(), offset,
                               [](const Placed& p, int64_t offset) { return p.offset < offset; });
    placed.insert(at, {offset, offset + s.bytes, s.first, s.last});
  }
  return total;
}

// Places the chosen spans from `total` on, each where one of its size has died, if there is one.
int64_t same_size(const std::vector<Span>& spans, std::vector<size_t>& chosen, std::vector<int64_t>& offsets,
                  int64_t total) {
  std::stable_sort(chosen.begin(), chosen.end(), [&](size_t a, size_t b) { return spans[a].first < spans[b].first; });
  using Dead = std::pair<int64_t, int64_t>;  // last instruction, offset; the longest dead first
  std::unordered_map<int64_t, std::priority_queue<Dead, std::vector<Dead>, std::greater<Dead>>> free;
  for (size_t i : chosen) {
    const Span& s = spans[i];
    auto& dead = free[s.bytes];
    if (!dead.empty() && dead.top().first < s.first) {
      offsets[i] = dead.top().second;
      dead.pop();
    } else {
      offsets[i] = total;
      total += s.bytes;
    }
    dead.emplace(s.last, offsets[i]);
  }
  return total;
}

}  // namespace

int64_t pack(const std::vector<Span>& spans, std::vector<int64_t>& offsets) {
  offsets.assign(spans.size(), 0);
  int64_t most = 0;
  for (const Span& s : spans) most = std::max(most, s.bytes);
  std::vector<size_t> large, small;
  for (size_t i = 0; i < spans.size(); i++) (spans[i].bytes > most / kSmall ? large : small).push_back(i);
  int64_t total = best_fit(spans, large, offsets);
  return same_size(spans, small, offsets, total);
}

}  // namespace dl
