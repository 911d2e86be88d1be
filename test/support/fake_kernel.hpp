// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sctpxx/address.hpp>
#include <sctpxx/bytes.hpp>
#include <sctpxx/ids.hpp>

#include "allocation_counter.hpp"

#include <linux/sctp.h>  // needs <sys/socket.h> and <cstdint> before it

/// A kernel that does what a test tells it, in place of `src/sys.cpp`.
namespace sctp::test {

enum class Call : std::uint8_t {
  socket,
  close,
  bind,
  listen,
  accept4,
  shutdown,
  getsockname,
  getpeername,
  getsockopt,
  setsockopt,
  sendmsg,
  recvmsg,
  sendmmsg,
  recvmmsg,
  poll,
  get_fd_flags,
  set_fd_flags,
  get_status_flags,
  set_status_flags,
  interface_index,
  getifaddrs,
  getaddrinfo,
  eventfd,
  signal_eventfd,
  clear_eventfd,
  bindx,
  connectx,
};
std::string to_string(Call call);

/// One entry of the receive queue: `piece("hello").on(StreamId{3}).with(ppid::ngap).end()`.
struct Arrival {
  std::vector<std::byte> bytes;
  bool is_event = false;
  bool ends_record = false;
  enum class Control : std::uint8_t { info, info_after_others, cut_info, none } control = Control::info;
  StreamId stream{};
  Ppid wire_ppid{};
  AssociationId association{};
  bool is_unordered = false;
  std::uint16_t info_ssn = 0;
  std::uint32_t info_tsn = 0;
  std::uint32_t info_context = 0;
  int fd = -1;  // the descriptor that it has come to; -1: whichever reads
  std::optional<Address> source = Address::v4({192, 0, 2, 1}, 5000);

  Arrival& on(StreamId id) { return stream = id, *this; }
  Arrival& with(Ppid ppid) { return wire_ppid = ppid, *this; }
  Arrival& of(AssociationId id) { return association = id, *this; }
  Arrival& unordered() { return is_unordered = true, *this; }
  Arrival& ssn(std::uint16_t number) { return info_ssn = number, *this; }
  Arrival& tsn(std::uint32_t number) { return info_tsn = number, *this; }
  Arrival& context(std::uint32_t value) { return info_context = value, *this; }
  Arrival& from(const Address& address) { return source = address, *this; }
  Arrival& at(int descriptor) { return fd = descriptor, *this; }
  Arrival& end() { return ends_record = true, *this; }
  Arrival& carrying(Control what) { return control = what, *this; }
};
/// A piece of a message; without `end` the message goes on.
Arrival piece(std::string_view text);
/// A whole event, as `records.hpp` builds it.
Arrival event(std::vector<std::byte> record);

/// What one sendmsg was given.
struct Sent {
  int fd = -1;
  std::string data;
  int flags = 0;
  std::optional<Address> destination;
  bool has_info = false;  // SCTP_SNDINFO; the fields up to `context` are from there
  std::uint16_t stream = 0;
  std::uint16_t info_flags = 0;
  std::array<std::uint8_t, 4> ppid_on_the_wire{};
  std::int32_t association = 0;
  std::uint32_t context = 0;
  struct Reliability {
    std::uint16_t policy = 0;
    std::uint32_t value = 0;
    friend bool operator==(const Reliability&, const Reliability&) = default;
  };
  std::optional<Reliability> reliability;  // SCTP_PRINFO
  std::size_t control_messages = 0;
};

/// What one getsockopt or setsockopt was given.
struct OptionCall {
  bool sets = false;
  int fd = -1;
  std::pair<int, int> option{};  // level and name
  std::vector<std::byte> value{};
};

/// What the kernel keeps of one association of a one-to-many or peeled-off descriptor.
struct FakeAssociation {
  int state = SCTP_ESTABLISHED;
  std::uint16_t streams_out = 10;
  std::uint16_t streams_in = 10;
  std::uint16_t unacknowledged = 0;
  std::vector<Address> addresses{};  // the peer's
  static constexpr int hidden = -1;
  std::map<Address, int> paths{};      // their states; the first is active and the others are unconfirmed
  std::set<std::uint16_t> events{};    // subscribed
  std::map<int, bool> capabilities{};  // negotiated, by option
  int send_fails = 0;                  // with this errno, as long as it stands there; what ends it does not
  bool peer_answers_shutdown = false;  // at once: then it is gone, and the event is there
};

/// What one bindx did: the first of its addresses, and whether peers are asked to follow.
struct AddressChange {
  bool adds = true;
  Address address{};
  bool is_told = false;
  friend bool operator==(const AddressChange&, const AddressChange&) = default;
};

/// What the kernel keeps of one descriptor.
struct Descriptor {
  int domain = AF_INET;
  int type = SOCK_STREAM;
  int protocol = IPPROTO_SCTP;
  int status_flags = 0;
  int fd_flags = 0;
  bool is_peeled_off = false;
  bool is_eventfd = false;
  std::uint64_t event_count = 0;
  std::optional<int> backlog;  // once it listens
  std::optional<int> shut_down_how;
  std::optional<Address> local;
  std::optional<Address> peer;
  std::map<std::pair<int, int>, std::vector<std::byte>> options;  // by level and name
  std::set<std::uint16_t> events;                                 // subscribed
  std::set<std::int32_t> event_scopes;                            // association ids that SCTP_EVENT was given
  std::vector<std::uint8_t> all_events;                           // what SCTP_EVENTS was given last
  std::map<std::int32_t, FakeAssociation> associations;           // of SOCK_SEQPACKET only
  struct PathKey {
    int option = 0;
    std::int32_t association = 0;      // 0 where the descriptor has one
    std::optional<Address> address{};  // none: all paths
    friend auto operator<=>(const PathKey&, const PathKey&) = default;
  };
  std::map<PathKey, std::vector<std::byte>> path_options{};  // as they were set
  std::map<std::int32_t, Address> primaries{};               // by association, as for PathKey
  std::map<std::pair<std::int32_t, std::uint16_t>, std::uint16_t> stream_values{};  // association and stream
  std::map<int, bool> negotiated{};  // what its one association has, by option; not of one-to-many
  std::set<std::uint8_t> auth_chunks{};
  std::set<std::uint8_t> peer_auth_chunks{};
  std::vector<std::uint16_t> hmacs{SCTP_AUTH_HMAC_ID_SHA1};
  std::map<std::uint16_t, std::vector<std::byte>> keys{{0, {}}};
  std::uint16_t active_key = 0;

  /// Whether it may have more than one association.
  [[nodiscard]] bool has_many() const noexcept { return type == SOCK_SEQPACKET && !is_peeled_off; }
};

/// One at a time, from the start of a test to its end.
///
/// By itself every call succeeds: `socket` hands out numbers that are never used twice, `connectx` brings the
/// association up (on a one-to-many descriptor: begins one of the next number, which stays under way),
/// `recvmsg` on an empty queue says EAGAIN where it may not block. Several threads may call. What a test did
/// not foresee (a blocking recvmsg with nothing to come, a call on a closed descriptor) and what must never
/// happen (a leak, a second close, a send without MSG_NOSIGNAL) is a complaint, and a complaint fails the
/// test.
class FakeKernel {
 public:
  FakeKernel();
  ~FakeKernel();
  FakeKernel(const FakeKernel&) = delete;
  FakeKernel& operator=(const FakeKernel&) = delete;
  static FakeKernel& current();

  /// The next `times` calls of this kind fail; scripts for one kind are taken in the order in which they
  /// came.
  void fail_next(Call call, int error, int times = 1);
  /// The call of any kind but `close` that comes after `position` others fails.
  void fail_at(std::size_t position, int error);

  /// Behind what is queued already.
  void receives(const Arrival& arrival);
  /// After the queue, recvmsg answers 0 for ever.
  void ends_stream() { stream_ended = true; }
  /// What recvmsg says once when the queue is empty, or SO_ERROR, whoever asks first.
  void has_error(int error) { pending_error = error; }

  /// The one association of a one-to-one descriptor, whichever: what SCTP_STATUS says.
  void association_is_up(AssociationId id, std::uint16_t streams_out = 10, std::uint16_t streams_in = 10);
  void association_is_gone() { up = {}; }
  /// One of a one-to-many descriptor, or the one of a peeled-off one; where there is none of this number it
  /// is made, and up.
  FakeAssociation& association(int fd, AssociationId id) {
    return descriptor(fd).associations[static_cast<std::int32_t>(id)];
  }
  void association_ends(int fd, AssociationId id) {
    descriptor(fd).associations.erase(static_cast<std::int32_t>(id));
  }
  /// The next handshake, of connectx or of sendmsg with an address, takes its time: then the association is
  /// up, or has failed with `error`.
  void handshake_lasts(long long milliseconds, int error = 0) { next_handshake = {milliseconds, error, {}}; }

  /// The next poll answers this; 0 is that nothing happened and the time is over.
  void poll_says(short events) { poll_answers.push_back(events); }
  /// A peer waits to be accepted; number 0: its association has ended already.
  void peer_waits(AssociationId id) { waiting_peers.push_back(id); }
  /// What happens, once, while the next call waits that has nothing to answer.
  void while_waiting(std::function<void()> what) { meanwhile.push_back(std::move(what)); }
  /// What happens, once, when an option is asked for the next time, before the answer.
  void while_asked(std::function<void()> what) { at_question = std::move(what); }
  /// Other threads will bring what a call has to wait for.
  void has_threads() { threads_bring_more = true; }
  /// Time passes.
  void advance(long long milliseconds);

  /// A descriptor that somebody else has opened.
  int open(int domain = AF_INET, int type = SOCK_STREAM, int protocol = IPPROTO_SCTP);
  int open_one_to_many() { return open(AF_INET, SOCK_SEQPACKET); }
  int open_peeled_off(AssociationId id);
  [[nodiscard]] bool is_open(int fd) const { return descriptors.contains(fd); }
  [[nodiscard]] std::size_t open_count() const { return descriptors.size(); }
  Descriptor& descriptor(int fd) { return descriptors.at(fd); }

  [[nodiscard]] std::size_t count(Call call) const;
  [[nodiscard]] std::size_t total() const { return calls.size(); }
  void forget_calls() { calls.clear(); }
  /// The names of the calls so far: "socket setsockopt close".
  [[nodiscard]] std::string story() const;

  /// What the destructor would complain about, and will no more: for tests of this kernel itself.
  std::vector<std::string> take_complaints();

  // Below: what happened, and the state that `fake_sys.cpp` works on.

  std::vector<Call> calls;
  std::vector<Sent> sent;
  std::vector<std::vector<Address>> connected_to;
  std::vector<std::vector<Address>> bound_to;
  std::vector<AddressChange> address_changes;
  std::vector<std::pair<AddressChange, int>> refused_changes;  // and with which errno
  std::vector<int> poll_timeouts;
  std::map<std::string, unsigned> interfaces;
  struct Interface {
    std::string name{};
    unsigned flags = 0;
    std::optional<Address> address{};
  };
  std::vector<Interface> interface_list{};  // what getifaddrs says, entry for entry
  int interface_lists = 0;                  // that were not freed
  struct Lookup {
    std::string host{};
    std::string service{};
    int family = 0;
    int type = 0;
    int protocol = 0;
    int flags = 0;
  };
  std::vector<Lookup> lookups{};                        // what getaddrinfo was asked
  std::map<std::string, std::vector<Address>> names{};  // what it knows
  std::map<std::string, std::uint16_t> services{};      // of SCTP
  int lookup_error = 0;                                 // what it answers instead, EAI_AGAIN say
  int lookup_lists = 0;                                 // that were not freed
  std::vector<Address> peer_addresses;                  // what SCTP_GET_PEER_ADDRS says
  std::vector<Address> local_addresses;                 // what SCTP_GET_LOCAL_ADDRS says
  int largest_buffer = 425984;                          // twice the usual net.core.wmem_max
  bool has_event_option = true;                        // SCTP_EVENT; kernels before 5.0 have only SCTP_EVENTS
  socklen_t event_types = 14;                          // that it knows; 13 before 5.5, 11 before 4.12
  std::set<std::pair<int, int>> unknown_options;       // by level and name
  std::map<std::pair<int, int>, int> refused_options;  // to be set, with this errno
  std::function<void(Descriptor&)> furnish;            // what fresh sockets have, as sysctls say
  bool allows_interleaving = false;                    // net.sctp.intl_enable
  bool setups_are_instant = false;   // on one-to-many descriptors: over before `connectx` says EINPROGRESS
  int longest_autoclose = 21474836;  // net.sctp.max_autoclose
  socklen_t peer_params_size = sizeof(sctp_paddrparams);  // 152 before 4.20
  std::uint32_t schedulers = 3;                           // 5 since 6.4
  std::map<std::string, std::string> files;               // that can be read: /proc/sys/…
  long long nanoseconds_of_tick = 10'000'000;
  std::vector<std::vector<std::byte>> netlink_requests;
  std::deque<std::vector<std::byte>> netlink_answers;

  struct Up {
    AssociationId id{};
    std::uint16_t streams_out = 10;
    std::uint16_t streams_in = 10;
    std::optional<Address> primary;
    int state = SCTP_ESTABLISHED;
  };
  std::optional<Up> up;
  std::optional<Call> failed_at;        // which call it was that `fail_at` let fail
  bool failed_at_status = false;        // it was the question for SCTP_STATUS
  std::pair<int, int> asked_option;     // level and name of the last getsockopt
  std::deque<OptionCall> option_calls;  // the last hundred
  AssociationId next_association{42};
  std::deque<Arrival> queue;
  bool stream_ended = false;
  int pending_error = 0;
  struct Handshake {
    long long ends = 0;  // at this time; of the next one, after so long
    int error = 0;
    AssociationId association{};
  };
  std::optional<Handshake> next_handshake;
  std::optional<Handshake> handshake;  // under way
  std::deque<short> poll_answers;
  std::deque<std::function<void()>> meanwhile;
  std::function<void()> at_question;
  bool threads_bring_more = false;
  std::deque<AssociationId> waiting_peers;
  long long now = 1'000'000;
  std::map<int, Descriptor> descriptors;
  std::map<int, Descriptor> closed;  // as they were at their end
  std::recursive_mutex mutex;        // of all calls; given up while they wait
  std::condition_variable_any has_changed;

  /// Notes the call; true when it is to fail, with errno set. A descriptor of -2 is none.
  bool enter(Call call, int fd = -2);
  void complain(std::string what) { complaints_.push_back(std::move(what)); }
  /// A handshake with this peer has begun; true when it is over already.
  bool shake_hands(Descriptor& with, const Address& peer, AssociationId id);
  /// What poll sees on a descriptor, as far as this kernel knows.
  short readiness(int fd, short wanted);
  /// The first that waits to be read from this descriptor.
  std::deque<Arrival>::iterator arrival_for(int fd);
  /// Waits for what others do; false when there are none. Other threads count for those that wait for ever.
  bool wait(bool for_ever);
  /// Ends the program: for a test that would never end by itself.
  [[noreturn]] static void give_up(const char* why);

 private:
  std::map<Call, std::deque<int>> failures_;
  std::map<std::size_t, int> failures_by_position_;
  std::size_t position_ = 0;
  std::vector<std::string> complaints_;
  int next_fd_ = 100;
};

/// One call into the kernel: no other thread is there, and its memory is the kernel's own.
class InKernel {
 public:
  explicit InKernel(FakeKernel& kernel) : lock_{kernel.mutex} { ++in_the_kernel; }
  ~InKernel() { --in_the_kernel; }
  InKernel(const InKernel&) = delete;
  InKernel& operator=(const InKernel&) = delete;

 private:
  std::lock_guard<std::recursive_mutex> lock_;
};

}  // namespace sctp::test
