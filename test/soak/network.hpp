// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

#include <sctpxx/sctp.hpp>

#include "../support/network_namespace.hpp"

namespace test::soak {

/// Two hosts, network namespaces, with two paths between them: clients on the one, servers on the other,
/// which is the namespace that this was made in.
class Network {
 public:
  static constexpr std::size_t paths = 2;

  Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;
  /// Throws nothing, but says on standard error what could not be done.
  ~Network();

  /// The calling process goes to the clients' host and stays there.
  void enter_clients() const;

  [[nodiscard]] static std::vector<sctp::Address> client_addresses(std::uint16_t port);
  [[nodiscard]] static std::vector<sctp::Address> server_addresses(std::uint16_t port);

  /// What leaves on a path, both ways or what the clients send alone: "netem loss 5%", "blackhole"; empty: as
  /// at first.
  void discipline(std::size_t path, const std::string& words) const;
  void discipline_clients(std::size_t path, const std::string& words) const;
  void set_up(std::size_t path, bool up) const;

  /// Associations that the kernel has, on both hosts.
  [[nodiscard]] std::size_t associations() const;

 private:
  /// A program that reads commands: starting one takes long in User Mode Linux, and longer where it is busy.
  class Tool {
   public:
    Tool() = default;
    Tool(const Tool&) = delete;
    Tool& operator=(const Tool&) = delete;
    ~Tool();
    void start(const char* program);
    void tell(const std::string& line) const;
    /// Waits until all is done. False when some of it could not be.
    [[nodiscard]] bool finish();

   private:
    std::FILE* input_ = nullptr;
  };
  [[nodiscard]] std::size_t associations_here() const;

  NetworkNamespace clients_;
  Tool link_;
  std::array<Tool, 2> discipline_;  // of the clients' host, and of the servers'
};

}  // namespace test::soak
