// Few<T, N>: a vector of objects that keeps its first N in itself, for lists that are almost always short.
#pragma once
#include <cstddef>
#include <initializer_list>
#include <new>
#include <utility>

namespace dl {

template <class T, size_t N>
class Few {
 public:
  Few() = default;
  Few(std::initializer_list<T> v) { append(v.begin(), v.end()); }
  template <class It>
  Few(It first, It last) {
    append(first, last);
  }
  Few(const Few& o) { append(o.begin(), o.end()); }
  Few(Few&& o) noexcept { take(o); }
  Few& operator=(const Few& o) {
    if (this != &o) {
      clear();
      append(o.begin(), o.end());
    }
    return *this;
  }
  Few& operator=(Few&& o) noexcept {
    if (this != &o) {
      release();
      take(o);
    }
    return *this;
  }
  ~Few() { release(); }

  size_t size() const { return n_; }
  bool empty() const { return n_ == 0; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T* begin() { return data_; }
  T* end() { return data_ + n_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + n_; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }
  T& back() { return data_[n_ - 1]; }
  T& front() { return data_[0]; }
  const T& front() const { return data_[0]; }

  template <class... Args>
  T& emplace_back(Args&&... args) {
    if (n_ < room_) return *new (data_ + n_++) T(std::forward<Args>(args)...);
    T made(std::forward<Args>(args)...);  // before growing: it may be made of an element of this list
    reserve(room_ * 2);
    return *new (data_ + n_++) T(std::move(made));
  }
  void push_back(const T& v) { emplace_back(v); }
  void push_back(T&& v) { emplace_back(std::move(v)); }
  template <class It>
  void append(It first, It last) {
    for (; first != last; ++first) emplace_back(*first);
  }
  void clear() {
    while (n_) data_[--n_].~T();
  }
  void resize(size_t n) {
    while (n_ > n) data_[--n_].~T();
    reserve(n);
    while (n_ < n) new (data_ + n_++) T;
  }
  void assign(size_t n, const T& v) {
    clear();
    reserve(n);
    while (n_ < n) new (data_ + n_++) T(v);
  }
  void reserve(size_t want) {
    if (want <= room_) return;
    T* larger = static_cast<T*>(::operator new(want * sizeof(T), std::align_val_t(alignof(T))));
    for (size_t i = 0; i < n_; i++) {
      new (larger + i) T(std::move(data_[i]));
      data_[i].~T();
    }
    drop_memory();
    data_ = larger;
    room_ = want;
  }

 private:
  T* own() { return reinterpret_cast<T*>(memory_); }
  void drop_memory() {
    if (data_ != own()) ::operator delete(data_, std::align_val_t(alignof(T)));
  }
  void release() {
    clear();
    drop_memory();
    data_ = own();
    room_ = N;
  }
  void take(Few& o) {  // this one is empty and holds no memory of its own
    if (o.data_ == o.own()) {
      for (size_t i = 0; i < o.n_; i++) new (data_ + i) T(std::move(o.data_[i]));
      n_ = o.n_;
      o.clear();
      return;
    }
    data_ = std::exchange(o.data_, o.own());
    n_ = std::exchange(o.n_, size_t(0));
    room_ = std::exchange(o.room_, N);
  }

  T* data_ = own();
  size_t n_ = 0, room_ = N;
  alignas(T) unsigned char memory_[N * sizeof(T)];
};

}  // namespace dl
