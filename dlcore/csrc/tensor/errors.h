// Exceptions that bind/ turns into Python's own. Messages start with the operator's name.
#pragma once
#include <stdexcept>
#include <string>

namespace dl {
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct TypeError : Error {
  using Error::Error;
};
struct ValueError : Error {
  using Error::Error;
};
struct IndexError : Error {
  using Error::Error;
};
struct RuntimeError : Error {
  using Error::Error;
};
struct MemoryError : Error {
  using Error::Error;
};
struct AnomalyError : Error {  // a NaN or an infinity that anomaly mode found
  using Error::Error;
};

std::string format(const char* fmt, ...) __attribute__((format(printf, 1, 2)));
}  // namespace dl
