// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <chrono>

#include "fault_operations.hpp"

/// What the headers have as inline functions and templates, by header and declaration.
namespace sctp::test::fault {

using namespace std::chrono_literals;

namespace {

const Bytes hello = as_bytes("hello");

/// What is read in one call is not all that is there.
void reads(Stage& stage) {
  hears_own(stage);
  stage.receives = false;
}
std::string what(Stage& s, std::size_t size) {
  return size == 0 ? "nothing" : std::string{as_text(Bytes{s.room}.first(size))};
}

void add_of_associations(List& list) {
  const std::string in = "association.hpp: ";
  list.both(in + "send(Bytes payload, const SendOptions& options, std::error_code& error)", with_one,
            [](Stage& s, auto&... error) { s.association().send(hello, {}, error...); });
  list.both(
      in +
          "send(Bytes payload, const SendOptions& options, const Patience& patience, std::error_code& error)",
      with_one, [](Stage& s, auto&... error) { return s.association().send(hello, {}, 1s, error...); });
  list.both(in + "try_send(Bytes payload, const SendOptions& options, std::error_code& error)", with_one,
            [](Stage& s, auto&... error) { return s.association().try_send(hello, {}, error...); });
  list.both(in + "status(std::error_code& error)", with_one,
            [](Stage& s, auto&... error) { return s.association().status(error...); });
  list.both(in + "subscribe(std::error_code& error)", with_one,
            [](Stage& s, auto&... error) { s.association().template subscribe<SenderDry>(error...); });
  list.both(in + "unsubscribe(std::error_code& error)", with_one,
            [](Stage& s, auto&... error) { s.association().template unsubscribe<SenderDry>(error...); });
  list.both(in + "set(const O& value, std::error_code& error)", with_many,
            [](Stage& s, auto&... error) { s.association().set(option::Context{7}, error...); });
  list.both(in + "get(std::error_code& error)", with_many,
            [](Stage& s, auto&... error) { return s.association().template get<option::Context>(error...); });
  list.both(in + "set(const O& value, const typename O::Key& part, std::error_code& error)", with_many,
            [](Stage& s, auto&... error) {
              s.association().set(option::PeerAddrThlds{1, 3}, Stage::near, error...);
            });
  list.both(in + "get(const typename O::Key& part, std::error_code& error)", with_many,
            [](Stage& s, auto&... error) {
              return s.association().template get<option::PeerAddrThlds>(Stage::near, error...);
            });
}

void add_of_sockets(List& list) {
  const std::string one = "one_to_one_socket.hpp: ";
  list.both(one + "send(Bytes payload, const SendOptions& options, std::error_code& error)", own_one,
            [](Stage& s, auto&... error) { s.one.send(hello, {}, error...); });
  list.both(
      one +
          "send(Bytes payload, const SendOptions& options, const Patience& patience, std::error_code& error)",
      own_one, [](Stage& s, auto&... error) { return s.one.send(hello, {}, 1s, error...); });
  list.both(one + "try_send(Bytes payload, const SendOptions& options, std::error_code& error)", own_one,
            [](Stage& s, auto&... error) { return s.one.try_send(hello, {}, error...); });
  list.both(one + "shutdown(std::error_code& error)", own_one,
            [](Stage& s, auto&... error) { s.one.shutdown(error...); });

  const std::string any = "socket_ref.hpp: ";
  list.both(any + "subscribe(std::error_code& error)", with_many,
            [](Stage& s, auto&... error) { s.socket.template subscribe<SenderDry, StreamReset>(error...); });
  list.both(any + "unsubscribe(std::error_code& error)", with_many, [](Stage& s, auto&... error) {
    s.socket.template unsubscribe<SenderDry, StreamReset>(error...);
  });
  list.both(any + "set(const O& value, std::error_code& error)", with_many, [](Stage& s, auto&... error) {
    s.socket.set(option::DelayedSack{80ms, 3}, error...);
  });
  list.both(any + "set(const O& value, Associations which, std::error_code& error)", with_many,
            [](Stage& s, auto&... error) {
              s.socket.set(option::DelayedSack{80ms, 3}, Associations::all, error...);
            });
  list.both(any + "get(std::error_code& error)", with_many,
            [](Stage& s, auto&... error) { return s.socket.template get<option::DelayedSack>(error...); });
}

void add_of_streams(List& list) {
  const std::string in = "stream_socket.hpp: ";
  list.both(in + "write_all(S& socket, Bytes bytes, std::error_code& error)", own_one,
            [](Stage& s, auto&... error) { write_all(s.one, hello, error...); });
  list.both(in + "write_all(S& socket, Bytes bytes, const Patience& patience, std::error_code& error)",
            own_one, [](Stage& s, auto&... error) { return write_all(s.one, hello, 1s, error...); });
  list.both(in + "read_exactly(S& socket, MutableBytes room, std::error_code& error)", hears_own,
            [](Stage& s, auto&... error) {
              return what(s, read_exactly(s.one, MutableBytes{s.room}.first(7), error...));
            });
  list.both(
      in + "read_exactly(S& socket, MutableBytes room, const Patience& patience, std::error_code& error)",
      reads, [](Stage& s, auto&... error) {
        return what(s, read_exactly(s.one, MutableBytes{s.room}.first(7), Patience{1s}, error...));
      });
  list.both(in + "read_until(S& socket, std::string& text, std::string_view delimiter, std::size_t limit, "
                 "std::error_code& error)",
            reads, [](Stage& s, auto&... error) {
              std::string& text = s.told;
              return read_until(s.one, text, "wo", 1000, error...);
            });
  list.both(in + "read_until(S& socket, std::string& text, std::string_view delimiter, std::size_t limit, "
                 "const Patience& patience, std::error_code& error)",
            reads, [](Stage& s, auto&... error) {
              std::string& text = s.told;
              return read_until(s.one, text, "wo", 1000, Patience{1s}, error...);
            });
  list.only_throwing("io_stream.hpp: send_pending(std::error_code& error)", reads, [](Stage& s) {
    IoStream stream{s.one};
    stream << "hello" << std::flush;
    std::string word;
    stream >> word;
    if (stream.bad()) throw std::system_error{stream.error()};
    return word;
  });
}

}  // namespace

void add_inline(List& list) {
  add_of_associations(list);
  add_of_sockets(list);
  add_of_streams(list);
}

}  // namespace sctp::test::fault
