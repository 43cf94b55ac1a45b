// One tile program over several sets of arrays in one parallel region: the updates of many weights at once.
#pragma once
#include <vector>

#include "kernels/cpu/tile.h"

namespace dl {

// The work cut into parcels of about the same number of bytes: several small arrays, or a part of a large one.
// Every set has the inputs and outputs of the program. All its arrays have the shape and dense layout of its first
// output, the other inputs are single numbers; `fits` says whether that is so.
class TileParcels {
 public:
  static bool fits(const TileProgram& p, const View* in, const View* out);  // of one set
  // in, out: those of all sets, one set after the other.
  TileParcels(const TileProgram& p, const View* in, const View* out, int sets);
  // With the same shapes as at construction, at whatever addresses.
  void run(const TileProgram& p, TileType type, const View* in, const View* out) const;
  int64_t elements() const { return elements_; }

 private:
  struct Piece {
    int set;
    int64_t begin, end;
  };
  static void run_piece(const TileProgram& p, TileType type, const View* in, const View* out, const Piece& piece);

  std::vector<Piece> pieces_;
  std::vector<size_t> starts_;  // parcel i: the pieces from starts_[i] up to starts_[i + 1]
  int64_t elements_ = 0;
  bool by_rule_;  // every set is what the update rule's own loop takes
};

}  // namespace dl
