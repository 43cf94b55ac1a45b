// Who saw the sizes of traced arrays. A program is made for another size without a trace only where no Python did, but
// for files that were read for it and are trusted: what they make of sizes are shapes of other arrays, or errors.
#include "bind/sizes.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <unordered_set>
#include <vector>

#include "runtime/trace.h"

namespace dl::bind {

static std::unordered_set<std::string>& trusted() {
  static std::unordered_set<std::string> files;
  return files;
}

static bool asked_by_trusted() {
  PyFrameObject* frame = PyEval_GetFrame();
  if (!frame) return false;
  PyCodeObject* code = PyFrame_GetCode(frame);
  const char* file = PyUnicode_AsUTF8(code->co_filename);
  if (!file) PyErr_Clear();
  bool found = file && trusted().count(file);
  Py_DECREF(code);
  return found;
}

void note_sizes(const Tensor& t) {
  Tracer* tracer = is_traced(t) ? active_tracer() : nullptr;
  if (tracer && !tracer->sizes_read && !asked_by_trusted()) tracer->note_sizes_read();
}

void bind_sizes(nb::module_& m) {
  m.def(
      "note_sizes",
      [] {
        if (Tracer* tracer = active_tracer()) tracer->note_sizes_read();
      },
      "Says of the trace on this thread that what it does follows from a size in some way of its own.");
  m.def(
      "trust_sizes", [](const std::vector<std::string>& files) { trusted().insert(files.begin(), files.end()); },
      nb::arg("files"), "Python in these files may ask for sizes while a trace runs without its being noted.");
}

}  // namespace dl::bind
