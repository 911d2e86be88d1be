// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <sctpxx/bytes.hpp>

#include "loss_network.hpp"

namespace bench {

/// Requests that have nothing to do with each other come from so many sources, in turns.
constexpr std::uint32_t sources = 16;
constexpr std::size_t least_size = 200;
constexpr std::size_t most_size = 600;

/// The same of a number for everybody; its first bytes are the number.
std::size_t size_of(std::uint32_t number);
std::vector<std::byte> request(std::uint32_t number);

/// A way of moving requests from one host to the other.
class Way {
 public:
  Way() = default;
  virtual ~Way() = default;
  Way(const Way&) = delete;
  Way& operator=(const Way&) = delete;

  /// Does not block: what has no room yet goes with the next, or with `flush`.
  virtual void send(std::uint32_t number) = 0;
  virtual void flush() = 0;
  /// Becomes readable when `receive` has something to tell.
  [[nodiscard]] virtual int fd() const = 0;
  /// Tells of what is there, if a request is whole; the next time of the rest.
  virtual void receive(const std::function<void(std::uint32_t number)>& arrived) = 0;
  /// How many packets or chunks were sent again.
  [[nodiscard]] virtual std::uint64_t resent() const = 0;
};

struct WayToGo {
  std::string name;
  std::unique_ptr<Way> (*connect)(const Network& network, std::size_t path);
};

/// What the others are compared with comes first.
const std::vector<WayToGo>& ways();

std::unique_ptr<Way> connect_tcp(const Network& network, std::size_t path);

}  // namespace bench
