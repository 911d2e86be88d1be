// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "fake_options.hpp"
#include "sys.hpp"

namespace sctp::sys {

using namespace test;

namespace {

constexpr Option init_msg{IPPROTO_SCTP, SCTP_INITMSG};
constexpr Option rto_info{IPPROTO_SCTP, SCTP_RTOINFO};
constexpr Option delayed_sack{IPPROTO_SCTP, SCTP_DELAYED_SACK};
constexpr Option autoclose{IPPROTO_SCTP, SCTP_AUTOCLOSE};
constexpr Option type_of_service{IPPROTO_IP, IP_TOS};
constexpr int fresh_buffer = 212992;
constexpr sctp_initmsg fresh_init{10, 65535, 8, 60000};
constexpr sctp_rtoinfo fresh_rto{0, 3000, 60000, 1000};
constexpr sctp_sack_info fresh_sack{0, 200, 2};

int set_init(Descriptor& descriptor, const sctp_initmsg& given) {
  auto init = kept(descriptor, init_msg, fresh_init);
  take_unless_zero(init.sinit_num_ostreams, given.sinit_num_ostreams);
  take_unless_zero(init.sinit_max_instreams, given.sinit_max_instreams);
  take_unless_zero(init.sinit_max_attempts, given.sinit_max_attempts);
  take_unless_zero(init.sinit_max_init_timeo, given.sinit_max_init_timeo);
  return keep(descriptor, init_msg, init);
}

int set_rto(Descriptor& descriptor, const sctp_rtoinfo& given) {
  auto rto = kept(descriptor, rto_info, fresh_rto);
  take_unless_zero(rto.srto_initial, given.srto_initial);
  take_unless_zero(rto.srto_max, given.srto_max);
  take_unless_zero(rto.srto_min, given.srto_min);
  if (rto.srto_min > rto.srto_max) return fail(EINVAL);
  rto.srto_assoc_id = given.srto_assoc_id;
  return keep(descriptor, rto_info, rto);
}

int set_sack(Descriptor& descriptor, const sctp_sack_info& given) {
  auto sack = kept(descriptor, delayed_sack, fresh_sack);
  if (given.sack_delay > 500) return fail(EINVAL);
  take_unless_zero(sack.sack_delay, given.sack_delay);
  take_unless_zero(sack.sack_freq, given.sack_freq);
  sack.sack_assoc_id = given.sack_assoc_id;
  return keep(descriptor, delayed_sack, sack);
}

/// An option of which this kernel knows no more than its bytes.
int answer_as_set(const Descriptor& descriptor, Option option, void* value, socklen_t* length) {
  const auto found = descriptor.options.find(option);
  return found == descriptor.options.end() ? fail(ENOPROTOOPT)
                                           : answer(Bytes{found->second}, option.first, value, length);
}

}  // namespace

int setsockopt(int fd, int level, int option, const void* value, socklen_t length) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  const InKernel call{kernel};
  if (kernel.enter(Call::setsockopt, fd)) return -1;
  Descriptor& descriptor = kernel.descriptor(fd);
  if (kernel.unknown_options.contains({level, option})) return fail(ENOPROTOOPT);
  if (level == SOL_SOCKET && (option == SO_SNDBUF || option == SO_RCVBUF)) {
    int size = 0;
    if (!read(value, length, size)) return fail(EINVAL);
    return keep(descriptor, {level, option}, std::max(4608, 2 * std::min(size, kernel.largest_buffer / 2)));
  }
  if (level == IPPROTO_SCTP && option == SCTP_EVENT) return set_event(kernel, descriptor, value, length);
  if (level == IPPROTO_SCTP && option == SCTP_EVENTS) return set_events(kernel, descriptor, value, length);
  if (Option{level, option} == init_msg) {
    sctp_initmsg init;
    return read(value, length, init) ? set_init(descriptor, init) : fail(EINVAL);
  }
  if (Option{level, option} == rto_info) {
    sctp_rtoinfo rto;
    return read(value, length, rto) ? set_rto(descriptor, rto) : fail(EINVAL);
  }
  if (Option{level, option} == delayed_sack) {
    sctp_sack_info sack;
    return read(value, length, sack) ? set_sack(descriptor, sack) : fail(EINVAL);
  }
  if (level == IPPROTO_SCTP && is_capability(option))
    return set_capability(kernel, descriptor, option, value, length);
  if (level == IPPROTO_SCTP && is_of_paths(option))
    return set_of_path(kernel, descriptor, option, value, length);
  if (level == IPPROTO_SCTP && is_of_authentication(option))
    return set_authentication(descriptor, option, {static_cast<const std::byte*>(value), length});
  if (level == IPPROTO_SCTP && option == SCTP_STREAM_SCHEDULER) {
    sctp_assoc_value scheduler;
    const bool fits = read(value, length, scheduler) && scheduler.assoc_value < kernel.schedulers;
    return fits ? keep(descriptor, {level, option}, scheduler) : fail(EINVAL);
  }
  if (Option{level, option} == autoclose) {
    int seconds = 0;
    if (descriptor.type == SOCK_STREAM) return fail(EOPNOTSUPP);
    if (!read(value, length, seconds)) return fail(EINVAL);
    const auto most = static_cast<unsigned>(kernel.longest_autoclose);
    return keep(descriptor, autoclose, std::min(static_cast<unsigned>(seconds), most));
  }
  // The kernel derives the priority from the type of service.
  if (Option{level, option} == type_of_service) keep(descriptor, {SOL_SOCKET, SO_PRIORITY}, 2);
  const auto* bytes = static_cast<const std::byte*>(value);
  descriptor.options[{level, option}].assign(bytes, bytes + length);
  return 0;
}

int getsockopt(int fd, int level, int option, void* value, socklen_t* length) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  const InKernel call{kernel};
  kernel.asked_option = {level, option};
  if (kernel.enter(Call::getsockopt, fd)) return -1;
  const Descriptor& descriptor = kernel.descriptor(fd);
  if (kernel.unknown_options.contains({level, option})) return fail(ENOPROTOOPT);
  if (level == IPPROTO_IPV6 && descriptor.domain == AF_INET) return fail(EOPNOTSUPP);  // others: ENOPROTOOPT
  if (level == IPPROTO_IP || (level == IPPROTO_IPV6 && descriptor.domain == AF_INET6)) {
    // With ECN the kernel has its own mark on the packets of an association.
    const bool is_class = option == (level == IPPROTO_IP ? IP_TOS : IPV6_TCLASS);
    const int mark = is_class && !descriptor.associations.empty() ? 2 : 0;
    return answer(kept(descriptor, {level, option}, 0) | mark, level, value, length);
  }
  if (level == SOL_SOCKET) {
    switch (option) {
      case SO_ERROR: return answer(std::exchange(kernel.pending_error, 0), level, value, length);
      case SO_TYPE: return answer(descriptor.type, level, value, length);
      case SO_PROTOCOL: return answer(descriptor.protocol, level, value, length);
      case SO_DOMAIN: return answer(descriptor.domain, level, value, length);
      case SO_LINGER: return answer(kept(descriptor, {level, option}, linger{}), level, value, length);
      case SO_ACCEPTCONN: return answer(descriptor.backlog ? 1 : 0, level, value, length);
      case SO_PRIORITY:
      case SO_MARK: return answer(kept(descriptor, {level, option}, 0), level, value, length);
      case SO_SNDBUF:
      case SO_RCVBUF: return answer(kept(descriptor, {level, option}, fresh_buffer), level, value, length);
      default: return answer_as_set(descriptor, {level, option}, value, length);
    }
  }
  if (is_capability(option)) return answer_capability(descriptor, option, value, length);
  if (is_of_authentication(option)) return answer_authentication(descriptor, option, value, length);
  if (is_of_paths(option)) return answer_of_path(kernel, descriptor, option, value, length);
  switch (option) {
    case SCTP_STATUS: return answer_status(kernel, descriptor, value, length);
    case SCTP_EVENTS: return answer_events(kernel, descriptor, value, length);
    case SCTP_GET_PEER_ADDR_INFO: return answer_peer_info(kernel, descriptor, value, length);
    case SCTP_INITMSG: return answer(kept(descriptor, init_msg, fresh_init), level, value, length);
    case SCTP_RTOINFO: return answer(kept(descriptor, rto_info, fresh_rto), level, value, length);
    case SCTP_GET_PEER_ADDRS: return answer_peer_addresses(kernel, descriptor, value, length);
    case SCTP_GET_LOCAL_ADDRS: return answer_addresses(kernel.local_addresses, value, length);
    case SCTP_MAXSEG:
      return answer(kept(descriptor, {level, option}, sctp_assoc_value{}), level, value, length);
    case SCTP_DELAYED_SACK: return answer(kept(descriptor, delayed_sack, fresh_sack), level, value, length);
    case SCTP_GET_ASSOC_NUMBER: return answer_number(descriptor, value, length);
    case SCTP_GET_ASSOC_ID_LIST: return answer_ids(descriptor, value, length);
    case SCTP_SOCKOPT_PEELOFF:
    case SCTP_SOCKOPT_PEELOFF_FLAGS: return peel_off(kernel, fd, option, value, length);
    case SCTP_AUTOCLOSE:
      if (descriptor.type == SOCK_STREAM) return fail(EOPNOTSUPP);
      [[fallthrough]];
    case SCTP_FRAGMENT_INTERLEAVE:
    case SCTP_NODELAY: return answer(kept(descriptor, {level, option}, int{0}), level, value, length);
    case SCTP_EXPOSE_POTENTIALLY_FAILED_STATE:
    case SCTP_STREAM_SCHEDULER:
      return answer(kept(descriptor, {level, option}, sctp_assoc_value{}), level, value, length);
    default: return answer_as_set(descriptor, {level, option}, value, length);
  }
}

}  // namespace sctp::sys
