// Arrays that note how a kernel gets at them: how often each byte is loaded and stored, and in how many pieces.
#pragma once
#include <stdio.h>
#include <stdlib.h>

struct Noted {  // followed by `nbytes` counts of loads, then as many of stores
  int loads, stores, nbytes;
};
static void note(Noted* noted, long long from, int size, bool store) {
  if (from < 0 || from + size > noted->nbytes) {
    fprintf(stderr, "%d bytes at %lld of %d\n", size, from, noted->nbytes);
    abort();
  }
  (store ? noted->stores : noted->loads)++;
  int* counts = (int*)(noted + 1) + (store ? noted->nbytes : 0);
  for (int i = 0; i < size; i++) counts[from + i]++;
}

// In the place of `const T*`, which is read, and of `T*`, which is written.
template <class T>
struct Counted {
  T* at;
  T* base;
  Noted* noted;
  struct Place {
    const Counted& array;
    long long n;
    template <class U>
    void operator=(U value) const {
      note(array.noted, (char*)(array.at + n) - (char*)array.base, sizeof(T), true);
      array.at[n] = value;
    }
  };
  Counted operator+(long long n) const { return {at + n, base, noted}; }
  Place operator[](long long n) const { return {*this, n}; }
  explicit operator unsigned long long() const { return (unsigned long long)at; }
  template <class U>
  explicit operator U*() const {
    note(noted, (char*)at - (char*)base, sizeof(U), true);
    return (U*)at;
  }
};
template <class T>
struct Counted<const T> {
  const T* at;
  const T* base;
  Noted* noted;
  Counted operator+(long long n) const { return {at + n, base, noted}; }
  T operator[](long long n) const {
    note(noted, (char*)(at + n) - (char*)base, sizeof(T), false);
    return at[n];
  }
  explicit operator unsigned long long() const { return (unsigned long long)at; }
  template <class U>
  explicit operator const U*() const {
    note(noted, (char*)at - (char*)base, sizeof(U), false);
    return (const U*)at;
  }
};
