// Attributes of an operator call, by position in the operator's schema.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "tensor/dims.h"
#include "tensor/dtype.h"
#include "tensor/errors.h"

namespace dl {

enum class AttrType : uint8_t { Bool, Int, Float, Ints, Str, DTypeT, OptInt, OptInts, OptFloat, OptDType, Obj };

struct Attr {
  enum Kind : uint8_t { None, Bool, Int, Float, Ints, Str, DTypeV, Obj } kind = None;
  int64_t i = 0;  // Bool, Int, DTypeV
  double f = 0;
  Dims v;
  std::string s;
  std::shared_ptr<void> obj;  // a fused group's TileProgram, for instance

  bool none() const { return kind == None; }
  static Attr of_int(int64_t x) {
    Attr a;
    a.kind = Int;
    a.i = x;
    return a;
  }
  static Attr of_bool(bool x) {
    Attr a;
    a.kind = Bool;
    a.i = x;
    return a;
  }
  static Attr of_float(double x) {
    Attr a;
    a.kind = Float;
    a.f = x;
    return a;
  }
  static Attr of_ints(const Dims& x) {
    Attr a;
    a.kind = Ints;
    a.v = x;
    return a;
  }
  static Attr of_dtype(dl::DType t) {
    Attr a;
    a.kind = DTypeV;
    a.i = int64_t(t);
    return a;
  }
  dl::DType dtype() const { return dl::DType(i); }
};

struct AttrSpec {
  std::string name;
  AttrType type;
  Attr def;
};

using Attrs = std::vector<Attr>;

}  // namespace dl
