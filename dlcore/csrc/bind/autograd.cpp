// The tape as Python sees it.
#include "autograd/tape.h"

#include "autograd/anomaly.h"
#include "autograd/freed.h"
#include "bind/convert.h"
#include "runtime/autocast.h"
#include "runtime/invoke.h"

namespace dl::bind {

static std::vector<Tensor> head_grads(nb::handle h, size_t n) {
  std::vector<Tensor> g;
  if (!h.is_none()) g = to_tensors(h, "backward");
  if (!g.empty() && g.size() != n) throw ValueError(format("backward: %zu heads but %zu head gradients", n, g.size()));
  return g;
}

std::shared_ptr<PyObject> keep(nb::object held) {
  return std::shared_ptr<PyObject>(held.release().ptr(), [](PyObject* p) {
    if (!Py_IsInitialized()) return;
    PyGILState_STATE gil = PyGILState_Ensure();
    Py_DECREF(p);
    PyGILState_Release(gil);
  });
}

static void make_function_node(nb::handle inputs, nb::handle outputs, nb::object fn, bool in_graph,
                               const std::string& title, nb::handle overwritten) {
  std::vector<Tensor> in = to_tensors(inputs, "Function"), out = to_tensors(outputs, "Function");
  std::vector<Tensor> targets = to_tensors(overwritten, "Function");
  size_t returned = out.size();
  for (auto& t : targets) out.push_back(hollow(t->shape, t->dtype, t->device));
  auto held = keep(fn);
  record_custom(
      in, out,
      [held](const std::vector<Tensor>& gys) {
        nb::list args;
        for (auto& g : gys) args.append(wrap(g));
        nb::object r = nb::borrow(held.get())(args);
        if (nb::isinstance<Tensor>(r)) return std::vector<Tensor>{to_tensor(r, "Function.backward")};
        return to_tensors(r, "Function.backward");
      },
      in_graph, title);
  for (size_t i = 0; i < targets.size(); i++) took_value(targets[i], out[returned + i]);
}

static nb::tuple look_at_operands_of(nb::handle arrays, const nb::bytes& read, const std::string& reader) {
  std::string_view which(static_cast<const char*>(read.data()), read.size());
  Operands found = look_at_operands(to_tensors(arrays, "compiled graph"), which, reader.c_str());
  nb::list tracked, versions;
  for (bool one : found.tracked) tracked.append(one);
  for (uint32_t one : found.versions) versions.append(one);
  return nb::make_tuple(nb::tuple(tracked), versions);
}

static nb::list arrays(const std::vector<Tensor>& v) {
  nb::list l;
  for (auto& t : v) l.append(wrap(t));
  return l;
}

// A view of the array into which it was just written by a recorded x[key] += v: the array may catch up with that write.
static bool settle(const Tensor& whole, const Tensor& part) {
  if (!whole->storage || !(whole->storage == part->storage)) return false;
  uint32_t now = whole->storage->taped_writes;
  if (part->taped_writes != now || whole->taped_writes + 1 != now) return false;
  whole->taped_writes = now;
  return true;
}

static void bind_anomaly(nb::module_& m) {
  m.def(
      "set_anomaly", [](int mode) { return g_anomaly.exchange(mode); }, nb::arg("mode"),
      "0: off, 1: stop at the operator that makes a NaN, 2: at an infinity too. Returns what it was.");
  m.def("anomaly", [] { return g_anomaly.load(); });
  find_user_line = [] {
    nb::gil_scoped_acquire gil;
    return nb::cast<std::string>(nb::module_::import_("dlcore.autograd._anomaly").attr("user_line")());
  };
  const char* wish = std::getenv("DLCORE_ANOMALY");
  std::string mode = wish ? wish : "";
  if (mode == "1")
    g_anomaly = int(Anomaly::NanAndInf);
  else if (mode == "nan")
    g_anomaly = int(Anomaly::Nan);
  else if (!mode.empty() && mode != "0")
    throw ValueError("DLCORE_ANOMALY must be 0, 1 or nan, got '" + mode + "'");
}

// dtype: its name, "off", or "default".
static int autocast_number(const std::string& dtype) {
  if (dtype == "off") return kAutocastOff;
  if (dtype == "default") return kAutocastDefault;
  if (dtype == "bfloat16") return int(DType::BF16);
  if (dtype == "float16") return int(DType::F16);
  throw ValueError("mixed precision: expected bfloat16 or float16, got '" + dtype + "'");
}
static std::string autocast_name(int number) {
  if (number == kAutocastDefault) return "default";
  return number == kAutocastOff ? "off" : dtype_name(DType(number));
}

static void bind_autocast(nb::module_& m) {
  auto numbers = [](nb::handle list) {
    std::vector<int> v;
    for (nb::handle h : list) v.push_back(nb::cast<int>(h));
    return v;
  };
  m.def(
      "set_autocast_lists",
      [numbers](nb::handle narrow, nb::handle wide) { set_autocast_lists(numbers(narrow), numbers(wide)); },
      nb::arg("narrow"), nb::arg("wide"),
      "The numbers of the operators that compute in 16 bits, and of those that do so in float32.");
  m.def(
      "set_autocast", [](const std::string& dtype) { return autocast_name(set_autocast(autocast_number(dtype))); },
      nb::arg("dtype"), "Mixed precision on this thread: a dtype's name, 'off' or 'default'; returns what was set.");
  m.def(
      "set_autocast_default",
      [](const std::string& dtype) { return autocast_name(set_autocast_default(autocast_number(dtype))); },
      nb::arg("dtype"), "The same for all threads that say 'default': a dtype's name or 'off'.");
  m.def(
      "autocast_dtype", [] { return autocast_name(autocast_dtype()); }, "The dtype of mixed precision here, or 'off'.");
}

void bind_autograd(nb::module_& m) {
  bind_anomaly(m);
  bind_autocast(m);
  m.def("tape_position", &tape_position, "What is recorded from now on comes after it; see grad(floor=).");
  m.def(
      "tape_frontier",
      [](nb::handle heads, uint64_t floor) { return arrays(tape_frontier(to_tensors(heads, "heads"), floor)); },
      nb::arg("heads"), nb::arg("floor"));
  m.def("as_output", &as_output, nb::arg("array"), nb::arg("k"));
  m.def(
      "arrived_heads",
      [] {
        nb::list l;
        for (bool one : arrived_heads()) l.append(one);
        return l;
      },
      "Inside a function of make_function_node: to which outputs, and overwritten arrays, gradients came.");
  m.def("look_at_operands", &look_at_operands_of, nb::arg("arrays"), nb::arg("read"), nb::arg("reader"),
        "Which arrays are on the tape, and the versions of all. RuntimeError where one of those with a 1 in `read` is "
        "out of date.");
  m.def(
      "record_of",
      [](const Tensor& t) -> nb::object {
        Tensor place = record_of(t);
        return place ? nb::cast(place) : nb::none();
      },
      nb::arg("array"), "An array without numbers at the same place of the tape; a variable itself; None: no record.");
  m.def(
      "kept_operands",
      [](nb::handle given) {
        std::vector<Tensor> kept = to_tensors(given, "compiled graph");
        for (Tensor& t : kept) t = kept_operand(t);
        return arrays(kept);
      },
      nb::arg("arrays"), "The same memory at the same places on the tape, for a record that must not hold the arrays.");
  m.def("check_writable", [](const Tensor& t) { check_writable(t); }, nb::arg("array"));
  m.def(
      "took_constant", [](const Tensor& t) { took_constant(t); }, nb::arg("array"),
      "The array was overwritten while recording, by something that depends on nothing that is recorded.");
  m.def(
      "is_shared",
      [](const Tensor& t) {  // whether another array would see a write into this one
        if (!t->storage) return false;
        int own = 1;
        if (t->ag && t->ag->node)
          for (auto& s : t->ag->node->out) own += s.tensor && s.tensor->storage == t->storage;
        return t->storage->refs.load() > own;
      },
      nb::arg("array"));
  m.def("settle", &settle, nb::arg("whole"), nb::arg("part"));
  m.def("is_recording", &is_recording);
  m.def("is_training", &is_training);
  m.def("set_recording", &set_recording, "Switches recording on this thread; returns what it was.");
  m.def("set_training", &set_training);
  m.def(
      "backward",
      [](nb::handle heads, nb::handle grads, bool retain, bool create, bool train) {
        auto h = to_tensors(heads, "backward");
        backward(h, head_grads(grads, h.size()), retain, create, train);
      },
      nb::arg("heads"), nb::arg("head_grads").none() = nb::none(), nb::arg("retain_graph") = false,
      nb::arg("create_graph") = false, nb::arg("train_mode") = true);
  m.def(
      "grad",
      [](nb::handle heads, nb::handle variables, nb::handle grads, bool retain, bool create, bool train,
         uint64_t floor) {
        auto h = to_tensors(heads, "grad");
        return arrays(
            grad(h, to_tensors(variables, "grad"), head_grads(grads, h.size()), retain, create, train, floor));
      },
      nb::arg("heads"), nb::arg("variables"), nb::arg("head_grads").none() = nb::none(),
      nb::arg("retain_graph") = false, nb::arg("create_graph") = false, nb::arg("train_mode") = true,
      nb::arg("floor") = 0);
  m.def("mark_variable", [](const Tensor& x, const Tensor& g, const std::string& req) {
    mark_variable(x, g, req == "add" ? GradReq::Add : req == "null" ? GradReq::Null : GradReq::Write);
  });
  m.def(
      "pass_over_freed",
      [](nb::object tell) {
        if (tell.is_none()) {
          pass_over_freed = nullptr;
          return;
        }
        pass_over_freed = [held = keep(tell)] {
          nb::gil_scoped_acquire gil;
          nb::borrow(held.get())();
        };
      },
      nb::arg("tell").none(),
      "Parts of a recording that were freed are constants, of which `tell` is called; None: they are errors.");
  m.def("make_function_node", &make_function_node, nb::arg("inputs"), nb::arg("outputs"), nb::arg("fn"),
        nb::arg("in_graph") = false, nb::arg("title") = "", nb::arg("overwritten") = nb::tuple(),
        "in_graph: a trace that runs now holds this gradient too. title: whose gradient it is, for errors. "
        "overwritten: arrays that hold new values from now on, which are outputs of the function as well.");
  m.def("push_scope", &push_scope);
  m.def("pop_scope", &pop_scope);
  m.def("current_scope", &current_scope);
}

}  // namespace dl::bind
