// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "kernel.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <linux/sctp.h>

namespace test {
namespace {

bool own_network = false;

bool write_file(const char* path, const std::string& content) {
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool written = ::write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size());
  ::close(fd);
  return written;
}

template <class Change>
bool change_interface(const char* interface, unsigned long request, Change change) {
  ifreq settings{};
  std::strncpy(settings.ifr_name, interface, sizeof settings.ifr_name - 1);
  change(settings);
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const bool changed = ::ioctl(fd, request, &settings) == 0;
  ::close(fd);
  return changed;
}

bool switch_loopback(bool up) {
  const auto set_flags = [up](ifreq& settings) { settings.ifr_flags = up ? IFF_UP | IFF_RUNNING : 0; };
  return change_interface("lo", SIOCSIFFLAGS, set_flags);
}

bool add_address(const char* alias, const std::array<std::uint8_t, 4>& bytes) {
  const auto set = [](sockaddr& field, const std::array<std::uint8_t, 4>& value) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    std::memcpy(&address.sin_addr, value.data(), value.size());
    std::memcpy(&field, &address, sizeof address);
  };
  return change_interface(alias, SIOCSIFADDR, [&](ifreq& settings) { set(settings.ifr_addr, bytes); }) &&
         change_interface(alias, SIOCSIFNETMASK, [&](ifreq& settings) {
           set(settings.ifr_netmask, {255, 255, 255, 255});
         });
}

bool enter_own_network() {
  const auto user = ::geteuid();
  const auto group = ::getegid();
  if (::unshare(CLONE_NEWNET) != 0) {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return false;
    write_file("/proc/self/setgroups", "deny");
    write_file("/proc/self/uid_map", "0 " + std::to_string(user) + " 1");
    write_file("/proc/self/gid_map", "0 " + std::to_string(group) + " 1");
  }
  return change_interface("lo", SIOCSIFMTU, [](ifreq& settings) { settings.ifr_mtu = 1500; }) &&
         switch_loopback(true) &&
         // Without any address but loopback's, the kernel refuses to try others than loopback's.
         add_address("lo:2", {10, 77, 0, 2});
}

/// Before `main`, which is Catch2's.
const struct Environment {
  Environment() {
    std::error_code error;
    const sctp::OneToOneSocket probe{sctp::Address::Family::v4, error};
    if (error) {
      std::printf("skipped: %s\n", error.message().c_str());
      std::exit(77);
    }
    own_network = enter_own_network();
    if (!own_network && std::getenv("SCTPXX_TEST_CHANGES_NETWORK") != nullptr) {
      std::printf("skipped: needs a network namespace of its own (be root, or permit user namespaces)\n");
      std::exit(77);
    }
  }
} environment;

}  // namespace

bool has_own_network() noexcept { return own_network; }

void set_loopback_up(bool up) {
  if (!own_network || !switch_loopback(up)) throw std::runtime_error{"cannot switch the interface"};
}

void add_address(const std::array<std::uint8_t, 4>& address) {
  const std::string alias = "lo:" + std::to_string(address.back());
  if (!own_network || !add_address(alias.c_str(), address)) throw std::runtime_error{"cannot add an address"};
}

namespace {

bool traffic_control(const std::string& words) {
  return own_network && std::system(("PATH=$PATH:/usr/sbin:/sbin tc " + words).c_str()) == 0;
}

}  // namespace

Network::Network(const std::string& discipline) {
  if (!traffic_control("qdisc add dev lo root " + discipline)) throw std::runtime_error{"needs tc and netem"};
}

Network::~Network() {
  if (!traffic_control("qdisc del dev lo root")) std::abort();
}

// Of two bands the second loses everything, and the first takes what is not told to go there.
Swallow::Swallow(std::uint8_t chunk_type)
    : network_{"handle 1: prio bands 2 priomap 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0"} {
  const std::string match = "u32 match ip protocol 132 0xff match u8 " + std::to_string(chunk_type) +
                            " 0xff at 32 flowid 1:2";  // behind both headers
  if (!traffic_control("qdisc add dev lo parent 1:2 netem loss 100%") ||
      !traffic_control("filter add dev lo parent 1: protocol ip " + match)) {
    throw std::runtime_error{"needs tc, netem and the kernel's u32"};
  }
}

sctp::Listener listen(sctp::Address::Family family, const Tune& tune) {
  sctp::Listener listener{family};
  tune(listener);
  listener.bind(sctp::Address::loopback(family, 0));
  listener.listen();
  return listener;
}

Ends connect(const Tune& tune_both, const Tune& tune_server, sctp::Address::Family family) {
  sctp::Listener listener = listen(family, [&](const sctp::SocketRef& socket) {
    tune_both(socket);
    tune_server(socket);
  });
  Ends ends{sctp::OneToOneSocket{family}, {}};
  tune_both(ends.client);
  ends.client.connect(listener.local_address());
  ends.server = listener.accept();
  return ends;
}

std::vector<std::byte> pattern(std::size_t size, std::uint32_t seed) {
  std::vector<std::byte> bytes(size);
  std::uint32_t state = seed * 2654435761U + 12345U;
  for (std::byte& byte : bytes) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<std::byte>(state >> 24U);
  }
  return bytes;
}

sctp::Message next_message(const sctp::SocketRef& socket, sctp::ReceiveBuffer& buffer) {
  for (;;) {
    std::error_code error;
    const sctp::Received received = socket.receive(buffer, error);
    if (const sctp::Message* message = received.message()) return *message;
    if (!received) throw std::runtime_error{"no message but " + describe(received, error)};
  }
}

std::string describe(const sctp::Received& received, std::error_code error) {
  using enum sctp::Received::Status;
  switch (received.status()) {
    case end_of_stream: return "end of stream";
    case would_block: return "would block";
    case failed: return "error: " + error.message();
    case message:
    case notification: break;
  }
  return received.match(
      [](const sctp::Message& message) {
        return message.payload.size() > 80 ? "message of " + std::to_string(message.payload.size()) + " bytes"
                                           : "message " + std::string{text(message.payload)};
      },
      [](const sctp::AssociationChange& change) {
        std::string answer = to_string(change.state);
        if (change.state == sctp::AssociationChange::State::lost) answer += ": " + to_string(change.cause);
        return answer;
      },
      [](const sctp::ShutdownReceived&) { return std::string{"the peer shuts down"}; },
      [](const sctp::PartialDeliveryAborted&) { return std::string{"a message was aborted"}; },
      [](const auto& event) { return to_string(event); });
}

std::string tell(const sctp::Received& received, std::error_code error) {
  const auto* change =
      received.notification() ? std::get_if<sctp::AssociationChange>(received.notification()) : nullptr;
  if (change == nullptr) return describe(received, error);
  std::string text = to_string(change->state) + ", " + to_string(change->end);
  if (change->cause != sctp::Cause::none) text += ", " + to_string(change->cause);
  for (const sctp::ErrorCause& cause : sctp::ErrorCauses{change->info}) text += ", " + to_string(cause);
  return text;
}

std::string next(const sctp::SocketRef& socket, sctp::ReceiveBuffer& buffer, Mode mode) {
  std::error_code error;
  if (mode == Mode::blocking) return describe(socket.receive(buffer, error), error);
  for (;;) {
    const std::string answer = describe(socket.try_receive(buffer, error), error);
    if (answer != "would block") return answer;
    wait_for(socket.fd(), POLLIN);
  }
}

std::vector<std::string> next(std::size_t count, const sctp::SocketRef& socket, sctp::ReceiveBuffer& buffer,
                              Mode mode) {
  std::vector<std::string> answers;
  while (answers.size() != count) answers.push_back(next(socket, buffer, mode));
  return answers;
}

void wait_for(int fd, short events) {
  pollfd descriptor{fd, events, 0};
  while (::poll(&descriptor, 1, -1) < 0) {
  }
}

void wait_for_packets() { static_cast<void>(connect()); }

void wait_until_gone(const sctp::Association& association) {
  wait_until([&] {
    std::error_code gone;
    static_cast<void>(association.status(gone));
    return bool{gone};
  });
}

std::size_t fill(const sctp::Association& association, const sctp::OneToOneSocket& peer) {
  std::size_t sent = 0;
  for (bool takes_more = true; takes_more;) {
    takes_more = sctp::association_info(peer.association()).local_window != 0 ||
                 association.status().unacknowledged_chunks > 1;  // one asks whether there is room
    while (association.try_send(pattern(10'000))) ++sent;
  }
  return sent;
}

std::optional<RawPiece> read_piece(const sctp::SocketRef& socket, sctp::MutableBytes room) {
  iovec where{room.data(), room.size()};
  alignas(cmsghdr) std::array<std::byte, 512> control;
  msghdr message{};
  message.msg_iov = &where;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t size = ::recvmsg(socket.fd(), &message, MSG_DONTWAIT);
  if (size <= 0) return std::nullopt;
  RawPiece read;
  read.control_truncated = (message.msg_flags & MSG_CTRUNC) != 0;
  sctp::Piece& piece = read.piece;
  piece.size = static_cast<std::size_t>(size);
  piece.end_of_record = (message.msg_flags & MSG_EOR) != 0;
  piece.is_notification = (message.msg_flags & MSG_NOTIFICATION) != 0;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    read.controls.push_back(header->cmsg_type);
    if (header->cmsg_level != IPPROTO_SCTP || header->cmsg_type != SCTP_RCVINFO) continue;
    sctp_rcvinfo info;
    std::memcpy(&info, CMSG_DATA(header), sizeof info);
    piece.has_info = true;
    piece.stream = sctp::StreamId{info.rcv_sid};
    piece.ppid = sctp::Ppid{ntohl(info.rcv_ppid)};
    piece.association = sctp::AssociationId{info.rcv_assoc_id};
    piece.unordered = (info.rcv_flags & SCTP_UNORDERED) != 0;
    piece.ssn = info.rcv_ssn;
    piece.tsn = info.rcv_tsn;
    piece.context = info.rcv_context;
  }
  return read;
}

void read_beginning(const sctp::SocketRef& socket, sctp::ReceiveBuffer& buffer) {
  while (buffer.unfinished() == 0) {
    wait_for(socket.fd(), POLLIN);
    const auto read = read_piece(socket, buffer.prepare());
    if (!read) throw std::runtime_error{"nothing to read"};
    std::error_code error;
    const auto received = buffer.commit(read->piece, error);
    if (error) throw std::system_error{error};
    if (received && received->message() != nullptr) throw std::runtime_error{"a whole message"};
  }
}

std::size_t open_descriptors() {
  using Directory = std::filesystem::directory_iterator;
  return static_cast<std::size_t>(std::distance(Directory{"/proc/self/fd"}, Directory{}));
}

int thread_id() noexcept { return ::gettid(); }

bool is_blocked(int thread) {
  std::ifstream file{"/proc/self/task/" + std::to_string(thread) + "/stat"};
  std::string stat;
  std::getline(file, stat);
  const std::size_t end_of_name = stat.rfind(") ");
  return end_of_name != std::string::npos && stat[end_of_name + 2] == 'S';
}

}  // namespace test
