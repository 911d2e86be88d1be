// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/feature.hpp>

#include <cerrno>
#include <optional>

#include <sctpxx/error.hpp>
#include <sctpxx/one_to_one_socket.hpp>
#include <sctpxx/option/capability.hpp>
#include <sctpxx/option/delivery.hpp>
#include <sctpxx/option/path.hpp>
#include <sctpxx/option/stream.hpp>

#include "failure.hpp"
#include "native.hpp"
#include "number.hpp"
#include "sysctl.hpp"

namespace sctp::inline v0 {
namespace {

/// A machine may have one family of addresses alone.
OneToOneSocket open_any(std::error_code& error) noexcept {
  OneToOneSocket socket{Address::Family::v4, error};
  if (error == std::errc::address_family_not_supported) socket = OneToOneSocket{Address::Family::v6, error};
  return socket;
}

/// Asks one socket for one feature after the other.
class Probe {
 public:
  explicit Probe(const SocketRef& socket) noexcept : socket_{socket} {}

  Support support(Feature feature) noexcept {
    using option::PeerAddrThlds;
    using option::PlpmtudProbeInterval;
    using option::StreamScheduler;
    switch (feature) {
      case Feature::partial_reliability: return probe_capability<option::PrSupported>();
      case Feature::interleaving: {
        std::error_code error;
        socket_.set(option::FragmentInterleave{}, error);
        note(error);
        return probe_capability<option::InterleavingSupported>();
      }
      case Feature::reconfiguration: return probe_capability<option::ReconfigSupported>();
      // Which takes authentication, and the probe before this has turned that on.
      case Feature::address_changes: return probe_capability<option::AsconfSupported>();
      case Feature::authentication: return probe_capability<option::AuthSupported>();
      case Feature::congestion_marks: return probe_capability<option::EcnSupported>();
      case Feature::stream_schedulers: return can_set(StreamScheduler{StreamScheduler::Scheduler::priority});
      case Feature::weighted_schedulers:
        return can_set(StreamScheduler{StreamScheduler::Scheduler::weighted_fair});
      case Feature::potentially_failed: return probe_suspicion();
      case Feature::switching_primary:
        return probe(PeerAddrThlds{.potentially_failed = 0, .switch_primary = 0},
                     [](const PeerAddrThlds& fresh) {
                       return fresh.switch_primary.value_or(PeerAddrThlds::never) != PeerAddrThlds::never;
                     });
      case Feature::udp_encapsulation: return probe_encapsulation();
      case Feature::packet_size_probing:
        return probe(PlpmtudProbeInterval{std::chrono::seconds{5}},
                     [](const PlpmtudProbeInterval& fresh) { return fresh.interval.has_value(); });
    }
    return Support::absent;
  }

  /// Why the last answers may be wrong, if they may.
  [[nodiscard]] std::error_code lack() const noexcept { return lack_; }

 private:
  /// Keeps a reason that has nothing to do with what was asked for.
  void note(std::error_code reason) noexcept {
    using enum std::errc;
    for (const std::errc one : {not_enough_memory, no_buffer_space, too_many_files_open,
                                too_many_files_open_in_system, interrupted, operation_would_block}) {
      if (reason == one) lack_ = reason;
    }
  }

  /// Whether it can be told so, where it is not on by itself.
  template <class O>
  Support can_set(const O& value) noexcept {
    std::error_code error;
    socket_.set(value, error);
    if (!error) return Support::optional;
    note(error);
    const bool is_forbidden =
        error == std::errc::operation_not_permitted || error == std::errc::permission_denied;
    return is_forbidden ? Support::forbidden : Support::absent;
  }

  /// `is_on`: whether the answer of a fresh socket says so.
  template <class O, class IsOn>
  Support probe(const O& wanted, IsOn is_on) noexcept {
    std::error_code error;
    const O fresh = socket_.get<O>(error);
    note(error);
    if (error) return Support::absent;
    return is_on(fresh) ? Support::on : can_set(wanted);
  }

  template <class Capability>
  Support probe_capability() noexcept {
    return probe(Capability{}, [](const Capability& fresh) { return fresh.on; });
  }

  std::optional<long> setting(std::string_view name) noexcept {
    errno = 0;
    const std::optional<long> value = native::sysctl(name);
    if (!value) note(native::last_error());
    return value;
  }

  Support probe_encapsulation() noexcept {
    std::error_code error;
    static_cast<void>(socket_.get<option::RemoteUdpEncapsPort>(error));
    note(error);
    if (error) return Support::absent;
    return setting("udp_port").value_or(0) == 0 ? Support::forbidden : Support::optional;
  }

  Support probe_suspicion() noexcept {
    using option::ExposePotentiallyFailedState;
    const Support support =
        probe(ExposePotentiallyFailedState{}, [](const ExposePotentiallyFailedState& fresh) {
          return fresh.exposure == ExposePotentiallyFailedState::Exposure::always;
        });
    // The kernel takes the option all the same.
    const bool is_off = setting("pf_enable") == 0;
    return is_off && support != Support::absent ? Support::forbidden : support;
  }

  SocketRef socket_;
  std::error_code lack_;
};

constexpr std::array<FeatureSupport, Features::count> table{{
    {Feature::partial_reliability, {}, "option::PrSupported", "net.sctp.prsctp_enable"},
    {Feature::interleaving, {}, "option::InterleavingSupported", "net.sctp.intl_enable"},
    {Feature::reconfiguration, {}, "option::ReconfigSupported", "net.sctp.reconf_enable"},
    {Feature::authentication, {}, "option::AuthSupported", "net.sctp.auth_enable"},
    {Feature::address_changes, {}, "option::AsconfSupported", "net.sctp.addip_enable"},
    {Feature::congestion_marks, {}, "option::EcnSupported", "net.sctp.ecn_enable"},
    {Feature::stream_schedulers, {}, "option::StreamScheduler", ""},
    {Feature::weighted_schedulers, {}, "option::StreamScheduler", ""},
    {Feature::potentially_failed, {}, "option::ExposePotentiallyFailedState", "net.sctp.pf_expose"},
    {Feature::switching_primary, {}, "option::PeerAddrThlds", "net.sctp.ps_retrans"},
    {Feature::udp_encapsulation, {}, "option::RemoteUdpEncapsPort", "net.sctp.udp_port"},
    {Feature::packet_size_probing, {}, "option::PlpmtudProbeInterval", "net.sctp.plpmtud_probe_interval"},
}};

}  // namespace

Features::Features() noexcept : all_{table} {}

Availability available() noexcept {
  std::error_code error;
  static_cast<void>(open_any(error));
  return Availability{error};
}

std::string to_string(const Availability& availability) {
  if (availability) return "SCTP is here";
  const std::error_code reason = availability.reason();
  const bool is_forbidden =
      reason == std::errc::operation_not_permitted || reason == std::errc::permission_denied;
  std::string text = "no SCTP: " + reason.message();
  if (is_forbidden) text += " (by a security policy: that of a container, or SELinux)";
  return text;
}

Features probe_features(std::error_code& error) noexcept {
  Features features;
  const OneToOneSocket socket = open_any(error);
  if (error) return features;
  Probe probe{socket};
  for (FeatureSupport& one : features.all_) {
    one.support = probe.support(one.feature);
    error = probe.lack();
    if (error) return {};
    const bool is_forbidden = one.support == Support::forbidden;
    if (one.feature == Feature::potentially_failed && is_forbidden) one.sysctl = "net.sctp.pf_enable";
  }
  return features;
}

Features probe_features() {
  std::error_code error;
  const Features features = probe_features(error);
  if (error) fail(Attempt::open, std::string_view{}, error);
  return features;
}

std::string to_string(Feature feature) {
  switch (feature) {
    case Feature::partial_reliability: return "partial reliability";
    case Feature::interleaving: return "interleaving";
    case Feature::reconfiguration: return "reconfiguration";
    case Feature::address_changes: return "address changes";
    case Feature::authentication: return "authentication";
    case Feature::congestion_marks: return "congestion marks";
    case Feature::stream_schedulers: return "stream schedulers";
    case Feature::weighted_schedulers: return "weighted schedulers";
    case Feature::potentially_failed: return "potentially failed paths";
    case Feature::switching_primary: return "switching the primary path";
    case Feature::udp_encapsulation: return "UDP encapsulation";
    case Feature::packet_size_probing: return "packet size probing";
  }
  return "feature " + number(feature);
}

std::string to_string(Support support) {
  switch (support) {
    case Support::absent: return "absent";
    case Support::forbidden: return "forbidden";
    case Support::optional: return "optional";
    case Support::on: return "on";
  }
  return "support " + number(support);
}

std::string to_string(const FeatureSupport& support) {
  std::string text = to_string(support.feature) + ": " + to_string(support.support);
  switch (support.support) {
    case Support::absent: return text.append("; it takes a newer kernel");
    case Support::forbidden:
      if (support.sysctl.empty()) return text.append("; a security policy is against it");
      return text.append("; set ").append(support.sysctl).append(" to permit it");
    case Support::optional: text.append("; turn it on with "); break;
    case Support::on: text.append("; turn it off with "); break;
  }
  text.append(support.option);
  if (!support.sysctl.empty()) text.append(", for all new sockets with ").append(support.sysctl);
  return text;
}

}  // namespace sctp::inline v0
