// Where a call is made, and how an error says so: the operator's name, its arrays and the layer.
#include "runtime/scope.h"

#include "runtime/invoke.h"
#include "tensor/recycle.h"

namespace dl {

// ---- layer path ----------------------------------------------------------------------------------------------------

struct Scope {
  ScopeRef parent;
  std::string name;
};
static thread_local ScopeRef g_scope;

void push_scope(const std::string& name) {
  g_scope = std::allocate_shared<Scope>(RecyclingAllocator<Scope>(), Scope{std::move(g_scope), name});
}
void pop_scope() {
  if (g_scope) g_scope = ScopeRef(g_scope->parent);
}
const ScopeRef& scope_here() { return g_scope; }
std::string scope_text(const ScopeRef& scope) {
  if (!scope) return "";
  return scope->parent ? scope_text(scope->parent) + "." + scope->name : scope->name;
}
std::string current_scope() { return scope_text(g_scope); }

// ---- errors --------------------------------------------------------------------------------------------------------

static const char kWith[] = "\n  with ", kLayer[] = "\n  in layer ";
constexpr int kNamed = 8;  // a sum of a thousand arrays need not name them all

// An error of a composite's part, or of a helper, begins with the name of what was called; names of hidden operators
// say nothing to a reader and go.
static std::string with_name(const OpDef& op, std::string text) {
  if (text.compare(0, op.name.size() + 1, op.name + ":") == 0) return text;
  size_t end = text.find(": ");
  if (text[0] == '_' && end != std::string::npos && find_op(text.substr(0, end))) text = text.substr(end + 2);
  return op.name + ": " + text;
}

// "x float32(2, 3), weight float32(4, 5)"; empty where the text names these shapes already.
static std::string arrays_of(const OpDef& op, const Tensor* in, int nin, const std::string& text) {
  std::string all;
  bool news = false;
  int named = 0;
  for (int i = 0; i < nin; i++) {
    if (!in[i] || in[i]->weak) continue;
    std::string shape = to_string(in[i]->shape);
    news |= text.find(shape) == std::string::npos;
    if (++named > kNamed) continue;
    size_t k = std::min(size_t(i), op.inputs.size() - 1);
    all += (all.empty() ? "" : ", ") + op.inputs[k].name;
    if (op.inputs[k].variadic) all += "[" + std::to_string(size_t(i) - k) + "]";
    all += std::string(" ") + dtype_name(in[i]->dtype) + shape;
  }
  if (named > kNamed) all += " and " + std::to_string(named - kNamed) + " more";
  return news ? all : "";
}

std::string told(const OpDef& op, const Tensor* in, int nin, const std::string& what) {
  std::string text = with_name(op, what);
  // A part of a composite has named its own arrays: those of the whole are the ones the caller knows.
  if (size_t at = text.find(kWith); at != std::string::npos) {
    size_t end = text.find('\n', at + 1);
    text.erase(at, end == std::string::npos ? end : end - at);
  }
  size_t layer = text.find(kLayer);
  std::string arrays = arrays_of(op, in, nin, text.substr(0, layer));
  if (!arrays.empty()) text.insert(layer == std::string::npos ? text.size() : layer, kWith + arrays);
  std::string scope = current_scope();
  return scope.empty() || layer != std::string::npos ? text : text + kLayer + scope;
}

}  // namespace dl
