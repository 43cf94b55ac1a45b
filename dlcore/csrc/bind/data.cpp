// Batches made without Python for each sample: what dlcore/gluon/data and dlcore/io call.
#include "bind/convert.h"
#include "data/batch.h"
#include "data/colour.h"
#include "data/png.h"
#include "data/records.h"
#include "data/resize.h"
#include "data/turn.h"

namespace dl::bind {

static std::string got(const Tensor& t) { return std::string(", got ") + dtype_name(t->dtype) + to_string(t->shape); }

// Whole numbers out of a list, a tuple or an int64 array.
static std::vector<int64_t> whole_numbers(nb::handle h) {
  std::vector<int64_t> found;
  PyObject* p = h.ptr();
  if (PyList_CheckExact(p) || PyTuple_CheckExact(p)) {
    Py_ssize_t n = PySequence_Fast_GET_SIZE(p);
    found.resize(size_t(n));
    for (Py_ssize_t i = 0; i < n; i++) {
      PyObject* item = PySequence_Fast_GET_ITEM(p, i);
      Py_ssize_t v = PyLong_CheckExact(item) ? PyLong_AsSsize_t(item) : PyNumber_AsSsize_t(item, PyExc_IndexError);
      if (v == -1 && PyErr_Occurred()) throw nb::python_error();
      found[size_t(i)] = v;
    }
    return found;
  }
  // An array of batch after batch: looked at without the detour of making one of ours out of it.
  Py_buffer view;
  if (PyObject_GetBuffer(p, &view, PyBUF_FORMAT | PyBUF_C_CONTIGUOUS) == 0) {
    bool fits = view.ndim == 1 && view.itemsize == 8 && view.format && (*view.format == 'l' || *view.format == 'q');
    const auto* v = static_cast<const int64_t*>(view.buf);
    if (fits) found.assign(v, v + view.len / 8);
    PyBuffer_Release(&view);
    if (fits) return found;
  } else {
    PyErr_Clear();
  }
  Tensor t = from_numpy(h, false);
  if (t->dtype != DType::I64 || t->ndim() != 1 || !t->contiguous())
    throw TypeError("expected a list of whole numbers or an array (n,) of int64" + got(t));
  const auto* v = static_cast<const int64_t*>(t->data());
  found.assign(v, v + t->numel());
  return found;
}

static Interpolation to_interpolation(int64_t how) {
  if (how < 0 || how > 4) throw ValueError(format("interpolation: expected 0 to 4, got %lld", (long long)how));
  return Interpolation(how);
}

static PictureStep to_step(nb::handle h) {
  auto t = nb::cast<nb::tuple>(h);
  auto name = nb::cast<std::string>(t[0]);
  PictureStep s;
  auto sizes = [&](size_t from, std::initializer_list<int64_t*> into) {
    for (int64_t* v : into) *v = nb::cast<int64_t>(t[from++]);
  };
  auto numbers = [&](size_t from, std::initializer_list<double*> into) {
    for (double* v : into) *v = nb::cast<double>(t[from++]);
  };
  static constexpr std::pair<const char*, PictureStep::Kind> drawn[] = {{"across", PictureStep::FlipAcross},
                                                                        {"down", PictureStep::FlipDown},
                                                                        {"brightness", PictureStep::Brightness},
                                                                        {"contrast", PictureStep::Contrast},
                                                                        {"saturation", PictureStep::Saturation},
                                                                        {"hue", PictureStep::Hue},
                                                                        {"grey", PictureStep::Grey},
                                                                        {"lighting", PictureStep::Lighting}};
  for (const auto& [word, kind] : drawn)
    if (name == word) {
      s.kind = kind;
      s.amount = nb::cast<double>(t[1]);
      return s;
    }
  if (name == "jitter" || name == "apply") {
    bool jitter = name == "jitter";
    s.kind = jitter ? PictureStep::Jitter : PictureStep::Apply;
    for (nb::handle part : nb::borrow<nb::iterable>(t[1])) s.parts.push_back(to_step(part));
    if (jitter && s.parts.size() > 4)
      throw ValueError(format("BatchPlan: a jitter has four parts at most, got %zu", s.parts.size()));
    if (!jitter) numbers(2, {&s.amount});
  } else if (name == "turn" || name == "rotate") {
    s.kind = name == "turn" ? PictureStep::Turn : PictureStep::Rotate;
    s.zoom_in = nb::cast<bool>(t[1]), s.zoom_out = nb::cast<bool>(t[2]);
    numbers(3, {&s.least});
    if (name == "turn") numbers(4, {&s.most, &s.amount});
  } else if (name == "crop") {
    s.kind = PictureStep::RandomCrop;
    sizes(1, {&s.w, &s.h, &s.pad});
  } else if (name == "cut") {
    s.kind = PictureStep::Cut;
    sizes(1, {&s.x, &s.y, &s.w, &s.h});
  } else if (name == "resize" || name == "part") {
    s.kind = name == "part" ? PictureStep::RandomPart : PictureStep::Resize;
    sizes(1, {&s.w, &s.h});
    s.how = to_interpolation(nb::cast<int64_t>(t[3]));
    if (name == "part") numbers(4, {&s.least, &s.most, &s.flat, &s.steep});
  } else if (name == "erase") {
    s.kind = PictureStep::Erase;
    numbers(1, {&s.amount, &s.least, &s.most, &s.flat, &s.steep});
    for (nb::handle value : nb::borrow<nb::iterable>(t[6])) s.value.push_back(nb::cast<uint8_t>(value));
  } else {
    throw ValueError("BatchPlan: unknown step '" + name + "'");
  }
  return s;
}

// (steps, margin, values, planes, scale): `values` is an array (c, 256), `scale` c tuples of five numbers or None.
static PicturePlan to_picture(nb::tuple t) {
  PicturePlan plan;
  for (nb::handle h : nb::borrow<nb::iterable>(t[0])) plan.steps.push_back(to_step(h));
  for (nb::handle h : nb::borrow<nb::iterable>(t[1])) plan.fill.push_back(nb::cast<uint8_t>(h));
  Tensor values = from_numpy(t[2], false);
  if (!values->contiguous() || itemsize(values->dtype) > 8)
    throw ValueError("BatchPlan: expected contiguous values of at most 8 bytes" + got(values));
  const auto* bytes = static_cast<const char*>(values->data());
  plan.values.assign(bytes, bytes + size_t(values->numel()) * itemsize(values->dtype));
  plan.dtype = values->dtype;
  plan.planes = nb::cast<bool>(t[3]);
  if (!nb::handle(t[4]).is_none())
    for (nb::handle h : nb::borrow<nb::iterable>(t[4])) {
      auto s = nb::cast<nb::tuple>(h);
      auto at = [&](size_t i) { return nb::cast<float>(s[i]); };
      plan.scale.push_back({at(0), at(1), at(2), at(3), at(4)});
    }
  return plan;
}

static nb::list take(const BatchPlan& plan, nb::handle samples, nb::handle words, double strength, bool stream,
                     nb::handle then) {
  BatchWish wish{whole_numbers(samples), {}, strength, stream};
  for (nb::handle h : nb::borrow<nb::iterable>(words)) wish.words.push_back(nb::cast<uint64_t>(h));
  std::vector<int64_t> next;
  if (!then.is_none()) next = whole_numbers(then);
  std::vector<Tensor> made;
  {
    nb::gil_scoped_release release;
    made = plan.take(wish, then.is_none() ? nullptr : &next);
  }
  nb::list out;
  for (Tensor& t : made) out.append(wrap(std::move(t)));
  return out;
}

// A plain PNG picture as (h, w, c) of bytes; None for anything else. channels: 0 for those that it has.
static nb::object decode_png(nb::bytes data, int channels) {
  const auto* src = reinterpret_cast<const uint8_t*>(data.c_str());
  PngHead head;
  bool known = channels == 0 || channels == 1 || channels == 3;
  if (!known || !read_png_head(src, data.size(), head)) return nb::none();
  // A picture cannot be smaller in its file than a thousandth: no memory for what cannot come.
  if (uint64_t(head.h) * uint64_t(head.w) * uint64_t(head.c) > 1100 * uint64_t(data.size())) return nb::none();
  Tensor made = make_tensor(Shape{head.h, head.w, channels ? channels : head.c}, DType::U8);
  bool right;
  {
    nb::gil_scoped_release release;
    std::vector<uint8_t> scratch;
    right = read_png(src, data.size(), head, int(made->shape[2]), static_cast<uint8_t*>(made->data()), scratch);
  }
  return right ? wrap(std::move(made)) : nb::none();
}

// Fills rows of `pixels` (n, h, w, c) and `labels` (n, width); the positions of those that could not be read so.
static std::vector<int64_t> fill_pictures(int file, nb::handle places, nb::handle sizes, nb::handle rows,
                                          nb::handle pixels, nb::handle labels, bool plain) {
  std::vector<int64_t> from = whole_numbers(places), likely = whole_numbers(sizes), to = whole_numbers(rows);
  Tensor p = from_numpy(pixels, false), l = from_numpy(labels, false);
  bool fits = p->dtype == DType::U8 && p->ndim() == 4 && p->contiguous() && l->dtype == DType::F32 && l->ndim() == 2 &&
              l->contiguous() && l->shape[0] == p->shape[0] && from.size() == to.size() &&
              from.size() == likely.size() && !p->storage->readonly && !l->storage->readonly;
  if (!fits)
    throw ValueError(
        "fill_pictures: expected pixels (n, h, w, c) of uint8 and labels (n, width) of float32, all of them "
        "writable and contiguous" +
        got(p) + " and" + got(l).substr(5));
  for (int64_t row : to)
    if (row < 0 || row >= p->shape[0]) throw IndexError(format("fill_pictures: there is no row %lld", (long long)row));
  PictureRows where{static_cast<uint8_t*>(p->data()),
                    static_cast<float*>(l->data()),
                    p->shape[1],
                    p->shape[2],
                    p->shape[3],
                    l->shape[1],
                    plain};
  nb::gil_scoped_release release;
  return read_pictures(file, from, likely, to, where);
}

// A picture (h, w, c) of bytes with other colours; the angle of a hue is in radians.
static nb::object recoloured(nb::handle picture, const std::string& what, double amount) {
  Tensor from = from_numpy(picture, true);
  bool fits = from->dtype == DType::U8 && from->ndim() == 3 && from->contiguous();
  if (!fits || (from->shape[2] != 3 && (what == "hue" || what == "grey")))
    throw ValueError("recoloured: expected a picture (h, w, c) of bytes, of three channels for " + what + got(from));
  auto* pixels = static_cast<uint8_t*>(from->data());
  int64_t n = from->shape[0] * from->shape[1], c = from->shape[2];
  if (what == "contrast")
    change_contrast(pixels, n, c, float(amount));
  else if (what == "saturation")
    change_saturation(pixels, n, c, float(amount));
  else if (what == "hue")
    turn_hue(pixels, n, amount);
  else if (what == "grey")
    make_grey(pixels, n);
  else
    throw ValueError("recoloured: unknown change '" + what + "'");
  return wrap(std::move(from));
}

// A picture (h, w, 3) of bytes under other light.
static nb::object lit(nb::handle picture, nb::tuple weights) {
  Tensor from = from_numpy(picture, true);
  if (from->dtype != DType::U8 || from->ndim() != 3 || !from->contiguous() || from->shape[2] != 3 ||
      weights.size() != 3)
    throw ValueError("lit: expected a picture (h, w, 3) of bytes and three weights" + got(from) +
                     format(" and %zu weights", weights.size()));
  double w[3];
  for (size_t k = 0; k < 3; k++) w[k] = nb::cast<double>(weights[k]);
  change_light(static_cast<uint8_t*>(from->data()), from->shape[0] * from->shape[1], w);
  return wrap(std::move(from));
}

// A picture (h, w, c) of bytes turned by an angle.
static nb::object turned(nb::handle picture, double degrees, bool zoom_in, bool zoom_out) {
  Tensor from = from_numpy(picture, false);
  if (from->dtype != DType::U8 || from->ndim() != 3 || !from->contiguous())
    throw ValueError("turned: expected a picture (h, w, c) of bytes" + got(from));
  Tensor made = make_tensor(from->shape, DType::U8);
  turn_picture(static_cast<const uint8_t*>(from->data()), {from->shape[0], from->shape[1], from->shape[2]},
               {degrees, zoom_in, zoom_out}, static_cast<uint8_t*>(made->data()));
  return wrap(std::move(made));
}

// A picture (h, w, c) of bytes or of float32 in another size.
static nb::object resized(nb::handle picture, int64_t width, int64_t height, int64_t interpolation) {
  Tensor from = from_numpy(picture, false);
  Interpolation how = to_interpolation(interpolation);
  bool bytes = from->dtype == DType::U8, fits = from->ndim() == 3 && from->contiguous() && from->numel() > 0;
  if ((!bytes && from->dtype != DType::F32) || !fits || width < 1 || height < 1)
    throw ValueError("resized: expected a picture (h, w, c) of uint8 or float32 and a size of at least 1x1" +
                     got(from) + format(" and %lldx%lld", (long long)width, (long long)height));
  ResizeSizes s{from->shape[1], from->shape[0], from->shape[2], from->shape[1] * from->shape[2], width, height};
  Tensor made = make_tensor(Shape{height, width, s.c}, from->dtype);
  {
    nb::gil_scoped_release release;
    auto run = [&](auto* type) {
      using T = std::remove_pointer_t<decltype(type)>;
      ResizeScratch<T> scratch;
      resize_part(static_cast<const T*>(from->data()), s, how, scratch, static_cast<T*>(made->data()));
    };
    bytes ? run(static_cast<uint8_t*>(nullptr)) : run(static_cast<float*>(nullptr));
  }
  return wrap(std::move(made));
}

void bind_data(nb::module_& m) {
  m.def(
      "resized", &resized, nb::arg("picture"), nb::arg("width"), nb::arg("height"), nb::arg("interpolation"),
      "A picture (h, w, c) of uint8 or float32 in another size: 0 nearest, 1 bilinear, 2 bicubic, 3 area, 4 Lanczos.");
  m.def("turned", &turned, nb::arg("picture"), nb::arg("degrees"), nb::arg("zoom_in"), nb::arg("zoom_out"),
        "A picture (h, w, c) of bytes turned counter-clockwise about its middle.");
  m.def("lit", &lit, nb::arg("picture"), nb::arg("weights"),
        "A picture (h, w, 3) of bytes with so much more along each direction in which colours of photographs vary.");
  m.def("recoloured", &recoloured, nb::arg("picture"), nb::arg("what"), nb::arg("amount") = 0.0,
        "A picture (h, w, c) of bytes with other contrast, saturation, hue (by an angle), or in grey.");
  m.def("decode_png", &decode_png, nb::arg("data"), nb::arg("channels") = 0,
        "A PNG picture of bytes, grey or in colours, as an array (h, w, c); None for every other kind.");
  m.def(
      "fill_pictures",
      [](int file, nb::handle places, nb::handle sizes, nb::handle rows, nb::handle pixels, nb::handle labels,
         bool plain) {
        nb::list failed;
        for (int64_t i : fill_pictures(file, places, sizes, rows, pixels, labels, plain)) failed.append(i);
        return failed;
      },
      nb::arg("file"), nb::arg("places"), nb::arg("sizes"), nb::arg("rows"), nb::arg("pixels"), nb::arg("labels"),
      nb::arg("plain"), "Pictures of a record file into rows of arrays; tells which of them could not be read so.");
  nb::class_<BatchPlan>(m, "BatchPlan", "How batches are cut out of arrays, row by row, in one call without the GIL.")
      .def(
          "__init__",
          [](BatchPlan* p, nb::list arrays, nb::object rows, nb::object picture) {
            std::vector<Tensor> columns;
            for (nb::handle h : arrays) columns.push_back(from_numpy(h, false));
            std::vector<int64_t> chosen;
            if (!rows.is_none()) chosen = whole_numbers(rows);
            PicturePlan made;
            if (!picture.is_none()) made = to_picture(nb::cast<nb::tuple>(picture));
            new (p)
                BatchPlan(std::move(columns), rows.is_none() ? nullptr : &chosen, picture.is_none() ? nullptr : &made);
          },
          nb::arg("columns"), nb::arg("rows").none() = nb::none(), nb::arg("picture").none() = nb::none())
      .def("take", &take, nb::arg("samples"), nb::arg("words") = nb::make_tuple(), nb::arg("strength") = 1.0,
           nb::arg("stream") = false, nb::arg("then").none() = nb::none(),
           "An array a column with the rows of these samples, whose random numbers begin with `words` or are taken "
           "from the seeded stream, a block for each step that draws. `then` will probably be asked for next: idle "
           "threads cut it out meanwhile.")
      .def_prop_ro("ahead", &BatchPlan::ahead,
                   "How many samples are there, or being cut out, before they are asked for.")
      .def_prop_ro("row_bytes", &BatchPlan::bytes_of_row, "How many bytes of a batch one sample takes.");
}

}  // namespace dl::bind
