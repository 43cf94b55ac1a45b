// What the core lets go of when Python ends.
#include "bind/held.h"

namespace dl::bind {

static std::vector<PyObject**>& places() {
  static std::vector<PyObject**> all;
  return all;
}

void emptied_at_exit(PyObject** place) { places().push_back(place); }

void bind_held(nb::module_&) {
  // Registered before anything else of the project, so it is called after all of that.
  nb::module_::import_("atexit").attr("register")(nb::cpp_function([] {
    // Cycles of Python objects that hold arrays would still be there when the binding looks for what was forgotten.
    nb::module_::import_("gc").attr("collect")();
    for (PyObject** place : places()) Py_CLEAR(*place);
  }));
}

}  // namespace dl::bind
