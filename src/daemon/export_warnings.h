/* SPDX-License-Identifier: Apache-2.0 */
/* Warnings about exports that do not do what whoever made them probably wants. */
#pragma once

#include "daemon/served.h"

/* Look at all of them, as they are served at these addresses.  May wait for their file systems, and
 * so for ever: for an errand (base/errand.h), which ends early if it is abandoned. */
void export_warnings_tell(const struct served *served, const struct sockaddr_storage *listen,
                          uint32_t listen_count);
