// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "path_target.hpp"

#include <sctpxx/error.hpp>

namespace sctp::native {

PathTarget one_path(OptionTarget target, const Address& path, std::error_code& error) noexcept {
  error.clear();
  if (path.is_wildcard()) error = Errc::no_such_path;
  if (path.family() == Address::Family::v6 && is_v4(target.fd)) error = Errc::wrong_address_family;
  const bool is_unknown = target.association == AssociationId{};
  if (!error && is_unknown && only_association(target.fd) == AssociationId{})
    error = std::make_error_code(std::errc::invalid_argument);
  return {target, &path};
}

void explain_path(const PathTarget& whom, std::error_code& error) noexcept {
  const bool may_be_path =
      error == std::errc::invalid_argument || error == std::errc::no_such_file_or_directory;
  if (whom.path != nullptr && may_be_path && !is_gone(whom.target.fd, whom.target.association))
    error = Errc::no_such_path;
}

socklen_t read_params(const PathTarget& whom, sctp_paddrparams& params, std::error_code& error) noexcept {
  error.clear();
  params = {};
  whom.put(params, &sctp_paddrparams::spp_assoc_id, offsetof(sctp_paddrparams, spp_address));
  socklen_t length = sizeof params;
  if (sys::getsockopt(whom.target.fd, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, &params, &length) < 0)
    error = last_error();
  explain_path(whom, error);
  return length;
}

void check_path(const PathTarget& whom, std::error_code& error) noexcept {
  sctp_paddrparams params;
  if (!error && whom.path != nullptr) read_params(whom, params, error);
}

void demand_heartbeat(const PathTarget& whom, std::error_code& error) noexcept {
  if (error) return;
  sctp_paddrparams params{};
  whom.put(params, &sctp_paddrparams::spp_assoc_id, offsetof(sctp_paddrparams, spp_address));
  params.spp_flags = SPP_HB_DEMAND;
  const Bytes bytes = std::as_bytes(std::span{&params, 1});
  set_bytes(whom.target.fd, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, bytes.first(params_before_4_20), error);
  explain_path(whom, error);
}

}  // namespace sctp::native
