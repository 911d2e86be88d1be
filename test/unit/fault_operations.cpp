// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "fault_operations.hpp"

#include <chrono>

namespace sctp::test {

const std::vector<Operation>& operations() {
  static const std::vector<Operation> all = [] {
    fault::List list;
    fault::add_sockets(list);
    fault::add_messages(list);
    fault::add_associations(list);
    fault::add_helpers(list);
    fault::add_options(list);
    fault::add_inline(list);
    return list.take();
  }();
  return all;
}

namespace fault {

using namespace std::chrono_literals;
using Family = Address::Family;

namespace {

const std::vector<Address>& peers() {
  static const std::vector<Address> both{Stage::near, Stage::far};
  return both;
}
const std::vector<Address>& locals() {
  static const std::vector<Address> both{Stage::own, Address::v4({192, 0, 2, 10}, 40000)};
  return both;
}

void up_by_itself(Stage& stage) {
  own_unconnected(stage);
  stage.kernel.association_is_up(Stage::seven);
}
void own_many_alone(Stage& stage) { stage.many = OneToManySocket{Stage::own}; }
void unbound(Stage& stage) { unconnected(stage); }
void somebodys_one_to_one(Stage& stage) { stage.fd = stage.kernel.open(); }
void somebodys_peeled_off(Stage& stage) { with_peeled_off(stage); }
void somebodys_many(Stage& stage) { stage.fd = stage.kernel.open_one_to_many(); }
void bound_with_changes(Stage& stage) {
  with_capabilities(stage);
  stage.kernel.local_addresses = locals();
}
void accepting_with_all(Stage& stage) {
  own_listener(stage);
  for (const int option : {SCTP_AUTH_SUPPORTED, SCTP_ASCONF_SUPPORTED, SCTP_RECONFIG_SUPPORTED})
    stage.kernel.descriptor(stage.listener.fd()).options[{IPPROTO_SCTP, option}].assign(8, std::byte{0});
  stage.listener.set(option::AuthSupported{});
  stage.listener.set(option::Dscp{.code_point = 46});
}

}  // namespace

void add_sockets(List& list) {
  list.both("OneToOneSocket::OneToOneSocket(Address::Family)", nothing, [](Stage&, auto&... error) {
    return OneToOneSocket{Family::v6, error...};
  });
  list.both("OneToOneSocket::OneToOneSocket(Address const&)", nothing, [](Stage&, auto&... error) {
    return OneToOneSocket{Stage::near, error...};
  });
  list.both("OneToOneSocket::adopt(int)", somebodys_one_to_one, [](Stage& s, auto&... error) {
    OneToOneSocket taken = OneToOneSocket::adopt(s.fd, error...);
    return std::to_string(taken.release() >= 0);
  });
  list.both("OneToOneSocket::adopt(int)", somebodys_peeled_off, [](Stage& s, auto&... error) {
    OneToOneSocket taken = OneToOneSocket::adopt(s.fd, error...);
    return std::to_string(taken.release() >= 0);
  });
  list.both("OneToOneSocket::connect(Address const&)", own_unconnected,
            [](Stage& s, auto&... error) { s.one.connect(Stage::near, error...); });
  list.both("OneToOneSocket::connect(std::span<Address const>)", own_unconnected,
            [](Stage& s, auto&... error) { s.one.connect(peers(), error...); });
  list.both("OneToOneSocket::connect(Address const&, Patience const&)", own_unconnected,
            [](Stage& s, auto&... error) {
              s.kernel.handshake_lasts(10);
              s.one.connect(Stage::near, 1s, error...);
            });
  list.both("OneToOneSocket::connect(std::span<Address const>, Patience const&)", own_unconnected,
            [](Stage& s, auto&... error) {
              s.kernel.handshake_lasts(10);
              s.one.connect(peers(), 1s, error...);
            });
  list.both("OneToOneSocket::try_connect(Address const&)", own_unconnected,
            [](Stage& s, auto&... error) { return s.one.try_connect(Stage::near, error...); });
  list.both("OneToOneSocket::try_connect(std::span<Address const>)", own_unconnected,
            [](Stage& s, auto&... error) { return s.one.try_connect(peers(), error...); });
  list.both(
      "OneToOneSocket::connect_and_send(Address const&, std::span<std::byte const>, SendOptions const&)",
      own_unconnected,
      [](Stage& s, auto&... error) { s.one.connect_and_send(Stage::near, as_bytes("hello"), {}, error...); });
  list.only_throwing("OneToOneSocket::association() const &", up_by_itself,
                     [](Stage& s) { return s.one.association().id(); });
  list.only_throwing("OneToOneSocket::abort(std::string_view)", own_one,
                     [](Stage& s) { s.one.abort("why"); });
  list.only_throwing("OneToOneSocket::abort(std::string_view)", own_many, [](Stage& s) {
    std::error_code error;
    OneToOneSocket off = s.many.peel_off(Stage::seven, s.buffer, s.there, error);
    off.abort("why");
  });
  list.only_throwing("Socket::close()", own_one, [](Stage& s) { s.one.close(); });

  list.both("Listener::Listener(Address::Family)", nothing, [](Stage&, auto&... error) {
    return Listener{Family::v6, error...};
  });
  list.both("Listener::Listener(Address const&)", nothing, [](Stage&, auto&... error) {
    return Listener{Stage::own, error...};
  });
  list.both("Listener::listen(int)", own_unbound_listener,
            [](Stage& s, auto&... error) { s.listener.listen(8, error...); });
  list.both("Listener::accept()", accepting_with_all,
            [](Stage& s, auto&... error) { return s.listener.accept(error...); });
  list.both("Listener::accept(Patience const&)", own_listener,
            [](Stage& s, auto&... error) { return s.listener.accept(1s, error...); });
  list.both("Listener::try_accept()", own_listener,
            [](Stage& s, auto&... error) { return s.listener.try_accept(error...); });

  list.both("OneToManySocket::OneToManySocket(Address::Family)", nothing, [](Stage&, auto&... error) {
    return OneToManySocket{Family::v6, error...};
  });
  list.both("OneToManySocket::OneToManySocket(Address const&)", nothing, [](Stage&, auto&... error) {
    return OneToManySocket{Stage::own, error...};
  });
  list.both("OneToManySocket::adopt(int)", somebodys_many, [](Stage& s, auto&... error) {
    OneToManySocket taken = OneToManySocket::adopt(s.fd, error...);
    return std::to_string(taken.release() >= 0);
  });
  list.both("OneToManySocket::listen() const", own_many,
            [](Stage& s, auto&... error) { s.many.listen(error...); });
  list.both("OneToManySocket::connect(Address const&) const", own_many_alone,
            [](Stage& s, auto&... error) { return s.many.connect(Stage::near, error...); });
  list.both("OneToManySocket::connect(std::span<Address const>) const", own_many_alone,
            [](Stage& s, auto&... error) { return s.many.connect(peers(), error...); });
  list.both(
      "OneToManySocket::connect_and_send(Address const&, std::span<std::byte const>, SendOptions const&) "
      "const",
      own_many_alone, [](Stage& s, auto&... error) {
        return s.many.connect_and_send(Stage::near, as_bytes("hello"), {}, error...);
      });
  list.both("OneToManySocket::associations() const", own_many,
            [](Stage& s, auto&... error) { return s.many.associations(error...); });
  list.both("OneToManySocket::send_to_all(std::span<std::byte const>, SendOptions const&) const", own_many,
            [](Stage& s, auto&... error) { return s.many.send_to_all(as_bytes("hello"), {}, error...); });
  list.both(
      "OneToManySocket::peel_off(AssociationId, ReceiveBuffer&, ReceiveBuffer&) const", own_many,
      [](Stage& s, auto&... error) { return s.many.peel_off(Stage::seven, s.buffer, s.there, error...); });

  list.both("SocketRef::bind(Address const&) const", unbound,
            [](Stage& s, auto&... error) { s.socket.bind(Stage::own, error...); });
  list.both("SocketRef::bind(std::span<Address const>) const", unbound,
            [](Stage& s, auto&... error) { s.socket.bind(locals(), error...); });
  list.both("SocketRef::add_address(Address const&) const", bound_with_changes, [](Stage& s, auto&... error) {
    s.socket.add_address(Address::v4({192, 0, 2, 11}, 0), error...);
  });
  list.both("SocketRef::remove_address(Address const&) const", bound_with_changes,
            [](Stage& s, auto&... error) { s.socket.remove_address(locals()[1], error...); });
  list.both("SocketRef::replace_address(Address const&, Address const&) const", bound_with_changes,
            [](Stage& s, auto&... error) {
              s.socket.replace_address(locals()[1], Address::v4({192, 0, 2, 11}, 0), error...);
            });
  list.both("SocketRef::local_address() const", with_one,
            [](Stage& s, auto&... error) { return s.socket.local_address(error...); });
  list.both("SocketRef::peer_address() const", with_one,
            [](Stage& s, auto&... error) { return s.socket.peer_address(error...); });
  list.both("SocketRef::local_addresses() const", with_one,
            [](Stage& s, auto&... error) { return s.socket.local_addresses(error...); });
  list.both("SocketRef::set_nonblocking(bool) const", with_one,
            [](Stage& s, auto&... error) { s.socket.set_nonblocking(true, error...); });
  list.both("SocketRef::wait(Readiness, Patience const&) const", with_one, [](Stage& s, auto&... error) {
    return s.socket.wait({.receive = true, .send = true}, 1s, error...);
  });
}

}  // namespace fault
}  // namespace sctp::test
