// Tracer and Executable: the two ends of the graph room.
#include "bind/convert.h"
#include "kernels/cpu/rows.h"
#include "kernels/cpu/tile.h"
#include "runtime/control.h"
#include "runtime/device.h"
#include "runtime/executable.h"
#include "runtime/pack.h"
#include "runtime/trace.h"
#include "tensor/fault.h"

namespace dl::bind {

static const char* const kControl = "control";  // the kernel of branches and loops

static nb::list ids(const std::vector<int64_t>& v) {
  nb::list l;
  for (int64_t i : v) l.append(i);
  return l;
}

static nb::tuple packed(nb::handle given) {
  std::vector<Span> spans;
  for (nb::handle h : given) {
    auto t = nb::cast<nb::tuple>(h);
    spans.push_back({nb::cast<int64_t>(t[0]), nb::cast<int64_t>(t[1]), nb::cast<int64_t>(t[2])});
  }
  std::vector<int64_t> offsets;
  int64_t total = pack(spans, offsets);
  return nb::make_tuple(ids(offsets), total);
}

static nb::tuple attrs_tuple(const TraceRecord& r) {
  nb::list l;
  for (auto& a : r.attrs)
    l.append(a.kind == Attr::Obj && r.op->kernel_stem == kControl ? nb::borrow(static_cast<PyObject*>(a.obj.get()))
                                                                  : attr_object(a));
  return nb::tuple(l);
}

static nb::object const_value(const Tensor& t) {
  if (t->dtype == DType::Bool) return nb::bool_(scalar_value(t) != 0);
  if (t->dtype == DType::I64) return nb::int_(*static_cast<const int64_t*>(t->data()));
  if (is_int(t->dtype)) return nb::int_(int64_t(scalar_value(t)));
  if (is_complex(t->dtype)) {
    std::complex<double> v = complex_value(t);
    return nb::steal(PyComplex_FromDoubles(v.real(), v.imag()));
  }
  return nb::float_(scalar_value(t));
}

static nb::dict describe(Tracer& t, const std::vector<Tensor>& outputs) {
  nb::dict d;
  std::vector<int64_t> out_ids;
  for (auto& o : outputs) {
    out_ids.push_back(t.value_of(o));
    t.check_not_stale("return", out_ids.back());
  }
  t.stop();
  nb::list values, records, captured, consts, writes;
  for (auto& m : t.values)
    values.append(nb::make_tuple(dtype_name(m.dtype), dims_tuple(m.shape), dims_tuple(m.strides), m.weak));
  for (auto& r : t.records)
    records.append(nb::make_tuple(r.op->id, ids(r.in), attrs_tuple(r), ids(r.out), nb::str(r.scope.c_str()),
                                  r.rng_offset, r.view_of, r.recording));
  for (auto& c : t.captured) {
    nb::object array = nb::cast(c.tensor);  // one object for both lists: a write names its target by identity
    captured.append(nb::make_tuple(c.first, array));
    if (c.current != c.first) writes.append(nb::make_tuple(c.current, array, c.recorded));
  }
  for (auto& [id, tensor] : t.consts) consts.append(nb::make_tuple(id, const_value(tensor), dtype_name(tensor->dtype)));
  d["values"] = values;
  d["records"] = records;
  d["inputs"] = ids(t.inputs);
  d["captured"] = captured;
  d["consts"] = consts;
  d["writes"] = writes;
  d["outputs"] = ids(out_ids);
  d["rng_blocks"] = t.rng_blocks;
  d["custom_gradient"] = t.has_custom_gradient;
  d["sizes_read"] = t.sizes_read;
  return d;
}

static ExeValue to_value(nb::handle h) {
  auto t = nb::cast<nb::tuple>(h);
  ExeValue v;
  std::string kind = nb::cast<std::string>(t[3]);
  v.dtype = to_dtype(t[0], "Executable");
  v.shape = to_dims(t[1], "Executable", "shape");
  v.strides = to_dims(t[2], "Executable", "strides");
  v.kind = kind == "input"    ? ExeValue::Input
           : kind == "output" ? ExeValue::Output
           : kind == "arena"  ? ExeValue::Arena
                              : ExeValue::Const;
  if (v.kind == ExeValue::Const && kind != "const")
    throw InternalError("Executable: unknown kind of value '" + kind + "'");
  v.where = nb::cast<int>(t[4]);
  v.offset_bytes = nb::cast<int64_t>(t[5]);
  return v;
}

static ExeInstr to_instr(nb::handle h) {
  auto t = nb::cast<nb::tuple>(h);
  ExeInstr instr;
  if (PyLong_Check(nb::handle(t[0]).ptr())) {
    instr.op = &op_by_id(nb::cast<int>(t[0]));
    instr.attrs = to_attrs(t[3], *instr.op);
  } else if (nb::isinstance<Control>(nb::cast<nb::tuple>(t[0])[1])) {
    auto named = nb::cast<nb::tuple>(t[0]);
    instr.op = &get_op(nb::cast<std::string>(named[0]));
    Attr program;
    program.kind = Attr::Obj;
    program.obj = std::make_shared<Control>(*nb::cast<Control*>(named[1]));
    instr.attrs = {program};
  } else {
    auto named = nb::cast<nb::tuple>(t[0]);
    Attr program;
    program.kind = Attr::Obj;
    instr.op = &get_op(nb::cast<std::string>(named[0]));
    if (nb::isinstance<RowProgram>(named[1]))
      program.obj = std::make_shared<RowProgram>(*nb::cast<RowProgram*>(named[1]));
    else
      program.obj = std::make_shared<TileProgram>(*nb::cast<TileProgram*>(named[1]));
    instr.attrs = {program, Attr::of_dtype(to_dtype(named[2], "fused"))};
  }
  for (nb::handle i : nb::borrow<nb::iterable>(t[1])) instr.in.push_back(nb::cast<int>(i));
  for (nb::handle i : nb::borrow<nb::iterable>(t[2])) instr.out.push_back(nb::cast<int>(i));
  instr.rng_offset = nb::cast<uint64_t>(t[4]);
  return instr;
}

static Executable* make_executable(nb::handle values, nb::handle instrs, int n_inputs, int n_outputs,
                                   size_t arena_bytes, nb::handle consts, uint64_t rng_blocks) {
  std::vector<ExeValue> vs;
  std::vector<ExeInstr> is;
  for (nb::handle h : nb::borrow<nb::iterable>(values)) vs.push_back(to_value(h));
  for (nb::handle h : nb::borrow<nb::iterable>(instrs)) is.push_back(to_instr(h));
  std::vector<int> outputs(size_t(n_outputs),
                           -1);  // the first value of an output's buffer describes the array returned
  for (size_t i = 0; i < vs.size(); i++)
    if (vs[i].kind == ExeValue::Output && outputs.at(size_t(vs[i].where)) < 0) outputs[size_t(vs[i].where)] = int(i);
  for (int o : outputs)
    if (o < 0) throw InternalError("Executable: an output has no value");
  return new Executable(std::move(vs), std::move(is), n_inputs, std::move(outputs), arena_bytes,
                        to_tensors(consts, "Executable"), rng_blocks);
}

static nb::list run(Executable& exe, nb::handle inputs) {
  nb::list out;
  for (auto& t : exe.run(to_tensors(inputs, "compiled graph"))) out.append(nb::cast(t));
  return out;
}

// Records a branch or a loop in the trace of this thread. metas: (dtype, shape) of each result.
static nb::list trace_control(const std::string& name, nb::handle inputs, nb::handle metas, nb::object program,
                              uint64_t blocks) {
  Tracer* tracer = active_tracer();
  if (!tracer) throw InternalError(name + ": there is no trace on this thread");
  Metas results;
  for (nb::handle h : nb::borrow<nb::iterable>(metas)) {
    auto pair = nb::cast<nb::tuple>(h);
    Meta m;
    m.dtype = to_dtype(pair[0], name.c_str());
    m.shape = to_dims(pair[1], name.c_str(), "shape");
    m.strides = contiguous_strides(m.shape);
    results.push_back(m);
  }
  Tensors out;
  tracer->add_body(get_op(name), keep(std::move(program)), to_tensors(inputs, name.c_str()), out, results, blocks);
  nb::list l;
  for (auto& t : out) l.append(nb::cast(t));
  return l;
}

// What stands for a new value of the array in the trace of this thread: it changes with every write into it.
static int64_t trace_value(const Tensor& t) {
  Tracer* tracer = active_tracer();
  if (!tracer) throw InternalError("trace_value: there is no trace on this thread");
  return tracer->value_of(t);
}

static std::vector<Tensor> stand_ins_like(nb::handle metas, const std::string& device) {
  std::vector<Tensor> like;
  for (nb::handle h : nb::borrow<nb::iterable>(metas)) {
    auto pair = nb::cast<nb::tuple>(h);
    Tensor t(new TensorImpl);
    t->dtype = to_dtype(pair[0], "Tracer");
    t->shape = to_dims(pair[1], "Tracer", "shape");
    t->strides = contiguous_strides(t->shape);
    t->device = parse_device(device);
    like.push_back(t);
  }
  return like;
}

static Control make_control(nb::handle bodies, bool loop, bool counted, bool reverse, int carried, int scanned,
                            int64_t length) {
  Control c;
  for (nb::handle h : nb::borrow<nb::iterable>(bodies)) c.bodies.push_back(nb::cast<std::shared_ptr<Executable>>(h));
  if (c.bodies.empty() || c.bodies.size() > 2 || (!loop && c.bodies.size() != 2))
    throw InternalError(format("Control: %zu bodies", c.bodies.size()));
  c.loop = loop, c.counted = counted, c.reverse = reverse;
  c.carried = carried, c.scanned = scanned, c.length = length;
  return c;
}

static void register_control(const char* name) {
  auto op = std::make_unique<OpDef>();
  op->name = name;
  op->inputs = {{"xs", false, true, false}};
  op->attrs = {{"program", AttrType::Obj, Attr()}};
  op->n_out = -1;
  op->kernel_stem = kControl;
  op->kernel = find_kernel(kControl);
  op->takes_complex = true;
  register_op(std::move(op));
}

void bind_graph(nb::module_& m) {
  nb::class_<Tracer>(m, "Tracer", "Records the operators called on this thread instead of running them.")
      .def(nb::init<>())
      .def("start",
           [](Tracer& t, nb::handle inputs) {
             nb::list l;
             for (auto& s : t.start(to_tensors(inputs, "Tracer"))) l.append(nb::cast(s));
             return l;
           })
      .def(
          "start_inside",
          [](Tracer& t, nb::handle metas, const std::string& device) {
            nb::list l;
            for (auto& s : t.start(stand_ins_like(metas, device), true)) l.append(nb::cast(s));
            return l;
          },
          nb::arg("metas"), nb::arg("device"), "A trace inside the one that runs; metas: (dtype, shape) of each input.")
      .def("stop",
           [](Tracer& t, nb::handle outputs) {
             std::vector<Tensor> results = to_tensors(outputs, "trace");
             for (size_t k = 0; k < results.size(); k++)
               if (!results[k])
                 throw TypeError("trace: expected arrays as results, got None as number " + std::to_string(k));
             return describe(t, results);
           })
      .def("abort", &Tracer::stop)
      .def_prop_ro("n_records", [](const Tracer& t) { return t.records.size(); });
  m.def("pack", &packed, nb::arg("spans"));
  m.def("is_tracing", [] { return active_tracer() != nullptr; });
  m.def("trace_control", &trace_control, nb::arg("name"), nb::arg("inputs"), nb::arg("metas"), nb::arg("program"),
        nb::arg("blocks"));
  m.def("trace_value", &trace_value, nb::arg("array"));
  m.def(
      "mark_custom_gradient",
      [] {
        if (Tracer* tracer = active_tracer()) tracer->has_custom_gradient = true;
      },
      "Says of the trace on this thread that it lacks a gradient written in Python.");
  nb::class_<Control>(m, "Control", "A branch or a loop: executables that one instruction of another one runs.")
      .def(nb::new_(&make_control), nb::arg("bodies"), nb::arg("loop"), nb::arg("counted") = false,
           nb::arg("reverse") = false, nb::arg("carried") = 0, nb::arg("scanned") = 0, nb::arg("length") = 0);
  for (const char* name : {"_cond", "_loop"}) register_control(name);
  nb::class_<Executable>(m, "Executable", "A compiled graph: a flat list of instructions over one planned arena.")
      .def(nb::new_(&make_executable), nb::arg("values"), nb::arg("instrs"), nb::arg("n_inputs"), nb::arg("n_outputs"),
           nb::arg("arena_bytes"), nb::arg("consts"), nb::arg("rng_blocks") = 0)
      .def("run", &run)
      .def("profile",
           [](Executable& exe, nb::handle inputs) {
             std::vector<double> seconds;
             exe.run(to_tensors(inputs, "compiled graph"), &seconds);
             nb::list l;
             for (double s : seconds) l.append(s);
             return l;
           })
      .def_prop_ro("arena_bytes", &Executable::arena_bytes)
      .def("__len__", &Executable::size);
}

}  // namespace dl::bind
