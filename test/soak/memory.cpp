// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <malloc.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <new>

#include "footprint.hpp"

// Each process has one thread, so these need no lock.
namespace {

std::size_t blocks = 0;
std::size_t bytes = 0;

void* allocate(std::size_t size) noexcept {
  void* const memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) return nullptr;
  ++blocks;
  bytes += ::malloc_usable_size(memory);
  return memory;
}

void* allocate_or_throw(std::size_t size) {
  if (void* memory = allocate(size)) return memory;
  throw std::bad_alloc{};
}

void release(void* memory) noexcept {
  if (memory == nullptr) return;
  --blocks;
  bytes -= ::malloc_usable_size(memory);
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t size) { return allocate_or_throw(size); }
void* operator new[](std::size_t size) { return allocate_or_throw(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return allocate(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return allocate(size); }
void operator delete(void* memory) noexcept { release(memory); }
void operator delete[](void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t) noexcept { release(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { release(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { release(memory); }

namespace test::soak {

Footprint footprint() {
  Footprint now;
  ::malloc_trim(0);
  {
    std::size_t all = 0;
    std::ifstream{"/proc/self/statm"} >> all >> now.resident;
    now.resident *= static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    for ([[maybe_unused]] const auto& one : std::filesystem::directory_iterator{"/proc/self/fd"})
      ++now.descriptors;
  }
  --now.descriptors;  // the one that this took
  now.blocks = blocks;
  now.bytes = bytes;
  return now;
}

}  // namespace test::soak
