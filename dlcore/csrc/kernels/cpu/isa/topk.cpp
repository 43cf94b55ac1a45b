#include "kernels/cpu/isa/topk.h"

namespace dl {
namespace DL_ISA {
namespace {

// The best of each of `Lanes` interleaved parts are numbers of the line: no more than the k best of these bound the k
// best of all, and few pass the bound. Whoever passes is put in its place by counting who comes before it.
template <int Lanes, class S>
bool few(S* key, int64_t n, int64_t k, int64_t* out) {
  constexpr S lowest = S(S(1) << (8 * sizeof(S) - 2)) * -2, last = S(-(lowest + 1));
  constexpr int most = 64;
  S best[Lanes];
  for (int64_t i = n; i < n + Lanes; i++) key[i] = last;
  for (int j = 0; j < Lanes; j++) best[j] = key[j];
  for (int64_t i = Lanes; i < n; i += Lanes)
    for (int j = 0; j < Lanes; j++) best[j] = key[i + j] < best[j] ? key[i + j] : best[j];
  S bound = lowest, rank[most + Lanes] = {};
  for (int i = 0; i < Lanes; i++)
    for (int j = 0; j < Lanes; j++) rank[j] = S(rank[j] + (best[i] < best[j]));
  for (int j = 0; j < Lanes; j++)
    if (rank[j] < k && best[j] > bound) bound = best[j];
  S kept[most + Lanes];
  int64_t at[most + Lanes];
  int count = 0;
  for (int64_t i = 0; i < n; i += Lanes) {
    int any = 0;
    for (int j = 0; j < Lanes; j++) any |= key[i + j] <= bound;
    if (!any) continue;
    if (count > most) return false;
    for (int64_t j = i, end = i + Lanes < n ? i + Lanes : n; j < end; j++) {
      kept[count] = key[j];
      at[count] = j;
      count += key[j] <= bound;
    }
  }
  if (count > most) return false;
  const int whole = (count + Lanes - 1) / Lanes * Lanes;
  for (int i = count; i < whole; i++) kept[i] = last;
  for (int i = 0; i < whole; i++) rank[i] = 0;
  for (int j = 0; j < count; j++)
    for (int i = 0; i < whole; i += Lanes)
      for (int l = i; l < i + Lanes; l++) rank[l] = S(rank[l] + (kept[j] < kept[l]));
  uint64_t taken = 0;  // places: equal ones come in the order of their positions
  for (int i = 0; i < count; i++) {
    int place = int(rank[i]);
    while (taken >> place & 1) place++;
    taken |= uint64_t(1) << place;
    if (place < k) out[place] = at[i];
  }
  return true;
}

template <class S>
bool first_of(S* key, int64_t n, int64_t k, int64_t* out) {
  return k <= 12 ? few<16>(key, n, k, out) : few<32>(key, n, k, out);
}

}  // namespace

extern const ShortTopkTable short_topk_table;
constexpr ShortTopkTable short_topk_table = {first_of<int8_t>, first_of<int16_t>, first_of<int32_t>, first_of<int64_t>};

}  // namespace DL_ISA
}  // namespace dl
