// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <array>
#include <chrono>

#include "fault_operations.hpp"

/// What is about associations: asked, changed, ended.
namespace sctp::test::fault {

using namespace std::chrono_literals;
using Direction = Association::Direction;

namespace {

void owns_peeled_off(Stage& stage) {
  own_many(stage);
  stage.one = stage.many.peel_off(Stage::seven, stage.buffer, stage.there);
  stage.many.close();
  stage.socket = stage.one;
}
void hears_many_that_answer(Stage& stage) {
  hears_many(stage);
  for (auto& [id, one] : stage.kernel.descriptor(stage.many.fd()).associations)
    one.peer_answers_shutdown = true;
}
void hears_the_end(Stage& stage) { hears_own(stage); }
void ends(Stage& stage) {
  hears_own(stage);
  stage.ending.emplace(stage.one.association());
}
/// Who is told that the steps are done takes no more of them.
std::string step_text(Shutdown::Next next) { return next == Shutdown::Next::done ? "end" : ""; }
void all_end(Stage& stage) {
  hears_many_that_answer(stage);
  stage.ending_all.emplace(stage.many);
}

}  // namespace

void add_associations(List& list) {
  for (const Prepare with : {with_one, with_peeled_off, with_many}) {
    list.both("Association::peer_addresses() const", with,
              [](Stage& s, auto&... error) { return s.association().peer_addresses(error...); });
    list.both("Association::local_addresses() const", with,
              [](Stage& s, auto&... error) { return s.association().local_addresses(error...); });
    list.both("Association::request_heartbeat(Address const&) const", with,
              [](Stage& s, auto&... error) { s.association().request_heartbeat(Stage::near, error...); });
    list.both("Association::request_heartbeats() const", with,
              [](Stage& s, auto&... error) { s.association().request_heartbeats(error...); });
    list.both("Association::shutdown() const", with,
              [](Stage& s, auto&... error) { s.association().shutdown(error...); });
  }
  for (const Prepare with : {with_peeled_off, with_many}) {
    list.both("Association::paths() const", with,
              [](Stage& s, auto&... error) { return s.association().paths(error...); });
    list.both("Association::abort(std::string_view) const", with,
              [](Stage& s, auto&... error) { s.association().abort("why", error...); });
  }
  list.both("Association::reset_streams(Association::Direction, std::span<StreamId const>) const",
            with_capabilities, [](Stage& s, auto&... error) {
              static constexpr std::array some{StreamId{1}, StreamId{2}};
              s.association().reset_streams(Direction::both, some, error...);
            });
  list.both("Association::add_streams(unsigned short, unsigned short) const", with_capabilities,
            [](Stage& s, auto&... error) { s.association().add_streams(1, 1, error...); });
  list.both("Association::reset() const", with_capabilities,
            [](Stage& s, auto&... error) { s.association().reset(error...); });

  list.both("OneToOneSocket::shutdown(ReceiveBuffer&, Patience const&, ReceiveHandler)", hears_the_end,
            [](Stage& s, auto&... error) {
              return s.one.shutdown(
                  s.buffer, 50ms, [&](const Received& received) { s.hear(received); }, error...);
            });
  list.both("OneToOneSocket::shutdown(ReceiveBuffer&, Patience const&, ReceiveHandler)", owns_peeled_off,
            [](Stage& s, auto&... error) {
              return s.one.shutdown(
                  s.there, 50ms, [&](const Received& received) { s.hear(received); }, error...);
            });
  list.both("OneToManySocket::shutdown_all(ReceiveBuffer&, Patience const&, ReceiveHandler) const",
            hears_many_that_answer, [](Stage& s, auto&... error) {
              return s.many.shutdown_all(
                  s.buffer, 50ms, [&](const Received& received) { s.hear(received); }, error...);
            });
  list.both("Shutdown::Shutdown(Association)", own_one, [](Stage& s, auto&... error) {
    return Shutdown{s.one.association(), error...}.is_gone();
  });
  list.only_with_error("Shutdown::step(ReceiveBuffer&, ReceiveHandler)", ends,
                       [](Stage& s, std::error_code& error) {
                         return step_text(s.ending->step(
                             s.buffer, [&](const Received& received) { s.hear(received); }, error));
                       });
  list.both("ShutdownAll::ShutdownAll(SocketRef)", own_many, [](Stage& s, auto&... error) {
    static_cast<void>(ShutdownAll{s.many, error...});
  });
  list.only_with_error("ShutdownAll::step(ReceiveBuffer&, ReceiveHandler)", all_end,
                       [](Stage& s, std::error_code& error) {
                         return step_text(s.ending_all->step(
                             s.buffer, [&](const Received& received) { s.hear(received); }, error));
                       });
}

}  // namespace sctp::test::fault
