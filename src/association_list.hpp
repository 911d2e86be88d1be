// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <system_error>
#include <vector>

#include <sctpxx/ids.hpp>

namespace sctp::native {

/// The numbers of all associations of a one-to-many socket. SCTP_GET_ASSOC_ID_LIST.
std::vector<AssociationId> associations(int fd, std::error_code& error) noexcept;

}  // namespace sctp::native
