// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include <sctpxx/address.hpp>
#include <sctpxx/bytes.hpp>
#include <sctpxx/export.hpp>
#include <sctpxx/ids.hpp>
#include <sctpxx/message.hpp>
#include <sctpxx/notification.hpp>
#include <sctpxx/option.hpp>
#include <sctpxx/patience.hpp>
#include <sctpxx/receive_buffer.hpp>
#include <sctpxx/received.hpp>

namespace sctp::inline v0 {

/// How the kernel treats a socket. RFC 6458 3 and 4. A peeled-off socket has one association, and yet the
/// kernel keeps it in the other style.
enum class Style : std::uint8_t { one_to_one, one_to_many, peeled_off };

/// "one-to-one", "one-to-many", "peeled off".
[[nodiscard]] inline std::string to_string(Style style) {
  switch (style) {
    case Style::one_to_one: return "one-to-one";
    case Style::one_to_many: return "one-to-many";
    case Style::peeled_off: return "peeled off";
  }
  return "style " + std::to_string(static_cast<unsigned>(style));
}

/// What a socket can do without waiting, or shall.
struct Readiness {
  bool receive = false;  ///< there is something to receive, or the end to be told
  bool send = false;     ///< there is room to send
};

/// Everything that needs a descriptor and nothing else. The owners (`Listener`, `OneToOneSocket`, …) are each
/// a SocketRef too, so a function that takes one works on all of them and on descriptors of other origin.
///
/// Borrows the descriptor's number: copies are free, survive a move of the owner, and are dead when the owner
/// closes. Any number of threads may send while one receives; other sockets are independent of this one.
///
/// Each call that can fail has two forms: one throws `std::system_error` (`std::bad_alloc` for lack of
/// memory), one sets an `std::error_code`. Calls are repeated when a signal interrupts them, and never raise
/// SIGPIPE.
class SocketRef {
 public:
  /// A view of somebody else's descriptor. For messages to be understood it must deliver SCTP_RCVINFO and the
  /// events that reassembly needs: every socket that this library opened, accepted or adopted does. Others
  /// need the kernel's option SCTP_RECVRCVINFO, and `subscribe<AssociationChange, ShutdownReceived,
  /// PartialDeliveryAborted>()`.
  [[nodiscard]] static SocketRef borrow(int fd, Style style) noexcept { return SocketRef{fd, style}; }

  /// The descriptor, for `poll` and for calls that this library does not have. -1 when closed.
  [[nodiscard]] int fd() const noexcept { return fd_; }
  [[nodiscard]] Style style() const noexcept { return style_; }
  [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }

  /// Takes an address of this machine for the socket; port 0 takes any free port. `bind`.
  SCTPXX_EXPORT void bind(const Address& address) const;
  SCTPXX_EXPORT void bind(const Address& address, std::error_code& error) const noexcept;

  /// Takes several addresses, all with one port: these are announced to the peer, as far as it may reach them
  /// (the kernel leaves out private IPv4 addresses where the first address connected to is a global one; the
  /// sysctl net.sctp.addr_scope_policy). `addresses_of` tells those of a network interface. A wildcard stands
  /// for all and has no others beside it (Errc::wildcard_among_addresses). When this fails, close the socket:
  /// the kernel leaves it bound to those before the one that it refused. `sctp_bindx`, RFC 6458 9.1.
  SCTPXX_EXPORT void bind(std::span<const Address> addresses) const;
  SCTPXX_EXPORT void bind(std::span<const Address> addresses, std::error_code& error) const noexcept;

  /// Adds an address of this machine, and asks the peers of all associations to use it, too; their
  /// applications are told by PeerAddressChange `added`, and ours by nothing: what a peer thinks of it, it
  /// does not say. Port 0 is the socket's. Fails with Errc::not_negotiated where a socket's one association
  /// has no option::AsconfSupported; of one-to-many style, associations without it go on as before. A socket
  /// that is bound to a wildcard has all addresses: `invalid_argument`, and option::AutoAsconf follows them.
  /// An address that the Listener has, too, an accepted socket gets only with option::ReusePort on both, or
  /// before it. `sctp_bindx`, RFC 5061.
  SCTPXX_EXPORT void add_address(const Address& address) const;
  SCTPXX_EXPORT void add_address(const Address& address, std::error_code& error) const noexcept;

  /// Takes an address away, and asks the peers to use it no more (`removed`). What was on its way from there
  /// is sent again from another. The last cannot go: `device_or_resource_busy`; see `replace_address`. To add
  /// it again wait until the peer has answered: of what is asked in one breath the kernel (6.1, 6.12) forgets
  /// the last.
  SCTPXX_EXPORT void remove_address(const Address& address) const;
  SCTPXX_EXPORT void remove_address(const Address& address, std::error_code& error) const noexcept;

  /// Goes on with another address in place of one, which may be the only one and gone already: for a machine
  /// that has left one network and entered another. `now` has to be an address of this machine, and the one
  /// that its routes to the peer prefer. All associations that have option::AsconfSupported survive, and what
  /// was sent meanwhile arrives, unless they were given up before (option::AssocInfo). Fails as the two
  /// calls above do; then some of it may be done, and trying again is in order. The new address serves once
  /// the peer has confirmed it, so several paths should be confirmed before
  /// (Association::request_heartbeats). Where an accepted socket cannot have its address to itself (see
  /// `add_address`), a peer is asked to prefer the new one, and keeps the old.
  SCTPXX_EXPORT void replace_address(const Address& gone, const Address& now) const;
  SCTPXX_EXPORT void replace_address(const Address& gone, const Address& now,
                                     std::error_code& error) const noexcept;

  /// One of the socket's own addresses, with the port that it has. `getsockname`.
  [[nodiscard]] SCTPXX_EXPORT Address local_address() const;
  [[nodiscard]] SCTPXX_EXPORT Address local_address(std::error_code& error) const noexcept;

  /// One of the peer's addresses; after the association's end too, unless it had ended when it was accepted:
  /// then, and of one-to-many style, that is the error `not_connected`, and Message::source tells.
  /// `getpeername`.
  [[nodiscard]] SCTPXX_EXPORT Address peer_address() const;
  [[nodiscard]] SCTPXX_EXPORT Address peer_address(std::error_code& error) const noexcept;

  /// All addresses that the socket is bound to; a wildcard is given as the addresses that it stands for now.
  /// SCTP_GET_LOCAL_ADDRS, RFC 6458 9.5.
  [[nodiscard]] SCTPXX_EXPORT std::vector<Address> local_addresses() const;
  [[nodiscard]] SCTPXX_EXPORT std::vector<Address> local_addresses(std::error_code& error) const noexcept;

  /// Sends one message, whole or not at all. Blocks while the send buffer is full, unless the socket is
  /// non-blocking: then that is the error `operation_would_block`. (Of one-to-many style it blocks in either
  /// mode.) Success means that the kernel took it.
  /// Fails with Errc::empty_message, Errc::message_exceeds_send_buffer, Errc::no_such_stream, or an errno
  /// that is Condition::association_ended. Where a socket has one association, `association` is not looked
  /// at. `sendmsg` with SCTP_SNDINFO.
  SCTPXX_EXPORT void send(AssociationId association, Bytes payload, const SendOptions& options = {}) const;
  SCTPXX_EXPORT void send(AssociationId association, Bytes payload, const SendOptions& options,
                          std::error_code& error) const noexcept;

  /// The same without ever blocking: false when the send buffer is full now. The descriptor becomes writable
  /// when there is room again. False beside an error, too.
  [[nodiscard]] SCTPXX_EXPORT bool try_send(AssociationId association, Bytes payload,
                                            const SendOptions& options = {}) const;
  [[nodiscard]] SCTPXX_EXPORT bool try_send(AssociationId association, Bytes payload,
                                            const SendOptions& options,
                                            std::error_code& error) const noexcept;

  /// The same with an end to the waiting: false, and nothing is sent, when the time is over, or when the
  /// waker is awake. Waits in either mode.
  [[nodiscard]] SCTPXX_EXPORT bool send(AssociationId association, Bytes payload, const SendOptions& options,
                                        const Patience& patience) const;
  [[nodiscard]] SCTPXX_EXPORT bool send(AssociationId association, Bytes payload, const SendOptions& options,
                                        const Patience& patience, std::error_code& error) const noexcept;

  /// The next whole message or event. Blocks until there is one, unless the socket is non-blocking (of
  /// one-to-many style: in either mode). `recvmsg`.
  ///
  /// After a graceful end: Received::Status::end_of_stream, as often as one asks. Of one-to-one style,
  /// on the side that did not begin the shutdown, it comes while our own last messages may still be on their
  /// way; the event that tells how they fared (`shutdown_complete` or `lost`) then follows it. After a loss,
  /// where a socket has one association: first its event, then one error (`connection_reset`,
  /// `connection_aborted` where it was our side, or `timed_out`), then end_of_stream. After a setup that
  /// failed: its event, and its error where nothing else has told it; then the socket is as before, and may
  /// connect again. Of one-to-many style: events tell of each association's end, and end_of_stream comes
  /// where the call would wait though the socket has no association and does not listen for any.
  ///
  /// Of an association that its peer shuts down in the middle of a message the kernel (6.1, 6.12) tells no
  /// end. So while a message has begun and there is nothing to read, the kernel is asked once a second
  /// whether its association is still there, and if it is not, `lost` is told, with End::untold. Who waits by
  /// poll should try as often, while `buffer.unfinished()` is not 0. (A socket with one association that
  /// waits without a Patience is not asked.)
  ///
  /// An error that is not Condition::association_ended concerns one message or event alone: a peer's message
  /// over the limit (Errc::message_exceeds_limit), Errc::receive_info_missing, Errc::malformed_notification,
  /// lack of memory. The next call goes on behind it.
  ///
  /// Association changes, the peer's shutdown and aborted messages come unasked; for other events
  /// `subscribe`.
  [[nodiscard]] SCTPXX_EXPORT Received receive(ReceiveBuffer& buffer) const;
  [[nodiscard]] SCTPXX_EXPORT Received receive(ReceiveBuffer& buffer, std::error_code& error) const noexcept;

  /// The same without ever blocking: Received::Status::would_block when nothing whole is there now. In a loop
  /// with `poll` ask until it says so: events may wait in `buffer`, which `poll` does not see.
  [[nodiscard]] SCTPXX_EXPORT Received try_receive(ReceiveBuffer& buffer) const;
  [[nodiscard]] SCTPXX_EXPORT Received try_receive(ReceiveBuffer& buffer,
                                                   std::error_code& error) const noexcept;

  /// The same with an end to the waiting: Received::Status::would_block when the time is over, or when the
  /// waker is awake, even if there is something to receive. What is there stays there. Waits in either mode;
  /// of one-to-one style, where none has been begun, for an association.
  [[nodiscard]] SCTPXX_EXPORT Received receive(ReceiveBuffer& buffer, const Patience& patience) const;
  [[nodiscard]] SCTPXX_EXPORT Received receive(ReceiveBuffer& buffer, const Patience& patience,
                                               std::error_code& error) const noexcept;

  /// The next stretch of a message, read into `room`, or the next event: for messages that should never be
  /// held whole. `buffer` keeps what is known of the messages that have begun, and the events; its limits do
  /// not count here. A message that is cut off is told by PartialDeliveryAborted; where several messages come
  /// interleaved, so do their pieces. Blocks and ends as `receive` does. Fails with `invalid_argument` when
  /// `room` is empty.
  ///
  ///     while (auto received = peer.receive_piece(room, buffer))
  ///       received.match([&](const sctp::MessagePiece& p) { file.write(p.part.payload, p.offset); },
  ///                      [](const auto& event) { log(to_string(event)); });
  ///
  /// Both ways to read may take turns: a message that `receive` has begun to join comes whole, in `buffer`;
  /// of one whose beginning was handed out `receive` drops the rest, which PartialDeliveryAborted tells.
  [[nodiscard]] SCTPXX_EXPORT ReceivedPiece receive_piece(MutableBytes room, ReceiveBuffer& buffer) const;
  [[nodiscard]] SCTPXX_EXPORT ReceivedPiece receive_piece(MutableBytes room, ReceiveBuffer& buffer,
                                                          std::error_code& error) const noexcept;

  /// The same with an end to the waiting, as `receive` has it.
  [[nodiscard]] SCTPXX_EXPORT ReceivedPiece receive_piece(MutableBytes room, ReceiveBuffer& buffer,
                                                          const Patience& patience) const;
  [[nodiscard]] SCTPXX_EXPORT ReceivedPiece receive_piece(MutableBytes room, ReceiveBuffer& buffer,
                                                          const Patience& patience,
                                                          std::error_code& error) const noexcept;

  /// The same without ever blocking: ReceiveStatus::would_block when nothing is there now.
  [[nodiscard]] SCTPXX_EXPORT ReceivedPiece try_receive_piece(MutableBytes room, ReceiveBuffer& buffer) const;
  [[nodiscard]] SCTPXX_EXPORT ReceivedPiece try_receive_piece(MutableBytes room, ReceiveBuffer& buffer,
                                                              std::error_code& error) const noexcept;

  /// Waits for what is wanted of it; answers what there is of that, nothing when the patience is over first.
  /// (Events that wait in a ReceiveBuffer it does not see.) `poll`.
  [[nodiscard]] SCTPXX_EXPORT Readiness wait(Readiness wanted, const Patience& patience = {}) const;
  [[nodiscard]] SCTPXX_EXPORT Readiness wait(Readiness wanted, const Patience& patience,
                                             std::error_code& error) const noexcept;

  /// Asks for these kinds of events, beside those that come unasked, from all associations that the socket
  /// has or will have: `peer.subscribe<sctp::PeerAddressChange, sctp::SendFailed>()`. On a Listener: for the
  /// associations that it will accept; what one that waits already has told at its setup is gone, so to miss
  /// nothing open it unbound, `subscribe`, `bind` and `listen`. Fails with `not_supported` when this kernel
  /// does not know one of them; those before it may be on then. One thread at a time. SCTP_EVENT, RFC
  /// 6458 6.2.2; SCTP_EVENTS while there is no association, and on kernels before 5.0.
  template <Subscribable... Events>
    requires(sizeof...(Events) != 0)
  void subscribe() const {
    set_subscription(std::array{Events::type...}, true);
  }
  template <Subscribable... Events>
    requires(sizeof...(Events) != 0)
  void subscribe(std::error_code& error) const noexcept {
    set_subscription(std::array{Events::type...}, true, error);
  }

  /// Asks for no more of these. What is queued already still comes. The three that tell of an association's
  /// end and of messages that were cut off do not compile here: receiving needs them.
  template <Unsubscribable... Events>
    requires(sizeof...(Events) != 0)
  void unsubscribe() const {
    set_subscription(std::array{Events::type...}, false);
  }
  template <Unsubscribable... Events>
    requires(sizeof...(Events) != 0)
  void unsubscribe(std::error_code& error) const noexcept {
    set_subscription(std::array{Events::type...}, false, error);
  }

  /// Makes `receive` and `send` answer instead of blocking, or block again. O_NONBLOCK.
  SCTPXX_EXPORT void set_nonblocking(bool on = true) const;
  SCTPXX_EXPORT void set_nonblocking(bool on, std::error_code& error) const noexcept;

  /// `socket.set(option::RtoInfo{.min = 200ms})`: what later associations begin with; of a socket that has
  /// one association that is up, what that one has. Took effect, or fails.
  template <option::Settable O>
    requires(!option::OfAssociation<O>)
  void set(const O& value) const {
    option::set(OptionTarget{fd_}, value);
  }
  template <option::Settable O>
    requires(!option::OfAssociation<O>)
  void set(const O& value, std::error_code& error) const noexcept {
    set_option(OptionTarget{fd_}, value, error);
  }

  /// The same for the associations that there are, too, or for them alone:
  /// `socket.set(option::DelayedSack{.delay = 10ms}, sctp::Associations::all)`. When one of them fails, those
  /// before it have the value.
  template <option::Settable O>
    requires option::ReachesExisting<O>
  void set(const O& value, Associations which) const {
    option::set(OptionTarget{fd_, {}, which}, value);
  }
  template <option::Settable O>
    requires option::ReachesExisting<O>
  void set(const O& value, Associations which, std::error_code& error) const noexcept {
    set_option(OptionTarget{fd_, {}, which}, value, error);
  }

  /// `socket.get<option::SndBuf>().size`.
  template <option::Gettable O>
    requires(!option::OfAssociation<O>)
  [[nodiscard]] O get() const {
    return option::get<O>(OptionTarget{fd_});
  }
  template <option::Gettable O>
    requires(!option::OfAssociation<O>)
  [[nodiscard]] O get(std::error_code& error) const noexcept {
    O value;
    get_option(OptionTarget{fd_}, value, error);
    return value;
  }

 protected:
  constexpr SocketRef(int fd, Style style) noexcept : fd_{fd}, style_{style} {}

  /// Sends to an address, which sets up an association when there is none.
  void send_to(const Address& peer, Bytes payload, const SendOptions& options,
               std::error_code& error) const noexcept;

  int fd_;
  Style style_;

 private:
  bool send_rest(AssociationId association, const Address* peer, Bytes payload, const SendOptions& options,
                 int flags, int failure, std::error_code& error) const noexcept;
  /// How a call that may block does that.
  struct Blocking {
    int flags = 0;                       ///< as the descriptor's mode says, or MSG_DONTWAIT
    const Patience* patience = nullptr;  ///< then it waits this long, in either mode
    [[nodiscard]] bool is_over(bool has_looked) const noexcept;
  };
  struct First;
  template <class Rest>
  Received receive_at_once(ReceiveBuffer& buffer, int flags, Rest rest) const;
  Received receive_whole(ReceiveBuffer& buffer, Blocking blocking, First& first,
                         std::error_code& error) const noexcept;
  Received receive_rest(ReceiveBuffer& buffer, Blocking blocking, First& first) const;
  ReceivedPiece receive_stretch(MutableBytes room, ReceiveBuffer& buffer, Blocking blocking,
                                std::error_code& error) const noexcept;
  template <class Answer, class Read, class Commit>
  Answer receive_with(ReceiveBuffer& buffer, Blocking blocking, std::error_code& error, Read read,
                      Commit commit) const noexcept;
  [[nodiscard]] bool waits(Blocking blocking) const noexcept;
  [[nodiscard]] int flags_for(Blocking blocking, const ReceiveBuffer& buffer) const noexcept;
  [[nodiscard]] bool finds_untold_end(ReceiveBuffer& buffer) const noexcept;
  std::optional<ReceiveStatus> nothing_there(ReceiveBuffer& buffer, std::error_code reason, Blocking blocking,
                                             bool& nobody, std::error_code& error) const noexcept;
  Notification complete(Notification event, ReceiveBuffer& buffer) const noexcept;
  ReceiveStatus nothing_more(ReceiveBuffer& buffer, std::error_code reason,
                             std::error_code& error) const noexcept;
  SCTPXX_EXPORT void set_subscription(std::span<const EventType> events, bool on) const;
  SCTPXX_EXPORT void set_subscription(std::span<const EventType> events, bool on,
                                      std::error_code& error) const noexcept;
};

namespace detail {
/// To a one-to-many socket the numbers 0 to 2 mean others than one association, and those below mean nothing,
/// with which the kernel (6.1) is content.
[[nodiscard]] inline OptionTarget one_association(const SocketRef& socket, AssociationId id) noexcept {
  const bool is_one = socket.style() != Style::one_to_many || id > AssociationId{2};
  return {socket.fd(), is_one ? id : nobody, {}};
}
}  // namespace detail

}  // namespace sctp::inline v0
