// Python objects that the core holds for as long as Python runs. It lets go of them when Python ends: a function holds
// the names of its module, and would keep every array among them from being freed.
#pragma once
#include "bind/convert.h"

namespace dl::bind {

// The place, which must stay where it is, is emptied when Python ends.
void emptied_at_exit(PyObject** place);

// A place of its own for an object.
inline PyObject** held(nb::object thing) {
  auto* place = new PyObject*(thing.release().ptr());
  emptied_at_exit(place);
  return place;
}

// What is there to be called; a RuntimeError when Python has ended.
inline nb::object to_call(PyObject* held) {
  if (!held) throw RuntimeError("dlcore: Python has ended, nothing can be computed any more");
  return nb::borrow(held);
}

void bind_held(nb::module_& m);

}  // namespace dl::bind
