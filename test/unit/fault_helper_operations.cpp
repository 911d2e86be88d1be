// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <net/if.h>

#include <chrono>

#include "diag_answer.hpp"
#include "fault_operations.hpp"
#include "many_associations.hpp"

/// What stands on the public API, and what needs no socket.
namespace sctp::test::fault {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

void with_table(Stage& stage) {
  own_many(stage);
  stage.table = std::make_unique<AssociationTable>(stage.many);
  const auto change = stage.table->take(came_up(Stage::seven));
  stage.key = change->key;
}
void with_overdue(Stage& stage) {
  with_table(stage);
  stage.table->expect_end(stage.key, 1ms);
}
void with_queue(Stage& stage) {
  own_many(stage);
  stage.queue = std::make_unique<SendQueue>(stage.many);
  stage.kernel.fail_next(Call::sendmsg, EAGAIN);
  std::error_code error;
  static_cast<void>(stage.queue->send(Stage::seven, as_bytes("waits"), {}, error));
}
void with_queue_that_hears(Stage& stage) {
  hears_many(stage);
  stage.queue = std::make_unique<SendQueue>(stage.many);
}
/// The share is used up: the next message asks for the event that tells of everything acknowledged.
void with_full_share(Stage& stage) {
  own_many(stage);
  SendQueue::Limits limits;
  limits.share = 4096;
  stage.queue = std::make_unique<SendQueue>(stage.many, limits);
  std::error_code error;
  while (stage.queue->send(Stage::seven, as_bytes("x"), {}, error) == SendQueue::Result::sent) {
  }
}
void with_monitor(Stage& stage) {
  with_peeled_off(stage);
  stage.monitor = std::make_unique<PathMonitor>(stage.association(), Stage::near);
}
void with_waker(Stage& stage) { stage.waker.emplace(); }
void with_secret(Stage& stage) {
  unconnected(stage);
  stage.socket.set(SharedSecret{.secret = as_bytes("secret")});
  stage.kernel.association_is_up(Stage::seven);
  stage.kernel.descriptor(stage.fd).negotiated[SCTP_AUTH_SUPPORTED] = 1;
}
void with_diagnosis(Stage& stage) {
  with_one(stage);
  for (int i = 0; i != 3; ++i)
    stage.kernel.netlink_answers.push_back(DiagAnswer{}.with_memory(11, 22).with_info(some_info()).bytes());
}
void with_interfaces(Stage& stage) {
  stage.kernel.interfaces = {{"lo", 1}, {"eth0", 2}};
  stage.kernel.interface_list = {{"lo", IFF_UP | IFF_LOOPBACK, Address::parse("127.0.0.1:0")},
                                 {"eth0", IFF_UP, Address::parse("192.0.2.1:0")}};
}
void with_names(Stage& stage) {
  stage.kernel.names["two.example"] = {Address{"2001:db8::1", 0}, Address{"192.0.2.1", 0}};
  stage.kernel.services["diameter"] = 3868;
}
void with_zone(Stage& stage) { stage.kernel.interfaces = {{"eth0", 2}}; }

}  // namespace

void add_helpers(List& list) {
  list.only_throwing("AssociationTable::AssociationTable(SocketRef)", own_many,
                     [](Stage& s) { return AssociationTable{s.many}.size(); });
  list.only_throwing("AssociationTable::take(Notification const&)", with_table,
                     [](Stage& s) { return s.table->take(came_up(Stage::eight)).has_value(); });
  list.only_throwing("AssociationTable::take(BasicReceived<Message> const&)", with_table, [](Stage& s) {
    return s.table->take(Received{Notification{restarted(Stage::seven)}}).has_value();
  });
  list.only_throwing("AssociationTable::add(AssociationId)", with_table,
                     [](Stage& s) { return s.table->add(Stage::eight).id; });
  list.only_throwing("AssociationTable::shutdown(AssociationTable::Key, std::chrono::milliseconds)",
                     with_table, [](Stage& s) { s.table->shutdown(s.key, 1s); });
  list.only_throwing("AssociationTable::abort(AssociationTable::Key, std::string_view)", with_table,
                     [](Stage& s) { s.table->abort(s.key, "why"); });
  list.only_throwing("AssociationTable::abort_overdue(std::chrono::steady_clock::time_point)", with_overdue,
                     [](Stage& s) { return s.table->abort_overdue(Clock::now() + 1h).has_value(); });

  list.only_throwing("SendQueue::SendQueue(SocketRef)", own_many,
                     [](Stage& s) { return SendQueue{s.many}.waiting(); });
  list.only_throwing("SendQueue::SendQueue(SocketRef, SendQueue::Limits const&)", own_many, [](Stage& s) {
    return SendQueue{s.many, SendQueue::Limits{}}.waiting();
  });
  for (const Prepare with : {with_queue, with_full_share}) {
    list.both("SendQueue::send(AssociationId, std::span<std::byte const>, SendOptions const&)", with,
              [](Stage& s, auto&... error) {
                return s.queue->send(Stage::eight, as_bytes("hello"), {}, error...);
              });
    list.only_throwing("SendQueue::flush()", with, [](Stage& s) { return s.queue->flush(); });
    list.only_throwing("SendQueue::shutdown(AssociationId)", with,
                       [](Stage& s) { s.queue->shutdown(Stage::eight); });
    list.only_throwing("SendQueue::remove(AssociationId)", with,
                       [](Stage& s) { return s.queue->remove(Stage::seven).size(); });
    list.only_throwing("SendQueue::take(Notification const&)", with,
                       [](Stage& s) { return s.queue->take(Notification{SenderDry{Stage::seven}}); });
    list.only_throwing("SendQueue::take(BasicReceived<Message> const&)", with, [](Stage& s) {
      return s.queue->take(Received{Notification{SenderDry{Stage::seven}}});
    });
  }
  list.both("SendQueue::receive(ReceiveBuffer&, Patience const&)", with_queue_that_hears,
            [](Stage& s, auto&... error) { return s.queue->receive(s.buffer, 1s, error...); });

  list.only_throwing("PathMonitor::PathMonitor(Association, std::optional<Address>)", with_many,
                     [](Stage& s) {
                       return PathMonitor{s.association(), Stage::near}.paths().size();
                     });
  list.only_throwing("PathMonitor::prefer(Address const&)", with_monitor,
                     [](Stage& s) { s.monitor->prefer(Stage::far); });
  list.only_throwing("PathMonitor::take(Notification const&)", with_monitor, [](Stage& s) {
    return s.monitor->take(Notification{restarted(Stage::seven)}).has_value();
  });
  list.only_throwing("PathMonitor::take(BasicReceived<Message> const&)", with_monitor, [](Stage& s) {
    return s.monitor->take(Received{Notification{restarted(Stage::seven)}}).has_value();
  });

  list.both("Waker::Waker()", nothing, [](Stage&, auto&... error) { return Waker{error...}.fd() >= 0; });
  list.only_throwing("Waker::~Waker()", nothing, [](Stage&) { const Waker waker; });
  list.only_throwing("Waker::wake()", with_waker, [](Stage& s) {
    s.waker->wake();
    return s.waker->is_awake();
  });
  list.only_throwing("Waker::reset()", with_waker, [](Stage& s) {
    s.waker->wake();
    s.waker->reset();
    return s.waker->is_awake();
  });
  list.only_throwing("Patience::exhaust() const", nothing, [](Stage& s) {
    Patience{5ms}.exhaust();
    return s.kernel.now > 1'000'000;
  });
  list.only_throwing("Reconnector::connect(Patience const&)", nothing, [](Stage&) {
    Reconnector::Settings settings;
    settings.pauses = Backoff{1ms, 1ms, 1};
    Reconnector reconnector{{Stage::near}, settings};
    return reconnector.connect(1s).has_value();
  });

  list.both("addresses_of(std::initializer_list<std::string_view >, unsigned short)", with_interfaces,
            [](Stage&, auto&... error) { return addresses_of({"eth0"}, 3868, error...); });
  list.both("network_interfaces()", with_interfaces,
            [](Stage&, auto&... error) { return network_interfaces(error...).size(); });
  list.both("association_info(Association const&)", with_diagnosis,
            [](Stage& s, auto&... error) { return association_info(s.association(), error...); });
  list.only_throwing("available()", nothing, [](Stage&) { return bool{available()}; });
  list.only_throwing("knows_secret(Association const&)", with_secret,
                     [](Stage& s) { return knows_secret(s.association()); });
  list.both("probe_features()", nothing, [](Stage&, auto&... error) { return probe_features(error...); });
  list.both("resolve(std::string_view, std::string_view, Address::Family)", with_names,
            [](Stage&, auto&... error) {
              return resolve("two.example", "diameter", Address::Family::v6, error...);
            });
  list.both(
      "resolve(std::string_view, unsigned short, Address::Family)", with_names,
      [](Stage&, auto&... error) { return resolve("two.example", 3868, Address::Family::v6, error...); });
  list.both("Address::Address(std::string_view, unsigned short)", with_zone, [](Stage&, auto&... error) {
    return Address{"fe80::1%eth0", 7, error...};
  });
  list.both("Address::parse(std::string_view)", with_zone,
            [](Stage&, auto&... error) { return Address::parse("[fe80::1%eth0]:7", error...); });
}

}  // namespace sctp::test::fault
