/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses that the whole Internet may reach. */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>

/* Not one of private networks, of this machine or link, of tests or documentation. */
bool public_address_is(const struct sockaddr *address);

/* Can a socket that listens at `address` be reached at a public one?  Then *found is that: for the
 * address of all interfaces, one of an interface. */
bool public_address_reaches(const struct sockaddr *address, struct sockaddr_storage *found);
