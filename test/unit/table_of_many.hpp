// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <sctpxx/association_table.hpp>

#include "many_associations.hpp"

namespace sctp::test {

/// An AssociationTable of a one-to-many socket; what it asked for at its beginning is forgotten.
struct TableOfMany : ManyAssociations {
  AssociationTable table{socket};

  TableOfMany() { kernel.forget_calls(); }

  /// The kernel tells of an association that is up.
  AssociationTable::Key brings_up(AssociationId id) {
    of(id);
    const auto change = table.take(came_up(id));
    REQUIRE(change);
    return change->key;
  }
};

}  // namespace sctp::test
