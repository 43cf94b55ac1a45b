// Errors of Python functions that the core calls, as errors of its own.
#pragma once
#include "bind/convert.h"

namespace dl::bind {

// Throws the twin of an exception where it has one in C++, so that layer paths and instruction numbers are added to it.
// The traceback goes: its frames hold arrays over memory that is about to be freed.
inline void throw_twin(nb::python_error& e, const std::string& said) {
  PyException_SetTraceback(e.value().ptr(), Py_None);
  if (e.matches(PyExc_ValueError)) throw ValueError(said);
  if (e.matches(PyExc_IndexError)) throw IndexError(said);
  if (e.matches(PyExc_TypeError)) throw TypeError(said);
  if (e.matches(PyExc_RuntimeError)) throw RuntimeError(said);
  if (e.matches(PyExc_MemoryError)) throw MemoryError(said);
}

inline std::string text_of(nb::python_error& e) { return nb::cast<std::string>(nb::str(e.value())); }

}  // namespace dl::bind
